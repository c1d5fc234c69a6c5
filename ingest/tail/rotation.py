"""Finds the files of a rotated log, and recognises a file that was read before.

A file is recognised by its *mark*, a hash of its first bytes and of the bytes before the position
where the reading stopped. The inode number is not enough: a new file may get the number of a
deleted one, and a copy has another number.
"""

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ingest.tail.opening import Folders, OutsideFolders, open_log

MARK_BYTES = 256


def mark_of(file: BinaryIO, offset: int) -> str:
    """Return the mark of an open file that was read up to `offset`; "" if that is 0."""
    if not offset:
        return ""
    digest = hashlib.sha256()
    for start in (0, max(0, offset - MARK_BYTES)):
        file.seek(start)
        digest.update(file.read(min(MARK_BYTES, offset - start)))
    return digest.hexdigest()[:32]


def has_mark(path: Path, offset: int, mark: str, within: Folders = None) -> bool:
    """Return whether a file, in one of these folders, has `offset` bytes and this mark there."""
    try:
        with open_log(path, within) as file:
            return os.fstat(file.fileno()).st_size >= offset and mark_of(file, offset) == mark
    except (OSError, OutsideFolders):  # it is gone, or may not be read: it was not read before
        return False


def regular_file_status(path: Path) -> os.stat_result | None:
    """Return the status of a regular file, None if there is no such file."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def other_files(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield the other regular files in the folder of a log, each with its status."""
    try:
        names = sorted(os.listdir(path.parent))
    except FileNotFoundError:  # it may come back, as a log may
        return
    for name in names:
        other = path.with_name(name)
        status = regular_file_status(other) if name != path.name else None
        if status is not None:
            yield other, status


def rotated_files(path: Path) -> list[tuple[Path, os.stat_result]]:
    """Return the files that are named like older parts of a log, the oldest first.

    For app.log these are app.log.1, app.log-20310125, app.1.log, app-2031-01-25.log and similar
    names, but not packed files.
    """
    number = r"[._-]\d[\dT:._-]*"
    stem, suffix = re.escape(path.stem), re.escape(path.suffix)
    pattern = re.compile(f"{stem}{suffix}{number}|{stem}{number}{suffix}")
    found = [item for item in other_files(path) if pattern.fullmatch(item[0].name)]
    return sorted(found, key=lambda item: item[1].st_mtime_ns)
