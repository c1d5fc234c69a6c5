"""A lock on the folder of copies, shared by all processes: many may add, one alone may prune.

Each adding holds a lock file of its own, so that a killed process adds no longer. An adding begins,
and a prune is done, only with the gate in hand: no adding begins while another process prunes.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

_ADDING = "adding-*.lock"


class FilesLock:
    """The lock of one folder.

    Args:
        directory: holds the lock files; it is made when the lock is first taken.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._due = directory / "prune-due"

    @property
    def is_prune_due(self) -> bool:
        """Whether a prune was put off because something was being added."""
        return self._due.exists()

    @contextmanager
    def adding(self) -> Iterator[None]:
        """Keep all processes from pruning within the block; waits while one prunes."""
        with self._gate():
            path = self._directory / _ADDING.replace("*", uuid.uuid4().hex)
            mark = _lock(path)
            mark.acquire()
        try:
            yield
        finally:
            mark.release()
            _remove(path)

    @contextmanager
    def pruning(self) -> Iterator[bool]:
        """Keep all processes from adding within the block.

        Yields:
            False if something is being added: then the prune is due after that.
        """
        with self._gate():
            if any(_is_held(path) for path in list(self._directory.glob(_ADDING))):
                self._due.touch()
                yield False
            else:
                self._due.unlink(missing_ok=True)
                yield True

    def _gate(self) -> FileLock:
        self._directory.mkdir(parents=True, exist_ok=True)
        return FileLock(self._directory / "gate.lock", thread_local=False)


def _lock(path: Path) -> FileLock:
    # Held by the process, not by a thread: any thread may release it.
    return FileLock(path, timeout=0, thread_local=False)


def _is_held(path: Path) -> bool:
    """Whether a living process holds a mark; that of a killed one is removed."""
    try:
        with _lock(path):
            pass
    except Timeout:
        return True
    _remove(path)
    return False


def _remove(path: Path) -> None:
    with suppress(OSError):  # on Windows, while another process looks at it
        path.unlink(missing_ok=True)
