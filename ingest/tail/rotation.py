"""Where a log goes when it is rotated: files beside it, and how one is known to be the same.

A file is known by its *mark*, a hash of what it begins with and of what stands before the place
where reading stopped. Numbers of files (inodes) alone would not do: a new file gets the number of
one that was deleted, and a copy has another.
"""

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

MARK_BYTES = 256


def mark_of(file: BinaryIO, offset: int) -> str:
    """Return the mark of an open file that was read up to `offset`; empty for one not begun."""
    if not offset:
        return ""
    digest = hashlib.sha256()
    for start in (0, max(0, offset - MARK_BYTES)):
        file.seek(start)
        digest.update(file.read(min(MARK_BYTES, offset - start)))
    return digest.hexdigest()[:32]


def bears_mark(path: Path, offset: int, mark: str) -> bool:
    """Return whether a file reaches to `offset` and bears this mark there."""
    try:
        with path.open("rb", buffering=0) as file:
            return os.fstat(file.fileno()).st_size >= offset and mark_of(file, offset) == mark
    except OSError:  # gone meanwhile, or not ours to read: not the one that was read
        return False


def regular(path: Path) -> os.stat_result | None:
    """Return the status of a regular file; None if there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def neighbours(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield the other regular files in a log's folder."""
    try:
        names = sorted(os.listdir(path.parent))
    except FileNotFoundError:  # it may come back, as a log may
        return
    for name in names:
        other = path.with_name(name)
        status = regular(other) if name != path.name else None
        if status is not None:
            yield other, status


def rotated(path: Path) -> list[tuple[Path, os.stat_result]]:
    """Return the files that are named like older parts of a log, the oldest first.

    Of app.log these are app.log.1, app.log-20310125, app.1.log, app-2031-01-25.log and their like;
    not packed ones.
    """
    number = r"[._-]\d[\dT:._-]*"
    stem, suffix = re.escape(path.stem), re.escape(path.suffix)
    pattern = re.compile(f"{stem}{suffix}{number}|{stem}{number}{suffix}")
    found = [item for item in neighbours(path) if pattern.fullmatch(item[0].name)]
    return sorted(found, key=lambda item: item[1].st_mtime_ns)
