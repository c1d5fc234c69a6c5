"""The sessions in memory, within a budget of bytes; the others wait in their checkpoints.

A session that has read on since its checkpoint is saved before it is parked, and held against other
processes until then: what was read is never lost, nor read by two. The budget counts sessions;
beside them there is at most the one fork, or earlier state, that answers.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import storage
from ahn_runtime import Runtime
from app.messages import sentence
from app.service.reading.locks import SessionLocks
from app.service.reading.model_queue import ModelQueue
from app.service.reading.open_session import OpenSession, discard_newer_checkpoints, open_session
from app.service.report import held_bytes
from app.service.session_config import SessionConfig
from app.settings import Settings
from storage import Database, SessionRow, StorageError

log = logging.getLogger(__name__)


class SessionCache:
    """Restores on demand and parks what was used longest ago.

    What changes a session, or which are here, happens with the model's turn held.

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
        self._live: dict[int, OpenSession] = {}
        self._in_use: set[int] = set()
        self._held: dict[int, ExitStack] = {}
        self._guard = threading.RLock()
        self.max_bytes = 0
        """The highest that `held_bytes` was, the budget having been seen to."""

    @property
    def held_bytes(self) -> int:
        """Bytes of all sessions in memory."""
        return sum(live.held_bytes for live in list(self._live.values()))

    def peek(self, session_id: int) -> OpenSession | None:
        """The session if it is in memory."""
        return self._live.get(session_id)

    def get(self, session_id: int) -> OpenSession:
        """The session in memory, or restored; called with the model's turn held."""
        with self._guard:
            live = self._live.get(session_id)
            if live is None or self._is_stale(live):
                self._live.pop(session_id, None)
                row = storage.get_session_by_id(self._db, session_id)
                runtime = self._runtime(row)
                self.make_room(session_id, self._expected_bytes(row, runtime))
                live = self._live[session_id] = open_session(self._db, row, runtime)
            live.used_at = time.monotonic()
            self.make_room(session_id)
            return live

    def for_reading(self, session_id: int) -> OpenSession:
        """The same, to be read on: the documents are set to where it stands.

        It waits for the model's turn; the model is loaded before anybody waits for that.
        """
        self._runtime(storage.get_session_by_id(self._db, session_id))
        with self._queue.reading():
            live = self.get(session_id)
            if not live.is_ahead:
                discard_newer_checkpoints(self._db, live)
            return live

    @contextmanager
    def held(self, session_id: int) -> Iterator[None]:
        """Hold a session for reading, and on until all that was read is saved.

        A reading that fails leaves the state anywhere: it is dropped for its checkpoint.

        Raises:
            SessionBusy: another process holds it.
        """
        with self._guard:
            lock = self._held.pop(session_id, None)
            if lock is None:
                lock = ExitStack()
                lock.enter_context(self._locks.held(session_id))
            self._in_use.add(session_id)
        try:
            yield
        except BaseException:
            self._live.pop(session_id, None)
            raise
        finally:
            with self._guard:
                self._in_use.discard(session_id)
                live = self._live.get(session_id)
                if live is not None and live.is_ahead:
                    self._held[session_id] = lock
                else:
                    lock.close()

    def make_room(self, for_session: int, more_bytes: int = 0) -> None:
        """Park others until the budget is kept; what is being read or asked stays."""
        with self._guard:
            while self.held_bytes + more_bytes > self._settings.session_cache_bytes:
                stay = {for_session, *self._in_use}
                others = [live for live in self._live.values() if live.row.id not in stay]
                if not any(map(self._evict, sorted(others, key=lambda live: live.used_at))):
                    break
            self.max_bytes = max(self.max_bytes, self.held_bytes)

    def save(self, session_id: int) -> None:
        """Write a checkpoint of what was read since the last; called with the turn held."""
        with self._guard:
            live = self._live.get(session_id)
            if live is not None and live.is_ahead:
                live.save(self._db)
            self._let_go(session_id)

    def save_all(self) -> None:
        """The same of every session, once nobody reads; what cannot be saved is read again.

        Nobody's turn is waited for: an answer that is still going is made in a fork.
        """
        for session_id in list(self._live):
            try:
                self.save(session_id)
            except StorageError as error:
                log.warning("session %d: %s", session_id, sentence(error))
                self._let_go(session_id)

    def drop(self, session_id: int) -> None:
        """Take a session out of memory as it is."""
        with self._guard:
            self._live.pop(session_id, None)
            self._let_go(session_id)

    def _evict(self, live: OpenSession) -> bool:
        """Drop a session whose checkpoint has everything; False if it cannot be saved now."""
        try:
            self.save(live.row.id)
        except StorageError as error:  # rather too much memory than something lost
            log.warning("session %d stays in memory: %s", live.row.id, sentence(error))
            return False
        self.drop(live.row.id)
        return True

    def _let_go(self, session_id: int) -> None:
        lock = self._held.pop(session_id, None)
        if lock is not None:
            lock.close()

    def _is_stale(self, live: OpenSession) -> bool:
        """True if another process has read on; a reading of ours is always the newest."""
        if live.is_ahead:
            return False
        newest = storage.list_checkpoints(self._db, live.row.id)[:1]
        return bool(newest) and newest[0].id != live.checkpoint_id

    def _expected_bytes(self, row: SessionRow, runtime: Runtime) -> int:
        newest = storage.list_checkpoints(self._db, row.id)[:1]
        tokens = newest[0].position if newest else 0
        gates = SessionConfig.from_row(row).num_gates
        return held_bytes(runtime.config, runtime.stream, tokens, gates)
