"""Messages: questions and answers, each with the position at which it was asked.

Knows nothing of how an answer came about; citations and details are the caller's JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from storage.database import Database, Row
from storage.sessions import get_session_by_id, touch_session
from storage.values import list_from_json, now, object_from_json, storable, to_json

MESSAGE_ROLES = ("user", "assistant")


@dataclass(frozen=True)
class MessageRow:
    """One message; ``position`` is how many tokens the session had seen when it was asked."""

    id: int
    session_id: int
    role: str
    text: str
    position: int
    citations: list[Any]
    details: dict[str, Any]
    created_at: str


def add_message(
    db: Database,
    session_id: int,
    *,
    role: str,
    text: str,
    position: int,
    citations: Sequence[Any] = (),
    details: Mapping[str, Any] | None = None,
) -> MessageRow:
    """Store one message of a session.

    Args:
        role: 'user' or 'assistant'.
        citations: a list that JSON can hold.
        details: an object that JSON can hold.

    Raises:
        NotFound: there is no such session.
        ValueError: the role is neither of the two.
    """
    if role not in MESSAGE_ROLES:
        raise ValueError(f"{role!r} is no message role; it is one of {MESSAGE_ROLES}.")
    with db.transaction():
        get_session_by_id(db, session_id)
        message_id = db.insert(
            "INSERT INTO messages (session_id, role, text, position, citations, details, "
            "created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [session_id, role, storable(text), position, to_json(list(citations))]
            + [to_json(dict(details or {})), now()],
        )
        touch_session(db, session_id)
        (row,) = db.rows("SELECT * FROM messages WHERE id = ?", [message_id])
        return _message(row)


def list_messages(
    db: Database,
    session_id: int,
    limit: int | None = None,
    before_position: int | None = None,
) -> list[MessageRow]:
    """The messages of a session, oldest first.

    Args:
        limit: only the newest so many.
        before_position: only those asked at this position or earlier.
    """
    rows = db.rows(
        "SELECT * FROM messages WHERE session_id = :session "
        "AND (:position IS NULL OR position <= :position) ORDER BY id DESC LIMIT :limit",
        {
            "session": session_id,
            "position": before_position,
            "limit": -1 if limit is None else max(0, limit),
        },
    )
    return [_message(row) for row in reversed(rows)]


def delete_messages_from(db: Database, session_id: int, message_id: int) -> None:
    """Delete a message of a session and all that were said after it."""
    db.execute("DELETE FROM messages WHERE session_id = ? AND id >= ?", [session_id, message_id])


def _message(row: Row) -> MessageRow:
    what = f"message number {row['id']}"
    return MessageRow(
        **{
            **row,
            "citations": list_from_json(row["citations"], f"citations of {what}"),
            "details": object_from_json(row["details"], f"details of {what}"),
        }
    )
