"""Imports: a file that somebody else may have made becomes a session, or is refused as a whole.

Nothing of the file is believed. Its schema must be exactly that of an export, and each row that
passes the rules of its columns is copied into a new database beside it, whose tables this program
has made. Only that copy is migrated and queried.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import sqlite_utils

from storage.copies import copy_session
from storage.counted import Counted, uncounted
from storage.database import Database
from storage.durable import keep_file, make_private, sync_file
from storage.errors import DamagedDatabase, DiskFull, NotFound, translated_errors
from storage.foreign_file import ForeignFile
from storage.migrations import create_tables
from storage.row_rules import RULES, check_row
from storage.schemas import check_schema, columns_of
from storage.sessions import SessionRow, get_session_by_id

_COPY_NAME, _FILES_FOLDER, _FILES_TABLE = "session.sqlite", "files", "exported_files"
_COPIED_TABLES = tuple(table for table in RULES if table != _FILES_TABLE)
IMPORT_PREFIX = "import-"
"""Of the folder with the copy of a file that is imported; the number of the process follows."""
_ROWS_AT_ONCE = 200
_SPARE_BYTES = 64 << 20


class Export:
    """The checked copy of an exported session.

    Args:
        name: of the file that was exported, for messages.
        db: a database of the present schema, with the one session.
        files: the folder with the original files, each under its sha256.
    """

    def __init__(self, name: str, db: Database, files: Path) -> None:
        self.name, self.db, self._files = name, db, files

    @property
    def session(self) -> SessionRow:
        """The session that the file contains."""
        return get_session_by_id(self.db, int(self.db.value("SELECT id FROM sessions")))

    def pages_of(self, checkpoint_id: int) -> set[str]:
        """Return the hashes of the pages that are copied with a checkpoint."""
        rows = self.db.rows(
            "SELECT hash FROM checkpoint_pages WHERE checkpoint_id = ?", [checkpoint_id]
        )
        return {str(row["hash"]) for row in rows}

    def write_files(self, path_of: Callable[[str], Path]) -> None:
        """Move the original files to where they are kept.

        Args:
            path_of: returns the path for the file of a sha256, on the same disk.

        Raises:
            OSError: a file cannot be moved there.
        """
        for file in sorted(self._files.iterdir()):
            make_private(file)
            keep_file(file, path_of(file.name))


@contextlib.contextmanager
def opened_export(
    path: Path, folder: Path, on_read: Counted = uncounted, name: str | None = None
) -> Iterator[Export]:
    """Check an exported file and yield a copy of what it holds.

    The copy is deleted at the end of the block.

    Args:
        path: of the export, which is not changed.
        folder: where the copy is written.
        on_read: is told how many bytes of the file were read, and how many it has.
        name: what messages call the file; None: the name in its path.

    Raises:
        NotFound: the file does not exist.
        DamagedDatabase: the file is damaged, is not an export, or holds what no export holds.
        SchemaTooNew: a newer version of the program wrote the file.
        DiskFull: the folder has no room for the copy.
    """
    if not path.is_file():
        if name is not None:  # the path is of a copy that the person does not know
            raise NotFound(f"{name} is not kept any more; choose the file again.")
        raise NotFound(f"There is no file {path} to import; check the path.")
    with tempfile.TemporaryDirectory(prefix=f"{IMPORT_PREFIX}{os.getpid()}-", dir=folder) as own:
        copy, files = Path(own) / _COPY_NAME, Path(own) / _FILES_FOLDER
        with ForeignFile(path, on_read=on_read, name=name) as file:
            _check_room(file, folder)
            version = check_schema(file)
            file.allow(RULES)
            with translated_errors(str(copy)):
                hashes = _copy_rows(file, version, copy)
                files.mkdir()
                _copy_files(file, hashes, files)
        with Database(copy) as db:
            yield Export(name or path.name, db, files)


def import_session(
    db: Database,
    export: Export,
    name: str | None = None,
    *,
    key: str | None = None,
    on_copied: Counted = uncounted,
) -> SessionRow:
    """Copy the session of an export into the database, completely or not at all.

    Args:
        name: the name of the new session; None keeps the exported name.
        key, on_copied: as for `copy_session`.

    Raises:
        AlreadyExists: another session has the name.
        DamagedPage: the bytes of a page do not have its hash.
        ValueError: the name is not a valid session name.
    """
    theirs = export.session
    return copy_session(export.db, theirs, db, name or theirs.name, key=key, on_copied=on_copied)


def _check_room(file: ForeignFile, folder: Path) -> None:
    """Refuse a file that would fill the disk: it is copied, and then its rows once more."""
    if shutil.disk_usage(folder).free < 2 * file.byte_count + _SPARE_BYTES:
        raise DiskFull(
            f"The disk that holds {folder} has no room for {file.name}, which has "
            f"{file.byte_count:,} bytes and is copied while it is checked; free some space, then "
            "try again."
        )


def _copy_rows(file: ForeignFile, version: int, copy: Path) -> set[str]:
    """Fill a new database with the checked rows; return the sha256 of each document's file."""
    with contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as raw:
        _fill(file, version, raw)
        _check_whole(file, version, raw)
        return {row[0] for row in raw.execute("SELECT sha256 FROM documents")}


