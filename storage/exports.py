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
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from storage.copies import copy_session, insert_row
from storage.database import Database
from storage.errors import DamagedDatabase, NotFound, StorageError
from storage.pages import insert_pages, read_page
from storage.segments import iter_segments
from storage.sessions import SessionRow, get_session_by_id

APPLICATION_ID = 0x416D6D6E  # "Ammn"
PART_BYTES = 4 << 20

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
    files: Callable[[str], Path],
    *,
    all_checkpoints: bool = False,
    check: Callable[[Export], None] = lambda _: None,
) -> None:
    """Write a session to a file, completely or not at all, while it may be read on.

    The written file is opened and checked before it replaces the one at `path`.

    Args:
        path: of the file; an existing file is replaced.
        files: the path of the original file of a sha256; one that is not there is left out.
        all_checkpoints: export all checkpoints, not only the newest.
        check: raises if the written export cannot be used.

    Raises:
        NotFound: the session does not exist.
        DamagedPage: one of the checkpoints is damaged.
        OSError: an original file cannot be read, or the file cannot be written.
    """
    get_session_by_id(db, session_id)
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        with Database(part) as out:
            with out.transaction():
                out.execute(_FILES_TABLE)
                with db.snapshot():
                    _copy_out(db, out, session_id, all_checkpoints)
                for row in out.rows("SELECT DISTINCT sha256 FROM documents"):
                    _store_file(out, row["sha256"], files(row["sha256"]))
            out.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            with Export(part) as written:
                check(written)
            out.execute("PRAGMA journal_mode = DELETE")  # one file, no log beside it
        with part.open("rb+") as written_file:
            os.fsync(written_file.fileno())
        os.replace(part, path)
    finally:
        for left in (part, Path(f"{part}-wal"), Path(f"{part}-shm")):
            left.unlink(missing_ok=True)


def _copy_out(db: Database, out: Database, session_id: int, all_checkpoints: bool) -> None:
    newest = "ORDER BY position DESC, id DESC" + ("" if all_checkpoints else " LIMIT 1")
    chosen = {"session": session_id}
    wanted = f"id IN (SELECT id FROM checkpoints WHERE session_id = :session {newest})"
    queries = {
        "sessions": "SELECT * FROM sessions WHERE id = :session",
        "documents": "SELECT * FROM documents WHERE session_id = :session",
        "messages": "SELECT * FROM messages WHERE session_id = :session",
        "checkpoints": f"SELECT * FROM checkpoints WHERE {wanted}",
    }
    # The path of a file on this machine is private; the generation has no meaning on another one.
    private: dict[str, dict[str, Any]] = {
        "sessions": {"rereads": None, "generation": 0},
        "documents": {"source_path": None},
    }
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
    if not file.is_file():
        return  # a followed log has none: its text is in the segments
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
            # Two imports of the same file must not write to one another's.
            part = target.with_name(f"{target.name}.{uuid.uuid4().hex[:8]}.part")
            with part.open("wb") as out:
                for data in self._parts(sha256):
                    digest.update(data)
                    out.write(data)
            if digest.hexdigest() != sha256:
                part.unlink()
                raise DamagedDatabase(f"A document in {self._name} is damaged; export it again.")
            os.replace(part, target)

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


def import_session(
    db: Database, export: Export, name: str | None = None, *, key: str | None = None
) -> SessionRow:
    """Copy the session of an export into the database, completely or not at all.

    Args:
        name: the name of the new session; None keeps the exported name.
        key: names this import, as for `copy_session`.

    Raises:
        AlreadyExists: another session has the name.
        DamagedPage: the bytes of a page do not have its hash.
        ValueError: the name is not a valid session name.
    """
    theirs = export.session
    return copy_session(export.db, theirs, db, name or theirs.name, key=key)


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
    with tempfile.TemporaryDirectory(dir=folder) as own:
        copy = Path(own) / path.name
        shutil.copyfile(path, copy)
        try:
            export = Export(copy)
        except StorageError as error:  # the message names the user's file, not the copy
            raise type(error)(str(error).replace(str(copy), str(path))) from error
        with export:
            yield export
