"""The caretaker of a data directory: deletes what was left half-done, takes up what was abandoned.

A process that is killed, or that found no way to store what became of a document, leaves documents
that are 'reading' or 'indexing' with nobody at work. A server takes them up once nothing of them
has changed for a while.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import storage
from app.messages import sentence
from app.service.context import Context
from app.service.reading.patience import patiently
from app.service.reading.step_threads import StepThreads
from storage import DocumentRow

log = logging.getLogger(__name__)
_LOOKS = 4
"""How often a document is looked at until it counts as abandoned."""


class Caretaker:
    """Threads of a process; many processes may have them.

    Args:
        abandoned_s: seconds without any change until a document counts as abandoned.
    """

    def __init__(self, context: Context, abandoned_s: float) -> None:
        self._context, self._db = context, context.db
        self._abandoned_s = abandoned_s
        self._seen: dict[int, tuple[object, float]] = {}
        self._is_stopping = threading.Event()
        self._threads = StepThreads(("caretaker",), self._wait, lambda: self._quietly(self.look))
        self._sweeper: threading.Thread | None = None

    def start(self, takes_up: bool) -> None:
        """Delete what was left half-done, in the background.

        Args:
            takes_up: also take up abandoned documents, again and again.
        """
        self._sweeper = threading.Thread(
            target=self._quietly, args=(self.sweep,), name="ammon-sweeper", daemon=True
        )
        self._sweeper.start()
        if takes_up:
            self._threads.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """End the threads; what is left half-done then is deleted after the next start."""
        self._is_stopping.set()
        self._threads.join(timeout_s)
        if self._sweeper is not None:
            self._sweeper.join(timeout_s)

    def sweep(self) -> None:
        """Delete what interrupted imports, copies and deletions have left.

        Raises:
            StorageError: it cannot be deleted now.
        """
        patiently(
            lambda: storage.sweep_unfinished(self._db, self._context.copying.is_held),
            self._is_stopping.is_set,
        )
        self._context.files.prune()

    def look(self) -> None:
        """Take up the documents that were abandoned; the others are noted for the next look."""
        now = time.monotonic()
        seen: dict[int, tuple[object, float]] = {}
        documents = storage.open_documents(self._db)
        active = self._context.jobs.active_sessions()
        left = {document.session_id for document in documents} - active
        worked_on = active | set(filter(self._is_worked_on, left))
        for document in documents:
            if document.session_id in worked_on:
                continue
            state = (document.state, document.tokens_read, document.segment_count)
            known, since = self._seen.get(document.id, (None, now))
            seen[document.id] = (state, since if known == state else now)
            if known == state and now - since >= self._abandoned_s:
                self._take_up(document)
        self._seen = seen

    def _is_worked_on(self, session_id: int) -> bool:
        """Whether another process works on a session, or none can read on in it."""
        context = self._context
        return (
            context.locks.seems_held(session_id)
            or context.indexing_locks.seems_held(session_id)
            or storage.find_stalled_document(self._db, session_id) is not None
        )

    def _take_up(self, document: DocumentRow) -> None:
        log.warning(
            "document %d was %s with nobody at work; it is taken up", document.id, document.state
        )
        self._context.jobs.enqueue(document)

    def _wait(self) -> bool:
        return not self._is_stopping.wait(self._abandoned_s / _LOOKS)

    def _quietly(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # a full disk, say, or the database was closed meanwhile
            if not self._is_stopping.is_set():
                log.warning("what was left by others stays for now: %s", sentence(error))
