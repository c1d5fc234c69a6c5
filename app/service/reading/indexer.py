"""The indexer: documents become stored, searchable segments, ahead of their reading."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial

import storage
from app.errors import SessionBusy
from app.messages import known_error, sentence
from app.service.reading.job import Job
from app.service.reading.job_queue import MAX_LONG, MAX_SHORT, JobQueue
from app.service.reading.locks import SessionLocks
from app.service.reading.step_threads import StepThreads
from app.service.reading.work_step import StepReport
from storage import Database, DocumentRow, StorageError

_SEARCH_INDEX_PAUSE_S = 0.05
_SEARCH_INDEX_RETRY_S = 1.0
_SEARCH_INDEX_POLL_S = 20.0
"""How often is looked for what another process stored; a question finds it in any case."""
BUSY_S = 1.0
"""Seconds until a document that another process indexes is tried again."""

Index = Callable[[DocumentRow, Callable[[], bool], str | None, StepReport], bool]
"""Indexes a document: (document, whether to stop, password, report) -> True if it is whole."""


class Indexer:
    """Threads, each on another session, so that a long book keeps no short note waiting.

    Args:
        index: stores the segments of one document; it asks often whether to stop.
        locks: one process indexes documents of a session at a time; None: there is no other one.
    """

    def __init__(
        self, db: Database, jobs: JobQueue, index: Index, locks: SessionLocks | None = None
    ) -> None:
        self._db, self._jobs, self._index, self._locks = db, jobs, index, locks
        names = [f"indexer {number + 1}" for number in range(MAX_SHORT + MAX_LONG)]
        self._threads = StepThreads(names, jobs.wait_to_index, self.step)
        self._woken = threading.Event()
        self._search = StepThreads(("search index",), self._lacks_segments, self._index_stored)

    def start(self) -> None:
        """Start the threads, and one that brings stored segments into the search index."""
        self._threads.start()
        self._search.start()

    def wake(self) -> None:
        """Look now for segments that are not in the search index: some were copied or imported."""
        self._woken.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the threads after `JobQueue.stop`; True if they have ended."""
        self.wake()
        ended = [self._search.join(timeout_s), self._threads.join(timeout_s)]
        return all(ended)

    def step(self) -> bool:
        """Index the next document; False if there was none.

        A document that cannot be indexed becomes 'failed' with the reason.
        """
        taken = self._jobs.take_to_index()
        if taken is None:
            return False
        job, document_id, password = taken
        is_indexed, again, after_s = False, False, 0.0
        try:
            with self._locks.held(job.session_id) if self._locks else nullcontext():
                is_indexed = self._index_document(job, document_id, password)
            again, job.notice = not is_indexed, ""
        except (SessionBusy, storage.DatabaseLocked) as error:
            # Another process works on the session, or writes: no fault of the document.
            job.notice, again, after_s = sentence(error), True, BUSY_S
        except Exception as error:  # the thread must survive a programming error, too
            job.fail(self._db, document_id, known_error(error))
        finally:
            self._jobs.end_indexing(job, is_indexed, again, after_s)
        return True

    def _index_document(self, job: Job, document_id: int, password: str | None) -> bool:
        """Index a document; False if that was stopped, and is to be done again."""

        def is_stopped() -> bool:
            is_cancelled = self._jobs.is_stopping or job.cancel.is_cancelled
            return is_cancelled or not self._jobs.keeps_turn(job)

        document = storage.get_document(self._db, document_id)
        # A file that is added twice is queued again while it is being indexed. Another process may
        # have indexed it, too.
        if document.token_count is not None:
            return True
        return self._index(document, is_stopped, password, partial(self._jobs.report_indexing, job))

    def _lacks_segments(self) -> bool:
        """Wait for segments that are not in the search index yet; False when the service ends.

        They were stored by an older version of the program, copied or imported.
        """
        while True:
            self._woken.clear()  # before looking: what wakes it from now on is not missed
            if self._jobs.is_stopping:
                return False
            with contextlib.suppress(StorageError):
                if storage.lacks_segments(self._db):
                    return True
            self._woken.wait(_SEARCH_INDEX_POLL_S)

    def _index_stored(self) -> None:
        # Other threads write in the pauses; what a question needs is indexed when it is asked.
        pause_s = _SEARCH_INDEX_PAUSE_S
        try:
            storage.index_batch(self._db)
        except StorageError:  # a full disk, say: the next attempt has time
            pause_s = _SEARCH_INDEX_RETRY_S
        self._woken.wait(pause_s)  # no longer than the service runs