def _fill(file: ForeignFile, version: int, raw: sqlite3.Connection) -> None:
    # The copy is temporary: if the computer fails, the import is begun again.
    raw.execute("PRAGMA synchronous = OFF")
    raw.execute("PRAGMA journal_mode = OFF")
    raw.execute("PRAGMA auto_vacuum = INCREMENTAL")
    create_tables(sqlite_utils.Database(raw, execute_plugins=False), version)
    raw.execute("BEGIN")
    for table in _COPIED_TABLES:
        if not columns_of(version, table):
            continue  # that version of the schema did not have the table
        rows = _checked_rows(file, version, table)
        try:
            _insert_rows(raw, table, _columns(version, table), rows)
        except sqlite3.IntegrityError as error:
            raise file.damaged(f"two rows of its {table} are of one number or name") from error
    raw.execute("COMMIT")


def _columns(version: int, table: str) -> tuple[str, ...]:
    return tuple(name for name in columns_of(version, table) if name in RULES[table])


def _checked_rows(file: ForeignFile, version: int, table: str) -> Iterator[tuple[object, ...]]:
    columns = _columns(version, table)
    for number, row in enumerate(file.rows(table, columns), 1):
        check_row(table, dict(zip(columns, row, strict=True)), number, file.name)
        yield row


def _insert_rows(
    raw: sqlite3.Connection,
    table: str,
    columns: tuple[str, ...],
    rows: Iterator[tuple[object, ...]],
) -> None:
    marks = ", ".join("?" * len(columns))
    raw.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)


def _check_whole(file: ForeignFile, version: int, raw: sqlite3.Connection) -> None:
    """Refuse rows that are each readable and do not belong together."""
    (count,) = raw.execute("SELECT count(*) FROM sessions").fetchone()
    if count != 1:
        raise file.damaged(f"it contains {count} sessions")
    broken = raw.execute("PRAGMA foreign_key_check").fetchone()
    if broken is not None:
        raise file.damaged(f"its {broken[0]} refer to {broken[2]} that it does not contain")
    for table, joined, question, reason in _WRONG:
        if not columns_of(version, table):
            continue
        if raw.execute(f"SELECT 1 FROM {table} {joined} WHERE {question} LIMIT 1").fetchone():
            raise file.damaged(reason)


_OF_DOCUMENT = "JOIN documents ON documents.id = document_id"
_WRONG = (
    (
        "documents",
        "",
        "tokens_read > coalesce(token_count, 0)",
        "more of a document was read than it has",
    ),
    (
        "segments",
        _OF_DOCUMENT,
        "token_start + segments.token_count > documents.token_count",
        "a passage is behind the end of its document",
    ),
    (
        "checkpoints",
        _OF_DOCUMENT,
        "document_tokens > coalesce(token_count, 0)",
        "a checkpoint is behind the end of its document",
    ),
    (
        "notes",
        _OF_DOCUMENT,
        "token_start >= token_end OR token_end > coalesce(token_count, 0)",
        "a note is on no part of its document",
    ),
    (
        "kept_notes",
        "JOIN segments ON segments.id = segment_id",
        "segments.document_id IS NOT kept_notes.document_id",
        "a kept note is at a place of another document",
    ),
)


def _copy_files(file: ForeignFile, wanted: set[str], folder: Path) -> None:
    """Write the original files that documents name, each complete and with its sha256."""
    rows = file.rows(_FILES_TABLE, tuple(RULES[_FILES_TABLE]))
    for sha256, parts in itertools.groupby(_checked_parts(file, rows), lambda part: part[0]):
        if sha256 not in wanted or (folder / sha256).exists():
            raise file.damaged("it contains a file of no document")
        digest = hashlib.sha256()
        with (folder / sha256).open("xb") as out:
            for expected, (_, ordinal, data) in enumerate(parts):
                if ordinal != expected:
                    raise file.damaged("a part of a document is missing")
                digest.update(data)
                out.write(data)
            sync_file(out)
        if digest.hexdigest() != sha256:
            raise DamagedDatabase(f"A document in {file.name} is damaged; export it again.")


def _checked_parts(
    file: ForeignFile, rows: Iterable[tuple[Any, ...]]
) -> Iterator[tuple[str, int, bytes]]:
    for number, (sha256, ordinal, data) in enumerate(rows, 1):
        row = {"sha256": sha256, "ordinal": ordinal, "data": data}
        check_row(_FILES_TABLE, row, number, file.name)
        yield sha256, ordinal, data
