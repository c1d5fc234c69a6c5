"""The copies of documents' files in the data directory, each named by the sha256 of its content."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

import storage
from app.service.library.files_lock import FilesLock
from ingest import DocumentNotFound
from ingest.tail.opening import OutsideFolders, open_log
from storage import Database, DocumentRow

COPY_BYTES = 1 << 20
PART = ".part"
"""Suffix of a copy that is not whole yet."""
ABANDONED_S = 3600.0
"""A partial copy that was not written to for so long is left over from a killed process."""


class FileStore:
    """Puts, finds and prunes copies; none is deleted before the database can name it.

    Args:
        directory: holds the copies; it is made when the first is put.
        locks: holds the lock that processes share; None: a folder beside the copies.
    """

    def __init__(self, db: Database, directory: Path, locks: Path | None = None) -> None:
        self._db, self._directory = db, directory
        self._lock = FilesLock(locks or directory.with_name("locks") / "files")

    def path(self, document: DocumentRow) -> Path:
        """The path of a document's copy, whether or not there is one."""
        return self.path_of(document.sha256)

    def path_of(self, sha256: str) -> Path:
        """The path of the copy with a sha256, whether or not there is one."""
        return self._directory / sha256

    def put(self, path: Path, within: Sequence[Path] | None = None) -> tuple[Path, str]:
        """Copy a file; called within `adding`, until a document names the copy.

        The copy is written to disk before this returns, so that a crash never loses a document.

        Args:
            path: of the file.
            within: the folders that may be read, without links in their paths; None for all.

        Returns:
            The path of the copy and its sha256, in hexadecimal.

        Raises:
            DocumentNotFound: there is no such file, it cannot be opened, or it is in none of the
                folders.
            OSError: the disk is full or may not be written to.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        handle, part = tempfile.mkstemp(PART, f"{os.getpid()}-", self._directory)
        try:
            with os.fdopen(handle, "wb") as out:
                for block in _blocks(path, within):
                    digest.update(block)
                    out.write(block)
                storage.sync_file(out)
            copy = self._directory / digest.hexdigest()
            storage.keep_file(Path(part), copy)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise
        return copy, digest.hexdigest()

    @contextmanager
    def adding(self) -> Iterator[None]:
        """Put off `prune` of all processes while copies are put that no document names yet."""
        try:
            with self._lock.adding():
                yield
        finally:
            if self._lock.is_prune_due:
                self.prune()

    def prune(self) -> None:
        """Delete the copies that no document of any session names, at once or after `adding`."""
        with self._lock.pruning() as may_prune:
            if not may_prune or not self._directory.is_dir():
                return
            used = storage.kept_hashes(self._db)
            for path in self._directory.iterdir():
                if path.name not in used and not _is_being_copied(path):
                    with suppress(PermissionError):  # Windows keeps a file that is being read
                        path.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    """The sha256 of a file's content, in hexadecimal.

    Raises:
        DocumentNotFound: there is no such file, or it cannot be opened.
    """
    digest = hashlib.sha256()
    for block in _blocks(path):
        digest.update(block)
    return digest.hexdigest()


def free_bytes(directory: Path) -> int:
    """Free disk space where a directory is, or would be made."""
    while not directory.exists() and directory != directory.parent:
        directory = directory.parent
    return shutil.disk_usage(directory).free


def _blocks(path: Path, within: Sequence[Path] | None = None) -> Iterator[bytes]:
    with _opened(path, within) as source:
        while block := source.read(COPY_BYTES):
            yield block


def _opened(path: Path, within: Sequence[Path] | None) -> FileIO:
    try:
        return open_log(path, within)
    except OutsideFolders as error:  # it became a link after its path was allowed
        raise DocumentNotFound(
            f"{path.name} leads to a file outside the folders that may be read: it is not read."
        ) from error
    except OSError as error:
        raise DocumentNotFound(
            f"{path.name} cannot be opened ({error.strerror}); check the path and try again."
        ) from error


def _is_being_copied(path: Path) -> bool:
    """Whether a process may still write to a partial copy."""
    if path.suffix != PART:
        return False
    try:
        return time.time() - path.stat().st_mtime < ABANDONED_S
    except FileNotFoundError:
        return True
