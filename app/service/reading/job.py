"""The work of this process on one session, and how it ends early."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field

import storage
from app.messages import sentence
from app.service.reading.progress import Progress
from storage import Database, DocumentState

log = logging.getLogger(__name__)


class CancelToken:
    """Asks the thread that works on a job to stop at the next safe point; it stays cancelled."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask for the end of the work; returns at once."""
        self._event.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether the work was asked to end."""
        return self._event.is_set()


@dataclass(eq=False)
class Job:
    """The indexing and the reading of one session's documents. Two jobs are never equal.

    Args:
        session_id: the session.
        cancel: cancelled when the session is taken out of the queue.
        passwords: of encrypted PDFs by document id. They are kept here only, in memory, and only
            until the document is indexed.
        paused: ids of the documents that a person has paused.
        progress: of the documents being read, by document id.
        notice: a sentence for the person that says why the reading does not advance; empty if it
            does.
        retry_at: by the monotonic clock: nothing of it is indexed before, because another process
            does that, or writes to the database.
    """

    session_id: int
    cancel: CancelToken = field(default_factory=CancelToken)
    passwords: dict[int, str] = field(default_factory=dict)
    paused: set[int] = field(default_factory=set)
    progress: dict[int, Progress] = field(default_factory=dict)
    notice: str = ""
    retry_at: float = 0.0

    def fail(self, db: Database, document_id: int, error: BaseException) -> None:
        """Store why a document failed; if even that fails, only the notice says it."""
        log.warning("document %d: %s", document_id, sentence(error))
        try:
            storage.set_document_state(db, document_id, DocumentState.FAILED, sentence(error))
        except storage.NotFound:  # it was deleted, so nobody asks why it failed
            log.warning("document %d is deleted", document_id)
        except storage.StorageError as second:  # the disk may be full
            log.warning("document %d: %s", document_id, sentence(second))
            self.notice = sentence(error)
