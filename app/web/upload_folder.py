"""The folder into which the framework writes uploads: one for each running server.

A server that was killed leaves its folder. The next one deletes each folder that no living server
holds, which a file lock tells.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ingest import DEFAULT_LIMITS

MAX_UPLOAD_BYTES = 4 * DEFAULT_LIMITS.max_bytes
"""Size of the files that are dropped on the page at once; each is also bounded by the reader."""
ABANDONED_S = 3600.0
"""Seconds after which an upload that no page added is deleted."""
KEPT = "kept-"
"""Begins the names of folders with uploads that are in use, however long that takes."""
_LOCK = ".lock"


@contextmanager
def upload_folder(directory: Path) -> Iterator[Path]:
    """Make a folder for the uploads of this process, and delete it at the end of the block.

    Args:
        directory: holds the folders of all servers of the data directory. Only the owner can look
            into it. What is left there by servers that have ended is deleted.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
    folder = directory / secrets.token_hex(8)
    lock = FileLock(_lock_of(folder), timeout=0, thread_local=False)
    with lock:
        _sweep(directory, folder)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        Path(lock.lock_file).unlink(missing_ok=True)


def delete_abandoned(folder: Path) -> None:
    """Delete the uploads of this process that no page added within an hour.

    What is in folders whose names begin with `KEPT` stays.
    """
    limit = time.time() - ABANDONED_S
    for path in folder.rglob("*"):
        if path.relative_to(folder).parts[0].startswith(KEPT):
            continue
        with suppress(OSError):
            if path.stat().st_mtime < limit:
                path.rmdir() if path.is_dir() else path.unlink()


def _sweep(directory: Path, own: Path) -> None:
    """Delete what is in the directory and belongs to no living server."""
    for path in list(directory.iterdir()):
        folder = path.with_suffix("") if path.suffix == _LOCK else path
        if folder == own:
            continue
        lock = FileLock(_lock_of(folder), timeout=0)
        try:
            with lock:
                _delete(folder)
        except Timeout:
            continue
        with suppress(OSError):
            Path(lock.lock_file).unlink(missing_ok=True)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}{_LOCK}")


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)
