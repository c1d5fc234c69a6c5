"""Reading a session's documents anew, beside its old state, until the new one can take its place.

A re-reading is a session of its own, hidden from lists, with copies of the documents and their
segments: it is read, checkpointed and gone on with like any other. When all of it is read, its
checkpoints, speeds, settings and token counts become the session's, in one transaction; documents,
segments and messages of the session stay the rows they were, so citations still hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storage.database import Database
from storage.documents import DocumentRow, get_document
from storage.pages import free_unused_pages
from storage.sessions import SessionRow, get_session_by_id
from storage.speeds import take_over_speeds
from storage.values import now, to_json

_VACUUM_PAGES = 262_144  # 1 GiB, as for a deleted session

_MISSING = """
    SELECT * FROM documents AS theirs WHERE session_id = :origin
    AND state IN ('queued', 'reading', 'paused', 'done') AND token_count IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 FROM documents WHERE session_id = :reread AND ordinal = theirs.ordinal)
    ORDER BY ordinal
"""


def begin_reread(db: Database, session_id: int, settings: Mapping[str, Any]) -> SessionRow:
    """Make a re-reading of a session, its documents still to be indexed from the stored segments.

    Args:
        settings: that the session will have.

    Raises:
        NotFound: there is no such session.
    """
    # No person can give a session this name: control characters are refused.
    name = f"\x01reread {session_id}"
    with db.transaction():
        get_session_by_id(db, session_id)
        reread_id = db.insert(
            "INSERT INTO sessions (name, created_at, updated_at, settings, rereads) "
            "VALUES (?, ?, ?, ?, ?)",
            [name, now(), now(), to_json(dict(settings)), session_id],
        )
        _copy_documents(db, session_id, reread_id)
        return get_session_by_id(db, reread_id)


def find_reread(db: Database, session_id: int) -> SessionRow | None:
    """The re-reading of a session, if there is one."""
    found = db.value("SELECT id FROM sessions WHERE rereads = ?", [session_id])
    return None if found is None else get_session_by_id(db, found)


def list_rereads(db: Database) -> list[SessionRow]:
    """All re-readings."""
    rows = db.rows("SELECT id FROM sessions WHERE rereads IS NOT NULL ORDER BY id")
    return [get_session_by_id(db, row["id"]) for row in rows]


def reread_source(db: Database, document_id: int) -> DocumentRow | None:
    """The document whose segments a re-reading's document is made from; None for any other."""
    source = db.value(
        "SELECT theirs.id FROM documents AS ours JOIN sessions ON sessions.id = ours.session_id "
        "JOIN documents AS theirs ON theirs.session_id = sessions.rereads "
        "AND theirs.ordinal = ours.ordinal WHERE ours.id = ?",
        [document_id],
    )
    return None if source is None else get_document(db, source)


def catch_up(db: Database, reread_id: int) -> bool:
    """Take over documents that the session got meanwhile; True if there were any, or may be."""
    with db.transaction():
        origin = get_session_by_id(db, reread_id).rereads
        indexing = db.value(
            "SELECT count(*) FROM documents WHERE session_id = ? AND state = 'indexing'", [origin]
        )
        return bool(_copy_documents(db, origin, reread_id) or indexing)


def finish_reread(db: Database, reread_id: int) -> None:
    """Put a re-reading in the place of its session; the old checkpoints are gone.

    Raises:
        NotFound: there is no such re-reading.
        ValueError: a document of it is not read to its end.
    """
    with db.transaction():
        reread = get_session_by_id(db, reread_id)
        if reread.rereads is None:
            raise ValueError(f"Session number {reread_id} is no re-reading.")
        open_documents = db.value(
            "SELECT count(*) FROM documents WHERE session_id = ? AND state != 'done'", [reread_id]
        )
        if open_documents:
            raise ValueError(f"The re-reading has {open_documents} documents that are not read.")
        ids = {"origin": reread.rereads, "reread": reread_id, "now": now()}
        db.execute("DELETE FROM checkpoints WHERE session_id = :origin", ids)
        for statement in _TAKE_OVER:
            db.execute(statement, ids)
        take_over_speeds(db, reread.rereads, reread_id)
        db.execute(
            "UPDATE sessions SET settings = ?, updated_at = ? WHERE id = ?",
            [to_json(reread.settings), now(), reread.rereads],
        )
        db.execute("DELETE FROM sessions WHERE id = ?", [reread_id])
        free_unused_pages(db)
    db.incremental_vacuum(_VACUUM_PAGES)


_TAKE_OVER = (
    # Another model may count other tokens, so places in the stream are the new reading's.
    """
    UPDATE segments SET token_start = new.token_start, token_count = new.token_count
    FROM segments AS new JOIN documents AS ours ON ours.id = new.document_id
    JOIN documents AS theirs ON theirs.ordinal = ours.ordinal AND theirs.session_id = :origin
    WHERE ours.session_id = :reread AND segments.document_id = theirs.id
        AND segments.ordinal = new.ordinal
    """,
    """
    UPDATE documents SET token_count = new.token_count, start_position = new.start_position,
        tokens_read = new.tokens_read, state = 'done', error = NULL,
        finished_at = coalesce(documents.finished_at, new.finished_at)
    FROM documents AS new WHERE new.session_id = :reread AND new.ordinal = documents.ordinal
        AND documents.session_id = :origin
    """,
    """
    UPDATE documents SET tokens_read = 0, start_position = NULL WHERE session_id = :origin
        AND ordinal NOT IN (SELECT ordinal FROM documents WHERE session_id = :reread)
    """,
    """
    UPDATE checkpoints SET session_id = :origin, document_id = (
        SELECT theirs.id FROM documents AS ours JOIN documents AS theirs
        ON theirs.ordinal = ours.ordinal AND theirs.session_id = :origin
        WHERE ours.id = checkpoints.document_id)
    WHERE session_id = :reread
    """,
)


def _copy_documents(db: Database, origin: int | None, reread: int) -> int:
    """Copy what the re-reading lacks; returns how many documents."""
    missing = db.rows(_MISSING, {"origin": origin, "reread": reread})
    db.execute_many(
        "INSERT INTO documents (session_id, ordinal, title, kind, file_name, sha256, byte_count, "
        "state, created_at, unit_count, unit_name, notes) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, 'indexing', ?, ?, ?, ?)",
        (
            [reread, row["ordinal"], row["title"], row["kind"], row["file_name"], row["sha256"]]
            + [row["byte_count"], now(), row["unit_count"], row["unit_name"], row["notes"]]
            for row in missing
        ),
    )
    return len(missing)
