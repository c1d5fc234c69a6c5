"""Exports: a session is written to one file, checked without trust, and imported.

The file is an SQLite database with the same tables, one session, and the original files in parts.
An import copies the rows under new ids and never attaches the file or runs its SQL: a file with any
other schema is refused, and every page is checked against its hash.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from storage.copies import copy_session, insert_row
from storage.database import Database
from storage.durable import make_private, replace_file, sync_file
from storage.errors import DamagedDatabase, NotFound, StorageError
from storage.pages import insert_pages, read_page
from storage.segments import iter_segments
from storage.sessions import SessionRow, get_session_by_id
from storage.values import to_json

APPLICATION_ID = 0x416D6D6E  # "Ammn"
PART_BYTES = 4 << 20
IMPORT_PREFIX = "import-"
"""Of the folder with the copy of a file that is imported; the number of the process follows."""

_FILES_TABLE = """
    CREATE TABLE exported_files (
        sha256 TEXT NOT NULL, ordinal INTEGER NOT NULL, data BLOB NOT NULL,
        PRIMARY KEY (sha256, ordinal)
    ) WITHOUT ROWID
"""
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PLAIN_TABLES = ("sessions", "documents", "messages", "checkpoints")


def export_session(
    db: Database,
    session_id: int,
    path: Path,
    checkpoint_ids: Sequence[int],
    files: Mapping[str, Path],
) -> None:
    """Write a session to a file, completely or not at all.

    Args:
        path: of the file; an existing file is replaced.
        checkpoint_ids: the checkpoints to export.
        files: the paths of the original files by sha256.

    Raises:
        NotFound: the session does not exist.
        DamagedPage: one of the checkpoints is damaged.
        OSError: an original file cannot be read, or the file cannot be written.
    """
    get_session_by_id(db, session_id)
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        with Database(part) as out:
            with out.transaction():
                out.execute(_FILES_TABLE)
                _copy_out(db, out, session_id, checkpoint_ids)
                for sha256, file in files.items():
                    _store_file(out, sha256, file)
            out.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            out.execute("PRAGMA journal_mode = DELETE")  # one file, no log beside it
        with part.open("rb+") as written:
            sync_file(written)
        replace_file(part, path)
    finally:
        for left in (part, Path(f"{part}-wal"), Path(f"{part}-shm")):
            left.unlink(missing_ok=True)


def _copy_out(db: Database, out: Database, session_id: int, checkpoint_ids: Sequence[int]) -> None:
    chosen = {"session": session_id, "checkpoints": to_json(list(checkpoint_ids))}
    wanted = "id IN (SELECT value FROM json_each(:checkpoints)) AND session_id = :session"
    queries = {
        "sessions": "SELECT * FROM sessions WHERE id = :session",
        "documents": "SELECT * FROM documents WHERE session_id = :session",
        "messages": "SELECT * FROM messages WHERE session_id = :session",
        "checkpoints": f"SELECT * FROM checkpoints WHERE {wanted}",
    }
    # The path of a file on this machine is private.
    private = {"sessions": {"rereads": None}, "documents": {"source_path": None}}
    for table in _PLAIN_TABLES:
        for row in db.rows(queries[table], chosen):
            insert_row(out, table, {**row, **private.get(table, {})})
    for document in out.rows("SELECT id FROM documents"):
        for segment in iter_segments(db, document["id"]):
            insert_row(out, "segments", asdict(segment))
    links = db.rows(
        f"SELECT * FROM checkpoint_pages WHERE checkpoint_id IN (SELECT id FROM checkpoints "
        f"WHERE {wanted})",
        chosen,
    )
    for name in dict.fromkeys(link["hash"] for link in links):
        insert_pages(out, {name: read_page(db, name)})
    for link in links:
        insert_row(out, "checkpoint_pages", link)


def _store_file(out: Database, sha256: str, file: Path) -> None:
    with file.open("rb") as source:
        for ordinal, data in enumerate(iter(lambda: source.read(PART_BYTES), b"")):
            insert_row(out, "exported_files", {"sha256": sha256, "ordinal": ordinal, "data": data})


class Export:
    """An open file that was checked to be an exported session.

    Args:
        path: of a copy of the file: a file of an older version is changed when it is opened.

    Raises:
        DamagedDatabase: the file is damaged, or is not an export.
        SchemaTooNew: a newer version of the program wrote the file.
    """

    def __init__(self, path: Path) -> None:
        self._name = path.name
        self.db = Database(path)
        try:
            self._check()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    def __enter__(self) -> Export:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    @property
    def session(self) -> SessionRow:
        """The session that the file contains."""
        return get_session_by_id(self.db, int(self.db.value("SELECT id FROM sessions")))

    def _check(self) -> None:
        if self.db.value("PRAGMA application_id") != APPLICATION_ID:
            raise DamagedDatabase(
                f"{self._name} is not a session that Ammon exported; choose another file."
            )
        if _schema(self.db) != _expected_schema():
            raise DamagedDatabase(
                f"{self._name} contains tables that Ammon did not write, so it is refused; export "
                "the session again."
            )
        problems = self.db.integrity_check()
        count = self.db.value("SELECT count(*) FROM sessions")
        if problems or count != 1:
            found = problems[0] if problems else f"it contains {count} sessions"
            raise DamagedDatabase(f"{self._name} is damaged ({found}); export the session again.")
        hashes = self.db.rows(
            "SELECT sha256 FROM documents UNION SELECT sha256 FROM exported_files"
        )
        # The hashes become names of files, so any other text is refused.
        if not all(_SHA256.fullmatch(str(row["sha256"])) for row in hashes):
            raise DamagedDatabase(
                f"{self._name} names a file by a text that is not a sha256, so it is refused; "
                "export the session again."
            )

    def write_files(self, path_of: Callable[[str], Path]) -> None:
        """Write the original files to the disk.

        Args:
            path_of: returns the path for the file of a sha256.

        Raises:
            DamagedDatabase: a file does not have its sha256; that file is not written.
            OSError: a file cannot be written.
        """
        for row in self.db.rows("SELECT DISTINCT sha256 FROM exported_files"):
            sha256, digest = str(row["sha256"]), hashlib.sha256()
            target = path_of(sha256)
            part = target.with_name(f"{target.name}.part")
            with part.open("wb") as out:
                for data in self._parts(sha256):
                    digest.update(data)
                    out.write(data)
                sync_file(out)
            if digest.hexdigest() != sha256:
                part.unlink()
                raise DamagedDatabase(f"A document in {self._name} is damaged; export it again.")
            make_private(part)
            replace_file(part, target)

    def _parts(self, sha256: str) -> Iterator[bytes]:
        ordinal = 0
        while True:
            row = self.db.row(
                "SELECT CAST(data AS BLOB) AS data FROM exported_files "
                "WHERE sha256 = ? AND ordinal = ?",
                [sha256, ordinal],
            )
            if row is None:
                return
            yield bytes(row["data"])
            ordinal += 1


def import_session(db: Database, export: Export, name: str | None = None) -> SessionRow:
    """Copy the session of an export into the database, completely or not at all.

    Args:
        name: the name of the new session; None keeps the exported name.

    Raises:
        AlreadyExists: another session has the name.
        DamagedPage: the bytes of a page do not have its hash.
        ValueError: the name is not a valid session name.
    """
    theirs = export.session
    return copy_session(export.db, theirs, db, name or theirs.name)


def _schema(db: Database) -> set[tuple[str, str, str]]:
    rows = db.rows("SELECT type, name, coalesce(sql, '') AS sql FROM sqlite_master")
    return {(row["type"], row["name"], " ".join(row["sql"].split())) for row in rows}


def _expected_schema() -> set[tuple[str, str, str]]:
    with Database(":memory:") as fresh:
        fresh.execute(_FILES_TABLE)
        return _schema(fresh)


@contextlib.contextmanager
def opened_export(path: Path, folder: Path) -> Iterator[Export]:
    """Open a temporary copy of an export; the copy is deleted at the end of the block.

    Args:
        path: of the export, which is not changed.
        folder: where the copy is written.

    Raises:
        NotFound: the file does not exist.
        DamagedDatabase: the file is damaged, or is not an export.
        SchemaTooNew: a newer version of the program wrote the file.
    """
    if not path.is_file():
        raise NotFound(f"There is no file {path} to import; check the path.")
    with tempfile.TemporaryDirectory(prefix=f"{IMPORT_PREFIX}{os.getpid()}-", dir=folder) as own:
        copy = Path(own) / path.name
        shutil.copyfile(path, copy)
        try:
            export = Export(copy)
        except StorageError as error:  # the message names the user's file, not the copy
            raise type(error)(str(error).replace(str(copy), str(path))) from error
        with export:
            yield export
