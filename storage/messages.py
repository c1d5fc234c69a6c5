"""Messages: questions and answers, each with the stream position at which it was asked.

Citations and details are JSON of the caller; this file does not know what they contain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from storage.database import Database, Row
from storage.sessions import get_session_by_id, touch_session
from storage.values import (
    SQL_FOLDED,
    now,
    plain_text,
    readable_list,
    readable_object,
    storable,
    to_json,
    whole,
)

MESSAGE_ROLES = ("user", "assistant")
_ERASED = {"document": "a deleted document", "locator": "no place", "text": ""}


@dataclass(frozen=True)
class MessageRow:
    """One message of a session.

    ``position`` is the number of tokens that the session had read when the question was asked.
    ``citations`` and ``details`` are empty if what is stored cannot be read: the text is still
    shown. ``created_at`` is ISO 8601 in UTC.
    """

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
    """Store one message at the end of a session.

    Args:
        role: 'user' or 'assistant'.
        position: how many tokens the session has read.
        citations: a list that JSON can represent.
        details: an object that JSON can represent.

    Raises:
        NotFound: the session does not exist.
        ValueError: the role is not 'user' or 'assistant'.
    """
    if role not in MESSAGE_ROLES:
        raise ValueError(f"{role!r} is not a message role; use one of {MESSAGE_ROLES}.")
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
    """Return the messages of a session, oldest first.

    Args:
        limit: return at most this many, the newest ones; None returns all.
        before_position: return only messages asked at this position of the stream or earlier.
    """
    # The ids come from an index, so that only the texts of the wanted messages are read.
    rows = db.rows(
        """
        SELECT * FROM messages WHERE id IN (
            SELECT id FROM messages WHERE session_id = :session
            AND (:position IS NULL OR position <= :position) ORDER BY id DESC LIMIT :limit
        ) ORDER BY id
        """,
        {
            "session": session_id,
            "position": before_position,
            "limit": -1 if limit is None else max(0, limit),
        },
    )
    return [_message(row) for row in rows]


def messages_at(db: Database, session_id: int, offset: int, limit: int) -> list[MessageRow]:
    """Return messages of a session, oldest first, from one of them on.

    Args:
        offset: the number of the first, counted from 0.
        limit: return at most this many.
    """
    rows = db.rows(
        "SELECT * FROM messages WHERE id IN (SELECT id FROM messages WHERE session_id = ? "
        "ORDER BY id LIMIT ? OFFSET ?) ORDER BY id",
        [session_id, limit, offset],
    )
    return [_message(row) for row in rows]


def last_message_id(db: Database, session_id: int) -> int | None:
    """Return the id of the last message of a session, or None."""
    found = db.value("SELECT max(id) FROM messages WHERE session_id = ?", [session_id])
    return None if found is None else int(found)


def count_messages(db: Database, session_id: int, before_id: int | None = None) -> int:
    """Return how many messages a session has, in all or before one of them."""
    where = "session_id = :session AND (:before IS NULL OR id < :before)"
    named = {"session": session_id, "before": before_id}
    return int(db.value(f"SELECT count(*) FROM messages WHERE {where}", named))


def find_message(
    db: Database, session_id: int, text: str, before_id: int | None = None
) -> int | None:
    """Return the id of the last message that contains a text, in any case of letters, or None.

    Args:
        before_id: only messages before this one.
    """
    found = db.value(
        "SELECT id FROM messages WHERE session_id = :session AND (:before IS NULL OR id < :before) "
        f"AND instr({SQL_FOLDED.format('text')}, :text) ORDER BY id DESC LIMIT 1",
        {"session": session_id, "before": before_id, "text": storable(text).casefold()},
    )
    return None if found is None else int(found)


def delete_messages_from(db: Database, session_id: int, message_id: int) -> None:
    """Delete a message of a session and all later messages of the session."""
    db.execute("DELETE FROM messages WHERE session_id = ? AND id >= ?", [session_id, message_id])


def erase_quotations(db: Database, session_id: int, document_id: int) -> None:
    """Take the text, title and place of a document's passages out of the messages of a session.

    Passages are the objects of the citations, and of "passages" in the details, that have this
    "document_id". Call this inside a transaction.
    """
    rows = db.rows(
        "SELECT * FROM messages WHERE session_id = ? AND role = 'assistant' ORDER BY id",
        [session_id],
    )
    for row in rows:
        citations, details = citations_and_details(row)
        if isinstance(details.get("passages"), list):
            details["passages"] = without_text(details["passages"], document_id)
        stored = [to_json(without_text(citations, document_id)), to_json(details)]
        # What cannot be read goes, too: it may be a passage of the document.
        if stored != [row["citations"], row["details"]]:
            db.execute(
                "UPDATE messages SET citations = ?, details = ? WHERE id = ?", [*stored, row["id"]]
            )


def citations_and_details(row: Row) -> tuple[list[Any], dict[str, Any]]:
    """Return these two of a row of the table, each empty if what is stored cannot be read."""
    return readable_list(row["citations"]), readable_object(row["details"])


def without_text(passages: Sequence[Any], document_id: int) -> list[Any]:
    """Return passages without the text, title and place of those of a document."""
    return [
        {**passage, **{name: _ERASED[name] for name in _ERASED if name in passage}}
        if isinstance(passage, dict) and passage.get("document_id") == document_id
        else passage
        for passage in passages
    ]


def _message(row: Row) -> MessageRow:
    citations, details = citations_and_details(row)
    readable = {
        "role": plain_text(row["role"]),
        "text": plain_text(row["text"]),
        "position": whole(row["position"]),
        "created_at": plain_text(row["created_at"]),
        "citations": citations,
        "details": details,
    }
    return MessageRow(**{**row, **readable})
