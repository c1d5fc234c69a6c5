"""The option `--follow` of `read`: a log is read as it grows, until Ctrl-C."""

from __future__ import annotations

import signal
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.fetching import ask_for_model
from app.cli.open_service import open_service
from app.cli.progress import print_notes
from app.terminal import show_json, show_status, status_line

if TYPE_CHECKING:
    from app.service import DocumentStatus, Service
    from app.settings import Retention

POLL_S = 0.3


def follow_log(
    data_dir: Path | None,
    options: dict[str, Any],
    session: str,
    files: list[Path],
    retention: Retention,
    as_json: bool,
) -> bool:
    """Follow a log until Ctrl-C or SIGTERM; returns False if it could not be followed further.

    Args:
        options: of the model, for a new session.
        files: the arguments of `read`; only one log can be followed.
        retention: the checkpoints to keep.
        as_json: whether to print the document as JSON at the end.

    Raises:
        ValueError: `files` is not one file.
    """
    if len(files) != 1:
        raise ValueError(f"--follow takes one log; {len(files)} files were named.")
    # SIGTERM, which stops services, ends it as cleanly as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with open_service(data_dir, options, session, retention) as service:
            model = ask_for_model(service, session, options)
            row = service.sessions.ensure(session, model)  # it may be renamed while it is read
            service.start_reading()
            document = service.documents.follow(row.id, files[0])
            try:
                _watch(service, row.id, document.id)
            finally:
                service.context.following.stop_all()
                _report_end(service, row.id, document.id, as_json)
    except KeyboardInterrupt:
        return True
    return False


def _watch(service: Service, session: int, document_id: int) -> None:
    """Show the progress until the log cannot be followed further."""
    with status_line() as update:
        while not _has_ended(status := _status(service, session, document_id)):
            update(f"{_progress_text(status)}; Ctrl-C stops. {service.sessions.notice(session)}")
            time.sleep(POLL_S)


def _has_ended(status: DocumentStatus) -> bool:
    """Whether nobody follows the log any more: it failed, or another process cancelled it."""
    from storage import DocumentState

    return status.document.state in (DocumentState.FAILED, DocumentState.CANCELLED)


def _status(service: Service, session: int, document_id: int) -> DocumentStatus:
    return next(s for s in service.documents.list(session) if s.document.id == document_id)


def _progress_text(status: DocumentStatus) -> str:
    row = status.document
    return (
        f"{row.title}: {row.unit_count or 0:,} lines, {status.tokens_read:,} of "
        f"{row.token_count or 0:,} tokens read"
    )


def _report_end(service: Service, session: int, document_id: int, as_json: bool) -> None:
    """Print how far the log was read, its notes, and why it failed if it did."""
    status = _status(service, session, document_id)
    if as_json:
        name = service.sessions.get(session).name
        show_json({"session": name, "documents": [asdict(status.document)]})
    print_notes(status.document)
    if _has_ended(status):
        why = status.document.error or "It was cancelled; add it again to follow it."
        show_status(f"Error: {status.document.title}: {why}")
    else:
        show_status(f"{_progress_text(status)}. The same command continues from here.")
