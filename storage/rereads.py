"""Re-readings: a session's documents are read again, and then the new state replaces the old.

A re-reading is a session of its own with copies of the documents and their segments. Lists do not
show it; it is read, checkpointed and resumed like any session. When all of it is read, its
checkpoints, speeds, notes, settings and token counts become those of the original session in one
transaction. The documents, segments and messages of the original session keep their rows, so
citations stay valid.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storage.database import Database
from storage.deletion import delete_hidden_sessions, hide_session, new_hidden_session
from storage.documents import DocumentRow, get_document
from storage.notes import take_over_notes
from storage.sessions import SessionRow, begin_generation, get_session_by_id
from storage.speeds import take_over_speeds
from storage.values import now, to_json

_MISSING = """
    SELECT * FROM documents AS theirs WHERE session_id = :origin
    AND state IN ('queued', 'reading', 'paused', 'done') AND token_count IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 FROM documents WHERE session_id = :reread AND ordinal = theirs.ordinal)
    ORDER BY ordinal
"""


def begin_reread(db: Database, session_id: int, settings: Mapping[str, Any]) -> SessionRow:
    """Create a re-reading of a session; its documents are yet to be indexed from stored segments.

    Args:
        settings: the settings that the session gets when the re-reading is finished.

    Raises:
        NotFound: the session does not exist.
    """
    # No user can give a session this name, because control characters are refused.
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
    """Return the re-reading of a session, or None."""
    found = db.value("SELECT id FROM sessions WHERE rereads = ?", [session_id])
    return None if found is None else get_session_by_id(db, found)


def list_rereads(db: Database) -> list[SessionRow]:
    """Return the re-readings of all sessions, oldest first."""
    rows = db.rows("SELECT id FROM sessions WHERE rereads IS NOT NULL ORDER BY id")
    return [get_session_by_id(db, row["id"]) for row in rows]


def reread_source(db: Database, document_id: int) -> DocumentRow | None:
    """Return the original of a re-reading's document; None for the document of any other session.

    The re-reading's document is indexed from the segments of the original.
    """
    source = db.value(
        "SELECT theirs.id FROM documents AS ours JOIN sessions ON sessions.id = ours.session_id "
        "JOIN documents AS theirs ON theirs.session_id = sessions.rereads "
        "AND theirs.ordinal = ours.ordinal WHERE ours.id = ?",
        [document_id],
    )
    return None if source is None else get_document(db, source)


def catch_up(db: Database, reread_id: int) -> bool:
    """Copy documents that were added to the session after its re-reading began.

    Returns:
        Whether the re-reading is incomplete: documents were copied, or one is being indexed.

    Raises:
        NotFound: the re-reading does not exist.
    """
    with db.transaction():
        origin = get_session_by_id(db, reread_id).rereads
        indexing = db.value(
            "SELECT count(*) FROM documents WHERE session_id = ? AND state = 'indexing'", [origin]
        )
        return bool(_copy_documents(db, origin, reread_id) or indexing)


def finish_reread(db: Database, reread_id: int) -> None:
    """Replace the state of a session by that of its re-reading, and delete the re-reading.

    The old checkpoints of the session are deleted.

    Raises:
        NotFound: the re-reading does not exist.
        ValueError: the session is not a re-reading, or one of its documents is not 'done'.
    """
    switch_reread(db, reread_id)
    delete_hidden_sessions(db)


def switch_reread(db: Database, reread_id: int) -> None:
    """Do what `finish_reread` does, but only hide what `delete_hidden_sessions` then deletes.

    Raises:
        NotFound: the re-reading does not exist.
        ValueError: the session is not a re-reading, or one of its documents is not 'done'.
    """
    with db.transaction():
        reread = get_session_by_id(db, reread_id)
        if reread.rereads is None:
            raise ValueError(f"Session number {reread_id} is not a re-reading.")
        open_documents = db.value(
            "SELECT count(*) FROM documents WHERE session_id = ? AND state != 'done'", [reread_id]
        )
        if open_documents:
            raise ValueError(f"The re-reading has {open_documents} documents that are not done.")
        ids = {
            "origin": reread.rereads,
            "reread": reread_id,
            "hidden": new_hidden_session(db),
        }
        take_over_notes(db, reread.rereads, reread_id)
        for statement in _TAKE_OVER:
            db.execute(statement, ids)
        take_over_speeds(db, reread.rereads, reread_id)
        begin_generation(db, reread.rereads)
        db.execute(
            "UPDATE sessions SET settings = ?, updated_at = ? WHERE id = ?",
            [to_json(reread.settings), now(), reread.rereads],
        )
        hide_session(db, reread_id)


_TAKE_OVER = (
    """
    UPDATE checkpoints SET session_id = :hidden, document_id = NULL WHERE session_id = :origin
    """,
    # Another tokenizer may count other tokens, so positions are those of the re-reading. The same
    # one counts the same, and nothing is written.
    """
    UPDATE segments SET token_start = new.token_start, token_count = new.token_count
    FROM segments AS new JOIN documents AS ours ON ours.id = new.document_id
    JOIN documents AS theirs ON theirs.ordinal = ours.ordinal AND theirs.session_id = :origin
    WHERE ours.session_id = :reread AND segments.document_id = theirs.id
        AND segments.ordinal = new.ordinal
        AND (segments.token_start != new.token_start OR segments.token_count != new.token_count)
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
    """Copy the documents that the re-reading lacks; return how many."""
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
