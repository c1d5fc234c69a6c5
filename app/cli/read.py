"""The commands that change what a session has read: `read`, `reread`, `back` and `remove`.

They show their progress on standard error.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.fetching import AUTO, ask_for_model
from app.cli.follow import follow_log
from app.cli.inputs import ReadOptions, find_inputs
from app.cli.open_service import open_service
from app.cli.options import (
    CheckpointBudget,
    DataDir,
    Json,
    KeepEvery,
    TakeNotes,
    session_argument,
    takes_model_options,
)
from app.cli.progress import explain_stall, print_notes, watch, watch_reread
from app.errors import RereadStopped
from app.settings import Retention
from app.terminal import show, show_json, show_status

if TYPE_CHECKING:
    from app.service import Service
    from storage import DocumentRow

PASSWORD_VARIABLE = "AMMON_PDF_PASSWORD"


@takes_model_options
def read(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="Files, folders and patterns, read in this order; also URLs, and - for text on "
            "standard input.",
        ),
    ],
    session: Annotated[str, typer.Option(help="Session to read into; it is made if it is new.")],
    options: dict[str, Any],
    data_dir: DataDir = None,
    again: Annotated[
        bool, typer.Option("--again", help="Read unchanged files once more that were read already.")
    ] = False,
    keep_every: KeepEvery = None,
    checkpoint_budget: CheckpointBudget = None,
    notes: TakeNotes = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Continue as the log grows, until Ctrl-C.")
    ] = False,
    password: Annotated[
        bool,
        typer.Option(
            "--password",
            help="Ask for the password of encrypted PDFs; without it, AMMON_PDF_PASSWORD is tried.",
        ),
    ] = False,
    encoding: Annotated[
        str | None,
        typer.Option(
            "--encoding",
            metavar="NAME",
            help="Encoding of the texts among the files, such as cp1254; found out if not given.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Read files into a session; the same command resumes an interrupted reading.

    A file that has changed since it was read is read as a new version, after the rest. Documents
    that the session has not finished are read first. If one of them was paused or failed half-way,
    the command names it and ends, because nothing can be read after it.
    """
    retention = Retention.given(keep_every, checkpoint_budget)
    secret = _password(password)
    if follow and encoding is not None:
        raise ValueError(
            "The encoding of a followed log is found out: leave out --encoding, or --follow."
        )
    if follow:
        ok = follow_log(data_dir, options, session, list(map(Path, files)), retention, as_json)
        raise typer.Exit(0 if ok else 1)
    with open_service(data_dir, options, session, retention, notes=notes) as service:
        model = ask_for_model(service, session, options)
        ok = _read(service, session, files, ReadOptions(again, secret, encoding), as_json, model)
    raise typer.Exit(0 if ok else 1)


def _password(is_asked_for: bool) -> str | None:
    """The password of encrypted PDFs, typed without echo or from the environment; None: none.

    The environment variable is removed, so that no child process inherits the password.
    """
    given = os.environ.pop(PASSWORD_VARIABLE, None)
    if not is_asked_for:
        return given or None
    return typer.prompt("Password of the encrypted PDF", hide_input=True, err=True)


def _read(
    service: Service,
    session: str,
    files: list[str],
    options: ReadOptions,
    as_json: bool,
    model: str | None = None,
) -> bool:
    from app.messages import KNOWN_ERRORS, sentence
    from ingest import UnsupportedFormat, named_encoding
    from storage import DocumentState

    if options.encoding is not None:
        named_encoding(options.encoding)  # a wrong name is said once, not for each file
    inputs = find_inputs(files, options)
    service.start_reading()  # starts the process that opens files while the model is loaded
    session_id = service.sessions.ensure(session, model).id  # it may be renamed while it is read
    wanted: list[int] = []
    printed: list[str] = []
    refused: list[dict[str, str]] = []
    skipped: list[dict[str, str]] = []
    for item in inputs:
        try:
            document = item.add(service, session_id)
            wanted.append(document.id)
            for note in service.documents.version_notes(document):
                show_status(f"{document.title}: {note}")
                printed.append(note)
        except KNOWN_ERRORS as error:
            # A folder of books may also hold pictures, for example; that is not an error.
            is_stray = isinstance(error, UnsupportedFormat) and not item.is_named
            (skipped if is_stray else refused).append(
                {"file": item.label, "error": sentence(error)}
            )
            show_status(f"{'Skipped' if is_stray else 'Error'}: {sentence(error)}")
    watch(service, session_id, wanted)
    rows = [row for row in _rows(service, session_id) if row.id in wanted]
    for row in rows:
        print_notes(row, printed)
        if row.state == DocumentState.FAILED:
            show_status(f"Error: {row.title}: {row.error}")
    if explanation := explain_stall(service, session_id, rows):
        show_status(f"Error: {explanation}")
    if as_json:
        show_json(
            {
                "session": session,
                "documents": [asdict(r) for r in rows],
                "refused": refused,
                "skipped": skipped,
            }
        )
    return not refused and all(row.state == DocumentState.DONE for row in rows)


