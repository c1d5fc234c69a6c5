"""Who works on a session: file locks that the system drops with their holder."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from app.errors import SessionBusy

_CLOCK_ERROR_S = 10.0
"""The start of a process and the time of a file are known this exactly."""


class SessionLocks:
    """Locks by session id in one directory; a killed holder's lock is free at once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @contextmanager
    def held(self, session_id: int) -> Iterator[None]:
        """Hold a session for reading.

        Raises:
            SessionBusy: another process holds it; the message names its process id.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        holder = self._directory / f"{session_id}.pid"
        try:
            # Held by the process, not by a thread: any thread may release it.
            lock = FileLock(self._directory / f"{session_id}.lock", timeout=0, thread_local=False)
            with lock:
                holder.write_text(str(os.getpid()), encoding="utf-8")
                try:
                    yield
                finally:
                    holder.unlink(missing_ok=True)
        except Timeout as error:
            raise SessionBusy(
                f"Another Ammon (process {_read_pid(holder)}) is reading this session; wait until "
                "it is done, or stop it."
            ) from error

    def seems_held(self, session_id: int) -> bool:
        """Whether a living process holds a session, by the process id that it left: for display.

        Testing the lock itself would take it for a moment from a process that needs it.
        """
        holder = self._directory / f"{session_id}.pid"
        pid = _read_pid(holder)
        return pid.isdecimal() and lives_since(holder, int(pid))


class WorkLocks:
    """Locks by the key of a piece of work, so that others see whether its process is alive."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @contextmanager
    def held(self) -> Iterator[str]:
        """Hold a new key within the block."""
        self._directory.mkdir(parents=True, exist_ok=True)
        key = uuid.uuid4().hex
        path = self._directory / f"work-{key}.lock"
        try:
            with FileLock(path, timeout=0, thread_local=False):
                yield key
        finally:
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def is_held(self, key: str) -> bool:
        """Whether a living process holds a key."""
        path = self._directory / f"work-{key}.lock"
        if not path.exists():
            return False
        try:
            with FileLock(path, timeout=0, thread_local=False):
                return False
        except Timeout:
            return True


def lives_since(path: Path, pid: int) -> bool:
    """Whether the process of this number, which wrote a file, is alive; False without the file.

    A number is given to one process after another: in a container the server always gets the same.
    """
    try:
        return psutil.Process(pid).create_time() < path.stat().st_mtime + _CLOCK_ERROR_S
    except (psutil.NoSuchProcess, FileNotFoundError, OverflowError):
        return False
    except (psutil.Error, OSError):  # it may not be asked
        return True


def _read_pid(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip() or "unknown"
    except OSError:
        return "unknown"
