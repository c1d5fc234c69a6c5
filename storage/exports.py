"""Exports: a session is written to one file.

The file is an SQLite database with the same tables, one session, and the original files in parts.
`storage/imports.py` reads it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from storage.copies import insert_row
from storage.database import Database
from storage.pages import insert_pages, read_page
from storage.row_rules import PART_BYTES
from storage.schemas import APPLICATION_ID, FILES_TABLE
from storage.segments import iter_segments
from storage.sessions import get_session_by_id
from storage.values import to_json

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
                out.execute(FILES_TABLE)
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
