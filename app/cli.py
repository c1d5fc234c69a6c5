"""The command line; also where the web page is started. Heavy imports wait for their command."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli_benchmark import benchmark
from app.cli_evaluate import evaluate
from app.cli_options import DataDir, Json, takes_model_options
from app.cli_train import train
from app.errors import RereadStopped
from app.settings import ModelOptions, Settings, default_data_dir

if TYPE_CHECKING:
    from ahn_runtime import Runtime
    from app.service import Service

cli = typer.Typer(
    help="Ammon reads material of any length and answers with the page.",
    no_args_is_help=False,
    add_completion=True,
    pretty_exceptions_enable=False,
)
cli.command()(train)
cli.command()(benchmark)
cli.add_typer(evaluate, name="evaluate")


def main() -> None:
    """Run the command line; expected errors are one sentence on stderr and exit code 1."""
    try:
        cli()
    except Exception as error:
        # Not sooner: the sentences know the runtime's errors, and with them comes torch.
        from app.messages import KNOWN_ERRORS, sentence

        if not isinstance(error, KNOWN_ERRORS):
            raise
        print(f"Error: {sentence(error)}", file=sys.stderr)
        sys.exit(1)


@contextmanager
def _service(data_dir: Path | None, options: dict[str, Any], name: str | None) -> Iterator[Service]:
    """A service; new sessions get these options, an existing one goes on as it was made."""
    from app.service import Service

    settings = Settings(data_dir=(data_dir or default_data_dir()).expanduser())
    settings = replace(settings, model=ModelOptions(**options))
    service = Service(settings, _load_model)
    try:
        if name:
            _refuse_other_options(service, name, options)
        yield service
    finally:
        service.close()


def _load_model(options: ModelOptions) -> Runtime:
    from ahn_runtime import Runtime

    return Runtime.load(**options.as_dict(), progress=_say_progress)


def _refuse_other_options(service: Service, name: str, given: dict[str, Any]) -> None:
    """A session goes on as it was made; what is asked for beyond that needs a new session.

    Raises:
        ValueError: an option was given that the session was not made with.
    """
    rows = [s.session for s in service.sessions() if s.session.name == name]
    for row in rows:
        made = service.options_of(row).as_dict()
        for option, value in given.items():
            if value != made[option] and value != "auto":
                raise ValueError(
                    f"The session {name!r} was made with --{option.replace('_', '-')} "
                    f"{made[option] or 'none'}, not {value or 'none'}; leave the option out, read "
                    "into a new session, or read this one anew: reread NAME with the option."
                )


def _say_progress(what: str, done: int, total: int) -> None:
    print(f"{what} ({done}/{total})", file=sys.stderr, flush=True)


@cli.callback(invoke_without_command=True)
@takes_model_options
def web(
    context: typer.Context,
    options: dict[str, Any],
    data_dir: DataDir = None,
    host: Annotated[str, typer.Option(help="Address to serve on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to serve on.")] = 7860,
) -> None:
    """Without a command: the web page on http://127.0.0.1:7860."""
    if context.invoked_subcommand is not None:
        return
    from app.page.server import serve

    with _service(data_dir, options, None) as service:
        serve(service, host, port)


