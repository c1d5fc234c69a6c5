"""The errors of storage, and the one place that translates SQLite's errors into them.

    StorageError
    ├── NotFound           a session, document, checkpoint, page or folder does not exist
    ├── AlreadyExists      the name is taken
    ├── IllegalTransition  the document's state does not allow the requested state
    ├── SchemaTooNew       a newer version of this program wrote the database
    ├── DamagedDatabase    the file is not a database, or SQLite finds it malformed
    ├── Outdated           another process has changed the session since its state was loaded
    ├── DamagedPage        the bytes of a checkpoint page no longer match their hash
    ├── DiskFull           the disk is full; the transaction was rolled back
    ├── DatabaseLocked     another process held the write lock for too long
    └── ReadOnly           the file or its folder cannot be written

A bad argument raises ``ValueError`` and wrong SQL raises ``sqlite3.ProgrammingError``: both are
mistakes of the calling code, not states of the store.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager


class StorageError(Exception):
    """Base of all errors that storage raises on purpose; its message can be shown to users."""


class NotFound(StorageError):
    """What the caller named is not in the database, or the database's folder does not exist."""


class AlreadyExists(StorageError):
    """Another session already has the name."""


class IllegalTransition(StorageError):
    """The present state of a document does not allow the requested state."""


class Outdated(StorageError):
    """What a session has read was undone or replaced after the caller loaded its state."""


class SchemaTooNew(StorageError):
    """A newer version of the program wrote this database."""


class DamagedDatabase(StorageError):
    """SQLite cannot read the file, or finds it inconsistent."""


class DamagedPage(StorageError):
    """The bytes of a checkpoint page do not have the hash under which they are stored."""


class DiskFull(StorageError):
    """The disk is full; the transaction was rolled back."""


class DatabaseLocked(StorageError):
    """Another connection held the lock for longer than the busy timeout."""


class ReadOnly(StorageError):
    """The database file or its folder cannot be written."""


_BY_SQLITE_CODE: dict[int, tuple[type[StorageError], str]] = {
    sqlite3.SQLITE_FULL: (
        DiskFull,
        "The disk that holds {where} is full, so nothing of this step was saved; free some space "
        "or delete a session, then try again.",
    ),
    sqlite3.SQLITE_IOERR: (
        StorageError,
        "The disk that holds {where} reported an error ({reason}), so nothing of this step was "
        "saved; check whether the disk is full, over its quota, failing or disconnected, then try "
        "again.",
    ),
    sqlite3.SQLITE_BUSY: (
        DatabaseLocked,
        "The database {where} is locked by another program, which may be another Ammon that is "
        "writing; wait a moment, then try again.",
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
        "The database {where} cannot be created, because a part of its path is a file and not a "
        "folder; choose another folder.",
    ),
    errno.ENOSPC: _BY_SQLITE_CODE[sqlite3.SQLITE_FULL],
    errno.EROFS: _BY_SQLITE_CODE[sqlite3.SQLITE_READONLY],
    errno.EACCES: _BY_SQLITE_CODE[sqlite3.SQLITE_READONLY],
    errno.EPERM: _BY_SQLITE_CODE[sqlite3.SQLITE_READONLY],
}

_MIN_FREE_BYTES = 64 * 1024  # a write-ahead log and its index need more than this
_OTHER_ERROR = (
    "The database {where} could not do this step ({reason}), so nothing of it was saved; try again."
)


def _storage_error(error: sqlite3.Error | OSError, where: str) -> StorageError:
    if isinstance(error, OSError):
        kind, sentence = _BY_ERRNO.get(error.errno or 0, (StorageError, _OTHER_ERROR))
    else:
        # SQLite keeps the primary code in the low byte and the detail in the higher bytes.
        code = getattr(error, "sqlite_errorcode", None) or 0
        code &= 0xFF
        if code == sqlite3.SQLITE_IOERR and _is_disk_full(where):
            # SQLite reports a full disk as an I/O error if it hits the index of the log.
            code = sqlite3.SQLITE_FULL
        kind, sentence = _BY_SQLITE_CODE.get(code, (StorageError, _OTHER_ERROR))
    return kind(sentence.format(where=where, reason=error))


def _is_disk_full(where: str) -> bool:
    try:
        return shutil.disk_usage(os.path.dirname(where) or os.curdir).free < _MIN_FREE_BYTES
    except OSError:
        return False


@contextmanager
def translated_errors(where: str) -> Iterator[None]:
    """Turn errors of SQLite and of the file system inside the block into a ``StorageError``.

    Args:
        where: the path of the database, for the message.

    Raises:
        StorageError: of the class that fits; the original error is its cause.
        sqlite3.ProgrammingError: unchanged, because the SQL is wrong.
    """
    try:
        yield
    except sqlite3.ProgrammingError:
        raise
    except OverflowError as error:
        raise NotFound(
            f"A number given for {where} is larger than any that is stored; give a smaller one."
        ) from error
    except UnicodeEncodeError as error:
        raise StorageError(
            f"A text given for {where} has characters that are no Unicode text "
            f"({error.object[error.start : error.end]!a}), so it cannot be stored; remove them."
        ) from error
    except (sqlite3.Error, OSError) as error:
        raise _storage_error(error, where) from error
