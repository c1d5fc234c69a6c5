"""The jobs of this process: which document is indexed next, and which session is read next."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from app.service.reading.job import Job
from app.service.reading.progress import Progress
from app.service.reading.work_step import WorkStep
from storage import DocumentRow, DocumentState

MAX_SHORT, MAX_LONG = 2, 2
"""Documents that are indexed at once: those that began a short while ago, and the others."""
LONG_S = 60.0
"""Seconds after which an indexing counts as long."""
_POLL_S = 0.5


@dataclass
class _Indexing:
    """A document that is being indexed."""

    document_id: int
    password: str | None = field(repr=False)
    began_at: float
    is_long: bool
    step: WorkStep | None = None


class JobQueue:
    """One job per session; the threads of the indexer and of the reading worker take from it.

    Documents are indexed in the order in which they came, one of each session at a time. One that
    takes long makes room for others: if there are too many such documents already, it stops, and
    begins again when one of them is done. Sessions are read in turn. All methods may be called from
    any thread.

    Args:
        long_s: seconds after which an indexing counts as long.
    """

    def __init__(self, long_s: float = LONG_S) -> None:
        self._long_s = long_s
        self._changed = threading.Condition()
        self._is_stopping = False
        self._jobs: dict[int, Job] = {}
        self._to_index: dict[int, Job] = {}  # by document id, in the order of arrival
        self._to_read: deque[Job] = deque()
        self._indexing: dict[Job, _Indexing] = {}
        self._long: set[int] = set()  # ids of documents whose indexing takes long
        self._reading: Job | None = None
        self._dropping: list[int] = []

    @property
    def is_stopping(self) -> bool:
        """Whether the threads are asked to end."""
        return self._is_stopping

    def stop(self) -> None:
        """Ask all threads to end at the next safe point."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()

    # For those who want something read.

    def enqueue(self, document: DocumentRow, password: str | None = None) -> None:
        """Index a document if its state says so, else read its session; ends a pause of it.

        Args:
            password: of an encrypted PDF that is not indexed yet.
        """
        with self._changed:
            job = self._job(document.session_id)
            job.paused.discard(document.id)
            if document.state != DocumentState.INDEXING:
                self._add_to_read(job)
                return
            if password is not None:
                job.passwords[document.id] = password
            self._to_index.setdefault(document.id, job)
            self._changed.notify_all()

    def pause(self, document: DocumentRow) -> None:
        """Pause a document at the next grid point; its session is read next, to store the pause."""
        with self._changed:
            job = self._job(document.session_id)
            job.paused.add(document.id)
            if job in self._to_read:
                self._to_read.remove(job)
                self._to_read.appendleft(job)

    def drop(self, session_id: int) -> None:
        """Cancel a session's job and wait until no thread works on it.

        What is added for the session meanwhile is begun only after that.
        """
        with self._changed:
            job = self._jobs.pop(session_id, None)
            if job is not None:
                job.cancel.cancel()
                self._to_index = {d: other for d, other in self._to_index.items() if other != job}
                if job in self._to_read:
                    self._to_read.remove(job)
            self._dropping.append(session_id)
            self._changed.wait_for(lambda: not self._is_worked_on(session_id))
            self._dropping.remove(session_id)
            self._changed.notify_all()

    def is_active(self, session_id: int) -> bool:
        """Whether anything of a session is being indexed or read, or waits for it."""
        return session_id in self.active_sessions()

    def active_sessions(self) -> set[int]:
        """The ids of all sessions of which anything is being indexed or read, or waits for it."""
        with self._changed:
            jobs = (*self._to_index.values(), *self._to_read, self._reading, *self._indexing)
            return {job.session_id for job in jobs if job is not None}

    def is_in_reading(self, session_id: int) -> bool:
        """Whether a session is being read or waits to be read."""
        with self._changed:
            jobs = (self._reading, *self._to_read)
            return any(job is not None and job.session_id == session_id for job in jobs)

    def progress_of(self, document: DocumentRow) -> Progress | None:
        """How far a document is, if this process reads it."""
        job = self._jobs.get(document.session_id)
        return None if job is None else job.progress.get(document.id)

    def positions(self) -> dict[int, int]:
        """How many tokens of each document this process has read, of those it is reading."""
        with self._changed:
            jobs = list(self._jobs.values())
        return {i: each.tokens_read for job in jobs for i, each in list(job.progress.items())}

    def notices(self) -> dict[int, str]:
        """Why readings do not advance, by the ids of their sessions; of those that do not."""
        with self._changed:
            return {job.session_id: job.notice for job in self._jobs.values() if job.notice}

    def speed_of(self, session_id: int, document_id: int) -> float:
        """Tokens per second of a document over the last chunks; 0 if it is not being read."""
        job = self._jobs.get(session_id)
        progress = None if job is None else job.progress.get(document_id)
        return 0.0 if progress is None else progress.tokens_per_second

    @property
    def session_being_read(self) -> int | None:
        """The id of the session whose slice is being read; None if none is."""
        reading = self._reading
        return None if reading is None else reading.session_id

    def is_being_indexed(self, document_id: int) -> bool:
        """Whether a thread of this process is indexing a document now."""
        with self._changed:
            return any(work.document_id == document_id for work in self._indexing.values())

    def indexing_steps(self) -> dict[int, WorkStep]:
        """How far the indexing of each document is, of those that this process indexes."""
        with self._changed:
            works = self._indexing.values()
            return {work.document_id: work.step for work in works if work.step is not None}

    def notice_of(self, session_id: int) -> str:
        """Why the reading of a session does not advance; empty if it does."""
        job = self._jobs.get(session_id)
        return "" if job is None else job.notice

    # For the threads.

    def wait_to_index(self) -> bool:
        """Wait until a document can be indexed; False if the threads are to end."""
        return self._wait(lambda: self._next_to_index() is not None)

    def wait_to_read(self) -> bool:
        """Wait until a session can be read; False if the threads are to end."""
        return self._wait(lambda: self._next_to_read() is not None)

    def take_to_index(self) -> tuple[Job, int, str | None] | None:
        """The next document's job, id and password; None if none can be indexed now.

        The caller ends it with `end_indexing`.
        """
        with self._changed:
            document_id = self._next_to_index()
            if document_id is None:
                return None
            job = self._to_index.pop(document_id)
            password = job.passwords.pop(document_id, None)
            is_long = document_id in self._long
            self._indexing[job] = _Indexing(document_id, password, time.monotonic(), is_long)
            return job, document_id, password

    def report_indexing(self, job: Job, step: WorkStep) -> None:
        """Note how far the indexing of a job's document is."""
        self._indexing[job].step = step

    def keeps_turn(self, job: Job) -> bool:
        """Whether a job's document may be indexed on; the thread that indexes it asks often."""
        with self._changed:
            work = self._indexing[job]
            if work.is_long or time.monotonic() - work.began_at < self._long_s:
                return True
            self._long.add(work.document_id)
            if self._count(is_long=True) < MAX_LONG:
                work.is_long = True
                self._changed.notify_all()
            return work.is_long

    def end_indexing(
        self, job: Job, is_indexed: bool, again: bool = False, after_s: float = 0.0
    ) -> None:
        """Note that a job's document is no longer worked on.

        Args:
            is_indexed: it can be read now.
            again: it is to be indexed later, before the others of its session.
            after_s: not sooner than so many seconds from now.
        """
        with self._changed:
            work = self._indexing.pop(job)
            if is_indexed:
                self._long.discard(work.document_id)
            if is_indexed and not job.cancel.is_cancelled:
                self._add_to_read(job)
            if again and not job.cancel.is_cancelled and not self._is_stopping:
                if work.password is not None:
                    job.passwords[work.document_id] = work.password
                job.retry_at = time.monotonic() + after_s
                self._to_index = {work.document_id: job, **self._to_index}
            self._changed.notify_all()

    def take_to_read(self) -> Job | None:
        """The job of the session whose turn it is; None if there is none.

        The caller ends it with `end_reading`.
        """
        with self._changed:
            job = self._next_to_read()
            if job is not None:
                self._to_read.remove(job)
                self._reading = job
            return job

    def end_reading(self, job: Job, has_more: bool) -> None:
        """Note that a session's slice is read; with more to read it waits for its next one."""
        with self._changed:
            self._reading = None
            if has_more and not self._is_stopping and not job.cancel.is_cancelled:
                self._add_to_read(job)
            self._changed.notify_all()

    def others_wait(self, job: Job) -> bool:
        """Whether another session waits to be read."""
        with self._changed:
            return any(other is not job for other in self._to_read)

    def is_interrupted(self, job: Job, document_id: int) -> bool:
        """Whether the reading of a document is to be saved and left now."""
        return self.is_ending(job) or document_id in job.paused

    def is_ending(self, job: Job) -> bool:
        """Whether all work of a job is to be left now."""
        return self._is_stopping or job.cancel.is_cancelled

    # Called with the condition held.

    def _job(self, session_id: int) -> Job:
        return self._jobs.setdefault(session_id, Job(session_id))

    def _add_to_read(self, job: Job) -> None:
        if job not in self._to_read:
            self._to_read.append(job)
        self._changed.notify_all()

    def _wait(self, has_work: Callable[[], bool]) -> bool:
        with self._changed:
            while not (self._is_stopping or has_work()):
                is_deferred = any(job.retry_at > 0 for job in self._to_index.values())
                self._changed.wait(_POLL_S if is_deferred else None)
            return not self._is_stopping

    def _next_to_index(self) -> int | None:
        """The first of a session of which nothing is being indexed, so that its order is kept."""
        closed = {*self._dropping, *(job.session_id for job in self._indexing)}
        has_room = {
            False: self._count(is_long=False) < MAX_SHORT,
            True: self._count(is_long=True) < MAX_LONG,
        }
        now = time.monotonic()
        for document_id, job in self._to_index.items():
            if job.session_id in closed or job.retry_at > now:
                continue
            if has_room[document_id in self._long]:
                return document_id
            closed.add(job.session_id)  # its documents keep their order
        return None

    def _count(self, *, is_long: bool) -> int:
        return sum(work.is_long == is_long for work in self._indexing.values())

    def _next_to_read(self) -> Job | None:
        waiting = self._to_read
        return next((job for job in waiting if job.session_id not in self._dropping), None)

    def _is_worked_on(self, session_id: int) -> bool:
        jobs = (self._reading, *self._indexing)
        return any(job is not None and job.session_id == session_id for job in jobs)