@cli.command()
@takes_model_options
def read(
    files: Annotated[
        list[Path], typer.Argument(help="Files, folders and patterns, read in this order.")
    ],
    session: Annotated[str, typer.Option(help="Session to read into; made if it is new.")],
    options: dict[str, Any],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Read files; interrupted, the same command goes on where it stopped."""
    with _service(data_dir, options, session) as service:
        ok = _read(service, session, files, as_json)
    raise typer.Exit(0 if ok else 1)


def _read(service: Service, session: str, files: list[Path], as_json: bool) -> bool:
    from app.messages import KNOWN_ERRORS, sentence
    from ingest import UnsupportedFormat, find_files

    found = find_files(files)
    service.ensure_session(session)
    service.reader.start()
    wanted: list[int] = []
    refused: list[dict[str, str]] = []
    passed_over: list[dict[str, str]] = []
    for file in found:
        try:
            wanted.append(service.add_document(session, file.path).id)
        except KNOWN_ERRORS as error:
            # A folder of books may hold their pictures too: no fault of anybody's.
            stray = isinstance(error, UnsupportedFormat) and not file.is_named
            (passed_over if stray else refused).append(
                {"file": str(file.path), "error": sentence(error)}
            )
            print(f"{'Skipped' if stray else 'Error'}: {sentence(error)}", file=sys.stderr)
    _watch(service, session, wanted)
    rows = [s.document for s in service.documents(session) if s.document.id in wanted]
    for row in rows:
        if row.state == "failed":
            print(f"Error: {row.title}: {row.error}", file=sys.stderr)
    if as_json:
        print(
            json.dumps(
                {
                    "session": session,
                    "documents": [asdict(r) for r in rows],
                    "refused": refused,
                    "skipped": passed_over,
                }
            )
        )
    return not refused and all(row.state == "done" for row in rows)


def _watch(service: Service, session: str, wanted: list[int]) -> None:
    """Show a progress bar per document until none is being worked on."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[note]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks = {i: bars.add_task("…", note="", total=None) for i in wanted}
        while True:
            working = False
            for status in service.documents(session):
                row = status.document
                if row.id not in tasks:
                    continue
                working |= row.state in ("indexing", "queued", "reading")
                rate = (
                    f"{status.tokens_per_second:,.0f} tokens/s" if status.tokens_per_second else ""
                )
                note = f"{row.state} {status.tokens_read:,}/{row.token_count or 0:,} {rate}"
                bars.update(
                    tasks[row.id],
                    description=row.title[:40],
                    total=row.token_count,
                    completed=status.tokens_read,
                    note=note,
                )
            if not working:
                return
            time.sleep(0.3)


@cli.command()
@takes_model_options
def ask(
    session: Annotated[str, typer.Argument(help="Session to ask.")],
    question: Annotated[str, typer.Argument(help="The question.")],
    options: dict[str, Any],
    at: Annotated[
        str,
        typer.Option(help="Answer as of a checkpoint's number, or as of 'page 120' (no spoilers)."),
    ] = "",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Ask a session; the answer names the page."""
    with _service(data_dir, options, session) as service:
        shown, answer = 0, None
        for answer in service.ask(session, question, at):
            if not as_json:
                print(answer.text[shown:], end="", flush=True)
                shown = max(shown, len(answer.text))
        assert answer is not None
        if as_json:
            print(json.dumps(answer.as_dict()))
            return
        print()
        for citation in answer.citations:
            print(f"  [{citation.number}] {citation.document}, {citation.locator}")


@cli.command()
def sessions(data_dir: DataDir = None, as_json: Json = False) -> None:
    """List the saved sessions."""
    with _service(data_dir, {}, None) as service:
        rows = [
            {
                "name": s.session.name,
                "documents": s.document_count,
                "tokens_read": s.tokens_read,
                "checkpoints": s.checkpoint_count,
                "updated_at": s.session.updated_at,
            }
            for s in service.sessions()
        ]
    if as_json:
        print(json.dumps(rows))
        return
    for row in rows:
        print(f"{row['name']}: {row['documents']} documents, {row['tokens_read']:,} tokens read")
    if not rows:
        print("No sessions yet: python launch.py read FILE --session NAME")


@cli.command()
def report(
    session: Annotated[str, typer.Argument(help="Session to report on.")],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """What a session saves against full attention."""
    with _service(data_dir, {}, session) as service:
        figures, offered = service.report(session), service.offers_reread(session)
    if as_json:
        print(json.dumps({**figures.as_dict(), "offers_reread": offered}))
        return
    print(
        f"{figures.tokens:,} tokens read; window {figures.window}, sinks {figures.sinks}; "
        f"memory: {figures.memory_status}"
    )
    print(
        f"cache saved:  {figures.run_cache_saved:.1%} as run "
        f"({figures.run_cache_bytes:,} of {figures.run_cache_bytes_full:,} bytes), "
        f"{figures.paper_cache_saved:.1%} by the paper's convention"
    )
    print(
        f"FLOPs saved:  {figures.run_flops_saved:.1%} as run, "
        f"{figures.paper_flops_saved:.1%} by the paper's convention"
    )
    print(f"on disk:      {figures.disk_bytes:,} bytes in {figures.checkpoints} checkpoints")
    if offered:
        print(f"A trained memory has come since: python launch.py reread {session!r} uses it.")


@cli.command()
def checkpoints(
    session: Annotated[str, typer.Argument(help="Session to look at.")],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """List the places a session can be asked as of."""
    with _service(data_dir, {}, session) as service:
        titles = {s.document.id: s.document.title for s in service.documents(session)}
        rows = [
            {
                "checkpoint": c.id,
                "position": c.position,
                "document": titles.get(c.document_id or 0, ""),
                "document_tokens": c.document_tokens,
                "bytes": c.byte_count,
                "created_at": c.created_at,
            }
            for c in service.checkpoints(session)
        ]
    if as_json:
        print(json.dumps(rows))
        return
    for row in rows:
        print(
            f"{row['checkpoint']}: token {row['position']:,}, {row['document']} at "
            f"{row['document_tokens']:,}, {row['bytes']:,} bytes, {row['created_at']}"
        )
    if not rows:
        print("No checkpoints yet: nothing has been read.")


@cli.command()
@takes_model_options
def reread(
    session: Annotated[str, typer.Argument(help="Session to read anew.")],
    options: dict[str, Any],
    data_dir: DataDir = None,
    cancel: Annotated[bool, typer.Option("--cancel", help="Drop a re-reading.")] = False,
    as_json: Json = False,
) -> None:
    """Read a session anew with other options, beside its old state; then the new one is used."""
    with _service(data_dir, {}, None) as service:
        if cancel:
            service.cancel_reread(session)
            print(f"The session {session!r} stays as it is.")
            return
        service.reader.start()
        service.reread(session, options)
        _watch_reread(service, session)
        left, notice = service.rereading(session), service.notice(session)
        if left is not None:
            raise RereadStopped(f"The re-reading stopped: {notice} Run it again to go on.")
        figures = service.report(session)
    if as_json:
        print(json.dumps({"session": session, "tokens": figures.tokens}))
    else:
        print(f"Read anew: {figures.tokens:,} tokens; memory: {figures.memory_status}")


def _watch_reread(service: Service, session: str) -> None:
    """Show a progress bar until the re-reading is done or stands still."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bars:
        bar = bars.add_task(f"{session[:40]} anew", total=None)
        while (left := service.rereading(session)) is not None and service.is_rereading(session):
            bars.update(bar, total=left.tokens, completed=left.tokens_read)
            time.sleep(0.2)


@cli.command()
def back(
    session: Annotated[str, typer.Argument(help="Session to take back.")],
    checkpoint: Annotated[int, typer.Argument(help="Number of a checkpoint (see checkpoints).")],
    data_dir: DataDir = None,
) -> None:
    """Forget what a session read after a checkpoint; later documents wait to be resumed."""
    with _service(data_dir, {}, session) as service:
        service.go_back(session, checkpoint)
        tokens = service.report(session).tokens
    print(f"The session {session!r} stands at token {tokens:,} again.")


@cli.command()
def remove(
    session: Annotated[str, typer.Argument(help="Session to remove from.")],
    document: Annotated[str, typer.Argument(help="Title of the document.")],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Delete a document; since a memory cannot unlearn, what came after it is read again."""
    with _service(data_dir, {}, session) as service:
        titles = {s.document.title: s.document.id for s in service.documents(session)}
        if document not in titles:
            known = ", ".join(map(repr, titles)) or "none"
            raise ValueError(f"{session!r} has no document {document!r}; it has {known}.")
        service.reader.start()
        service.remove_document(titles.pop(document))
        _watch(service, session, list(titles.values()))
        left = [asdict(s.document) for s in service.documents(session)]
    print(json.dumps({"session": session, "documents": left}) if as_json else "Removed.")


@cli.command("export")
def export_session(
    session: Annotated[str, typer.Argument(help="Session to export.")],
    file: Annotated[Path, typer.Argument(help="File to write; an older one is replaced.")],
    data_dir: DataDir = None,
    all_checkpoints: Annotated[
        bool, typer.Option(help="All checkpoints, to ask as of them; else the newest alone.")
    ] = False,
) -> None:
    """Write a session to one file: documents, messages and state."""
    with _service(data_dir, {}, session) as service:
        service.export_session(session, file, all_checkpoints)
    print(f"Exported the session {session!r} to {file}.")


@cli.command("import")
def import_session(
    file: Annotated[Path, typer.Argument(help="File that `export` wrote.")],
    name: Annotated[str | None, typer.Option(help="Another name for the session.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Take in a session that was exported; nothing is read again."""
    with _service(data_dir, {}, None) as service:
        row = service.import_session(file, name)
    print(f"Imported the session {row.name!r}.")


@cli.command()
def delete(
    session: Annotated[str, typer.Argument(help="Session to delete.")], data_dir: DataDir = None
) -> None:
    """Delete a session with its documents, messages and checkpoints."""
    with _service(data_dir, {}, session) as service:
        service.delete_session(session)
    print(f"Deleted the session {session!r}.")


@cli.command()
def doctor(data_dir: DataDir = None, as_json: Json = False) -> None:
    """What is there, what is missing, what to do."""
    from app.doctor import examine

    findings = examine((data_dir or default_data_dir()).expanduser())
    if as_json:
        print(json.dumps([asdict(f) for f in findings]))
    else:
        for finding in findings:
            print(f"[{'ok' if finding.ok else '!!'}] {finding.what}: {finding.found}")
    if not all(f.ok for f in findings):
        raise typer.Exit(1)
