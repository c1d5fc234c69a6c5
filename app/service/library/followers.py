"""The logs that this process follows: one thread for each log, one log for each session.

A thread polls its log, stores what was appended, and queues the document when whole chunks can be
read. What is read after a log comes after it in the session's stream. So a session follows one log
at a time, and adding another document ends the following.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import storage
from ahn_runtime import Runtime
from app.errors import CannotFollow, SessionBusy
from app.messages import known_error, sentence
from app.service.library.followed_log import FollowedLog, begin, folders_of
from app.service.reading.locks import SessionLocks
from app.service.session_config import SessionConfig
from app.settings import Settings, home_expanded
from storage import Database, DocumentRow, DocumentState, FollowRow, SessionRow

log = logging.getLogger(__name__)


class Following:
    """Starts, stops and ends the following of logs.

    Args:
        runtime: returns the model of a session by its id; only the tokenizer is used.
        read_on: queues a document to be read.
    """

    def __init__(
        self,
        db: Database,
        settings: Settings,
        runtime: Callable[[int], Runtime],
        read_on: Callable[[DocumentRow], None],
    ) -> None:
        self._db, self._settings, self._runtime, self._read_on = db, settings, runtime, read_on
        # Not the locks of reading: those are released between two slices.
        self._locks = SessionLocks(settings.locks_dir / "following")
        self._followers: dict[int, _Follower] = {}
        self.notices: dict[int, str] = {}
        """By session id: why a log cannot be followed now."""
        self.poll_s = settings.follow_poll_s

    def start(
        self, row: SessionRow, path: Path, within: Sequence[Path] | None = None
    ) -> DocumentRow:
        """Follow a log in the background, from where it was stopped or from its start.

        Args:
            path: of the log.
            within: the folders in which it must stay, without links in their paths; None for any.

        Raises:
            SessionBusy: another process follows a log for this session.
            CannotFollow: the session is being read again, or follows another log.
            IngestError: the log cannot be followed.
        """
        path = home_expanded(path).absolute()
        running = self._followers.get(row.id)
        if running is not None and running.is_alive():
            if running.path != path:
                raise CannotFollow(_follows(row, running.path))
            return storage.get_document(self._db, running.document_id)
        self.stop(row.id)
        if storage.find_reread(self._db, row.id) is not None:
            raise CannotFollow(
                f"The session {row.name!r} is being read again; follow {path.name} when that is "
                "done, or cancel that under Settings (or: reread NAME --cancel)."
            )
        with ExitStack() as held:
            held.enter_context(self._locks.held(row.id))
            document = self._document(row, path, within)
            follow = storage.find_open_follow(self._db, row.id)
            assert follow is not None
            followed = self._open(row, follow, within)
            self._followers[row.id] = _Follower(self, row.id, path, followed, held)
        self._read_on(document)
        return document

    def _document(self, row: SessionRow, path: Path, within: Sequence[Path] | None) -> DocumentRow:
        """The document of a log, resumed or new; the following of another log is ended."""
        follow = storage.find_open_follow(self._db, row.id)
        if follow is not None and follow.path != str(path):
            self._end(row, follow)
            follow = None
        if follow is None:
            return begin(self._db, row.id, path, self._runtime(row.id).tokenizer, within)
        document = storage.get_document(self._db, follow.document_id)
        if document.state == DocumentState.FAILED:
            document = storage.set_document_state(self._db, document.id, DocumentState.PAUSED)
        return document

    def stop(self, session_id: int) -> None:
        """Stop following for a session, if this process does; all lines taken are stored."""
        follower = self._followers.pop(session_id, None)
        if follower is not None:
            follower.stop()
        self.notices.pop(session_id, None)

    def stop_all(self) -> None:
        """Stop all followings of this process."""
        for session_id in list(self._followers):
            self.stop(session_id)

    def make_free(self, row: SessionRow) -> None:
        """Stop following, and make sure that no other process follows a log for this session.

        Raises:
            SessionBusy: another process does.
        """
        self.stop(row.id)
        with self._locks.held(row.id):
            pass

    def is_at_work(self, session_id: int) -> bool:
        """Whether this or another process follows the log of a session that follows one."""
        return self._locks.seems_held(session_id)

    def pause(self, document: DocumentRow) -> None:
        """Stop following this document, if this process does."""
        follower = self._followers.get(document.session_id)
        if follower is not None and follower.document_id == document.id:
            self.stop(document.session_id)

    def end(self, row: SessionRow) -> None:
        """End the following of a session's log, because something else is to be read.

        Raises:
            SessionBusy: it is followed right now, by this process or another.
        """
        follow = self._left_open(row)
        if follow is not None:
            self._end_alone(row, follow)

    def end_before(self, row: SessionRow, document: DocumentRow) -> None:
        """End the following of a session's log, unless a document comes before the log.

        Raises:
            SessionBusy: another process follows the log.
        """
        follow = storage.find_open_follow(self._db, row.id)
        if follow is None:
            return
        if storage.get_document(self._db, follow.document_id).ordinal < document.ordinal:
            self._end_alone(row, follow)

    def end_log(self, row: SessionRow, path: Path) -> DocumentRow | None:
        """End the following of the log at `path`; its document, None if it was not followed.

        Raises:
            SessionBusy: this log, or another of the session, is followed right now.
        """
        log_path = str(home_expanded(path).absolute())
        follow = self._left_open(row)
        if follow is not None and follow.path == log_path:
            return self._end_alone(row, follow)
        ended = storage.find_ended_follow(self._db, row.id, log_path)
        if ended is None:
            return None
        document = storage.get_document(self._db, ended.document_id)
        return None if document.state == DocumentState.DONE else document

    def _left_open(self, row: SessionRow) -> FollowRow | None:
        """The following that a session has not ended, which no thread of any process is doing."""
        follow = storage.find_open_follow(self._db, row.id)
        running = self._followers.get(row.id)
        if running is not None and running.is_alive():
            raise SessionBusy(_follows(row, running.path))
        if follow is not None:
            self.make_free(row)
        return follow

    def _end_alone(self, row: SessionRow, follow: FollowRow) -> DocumentRow:
        self.stop(row.id)
        with self._locks.held(row.id):
            return self._end(row, follow)

    def _end(self, row: SessionRow, follow: FollowRow) -> DocumentRow:
        followed = self._open(row, follow, folders_of(follow))
        try:
            document = followed.end()
        finally:
            followed.close()
        self._read_on(document)
        return document

    def _open(
        self, row: SessionRow, follow: FollowRow, within: Sequence[Path] | None
    ) -> FollowedLog:
        """The log, as it is stored."""
        tokens = self._runtime(row.id).tokenizer
        config = SessionConfig.from_row(row)
        chunk_tokens = config.chunk_tokens_or(self._settings.chunk_tokens)
        return FollowedLog(self._db, self._settings, follow, tokens, chunk_tokens, within)

    def wake_reader(self, document_id: int) -> None:
        """Queue a paused log that has more to read."""
        document = storage.wake_follow(self._db, document_id)
        if document is not None:
            self._read_on(document)

    def fail(self, session_id: int, document_id: int, error: Exception) -> None:
        """Store why a following stopped; it can be started again from there."""
        error = known_error(error)
        self.notices[session_id] = sentence(error)
        try:
            storage.set_document_state(self._db, document_id, DocumentState.FAILED, sentence(error))
        except storage.StorageError as second:  # the disk is full, or the document deleted
            log.warning("document %d: %s", document_id, sentence(second))


class _Follower:
    """The thread that follows one log.

    Args:
        held: the lock on the session, released when the follower is stopped.
    """

    def __init__(
        self,
        following: Following,
        session_id: int,
        path: Path,
        followed: FollowedLog,
        held: ExitStack,
    ) -> None:
        self.path, self.document_id = path, followed.document_id
        self._following, self._session_id, self._followed = following, session_id, followed
        self._stopping = threading.Event()
        followed.is_stopped = self._stopping.is_set
        self._thread = threading.Thread(target=self._run, name="ammon-follower", daemon=True)
        self._held = held.pop_all()
        self._thread.start()

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()
        self._held.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                moved = self._step()
            except storage.DatabaseLocked:  # it was stopped; what was not stored is taken again
                break
            except Exception as error:  # shown with the document, which can be followed again
                self._following.fail(self._session_id, self.document_id, error)
                break
            if not moved:
                self._stopping.wait(self._following.poll_s)
        self._followed.close()

    def _step(self) -> bool:
        notices = self._following.notices
        try:
            moved = self._followed.step()
        except OSError as error:  # not readable now; its owner may change that
            notices[self._session_id] = sentence(error)
            return False
        notices.pop(self._session_id, None)
        self._following.wake_reader(self.document_id)
        return moved


def _follows(row: SessionRow, path: Path) -> str:
    return (
        f"The session {row.name!r} is following {path.name}; stop that first, because what is read "
        "next comes after it."
    )
