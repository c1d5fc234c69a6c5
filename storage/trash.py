"""The trash: deleted sessions that can still be restored with all their rows.

Lists do not show a session in the trash, and another session may take its name. `delete_session`
deletes it for good.
"""

from __future__ import annotations

from dataclasses import dataclass

from storage.database import Database, Row
from storage.errors import NotFound
from storage.names import find_lookalike
from storage.sessions import SessionRow, get_session_by_id
from storage.values import now, plain_text

_IS_TIME = "typeof(trashed_at) = 'text' AND trashed_at GLOB '[0-9][0-9][0-9][0-9]-*T*:*'"


@dataclass(frozen=True)
class TrashedSession:
    """A session in the trash.

    ``name`` is the name that it had. ``trashed_at`` is when it was moved, ISO 8601 in UTC.
    """

    session_id: int
    name: str
    trashed_at: str


def trash_session(db: Database, session_id: int) -> TrashedSession:
    """Move a session to the trash.

    Raises:
        NotFound: the session does not exist, or is already in the trash.
    """
    with db.transaction():
        row = get_session_by_id(db, session_id)
        if _find(db, session_id) is not None:
            raise NotFound(
                f"Session number {session_id} is already in the trash; restore it, or delete it "
                "for good."
            )
        trashed = TrashedSession(session_id, row.name, now())
        db.execute(
            "INSERT INTO trash (session_id, name, trashed_at) VALUES (?, ?, ?)",
            [session_id, trashed.name, trashed.trashed_at],
        )
        # No user can give a session this name, because control characters are refused.
        hidden = f"\x01trash {session_id}"
        db.execute("UPDATE sessions SET name = ? WHERE id = ?", [hidden, session_id])
        return trashed


def list_trash(db: Database, limit: int | None = None) -> list[TrashedSession]:
    """Return the sessions in the trash, the most recently moved first.

    Args:
        limit: return at most this many; None returns all.
    """
    rows = db.rows(
        "SELECT * FROM trash ORDER BY trashed_at DESC, session_id DESC LIMIT ?",
        [-1 if limit is None else limit],
    )
    return [trashed_from(row) for row in rows]


def oldest_trash(db: Database, limit: int) -> list[TrashedSession]:
    """Return the sessions that have been in the trash for the longest time, at most ``limit``.

    Those for which no time is known come last.
    """
    rows = db.rows(
        f"SELECT * FROM trash ORDER BY {_IS_TIME} DESC, trashed_at, session_id LIMIT ?", [limit]
    )
    return [trashed_from(row) for row in rows]


def _find(db: Database, session_id: int) -> TrashedSession | None:
    row = db.row("SELECT * FROM trash WHERE session_id = ?", [session_id])
    return None if row is None else trashed_from(row)


def trashed_from(row: Row) -> TrashedSession:
    """Return the session of a row of the table."""
    return TrashedSession(row["session_id"], plain_text(row["name"]), plain_text(row["trashed_at"]))


def restore_session(db: Database, session_id: int) -> SessionRow:
    """Move a session out of the trash.

    If another session has its name, a number is added to the name.

    Raises:
        NotFound: the session is not in the trash; it may have been deleted for good.
    """
    with db.transaction():
        trashed = _find(db, session_id)
        if trashed is None:
            raise NotFound(
                "The session is no longer in the trash; it was restored or deleted for good."
            )
        name, number = trashed.name, 2
        while _is_taken(db, name):
            name, number = f"{trashed.name} ({number})", number + 1
        db.execute("DELETE FROM trash WHERE session_id = ?", [session_id])
        db.execute("UPDATE sessions SET name = ? WHERE id = ?", [name, session_id])
        return get_session_by_id(db, session_id)


def _is_taken(db: Database, name: str) -> bool:
    """Whether another session has a name, or one that differs only in what is not seen."""
    if db.value("SELECT 1 FROM sessions WHERE name = ?", [name]) is not None:
        return True
    return (
        find_lookalike(name, (r["name"] for r in db.rows("SELECT name FROM sessions"))) is not None
    )
