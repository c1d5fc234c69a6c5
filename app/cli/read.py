"""The commands that change what a session has read: `read`, `reread`, `back` and `remove`.

What takes long shows its progress on stderr.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.follow import follow_log
from app.cli.inputs import find_given
from app.cli.open_service import open_service
from app.cli.options import (
    CheckpointBudget,
    DataDir,
    Json,
    KeepEvery,
    session_argument,
    takes_model_options,
)
from app.cli.progress import explain_stall, watch, watch_reread
from app.errors import RereadStopped
from app.settings import Retention

if TYPE_CHECKING:
    from app.service import Service

PASSWORD_VARIABLE = "AMMON_PDF_PASSWORD"


@takes_model_options
def read(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="Files, folders and patterns, read in this order; also URLs, and - for a text on "
            "standard input.",
        ),
    ],
    session: Annotated[str, typer.Option(help="Session to read into; made if it is new.")],
    options: dict[str, Any],
    data_dir: DataDir = None,
    again: Annotated[
        bool, typer.Option("--again", help="Read once more what was read already, unchanged.")
    ] = False,
    keep_every: KeepEvery = None,
    checkpoint_budget: CheckpointBudget = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on as the log grows, until Ctrl-C.")
    ] = False,
    password: Annotated[
        bool,
        typer.Option(
            "--password",
            help="Ask for the password of encrypted PDFs; without it, AMMON_PDF_PASSWORD is tried.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Read files; interrupted, the same command goes on where it stopped.

    A file that has changed since it was read is read as a new version, after the rest. What the
    session left unfinished before is read first; a document that was paused, or failed, half-way is
    not: the command names it and ends, for nothing can be read behind it.
    """
    kept = Retention.given(keep_every, checkpoint_budget)
    secret = _password(password)
    if follow:
        ok = follow_log(data_dir, options, session, list(map(Path, files)), kept, as_json)
        raise typer.Exit(0 if ok else 1)
    with open_service(data_dir, options, session, kept) as service:
        ok = _read(service, session, files, again, as_json, secret)
    raise typer.Exit(0 if ok else 1)


def _password(is_asked_for: bool) -> str | None:
    """The password of encrypted PDFs, typed unseen or out of the environment, and out of it."""
    given = os.environ.pop(PASSWORD_VARIABLE, None)  # no process that is started inherits it
    if not is_asked_for:
        return given or None
    return typer.prompt("Password of the encrypted PDF", hide_input=True, err=True)


def _read(
    service: Service,
    session: str,
    files: list[str],
    again: bool,
    as_json: bool,
    password: str | None,
) -> bool:
    from app.messages import KNOWN_ERRORS, sentence
    from ingest import UnsupportedFormat
    from storage import DocumentState

    found = find_given(files, again, password)
    service.start_reading()  # its process for files comes up while the model does
    service.sessions.ensure(session)
    wanted: list[int] = []
    refused: list[dict[str, str]] = []
    passed_over: list[dict[str, str]] = []
    for file in found:
        try:
            document = file.add(service, session)
            wanted.append(document.id)
            for note in service.documents.version_notes(document):
                print(f"{document.title}: {note}", file=sys.stderr)
        except KNOWN_ERRORS as error:
            # A folder of books may hold their pictures too: no fault of anybody's.
            stray = isinstance(error, UnsupportedFormat) and not file.is_named
            (passed_over if stray else refused).append(
                {"file": file.shown, "error": sentence(error)}
            )
            print(f"{'Skipped' if stray else 'Error'}: {sentence(error)}", file=sys.stderr)
    watch(service, session, wanted)
    rows = [s.document for s in service.documents.list(session) if s.document.id in wanted]
    for row in rows:
        if row.state == DocumentState.FAILED:
            print(f"Error: {row.title}: {row.error}", file=sys.stderr)
    if told := explain_stall(service, session, rows):
        print(f"Error: {told}", file=sys.stderr)
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
    return not refused and all(row.state == DocumentState.DONE for row in rows)


@takes_model_options
def reread(
    session: Annotated[str, session_argument("Session to read anew.")],
    options: dict[str, Any],
    data_dir: DataDir = None,
    cancel: Annotated[bool, typer.Option("--cancel", help="Drop a re-reading.")] = False,
    keep_every: KeepEvery = None,
    checkpoint_budget: CheckpointBudget = None,
    as_json: Json = False,
) -> None:
    """Read a session anew with other options, beside its old state; then the new one is used."""
    kept = Retention.given(keep_every, checkpoint_budget)
    with open_service(data_dir, {}, None, kept) as service:
        if cancel:
            service.rereads.cancel(session)
            told = f"The session {session!r} stays as it is."
            print(json.dumps({"session": session, "cancelled": True}) if as_json else told)
            return
        service.start_reading()
        service.rereads.begin(session, options)
        watch_reread(service, session)
        left, notice = service.rereads.progress(session), service.sessions.notice(session)
        if left is not None:
            raise RereadStopped(f"The re-reading stopped: {notice} Run it again to go on.")
        figures = service.sessions.report(session)
    if as_json:
        print(json.dumps({"session": session, "tokens": figures.tokens}))
    else:
        print(f"Read anew: {figures.tokens:,} tokens; memory: {figures.memory_status}")


def back(
    session: Annotated[str, session_argument("Session to take back.")],
    checkpoint: Annotated[int, typer.Argument(help="Number of a checkpoint (see checkpoints).")],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Forget what a session read after a checkpoint; later documents wait to be resumed."""
    with open_service(data_dir, {}, session) as service:
        service.sessions.go_back(session, checkpoint)
        tokens = service.sessions.report(session).tokens
    if as_json:
        print(json.dumps({"session": session, "tokens": tokens}))
    else:
        print(f"The session {session!r} stands at token {tokens:,} again.")


def remove(
    session: Annotated[str, session_argument("Session to remove from.")],
    document: Annotated[str, typer.Argument(help="Title of the document.")],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Delete a document; since a memory cannot unlearn, what came after it is read again."""
    with open_service(data_dir, {}, session) as service:
        titles = {s.document.title: s.document.id for s in service.documents.list(session)}
        if document not in titles:
            known = ", ".join(map(repr, titles)) or "none"
            raise ValueError(f"{session!r} has no document {document!r}; it has {known}.")
        service.start_reading()
        service.documents.remove(titles.pop(document))
        watch(service, session, list(titles.values()))
        left = [asdict(s.document) for s in service.documents.list(session)]
    print(json.dumps({"session": session, "documents": left}) if as_json else "Removed.")
