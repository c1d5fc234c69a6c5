"""`read LOG --follow`: a log is read as it grows, until Ctrl-C."""

from __future__ import annotations

import json
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.open_service import open_service

if TYPE_CHECKING:
    from app.service import DocumentStatus, Service
    from app.settings import Retention

LOOK_S = 0.3


def follow_log(
    data_dir: Path | None,
    options: dict[str, Any],
    session: str,
    files: list[Path],
    kept: Retention,
    as_json: bool,
) -> bool:
    """Follow a log until Ctrl-C (or a polite end of the process); False if it failed.

    Args:
        kept: which checkpoints stay; the rest as the options of `read`.

    Raises:
        ValueError: there is not just one file.
    """
    if len(files) != 1:
        raise ValueError(f"--follow takes one log; {len(files)} files were named.")
    # What stops services stops it as cleanly as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with open_service(data_dir, options, session, kept) as service:
            service.sessions.ensure(session)
            service.start_reading()
            document = service.documents.follow(session, files[0])
            try:
                _watch(service, session, document.id)
            finally:
                service.context.following.stop_all()
                _tell(service, session, document.id, as_json)
    except KeyboardInterrupt:
        return True
    return False


def _watch(service: Service, session: str, document_id: int) -> None:
    """Show how far the log is until it cannot be followed on."""
    from rich.console import Console

    with Console(stderr=True).status("…") as line:
        while not _has_failed(status := _status(service, session, document_id)):
            line.update(f"{_words(status)}; Ctrl-C stops. {service.sessions.notice(session)}")
            time.sleep(LOOK_S)


def _has_failed(status: DocumentStatus) -> bool:
    from storage import DocumentState

    return status.document.state == DocumentState.FAILED


def _status(service: Service, session: str, document_id: int) -> DocumentStatus:
    return next(s for s in service.documents.list(session) if s.document.id == document_id)


def _words(status: DocumentStatus) -> str:
    row = status.document
    return (
        f"{row.title}: {row.unit_count or 0:,} lines, {status.tokens_read:,} of "
        f"{row.token_count or 0:,} tokens read"
    )


def _tell(service: Service, session: str, document_id: int, as_json: bool) -> None:
    status = _status(service, session, document_id)
    if as_json:
        print(json.dumps({"session": session, "documents": [asdict(status.document)]}))
    for note in status.document.notes:
        print(note, file=sys.stderr)
    if _has_failed(status):
        print(f"Error: {status.document.title}: {status.document.error}", file=sys.stderr)
    else:
        print(f"{_words(status)}. The same command goes on from here.", file=sys.stderr)
