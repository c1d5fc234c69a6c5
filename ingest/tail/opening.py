"""Opens a log only within the folders that may be read, if not all may be.

The path of a followed log is opened again and again, so it may become a link to any file after it
was allowed. What was opened is compared, not the path: a link cannot change in between.
"""

import io
import os
from collections.abc import Sequence
from pathlib import Path

from ingest.errors import DocumentNotFound
from ingest.naming import file_name

Folders = Sequence[Path] | None
"""Folders whose files may be read, with all that is below them; None for every file."""


class OutsideFolders(DocumentNotFound):
    """A path leads out of the folders that may be read."""


def open_log(path: Path, within: Folders = None) -> io.FileIO:
    """Open a file for reading, without a buffer.

    Args:
        path: of the file.
        within: the folders that may be read, without links in their paths.

    Raises:
        OutsideFolders: the file is in none of them.
        OSError: it cannot be opened.
    """
    file = path.open("rb", buffering=0)
    if within is not None and not _is_within(file, path, within):
        file.close()
        raise OutsideFolders(
            f"{file_name(path.name)} leads to a file outside the folders that may be read: it is "
            "not followed. Put a log in its place and follow it again."
        )
    return file


def _is_within(file: io.FileIO, path: Path, folders: Sequence[Path]) -> bool:
    try:  # Linux knows where an open file is
        opened = Path(os.readlink(f"/proc/self/fd/{file.fileno()}"))
    except OSError:
        opened = path.resolve()
        if not os.path.samestat(os.lstat(opened), os.fstat(file.fileno())):
            return False
    return any(map(opened.is_relative_to, folders))
