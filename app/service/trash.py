"""The trash: deleted sessions can be restored for a while, then they are deleted for good."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

import storage
from app.messages import KNOWN_ERRORS, sentence
from app.service.context import Context
from storage import SessionRow, TrashedSession

AT_START = 5
"""Sessions that are deleted for good before the server starts to serve, at most."""
STOP_S = 10.0
"""Seconds that the deletion of one session has to end, when the server stops."""
log = logging.getLogger(__name__)


class Trash:
    """Use cases of the trash."""

    def __init__(self, context: Context) -> None:
        self._context, self._db = context, context.db
        self._timer: threading.Timer | None = None
        self._guard = threading.Lock()
        self._deleting = threading.RLock()
        self._is_stopped = False

    def put(self, name: str) -> TrashedSession:
        """Move a session to the trash; it is not read, and deleted `Settings.trash_s` later."""
        row = self._context.session(name)
        reread = storage.find_reread(self._db, row.id)
        for session_id in (row.id, *([reread.id] if reread else [])):
            self._context.forget(session_id)
        trashed = storage.trash_session(self._db, row.id)
        self._set_timer()
        return trashed

    def restore(self, session_id: int) -> SessionRow:
        """Take a session out of the trash; its reading continues.

        Raises:
            NotFound: it is deleted already.
        """
        row = storage.restore_session(self._db, session_id)
        reread = storage.find_reread(self._db, row.id)
        for restored in (row, *([reread] if reread else [])):
            self._context.read_on(restored.id)
        return row

    def list(self) -> list[TrashedSession]:
        """The sessions in the trash, the newest there first."""
        return storage.list_trash(self._db)

    def newest(self) -> TrashedSession | None:
        """The session that was deleted last; None if the trash is empty."""
        return next(iter(storage.list_trash(self._db, limit=1)), None)

    def empty(self) -> None:
        """Delete for good all that is in the trash."""
        for trashed in self.list():
            self._delete(trashed)

    def sweep(self) -> None:
        """Delete for good what was in the trash long enough, and set a timer for the rest."""
        # Each use of the database is waited for by `stop`, after which it is closed.
        with self._deleting:
            trashed = [] if self._is_stopped else self.list()
        self._delete_due(trashed)
        with self._deleting:
            if not self._is_stopped:
                self._set_timer()

    def start(self) -> None:
        """Begin to sweep: a little at once, the rest in the background, so that no start waits."""
        self._delete_due(storage.oldest_trash(self._db, AT_START))
        self._set_timer()

    def stop(self) -> None:
        """Cancel the timer, and wait for what is just being deleted; nothing is after this."""
        with self._guard:
            self._is_stopped = True
            if self._timer is not None:
                self._timer.cancel()
        # Not the timer's thread: another timer may have been set while one deletes.
        if self._deleting.acquire(timeout=STOP_S):
            self._deleting.release()

    def _delete_due(self, among: Sequence[TrashedSession]) -> None:
        for trashed in among:
            with self._deleting:
                if self._is_stopped:
                    return
                if self._left_s(trashed) <= 0:
                    self._delete_quietly(trashed)

    def _delete(self, trashed: TrashedSession) -> None:
        """Delete a session for good, unless another process restored or deleted it meanwhile."""
        with suppress(storage.NotFound):
            if storage.delete_session(self._db, trashed.session_id, trashed_at=trashed.trashed_at):
                self._context.files.prune()

    def _delete_quietly(self, trashed: TrashedSession) -> None:
        """Delete one of several; what cannot be deleted keeps neither the others nor the start."""
        try:
            self._delete(trashed)
        except KNOWN_ERRORS as error:
            log.warning("%r stays in the trash: %s", trashed.name, sentence(error))

    def _left_s(self, trashed: TrashedSession) -> float:
        try:
            age = datetime.now(UTC) - datetime.fromisoformat(trashed.trashed_at)
        except (ValueError, TypeError):  # damaged: nothing is deleted without knowing since when
            return self._context.settings.trash_s
        return self._context.settings.trash_s - age.total_seconds()

    def _set_timer(self) -> None:
        first = next(iter(storage.oldest_trash(self._db, 1)), None)
        with self._guard:
            if self._timer is not None:
                self._timer.cancel()
            if first is not None and not self._is_stopped:
                left_s = max(0.05, self._left_s(first))
                self._timer = threading.Timer(left_s, self._sweep_quietly)
                self._timer.daemon = True
                self._timer.start()

    def _sweep_quietly(self) -> None:
        try:
            self.sweep()
        except KNOWN_ERRORS as error:  # the database is closed, or busy: the next start sweeps
            log.warning("the trash was not emptied: %s", sentence(error))
