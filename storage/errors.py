"""What can go wrong in storage, and the one place where SQLite's errors get these names.

    StorageError
    ├── NotFound          a session, document, checkpoint, page or folder that is not there
    ├── AlreadyExists     a name that is taken
    ├── IllegalTransition a document whose state does not allow the state asked for
    ├── SchemaTooNew      a database written by a newer version of this program
    ├── DamagedDatabase   the file is not a database, or SQLite finds it malformed
    ├── DamagedPage       a checkpoint page whose bytes no longer match their hash
    ├── DiskFull          no room left; the transaction was rolled back
    ├── DatabaseLocked    another process held the write lock for too long
    └── ReadOnly          the file or its folder cannot be written

A bad argument is a ``ValueError``, and wrong SQL stays a ``sqlite3.ProgrammingError``: both are
mistakes of the caller, not states of the store.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager


class StorageError(Exception):
    """Root of everything that storage raises on purpose; the message is fit to show."""


class NotFound(StorageError):
    """Something named by the caller is not in the database, or its folder is not on the disk."""


class AlreadyExists(StorageError):
    """The name is taken."""


class IllegalTransition(StorageError):
    """A document in its present state cannot get the state that was asked for."""


class SchemaTooNew(StorageError):
    """A newer version of the program wrote this database."""


class DamagedDatabase(StorageError):
    """SQLite cannot read the file, or finds it inconsistent."""


class DamagedPage(StorageError):
    """The bytes of a checkpoint page do not have the hash they are stored under."""


class DiskFull(StorageError):
    """There is no room to write; nothing of the transaction was kept."""


class DatabaseLocked(StorageError):
    """Another connection held the lock for longer than the busy timeout."""


class ReadOnly(StorageError):
    """The database file or its folder cannot be written."""


_BY_SQLITE_CODE: dict[int, tuple[type[StorageError], str]] = {
    sqlite3.SQLITE_FULL: (
        DiskFull,
        "The disk that holds {where} is full and nothing of this step was saved; free some space "
        "or delete a session, then try again.",
    ),
    sqlite3.SQLITE_IOERR: (
        StorageError,
        "The disk that holds {where} did not do this step ({reason}) and nothing of it was saved; "
        "it may be full, over its quota, failing or gone: see to that, then try again.",
    ),
    sqlite3.SQLITE_BUSY: (
        DatabaseLocked,
        "The database {where} is locked by another program; close that program or wait, then try "
        "again.",
    ),
    sqlite3.SQLITE_LOCKED: (
        DatabaseLocked,
        "The database {where} is locked by another request; wait a moment, then try again.",
    ),
    sqlite3.SQLITE_READONLY: (
        ReadOnly,
        "The database {where} cannot be written; give this user write permission on the file and "
        "its folder.",
    ),
    sqlite3.SQLITE_PERM: (
        ReadOnly,
        "The database {where} may not be opened; give this user read and write permission on it.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        ReadOnly,
        "The database {where} cannot be opened or created; check that it is a file and that this "
        "user may write to its folder.",
    ),
    sqlite3.SQLITE_CORRUPT: (
        DamagedDatabase,
        "The database {where} is damaged ({reason}); restore it from a backup, or move it away to "
        "start a new one.",
    ),
    sqlite3.SQLITE_NOTADB: (
        DamagedDatabase,
        "The file {where} is not an SQLite database; move it away, or choose another folder.",
    ),
}

_BY_ERRNO: dict[int, tuple[type[StorageError], str]] = {
    errno.ENOENT: (
        NotFound,
        "The folder of the database {where} does not exist; create it or choose another folder.",
    ),
    errno.ENOTDIR: (
        NotFound,
        "The database {where} cannot be there, because a part of its path is a file and not a "
        "folder; choose another folder.",
    ),
    errno.ENOSPC: _BY_SQLITE_CODE[sqlite3.SQLITE_FULL],
    errno.EROFS: _BY_SQLITE_CODE[sqlite3.SQLITE_READONLY],
    errno.EACCES: _BY_SQLITE_CODE[sqlite3.SQLITE_READONLY],
    errno.EPERM: _BY_SQLITE_CODE[sqlite3.SQLITE_READONLY],
}

_SMALLEST_ROOM_BYTES = 64 * 1024  # less than a write-ahead log and its index need
_UNFORESEEN = "The database {where} could not do this step ({reason}); nothing of it was saved."


def _storage_error(error: sqlite3.Error | OSError, where: str) -> StorageError:
    if isinstance(error, OSError):
        kind, sentence = _BY_ERRNO.get(error.errno or 0, (StorageError, _UNFORESEEN))
    else:
        # SQLite keeps the primary code in the low byte, the detail above it.
        code = getattr(error, "sqlite_errorcode", None) or 0
        code &= 0xFF
        if code == sqlite3.SQLITE_IOERR and _has_no_room(where):
            code = sqlite3.SQLITE_FULL  # not told so when it is the log's index that finds no room
        kind, sentence = _BY_SQLITE_CODE.get(code, (StorageError, _UNFORESEEN))
    return kind(sentence.format(where=where, reason=error))


def _has_no_room(where: str) -> bool:
    try:
        return shutil.disk_usage(os.path.dirname(where) or os.curdir).free < _SMALLEST_ROOM_BYTES
    except OSError:
        return False


@contextmanager
def translated_errors(where: str) -> Iterator[None]:
    """Turn errors of SQLite and of the file system into a ``StorageError`` that names ``where``."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise
    except (sqlite3.Error, OSError) as error:
        raise _storage_error(error, where) from error
