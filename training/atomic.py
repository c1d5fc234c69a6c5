"""Atomic file writes: after a crash a file has its old content or its new content, never a mix."""

from __future__ import annotations

import os
from pathlib import Path


def write_atomically(path: Path, data: bytes) -> None:
    """Replace the content of a file, creating the file if it does not exist.

    The data is written and synced to a temporary file in the same directory, which is then renamed.

    Raises:
        OSError: the directory does not exist or cannot be written.
    """
    temporary = path.with_name(path.name + ".part")
    with temporary.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)  # so that the rename survives a power failure
    finally:
        os.close(directory)
