"""What killed imports and exports leave behind: half-done copies, found and deleted at the start.

The name of each begins with the number of the process that makes it; what a living process makes
stays. An export is written beside its target, anywhere, so its path is noted in the data directory
while it is written.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from app.service.library.file_store import ABANDONED_S, PART
from app.service.reading.locks import lives_since
from app.settings import Settings

_OWN = re.compile(r"(?:import-)?(?P<pid>\d{1,9})-")
_IMPORT = re.compile(r"import-\d{1,9}-[a-z0-9_]+")
_OLD_IMPORT = re.compile(r"tmp[a-z0-9_]{8}")
"""The folder of an import of an older version, which did not name its process."""
_SQLITE = b"SQLite format 3\0"
_BESIDE = ("", "-wal", "-shm", "-journal")


@contextlib.contextmanager
def noted_export(settings: Settings, part: Path) -> Iterator[None]:
    """Note that a file is being written, so that it is deleted if this process is killed.

    Args:
        part: the half-done copy, whose name ends in ".part".
    """
    settings.exports_dir.mkdir(parents=True, exist_ok=True)
    note = settings.exports_dir / f"{os.getpid()}-{uuid.uuid4().hex}"
    note.write_text(json.dumps(str(part.absolute())), encoding="utf-8")
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def sweep_leftovers(settings: Settings) -> None:
    """Delete the half-done copies of processes that do not run any more; errors are passed over."""
    for path in _entries(settings.files_dir):
        if path.suffix == PART and _is_abandoned(path):
            _delete(path)
    for path in _entries(settings.data_dir):
        if path.is_dir() and not path.is_symlink() and _is_import(path) and _is_abandoned(path):
            shutil.rmtree(path, ignore_errors=True)
    for note in _entries(settings.exports_dir):
        if _is_abandoned(note):
            _delete_export(note)


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _is_import(folder: Path) -> bool:
    """Whether an import made a folder; one of an older version holds a database and no more."""
    if _IMPORT.fullmatch(folder.name):
        return True
    if not _OLD_IMPORT.fullmatch(folder.name):
        return False
    try:
        paths = sorted(folder.iterdir())
        is_alone = {path.name for path in paths} <= {paths[0].name + end for end in _BESIDE}
        with paths[0].open("rb") as file:
            return is_alone and file.read(len(_SQLITE)) == _SQLITE
    except (OSError, IndexError):
        return False


def _is_abandoned(path: Path) -> bool:
    """Whether no process makes this any more: its own is gone, or nothing changed for long."""
    own = _OWN.match(path.name)
    if own is not None:
        return not lives_since(path, int(own["pid"]))
    try:
        return time.time() - path.stat().st_mtime > ABANDONED_S
    except OSError:
        return False


def _delete_export(note: Path) -> None:
    with contextlib.suppress(OSError, ValueError, TypeError):
        part = Path(json.loads(note.read_text(encoding="utf-8")))
        if part.suffix == PART and not part.is_symlink():
            for end in _BESIDE:
                _delete(part.with_name(part.name + end))
    _delete(note)


def _delete(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