@takes_model_options
def reread(
    session: Annotated[str, session_argument("Session to read again.")],
    options: dict[str, Any],
    data_dir: DataDir = None,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="Drop an unfinished re-reading.")
    ] = False,
    keep_every: KeepEvery = None,
    checkpoint_budget: CheckpointBudget = None,
    notes: TakeNotes = None,
    as_json: Json = False,
) -> None:
    """Read a session again with other options; its old state is used until that is done."""
    retention = Retention.given(keep_every, checkpoint_budget)
    with open_service(data_dir, {}, None, retention, notes=notes) as service:
        if cancel:
            service.rereads.cancel(session)
            if as_json:
                show_json({"session": session, "cancelled": True})
            else:
                show(f"The session {session!r} keeps its state.")
            return
        service.start_reading()
        row = service.sessions.get(session)  # it may be renamed while it is read again
        if options.get("model") == AUTO:
            options["model"] = service.settings.model.model
        service.rereads.begin(row.id, options)
        watch_reread(service, row.id)
        left, notice = service.rereads.progress(row.id), service.sessions.notice(row.id)
        if left is not None:
            raise RereadStopped(
                f"The re-reading stopped: {notice} Run the same command to resume it."
            )
        figures = service.sessions.report(row.id)
    if as_json:
        show_json({"session": session, "tokens": figures.tokens})
    else:
        show(f"Read again: {figures.tokens:,} tokens; memory: {figures.memory_status}")


def back(
    session: Annotated[str, session_argument("Session to set back.")],
    checkpoint: Annotated[int, typer.Argument(help="Number of a checkpoint (see checkpoints).")],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Set a session back to a checkpoint; documents that it read after that are paused."""
    with open_service(data_dir, {}, session) as service:
        row = service.sessions.get(session)
        service.sessions.go_back(row.id, checkpoint)
        tokens = service.sessions.report(row.id).tokens
    if as_json:
        show_json({"session": session, "tokens": tokens})
    else:
        show(f"The session {session!r} is at token {tokens:,} again.")


def remove(
    session: Annotated[str, session_argument("Session to remove from.")],
    document: Annotated[
        str, typer.Argument(help="Its title, or the end of its file's path (docs/README).")
    ],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Delete a document; what came after it is read again, as a memory cannot unlearn.

    A name that several documents may have is refused, with their titles.
    """
    with open_service(data_dir, {}, session) as service:
        found = service.documents.called(session, document)
        session_id = found.session_id  # it may be renamed while the rest is read again
        others = [row for row in _rows(service, session_id) if row.id != found.id]
        of_same_file = service.documents.versions(found)
        service.start_reading()
        service.documents.remove(found.id)
        watch(service, session_id, [row.id for row in others])
        left = [asdict(row) for row in _rows(service, session_id)]
    if as_json:
        show_json({"session": session, "removed": found.title, "documents": left})
        return
    kept = ", ".join(repr(row.title) for row in of_same_file if row.id != found.id)
    rest = f" Of the same file there is still {kept}." if kept else ""
    show(f"Removed {found.title!r}.{rest}")


def _rows(service: Service, session: int) -> list[DocumentRow]:
    return [status.document for status in service.documents.list(session)]
