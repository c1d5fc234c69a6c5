"""Deletions in batches: what is to go becomes a hidden session first, and then disappears in steps.

Deleting a long document takes seconds, because each of its segments leaves the search index. So one
short transaction moves what is deleted to a hidden session, which nothing shows and nobody can
restore, and the write lock is free between the batches after that. A deletion that was interrupted
is completed by `sweep_unfinished`.
"""

from __future__ import annotations

from collections.abc import Callable

from storage.database import Database
from storage.erasing import erase_deleted
from storage.pages import free_unused_pages
from storage.sessions import get_session_by_id
from storage.values import now, plain_text

DELETING = "deleting"
"""The value of ``unfinished`` for a session that is being deleted."""
_BATCH_CHECKPOINTS = 4
_BATCH_ROWS = 500


def hide_session(db: Database, session_id: int) -> None:
    """Make a session and its re-reading hidden ones, to be deleted; call this in a transaction.

    Raises:
        NotFound: the session does not exist.
    """
    get_session_by_id(db, session_id)
    db.execute("DELETE FROM trash WHERE session_id = ?", [session_id])
    # No user can give a session this name, because control characters are refused.
    db.execute(
        "UPDATE sessions SET name = char(1) || 'deleting ' || id, unfinished = ?, rereads = NULL, "
        "generation = generation + 1 WHERE id = ? OR rereads = ?",
        [DELETING, session_id, session_id],
    )


def new_hidden_session(db: Database) -> int:
    """Create a hidden session that takes what is to be deleted, and return its id."""
    hidden = db.insert(
        "INSERT INTO sessions (name, created_at, updated_at, unfinished) "
        "VALUES (char(1) || 'deleting', ?, ?, ?)",
        [now(), now(), DELETING],
    )
    db.execute("UPDATE sessions SET name = name || ' ' || id WHERE id = ?", [hidden])
    return hidden


def delete_session(db: Database, session_id: int, *, trashed_at: str | None = None) -> bool:
    """Delete a session with all its rows; pages that other sessions use stay.

    Args:
        trashed_at: delete it only if it is in the trash since then, and nobody restored it.

    Returns:
        False if the session is not in the trash since then.

    Raises:
        NotFound: the session does not exist.
    """
    with db.transaction():
        trashed = db.row("SELECT trashed_at FROM trash WHERE session_id = ?", [session_id])
        since = None if trashed is None else plain_text(trashed["trashed_at"])
        if trashed_at is not None and since != trashed_at:
            return False
        hide_session(db, session_id)
    delete_hidden_sessions(db)
    return True


def delete_hidden_sessions(db: Database) -> None:
    """Delete the sessions that were hidden, in batches between which the write lock is free."""
    hidden = db.rows("SELECT id FROM sessions WHERE unfinished = ?", [DELETING])
    if not hidden:
        return
    has_text = [_delete_rows(db, row["id"]) for row in hidden]
    erase_deleted(db, had_text=any(has_text))


def sweep_unfinished(db: Database, is_at_work: Callable[[str], bool]) -> None:
    """Delete what interrupted copies, imports and deletions have left.

    Args:
        is_at_work: whether the process that makes the copy of a key is still alive.
    """
    for row in db.rows("SELECT id, unfinished AS key FROM sessions WHERE unfinished IS NOT NULL"):
        if row["key"] == DELETING or is_at_work(row["key"]):
            continue
        db.execute(
            "UPDATE sessions SET unfinished = ? WHERE id = ? AND unfinished = ?",
            [DELETING, row["id"], row["key"]],
        )
    delete_hidden_sessions(db)


def _delete_rows(db: Database, session_id: int) -> bool:
    """Delete a hidden session in batches; return whether it had segments."""
    _repeat(db, lambda: _delete_checkpoints(db, session_id))
    had_text = _repeat(
        db,
        lambda: db.execute(
            "DELETE FROM segments WHERE id IN (SELECT segments.id FROM segments "
            "JOIN documents ON documents.id = document_id WHERE session_id = ? LIMIT ?)",
            [session_id, _BATCH_ROWS],
        ),
    )
    _repeat(
        db,
        lambda: db.execute(
            "DELETE FROM messages WHERE id IN "
            "(SELECT id FROM messages WHERE session_id = ? LIMIT ?)",
            [session_id, _BATCH_ROWS],
        ),
    )
    _repeat(
        db,
        lambda: db.execute(
            "DELETE FROM kept_notes WHERE id IN "
            "(SELECT id FROM kept_notes WHERE session_id = ? LIMIT ?)",
            [session_id, _BATCH_ROWS],
        ),
    )
    _repeat(
        db,
        lambda: db.execute(
            "DELETE FROM notes WHERE id IN (SELECT notes.id FROM notes "
            "JOIN documents ON documents.id = document_id WHERE session_id = ? LIMIT ?)",
            [session_id, _BATCH_ROWS],
        ),
    )
    # Conditional, because another process may complete the same deletion.
    db.execute("DELETE FROM sessions WHERE id = ? AND unfinished = ?", [session_id, DELETING])
    return had_text


def _repeat(db: Database, delete: Callable[[], int]) -> bool:
    """Delete one batch after the other until none is left; return whether there was any."""
    found = False
    while True:
        with db.transaction():
            count = delete()
        if not count:
            return found
        found = True
        db.pause()


def _delete_checkpoints(db: Database, session_id: int) -> int:
    count = db.execute(
        "DELETE FROM checkpoints WHERE id IN "
        "(SELECT id FROM checkpoints WHERE session_id = ? LIMIT ?)",
        [session_id, _BATCH_CHECKPOINTS],
    )
    if count:
        free_unused_pages(db)
    return count
