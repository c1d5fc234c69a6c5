"""Exports: a session is written to one file.

The file is an SQLite database with the same tables, one session, and the original files in parts.
`storage/imports.py` reads it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from storage.copies import insert_row
from storage.counted import Counted, uncounted
from storage.database import Database, Row
from storage.durable import replace_file, sync_file
from storage.imports import Export, opened_export
from storage.messages import citations_and_details
from storage.pages import insert_pages, read_page
from storage.row_rules import PART_BYTES
from storage.schemas import APPLICATION_ID, FILES_TABLE
from storage.segments import iter_segments
from storage.sessions import get_session_by_id
from storage.values import to_json

_PLAIN_TABLES = ("sessions", "documents", "messages", "checkpoints")
_WITH_JSON = ("messages", "kept_notes")
_ROWS_BETWEEN_REPORTS = 100


def export_session(
    db: Database,
    session_id: int,
    path: Path,
    files: Callable[[str], Path],
    *,
    part: Path,
    folder: Path,
    all_checkpoints: bool = False,
    check: Callable[[Export], None] = lambda _: None,
    on_copied: Counted = uncounted,
    on_read: Counted = uncounted,
) -> None:
    """Write a session to a file, completely or not at all, while it may be read on.

    The written file is opened and checked before it replaces the one at `path`.

    Args:
        path: of the file; an existing file is replaced.
        files: the path of the original file of a sha256; one that is not there is left out.
        part: where it is written first, on the same disk; nothing is left there.
        folder: where the copy is kept that is checked.
        all_checkpoints: export all checkpoints, not only the newest.
        check: raises if the written export cannot be used.
        on_copied: is told how many passages and pages of checkpoints were written, and how many
            there are.
        on_read: is told how many bytes of what was written were checked, and how many there are.

    Raises:
        NotFound: the session does not exist.
        DamagedPage: one of the checkpoints is damaged.
        OSError: an original file cannot be read, or the file cannot be written.
    """
    try:
        with Database(part) as out:
            with out.transaction():
                out.execute(FILES_TABLE)
                with db.snapshot():
                    # In the state that is copied: another process may have begun to delete it.
                    get_session_by_id(db, session_id)
                    _copy_out(db, out, session_id, all_checkpoints, on_copied)
                for row in out.rows("SELECT DISTINCT sha256 FROM documents"):
                    _store_file(out, row["sha256"], files(row["sha256"]))
            out.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            out.execute("PRAGMA journal_mode = DELETE")  # one file, no log beside it
        with opened_export(part, folder, on_read) as written:
            check(written)
        with part.open("rb+") as written_file:
            sync_file(written_file)
        replace_file(part, path)
    finally:
        for left in (part, Path(f"{part}-wal"), Path(f"{part}-shm")):
            left.unlink(missing_ok=True)


def _copy_out(
    db: Database, out: Database, session_id: int, all_checkpoints: bool, on_copied: Counted
) -> None:
    newest = "ORDER BY position DESC, id DESC" + ("" if all_checkpoints else " LIMIT 1")
    chosen = {"session": session_id}
    wanted = f"id IN (SELECT id FROM checkpoints WHERE session_id = :session {newest})"
    queries = {
        "sessions": "SELECT * FROM sessions WHERE id = :session",
        "documents": "SELECT * FROM documents WHERE session_id = :session",
        "messages": "SELECT * FROM messages WHERE session_id = :session",
        "checkpoints": f"SELECT * FROM checkpoints WHERE {wanted}",
    }
    # The path of a file on this machine is private; the counts have no meaning on another one.
    private: dict[str, dict[str, Any]] = {
        "sessions": {"rereads": None, "generation": 0, "kept_changes": 0},
        "documents": {"source_path": None},
    }
    for table in _PLAIN_TABLES:
        for row in db.rows(queries[table], chosen):
            insert_row(out, table, {**_readable(table, row), **private.get(table, {})})
    links = db.rows(
        f"SELECT * FROM checkpoint_pages WHERE checkpoint_id IN (SELECT id FROM checkpoints "
        f"WHERE {wanted})",
        chosen,
    )
    pages = list(dict.fromkeys(link["hash"] for link in links))
    passages = int(out.value("SELECT coalesce(sum(segment_count), 0) FROM documents"))
    count, total = itertools.count(1), passages + len(pages)
    for document in out.rows("SELECT id FROM documents"):
        for segment in iter_segments(db, document["id"]):
            insert_row(out, "segments", asdict(segment))
            if (done := next(count)) % _ROWS_BETWEEN_REPORTS == 0:
                on_copied(done, total)
        for note in db.rows("SELECT * FROM notes WHERE document_id = ?", [document["id"]]):
            insert_row(out, "notes", note)
    # After the messages and segments to which they refer.
    for kept in db.rows("SELECT * FROM kept_notes WHERE session_id = ?", [session_id]):
        insert_row(out, "kept_notes", _readable("kept_notes", kept))
    for name in pages:
        insert_pages(out, {name: read_page(db, name)})
        on_copied(next(count), total)
    for link in links:
        insert_row(out, "checkpoint_pages", link)


def _readable(table: str, row: Row) -> Row:
    """A row without the JSON that cannot be read, for which an import would refuse the file."""
    if table not in _WITH_JSON:
        return row
    citations, details = citations_and_details(row)
    return {**row, "citations": to_json(citations), "details": to_json(details)}


def _store_file(out: Database, sha256: str, file: Path) -> None:
    if not file.is_file():
        return  # a followed log has none: its text is in the segments
    with file.open("rb") as source:
        for ordinal, data in enumerate(iter(lambda: source.read(PART_BYTES), b"")):
            insert_row(out, "exported_files", {"sha256": sha256, "ordinal": ordinal, "data": data})
