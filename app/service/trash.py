"""Sessions that a person threw away: restored on demand, really deleted after a while."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime

import storage
from app.messages import KNOWN_ERRORS, sentence
from app.service.context import Context
from storage import SessionRow, TrashedSession

log = logging.getLogger(__name__)


class Trash:
    """What the service does about thrown-away sessions."""

    def __init__(self, context: Context) -> None:
        self._context, self._db = context, context.db
        self._timer: threading.Timer | None = None
        self._guard = threading.Lock()
        self._is_stopped = False

    def put(self, name: str) -> TrashedSession:
        """Throw a session away; it is not read on, and deleted after `Settings.trash_s`."""
        row = self._context.session(name)
        reread = storage.find_reread(self._db, row.id)
        for session_id in (row.id, *([reread.id] if reread else [])):
            self._context.forget(session_id)
        trashed = storage.trash_session(self._db, row.id)
        self._wait_for_the_next()
        return trashed

    def restore(self, session_id: int) -> SessionRow:
        """Undo `put`: the session is there as it was, and reads on.

        Raises:
            NotFound: it is deleted already.
        """
        row = storage.restore_session(self._db, session_id)
        reread = storage.find_reread(self._db, row.id)
        for restored in (row, *([reread] if reread else [])):
            self._context.read_on(restored.id)
        return row

    def list(self) -> list[TrashedSession]:
        """What can be taken back, thrown away last first."""
        return storage.list_trash(self._db)

    def empty(self) -> None:
        """Really delete all that is in the trash."""
        for trashed in self.list():
            self._delete(trashed)

    def sweep(self) -> None:
        """Really delete what has been in the trash for long enough, and wait for the rest."""
        for trashed in self.list():
            if self._left_s(trashed) <= 0:
                self._delete(trashed)
        self._wait_for_the_next()

    def stop(self) -> None:
        """Delete nothing any more."""
        with self._guard:
            self._is_stopped = True
            if self._timer is not None:
                self._timer.cancel()

    def _delete(self, trashed: TrashedSession) -> None:
        storage.delete_session(self._db, trashed.session_id)
        self._context.files.drop_unused()

    def _left_s(self, trashed: TrashedSession) -> float:
        age = datetime.now(UTC) - datetime.fromisoformat(trashed.trashed_at)
        return self._context.settings.trash_s - age.total_seconds()

    def _wait_for_the_next(self) -> None:
        left = [self._left_s(trashed) for trashed in self.list()]
        with self._guard:
            if self._timer is not None:
                self._timer.cancel()
            if left and not self._is_stopped:
                self._timer = threading.Timer(max(0.05, min(left)), self._sweep_quietly)
                self._timer.daemon = True
                self._timer.start()

    def _sweep_quietly(self) -> None:
        try:
            self.sweep()
        except KNOWN_ERRORS as error:  # the database is closed, or busy: the next start sweeps
            log.warning("the trash was not emptied: %s", sentence(error))
