"""A session as one file: written out, looked at with distrust, and taken in.

The file is an SQLite database of the same tables with one session in it, and the original files in
parts. What comes in is copied row by row under new numbers, never attached or run: a schema that
is not ours to the letter is refused, and every page is checked against its hash.
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
from storage.errors import DamagedDatabase, NotFound, StorageError
from storage.pages import insert_pages, read_page
from storage.segments import iter_segments
from storage.sessions import SessionRow, get_session_by_id
from storage.values import to_json

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
    checkpoint_ids: Sequence[int],
    files: Mapping[str, Path],
) -> None:
    """Write a session to a file of its own; the file is there whole or not at all.

    Args:
        path: overwritten if it is there.
        checkpoint_ids: the checkpoints that go along.
        files: original files by sha256.

    Raises:
        NotFound: there is no such session.
        DamagedPage: a chosen checkpoint is damaged.
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
            os.fsync(written.fileno())
        os.replace(part, path)
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
    # Where a file lay on this machine is nobody else's business.
    stays_here = {"sessions": {"rereads": None}, "documents": {"source_path": None}}
    for table in _PLAIN_TABLES:
        for row in db.rows(queries[table], chosen):
            insert_row(out, table, {**row, **stays_here.get(table, {})})
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
    """A file that claims to be an exported session, opened on a copy of its own.

    Args:
        path: the file; it is changed if an older version wrote it, so give a copy.

    Raises:
        DamagedDatabase: it is damaged, or no export at all.
        SchemaTooNew: a newer version wrote it.
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
        """The session in it."""
        return get_session_by_id(self.db, int(self.db.value("SELECT id FROM sessions")))

    def _check(self) -> None:
        if self.db.value("PRAGMA application_id") != APPLICATION_ID:
            raise DamagedDatabase(
                f"{self._name} is no session that Ammon exported; choose another file."
            )
        if _schema(self.db) != _expected_schema():
            raise DamagedDatabase(
                f"{self._name} holds tables that Ammon did not write, so it is refused; export "
                "the session again."
            )
        problems = self.db.integrity_check()
        count = self.db.value("SELECT count(*) FROM sessions")
        if problems or count != 1:
            found = problems[0] if problems else f"{count} sessions in it"
            raise DamagedDatabase(f"{self._name} is damaged ({found}); export the session again.")
        hashes = self.db.rows(
            "SELECT sha256 FROM documents UNION SELECT sha256 FROM exported_files"
        )
        # They become names of files: nothing but a hash may.
        if not all(_SHA256.fullmatch(str(row["sha256"])) for row in hashes):
            raise DamagedDatabase(
                f"{self._name} names a document by something that is no sha256, so it is refused; "
                "export the session again."
            )

    def write_files(self, place: Callable[[str], Path]) -> None:
        """Write the original files out.

        Args:
            place: where the file of a sha256 belongs.

        Raises:
            DamagedDatabase: a file is not what its sha256 says; nothing of it is left.
        """
        for row in self.db.rows("SELECT DISTINCT sha256 FROM exported_files"):
            sha256, digest = str(row["sha256"]), hashlib.sha256()
            target = place(sha256)
            part = target.with_name(f"{target.name}.part")
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


def import_session(db: Database, export: Export, name: str | None = None) -> SessionRow:
    """Take a session in under new numbers, all of it or nothing.

    Args:
        name: of the session here; None for the one it had.

    Raises:
        AlreadyExists: the name is taken.
        DamagedPage: a page is not what its hash says.
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
    """Open an export on a copy, which is gone afterwards.

    Args:
        folder: for the copy.

    Raises:
        NotFound: there is no such file.
        StorageError: as `Export`.
    """
    if not path.is_file():
        raise NotFound(f"There is no file {path} to import; look at its name.")
    with tempfile.TemporaryDirectory(dir=folder) as own:
        copy = Path(own) / path.name
        shutil.copyfile(path, copy)
        try:
            export = Export(copy)
        except StorageError as error:  # named as the person knows it
            raise type(error)(str(error).replace(str(copy), str(path))) from error
        with export:
            yield export
