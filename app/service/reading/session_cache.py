"""The open sessions, within a budget of bytes; the others wait in their checkpoints.

A session that was fed since its checkpoint is saved before it is evicted, and locked against other
processes until then: what was read is never lost, and never read by two processes. The budget
counts sessions; beside them there is at most the one fork, or earlier state, that answers, and the
fork that takes a note.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import storage
from ahn_runtime import Runtime
from ahn_runtime.accounting import estimated_bytes
from app.messages import sentence
from app.service.reading.locks import SessionLocks
from app.service.reading.model_queue import ModelQueue
from app.service.reading.open_session import (
    OpenSession,
    discard_newer_checkpoints,
    restore_session,
)
from app.service.session_config import SessionConfig
from app.settings import Settings
from storage import Database, SessionRow, StorageError

log = logging.getLogger(__name__)


class SessionCache:
    """Restores sessions on demand and evicts the least recently used.

    A caller that changes a session, or which sessions are open, holds the model.

    Args:
        runtime: returns the model of a session, or raises why there is none.
    """

    def __init__(
        self,
        db: Database,
        settings: Settings,
        queue: ModelQueue,
        locks: SessionLocks,
        runtime: Callable[[SessionRow], Runtime],
    ) -> None:
        self._db, self._settings, self._queue, self._locks = db, settings, queue, locks
        self._runtime = runtime
        self._open: dict[int, OpenSession] = {}
        self._in_use: set[int] = set()
        self._kept_locks: dict[int, ExitStack] = {}  # of sessions ahead of their checkpoint
        self._guard = threading.RLock()
        self.max_bytes = 0
        """The maximum of `measured_bytes` so far, each time after eviction."""

    @property
    def measured_bytes(self) -> int:
        """Bytes of all open sessions."""
        return sum(opened.measured_bytes for opened in list(self._open.values()))

    def peek(self, session_id: int) -> OpenSession | None:
        """The session if it is open."""
        return self._open.get(session_id)

    def get(self, session_id: int) -> OpenSession:
        """The session, restored if it is not open; the caller holds the model."""
        with self._guard:
            opened = self._open.get(session_id)
            if opened is None or self._is_stale(opened):
                self._open.pop(session_id, None)
                row = storage.get_session_by_id(self._db, session_id)
                runtime = self._runtime(row)
                self.make_room(session_id, self._estimated_bytes(row, runtime))
                opened = self._open[session_id] = restore_session(self._db, row, runtime)
            opened.used_at = time.monotonic()
            self.make_room(session_id)
            return opened

    def for_reading(self, session_id: int) -> OpenSession:
        """The session, to be fed; its documents are set to where it is.

        Waits until it can hold the model; the model is loaded before that.
        """
        self._runtime(storage.get_session_by_id(self._db, session_id))
        with self._queue.reading():
            opened = self.get(session_id)
            if not opened.is_ahead:
                discard_newer_checkpoints(self._db, opened)
            return opened

    @contextmanager
    def held(self, session_id: int) -> Iterator[None]:
        """Lock a session for reading, and keep the lock until all that was read is saved.

        A reading that fails leaves an undefined state: the session is closed, and its checkpoint
        counts. One that only could not be stored is kept.

        Raises:
            SessionBusy: another process holds the lock.
        """
        with self._guard:
            lock = self._kept_locks.pop(session_id, None)
            if lock is None:
                lock = ExitStack()
                lock.enter_context(self._locks.held(session_id))
            self._in_use.add(session_id)
        try:
            yield
        except storage.DatabaseLocked:
            raise  # all that was fed was fed whole, and is saved when others have written
        except BaseException:
            self._open.pop(session_id, None)
            raise
        finally:
            with self._guard:
                self._in_use.discard(session_id)
                opened = self._open.get(session_id)
                if opened is not None and opened.is_ahead:
                    self._kept_locks[session_id] = lock
                else:
                    lock.close()

    def make_room(self, for_session: int, more_bytes: int = 0) -> None:
        """Evict others until the budget is kept; a session that is read or asked stays.

        Args:
            more_bytes: that are about to be added.
        """
        with self._guard:
            while self.measured_bytes + more_bytes > self._settings.session_cache_bytes:
                stay = {for_session, *self._in_use}
                others = [opened for opened in self._open.values() if opened.row.id not in stay]
                if not any(map(self._evict, sorted(others, key=lambda opened: opened.used_at))):
                    break
            self.max_bytes = max(self.max_bytes, self.measured_bytes)

    def save(self, session_id: int) -> None:
        """Write a checkpoint of what was read since the last; the caller holds the model."""
        with self._guard:
            opened = self._open.get(session_id)
            if opened is not None and opened.is_ahead:
                opened.save(self._db)
            self._unlock(session_id)

    def save_all(self) -> None:
        """Save every session, once nothing is read; what cannot be saved is read again later.

        The model need not be held: an answer that is still being made has a fork of its own.
        """
        for session_id in list(self._open):
            try:
                self.save(session_id)
            except StorageError as error:
                log.warning("session %d: %s", session_id, sentence(error))
                self._unlock(session_id)

    def drop(self, session_id: int) -> None:
        """Close a session without saving it."""
        with self._guard:
            self._open.pop(session_id, None)
            self._unlock(session_id)

    def _evict(self, opened: OpenSession) -> bool:
        """Save and close a session; False if it cannot be saved now."""
        try:
            self.save(opened.row.id)
        except StorageError as error:  # too much memory is better than a loss
            log.warning("session %d stays in memory: %s", opened.row.id, sentence(error))
            return False
        self.drop(opened.row.id)
        return True

    def _unlock(self, session_id: int) -> None:
        lock = self._kept_locks.pop(session_id, None)
        if lock is not None:
            lock.close()

    def _is_stale(self, opened: OpenSession) -> bool:
        """True if another process has read on, or undone or replaced what was read.

        What this process has read and not saved yet is always the newest, because it holds the
        session's lock.
        """
        if opened.is_ahead:
            return False
        with self._db.snapshot():
            generation = storage.get_session_by_id(self._db, opened.row.id).generation
            newest = storage.checkpoint_ids(self._db, opened.row.id, limit=1)
        newest_id = newest[0] if newest else None
        return generation != opened.generation or newest_id != opened.checkpoint_id

    def _estimated_bytes(self, row: SessionRow, runtime: Runtime) -> int:
        newest = storage.list_checkpoints(self._db, row.id, limit=1)
        tokens = newest[0].position if newest else 0
        gates = SessionConfig.from_row(row).num_gates
        return estimated_bytes(runtime.config, runtime.stream, tokens, gates)
