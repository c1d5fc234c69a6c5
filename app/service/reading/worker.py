"""The reading worker: feeds documents into sessions, independent of any page or terminal.

Reading goes in chunks on the grid of the session; between two chunks the model can answer.
Sessions with something to read take turns of a few chunks each; a checkpoint is written when it is
due, not with every turn.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import storage
from app.errors import SessionBusy
from app.messages import known_error, sentence
from app.service.reading import checkpoint_policy
from app.service.reading.job import Job
from app.service.reading.job_queue import JobQueue
from app.service.reading.model_queue import ModelQueue
from app.service.reading.notes import NoteTaker
from app.service.reading.open_session import OpenSession
from app.service.reading.progress import Progress
from app.service.reading.session_cache import SessionCache
from app.service.reading.step_threads import StepThreads
from app.service.reading.stream_text import document_pieces
from app.settings import Settings
from ingest import token_chunks
from storage import Database, DocumentRow, DocumentState

log = logging.getLogger(__name__)
BUSY_S = 1.0
"""Seconds until a session that another process reads is tried again."""


class ReadingWorker:
    """One thread that reads; only it feeds documents.

    Args:
        jobs: which session is read next.
        cache: the open sessions, restored on demand.
        queue: hands out the model, chunk by chunk.
        notes: takes notes on what is read; None: none are taken.
    """

    def __init__(
        self,
        db: Database,
        settings: Settings,
        jobs: JobQueue,
        cache: SessionCache,
        queue: ModelQueue,
        notes: NoteTaker | None = None,
    ) -> None:
        self._db, self._settings, self._notes = db, settings, notes
        self._jobs, self._cache, self._queue = jobs, cache, queue
        self._listeners: list[Callable[[int], None]] = []
        self._threads = StepThreads(("reader",), jobs.wait_to_read, self.step)

    def subscribe(self, all_read: Callable[[int], None]) -> None:
        """Have a function called with the id of each session that has nothing left to read.

        It is called in the worker's thread while the session is locked against other processes. An
        error of it is an error of the reading: `SessionBusy` is tried again later.
        """
        self._listeners.append(all_read)

    def start(self) -> None:
        """Start the thread."""
        self._threads.start()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread after `JobQueue.stop`; True if it has ended."""
        return self._threads.join(timeout_s)

    def step(self) -> bool:
        """Read one slice of the session whose turn it is; False if none waited.

        Of a reading that fails the last checkpoint is kept; the document becomes 'failed' with the
        reason and can be resumed.
        """
        job = self._jobs.take_to_read()
        if job is None:
            return False
        has_more = False
        try:
            with self._cache.held(job.session_id):
                has_more = self._read_slice(job)
                if not has_more:
                    self._publish_all_read(job.session_id)
            job.notice = ""
        except (SessionBusy, storage.DatabaseLocked) as error:
            # Another process reads the session, or writes: no fault of the document.
            job.notice, has_more = sentence(error), True
            time.sleep(BUSY_S / 10 if self._jobs.others_wait(job) else BUSY_S)
        except (storage.IllegalTransition, storage.Outdated) as error:
            # Another process has cancelled the document or undone what was read meanwhile: the
            # session is restored from its last checkpoint and reads what comes after it.
            log.warning("session %d: %s", job.session_id, sentence(error))
            has_more = True
        except Exception as error:  # the thread must survive a programming error, too
            self._fail(job, known_error(error))
        finally:
            self._jobs.end_reading(job, has_more)
        return True

    def _publish_all_read(self, session_id: int) -> None:
        for all_read in self._listeners:
            all_read(session_id)

    def _fail(self, job: Job, error: BaseException) -> None:
        job.notice = sentence(error)
        try:
            document = storage.next_document_to_read(self._db, job.session_id)
        except storage.StorageError as second:  # the database itself fails
            log.warning("session %d: %s", job.session_id, sentence(second))
            return
        if document is not None:
            job.fail(self._db, document.id, error)

    def _read_slice(self, job: Job) -> bool:
        """Read on in one document; True if the session has more to read after that."""
        if storage.next_document_to_read(self._db, job.session_id) is None:
            return False
        opened = self._cache.for_reading(job.session_id)
        # Looked up again: after a damaged checkpoint an earlier document comes first.
        document = storage.next_document_to_read(self._db, job.session_id)
        if document is None:
            return False
        self._begin(opened, document)
        self._read_document(job, opened, document)
        return storage.next_document_to_read(self._db, job.session_id) is not None

    def _begin(self, opened: OpenSession, document: DocumentRow) -> None:
        """Store where a document starts in the stream, before its first token is fed."""
        if opened.document_id != document.id:
            opened.document_id, opened.document_tokens = document.id, 0
        if opened.document_tokens == 0:
            storage.set_start_position(self._db, document.id, opened.position)
        if document.state != DocumentState.READING:
            storage.set_document_state(self._db, document.id, DocumentState.READING)

    def _read_document(self, job: Job, opened: OpenSession, document: DocumentRow) -> None:
        """Feed chunks until the checkpoint is due, the slice ends, or the work is interrupted.

        A slice that ends because another session waits writes no checkpoint.
        """
        total, is_growing = storage.readable_tokens(self._db, document)
        progress = job.progress.setdefault(document.id, Progress(opened.document_tokens))
        progress.advance(opened.document_tokens)
        chunk_tokens = opened.chunk_tokens(self._settings)
        saved = min(document.tokens_read, opened.document_tokens)
        stop = checkpoint_policy.next_stop(self._db, self._settings, document, saved, chunk_tokens)
        slice_end = opened.document_tokens + self._settings.slice_tokens
        # One that was left for later at a checkpoint.
        if not self._take_note(job, opened, document, total):
            if document.id in job.paused:
                self._save(job, opened, document, total, is_growing, is_noted=False)
            return
        tokens = opened.session.runtime.tokenizer
        pieces = document_pieces(self._db, document, tokens, opened.document_tokens)
        is_noted = True
        for chunk in token_chunks(pieces, chunk_tokens):
            if opened.document_tokens >= total:
                break
            with self._queue.reading():
                opened.feed(chunk)
                self._cache.make_room(job.session_id)
            progress.advance(opened.document_tokens)
            is_noted = self._take_note(job, opened, document, total)
            done = opened.document_tokens
            if self._jobs.is_interrupted(job, document.id) or done >= min(stop, total):
                break
            if done >= slice_end and self._jobs.others_wait(job):
                return
        else:
            if opened.document_tokens < total:  # it would be begun again for ever
                raise storage.DamagedDatabase(
                    f"The stored text of {document.title!r} ends at token "
                    f"{opened.document_tokens:,} of {total:,}; remove the document and add it "
                    "again."
                )
        self._save(job, opened, document, total, is_growing, is_noted)

    def _take_note(self, job: Job, opened: OpenSession, document: DocumentRow, total: int) -> bool:
        """Note the part that ends here, if one does; False if the note was left for later.

        A pause leaves no note on a document's end: there is nothing else to pause, and all of the
        document would wait, read, until it is resumed.

        Args:
            total: tokens of the document.
        """
        if self._notes is None:
            return True

        def is_interrupted() -> bool:
            if opened.document_tokens >= total:
                return self._jobs.is_ending(job)
            return self._jobs.is_interrupted(job, document.id)

        return self._notes.take(opened, document, is_interrupted)

    def _save(
        self,
        job: Job,
        opened: OpenSession,
        document: DocumentRow,
        total: int,
        is_growing: bool,
        is_noted: bool,
    ) -> None:
        """Write a checkpoint; a document is not done before the note on its end is taken."""
        state = DocumentState.PAUSED if document.id in job.paused else DocumentState.READING
        if opened.document_tokens >= total and is_noted:
            state = (
                DocumentState.PAUSED if is_growing else DocumentState.DONE
            )  # a followed log waits until it has more
        with self._queue.reading():  # no answer forks a session while its checkpoint is written
            opened.save(self._db, state)
        checkpoint_policy.prune(self._db, self._settings, job.session_id)
        if is_growing and document.id not in job.paused:
            storage.wake_follow(self._db, document.id)  # it may have got more, or ended, meanwhile
        if state == DocumentState.DONE:
            job.progress.pop(document.id, None)
