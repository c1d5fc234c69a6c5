"""Files that last and that only their owner may read: modes, and writes that wait for the disk.

Windows has no such modes and cannot wait for a folder; there the functions do what it can.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from pathlib import Path
from typing import IO, Any

FOLDER_MODE = 0o700
FILE_MODE = 0o600
_HAS_MODES = os.name == "posix"


def make_private(path: Path) -> None:
    """Let only the owner of a file or folder read and write it; a link is left as it is.

    What belongs to somebody else, or is a folder for all as /tmp is, stays as it is, too.
    """
    if not _HAS_MODES:
        return
    with contextlib.suppress(OSError):
        found = path.lstat()
        is_folder = stat.S_ISDIR(found.st_mode)
        if not is_folder and not stat.S_ISREG(found.st_mode):
            return
        if found.st_uid != os.geteuid() or found.st_mode & stat.S_ISVTX:
            return
        mode = FOLDER_MODE if is_folder else FILE_MODE
        if stat.S_IMODE(found.st_mode) != mode:
            path.chmod(mode)


def make_private_below(folder: Path) -> None:
    """Let only the owner read a folder and all that is in it; links are not followed."""
    if not _HAS_MODES:
        return
    make_private(folder)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            make_private(Path(parent, name))


def create_private(path: Path) -> None:
    """Make an empty file that only its owner may read, unless there is one; its mode is mended.

    Raises:
        OSError: it cannot be made.
    """
    if _HAS_MODES:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, FILE_MODE))
        make_private(path)


def sync_file(file: IO[Any]) -> None:
    """Wait until what was written to a file is on the disk, also past the disk's own cache.

    Raises:
        OSError: the disk reports an error.
    """
    file.flush()
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl

        # On macOS fsync leaves the bytes in the cache of the disk. No other system has this.
        full_sync: int = fcntl.F_FULLFSYNC  # type: ignore[attr-defined, unused-ignore]
        fcntl.fcntl(file.fileno(), full_sync)
        return
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the names of the files in a folder are on the disk, where the system can."""
    if not _HAS_MODES:
        return
    with contextlib.suppress(OSError):  # some file systems refuse it
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def keep_file(part: Path, path: Path) -> None:
    """Give a file its name, the sha256 of its content; a whole file that has it already stays.

    Another process may be reading that one, and its reader may open no other file than this very
    one, not even one of the same name and content.

    Raises:
        OSError: it cannot be renamed.
    """
    with contextlib.suppress(OSError):  # there is one, or the file system has no links
        os.link(part, path)
    if _is_whole(path, part):
        part.unlink()
        sync_folder(path.parent)
    else:
        replace_file(part, path)


def _is_whole(path: Path, part: Path) -> bool:
    try:
        if path.samefile(part):
            return True
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == path.name
    except OSError:
        return False


def replace_file(part: Path, path: Path) -> None:
    """Give a file its name, in place of any file of that name, and wait until that is on the disk.

    Raises:
        OSError: it cannot be renamed.
    """
    os.replace(part, path)
    sync_folder(path.parent)
