"""Sessions that were thrown away and can still be taken back; all that is theirs stays meanwhile.

A thrown-away session is hidden from lists and its name is free for another. Emptying is `delete_
session`: after it no row is left.
"""

from __future__ import annotations

from dataclasses import dataclass

from storage.database import Database
from storage.errors import NotFound
from storage.sessions import SessionRow, get_session_by_id
from storage.values import now


@dataclass(frozen=True)
class TrashedSession:
    """A session in the trash, by the name it had; the time is ISO 8601 in UTC."""

    session_id: int
    name: str
    trashed_at: str


def trash_session(db: Database, session_id: int) -> TrashedSession:
    """Hide a session, to be restored or deleted later.

    Raises:
        NotFound: there is no such session, or it is in the trash already.
    """
    with db.transaction():
        row = get_session_by_id(db, session_id)
        if any(trashed.session_id == session_id for trashed in list_trash(db)):
            raise NotFound(f"Session number {session_id} is in the trash already.")
        trashed = TrashedSession(session_id, row.name, now())
        db.execute(
            "INSERT INTO trash (session_id, name, trashed_at) VALUES (?, ?, ?)",
            [session_id, trashed.name, trashed.trashed_at],
        )
        # No person can give a session this name: control characters are refused.
        hidden = f"\x01trash {session_id}"
        db.execute("UPDATE sessions SET name = ? WHERE id = ?", [hidden, session_id])
        return trashed


def list_trash(db: Database) -> list[TrashedSession]:
    """What is in the trash, thrown away last first."""
    rows = db.rows("SELECT * FROM trash ORDER BY trashed_at DESC, session_id DESC")
    return [TrashedSession(**row) for row in rows]


def restore_session(db: Database, session_id: int) -> SessionRow:
    """Take a session out of the trash; where its name was given away it is numbered.

    Raises:
        NotFound: it is not in the trash; it may have been emptied.
    """
    with db.transaction():
        trashed = next((t for t in list_trash(db) if t.session_id == session_id), None)
        if trashed is None:
            raise NotFound("That session is not in the trash any more; it is deleted.")
        name, number = trashed.name, 2
        while db.value("SELECT 1 FROM sessions WHERE name = ?", [name]) is not None:
            name, number = f"{trashed.name} ({number})", number + 1
        db.execute("DELETE FROM trash WHERE session_id = ?", [session_id])
        db.execute("UPDATE sessions SET name = ? WHERE id = ?", [name, session_id])
        return get_session_by_id(db, session_id)
