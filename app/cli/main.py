"""The command line: all commands, and the web page if none is named.

Each command imports torch and other large packages only when it runs, so that the help is quick.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from app.cli.ask import ask, history
from app.cli.benchmark import benchmark
from app.cli.calibrate import calibrate
from app.cli.chat import chat
from app.cli.doctor import doctor
from app.cli.evaluate import evaluate
from app.cli.kept import keep, kept, unkeep
from app.cli.notes import notes as list_notes
from app.cli.open_service import open_service
from app.cli.options import CheckpointBudget, DataDir, KeepEvery, TakeNotes, takes_model_options
from app.cli.read import back, read, remove, reread
from app.cli.sessions import (
    checkpoints,
    delete,
    duplicate,
    export_session,
    import_session,
    rename,
    report,
    retitle,
    sessions,
)
from app.cli.train import train
from app.settings import Retention
from app.terminal import print_logs, show_status, visible

EXIT_CODES = (
    "Exit codes: 0 done; 1 an expected error, reported in one sentence on standard error; 2 a "
    "command or option that does not exist; 130 interrupted (Ctrl-C), 143 "
    "stopped (SIGTERM), with what was read saved."
)

cli = typer.Typer(
    help="Ammon reads material of any length and answers with the page.",
    no_args_is_help=False,
    add_completion=True,
    pretty_exceptions_enable=False,
)
# The help lists the commands in this order, then the groups.
cli.command()(train)
cli.command()(calibrate)
cli.command()(benchmark)
cli.command()(read)
cli.command()(ask)
cli.command()(chat)
cli.command()(history)
cli.command("notes")(list_notes)
cli.command()(kept)
cli.command()(keep)
cli.command()(unkeep)
cli.command()(sessions)
cli.command()(report)
cli.command()(checkpoints)
cli.command()(reread)
cli.command()(back)
cli.command()(remove)
cli.command("export")(export_session)
cli.command("import")(import_session)
cli.command()(rename)
cli.command()(retitle)
cli.command()(duplicate)
cli.command()(delete)
cli.command()(doctor)
cli.add_typer(evaluate, name="evaluate")


def launch() -> NoReturn:
    """Run the command line, then end the process; all is saved and closed by then.

    A thread may still load the model, in native code. Python's own end would unwind it, which
    native code answers by aborting the process.
    """
    try:
        main()
    except SystemExit as end:
        is_left = any(thread.daemon for thread in threading.enumerate())
        if not is_left or not isinstance(end.code, int | None):
            raise
        os._exit(end.code or 0)


def main() -> NoReturn:
    """Run the command line; it ends with one of the `EXIT_CODES`."""
    print_logs()
    _save_on_sigterm()
    try:
        # Not standalone: the errors about commands and options are printed here, too.
        sys.exit(cli(standalone_mode=False))
    except Exception as error:
        sys.exit(_report(error))


def _save_on_sigterm() -> None:
    """Let SIGTERM, which stops services, end a command as Ctrl-C does: what was read is saved."""

    def stop(number: int, frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one does not disturb the saving
        # Not KeyboardInterrupt: that ends only an answer in `chat`.
        raise SystemExit(128 + number)

    if os.name == "posix":  # on Windows nothing sends it
        signal.signal(signal.SIGTERM, stop)


def _report(error: Exception) -> int:
    """Print a sentence about an error; return the exit code.

    Raises:
        Exception: `error` itself if it is a fault of Ammon.
    """
    # The exceptions of typer are those of click, or of its own copy of click.
    if isinstance(error, typer.Abort):
        show_status("Aborted.")
        return 1
    if (usage := getattr(error, "format_message", None)) is not None:
        context = getattr(error, "ctx", None)
        if context is not None:
            show_status(f"{context.get_usage()}\nTry '{context.command_path} --help' for help.")
        show_status(f"Error: {visible(usage(), one_line=True)}")
        return int(getattr(error, "exit_code", 2))
    # Imported late, because the sentences need the runtime's errors, which bring torch.
    from app.messages import KNOWN_ERRORS, sentence

    if not isinstance(error, KNOWN_ERRORS):
        raise error
    show_status(f"Error: {sentence(error)}")
    return 1


def _refuse_options_before_command(context: typer.Context, command: str) -> None:
    """Refuse options of the server that stand before a command, which would not see them.

    Raises:
        UsageError: there is such an option, with where it belongs.
    """
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if source is None or source.name not in ("COMMANDLINE", "PROMPT"):
            continue
        is_off = bool(parameter.secondary_opts) and context.params[parameter.name or ""] is False
        option = (parameter.secondary_opts if is_off else parameter.opts)[0]
        chosen: Any = getattr(context.command, "commands", {})[command]
        if not _takes(chosen, option):
            context.fail(
                f"{option} is for the web page, which is served without a command; {command} does "
                "not take it."
            )
        task = " TASK" if hasattr(chosen, "commands") else ""
        program = Path(context.command_path).name
        context.fail(
            f"{option} belongs behind the command: {program} {command}{task} ... {option} ..."
        )


def _takes(command: Any, option: str) -> bool:
    """Whether a command, or any below a group, has an option."""
    if (commands := getattr(command, "commands", None)) is not None:
        return any(_takes(below, option) for below in commands.values())
    return any(option in (*each.opts, *each.secondary_opts) for each in command.params)


@cli.callback(invoke_without_command=True, epilog=EXIT_CODES)
@takes_model_options
def web(
    context: typer.Context,
    options: dict[str, Any],
    data_dir: DataDir = None,
    host: Annotated[str, typer.Option(help="Address to serve on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to serve on.", min=0, max=65535)] = 7860,
    root_path: Annotated[
        str,
        typer.Option(help="Path that a reverse proxy serves the page below, such as /ammon."),
    ] = "",
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-host",
            help="Name that the page is also served under, such as that of a reverse proxy; "
            "may be given several times.",
        ),
    ] = None,
    password: Annotated[
        str | None,
        typer.Option(
            prompt=True,
            prompt_required=False,
            hide_input=True,
            confirmation_prompt=False,
            help="Password that the page asks for; without a value it is asked for here, which "
            "keeps it out of the list of processes.",
        ),
    ] = None,
    password_file: Annotated[
        Path | None, typer.Option("--password-file", help="File with that password in a line.")
    ] = None,
    is_open: Annotated[
        bool, typer.Option("--open", help="Let everybody who reaches --host use the page.")
    ] = False,
    keep_every: KeepEvery = None,
    checkpoint_budget: CheckpointBudget = None,
    notes: TakeNotes = None,
) -> None:
    """Without a command: serve the web page on http://127.0.0.1:7860."""
    if context.invoked_subcommand is not None:
        _refuse_options_before_command(context, context.invoked_subcommand)
        return
    from app.web.login import read_password
    from app.web.server import Access, serve

    if password_file is not None:
        password = read_password(password_file)
    access = Access(tuple(allow_host or ()), password, is_open)
    retention = Retention.given(keep_every, checkpoint_budget)
    with open_service(data_dir, options, None, retention, notes=notes) as service:
        serve(service, host, port, root_path, access)
