"""Kept notes: what a person wrote down in a session, and answers that were kept.

The notes that a session takes while it reads are others (`storage/notes.py`). A kept answer has its
own copy of the passages that it cites, so it keeps its marks when the conversation is deleted.
Citations and details are JSON of the caller; this file does not know what they contain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from storage.database import Database, Row
from storage.errors import NotFound
from storage.messages import citations_and_details, without_text
from storage.sessions import get_session_by_id, touch_session
from storage.values import now, plain_text, storable, text_or_none, to_json

MAX_KEPT_CHARACTERS = 100_000
_SELECT = """
    SELECT kept_notes.*, documents.title AS document, segments.locator
    FROM kept_notes LEFT JOIN documents ON documents.id = kept_notes.document_id
    LEFT JOIN segments ON segments.id = kept_notes.segment_id
"""


@dataclass(frozen=True)
class KeptNote:
    """A note of a session that a person made or kept.

    ``message_id`` is the answer that it was kept from, None if there is none or it was deleted.
    ``document_id`` and ``segment_id`` are the place at which it was made, None without one or if it
    was deleted; ``document``, the document's stored title, and ``locator`` name that place, and are
    empty without it. ``citations`` and ``details`` are empty if what is stored cannot be read.
    Times are ISO 8601 in UTC.
    """

    id: int
    session_id: int
    text: str
    created_at: str
    changed_at: str
    message_id: int | None
    document_id: int | None
    segment_id: int | None
    document: str
    locator: str
    citations: list[Any]
    details: dict[str, Any]


def add_kept_note(
    db: Database,
    session_id: int,
    text: str,
    *,
    message_id: int | None = None,
    segment_id: int | None = None,
    citations: Sequence[Any] = (),
    details: Mapping[str, Any] | None = None,
) -> KeptNote:
    """Store a note in a session.

    Args:
        message_id: the message of the session that it is kept from.
        segment_id: the segment of the session at which it is made.
        citations: a list that JSON can represent.
        details: an object that JSON can represent.

    Raises:
        NotFound: the session, or in it the message or the segment, does not exist.
        ValueError: the text is empty or too long.
    """
    _check_text(text)
    with db.transaction():
        get_session_by_id(db, session_id)
        if message_id is not None:
            _check_message(db, session_id, message_id)
        document_id = None if segment_id is None else _document_of(db, session_id, segment_id)
        at = now()
        note_id = db.insert(
            "INSERT INTO kept_notes (session_id, message_id, document_id, segment_id, created_at, "
            "changed_at, citations, details, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [session_id, message_id, document_id, segment_id, at, at, to_json(list(citations))]
            + [to_json(dict(details or {})), storable(text)],
        )
        _count_change(db, session_id)
        return get_kept_note(db, session_id, note_id)


def edit_kept_note(db: Database, session_id: int, note_id: int, text: str) -> KeptNote:
    """Replace the text of a note.

    Raises:
        NotFound: the session has no such note.
        ValueError: the text is empty or too long.
    """
    _check_text(text)
    with db.transaction():
        if get_kept_note(db, session_id, note_id).text != text:
            db.execute(
                "UPDATE kept_notes SET text = ?, changed_at = ? WHERE id = ?",
                [storable(text), now(), note_id],
            )
            _count_change(db, session_id)
        return get_kept_note(db, session_id, note_id)


def delete_kept_note(db: Database, session_id: int, note_id: int) -> None:
    """Delete a note.

    Raises:
        NotFound: the session has no such note.
    """
    with db.transaction():
        get_kept_note(db, session_id, note_id)
        db.execute("DELETE FROM kept_notes WHERE id = ?", [note_id])
        _count_change(db, session_id)


def get_kept_note(db: Database, session_id: int, note_id: int) -> KeptNote:
    """Return a note of a session.

    Raises:
        NotFound: the session has no such note.
    """
    row = db.row(
        f"{_SELECT} WHERE kept_notes.session_id = ? AND kept_notes.id = ?", [session_id, note_id]
    )
    if row is None:
        raise NotFound(
            f"There is no kept note number {note_id} in this session; it may have been deleted."
        )
    return _kept_note(row)


def list_kept_notes(
    db: Database, session_id: int, offset: int = 0, limit: int | None = None
) -> list[KeptNote]:
    """Return the notes of a session, the newest first.

    Args:
        offset: leave out this many before them.
        limit: return at most this many; None returns all.
    """
    # The ids come from an index, so that only the texts of the wanted notes are read.
    rows = db.rows(
        f"{_SELECT} WHERE kept_notes.id IN (SELECT id FROM kept_notes WHERE session_id = ? "
        "ORDER BY id DESC LIMIT ? OFFSET ?) ORDER BY kept_notes.id DESC",
        [session_id, -1 if limit is None else limit, offset],
    )
    return [_kept_note(row) for row in rows]


def count_kept_notes(db: Database, session_id: int, after_id: int = 0) -> int:
    """Return how many notes a session has, in all or after one of them."""
    found = db.value(
        "SELECT count(*) FROM kept_notes WHERE session_id = ? AND id > ?", [session_id, after_id]
    )
    return int(found)


def notes_kept_from(db: Database, session_id: int, message_ids: Sequence[int]) -> dict[int, int]:
    """Return the last note that was kept from each of some messages, by the message's id.

    Messages from which none was kept are left out.
    """
    rows = db.rows(
        "SELECT message_id, max(id) AS id FROM kept_notes WHERE session_id = ? AND message_id IN "
        "(SELECT value FROM json_each(?)) GROUP BY message_id",
        [session_id, to_json(list(message_ids))],
    )
    return {row["message_id"]: row["id"] for row in rows}


def forget_document(db: Database, session_id: int, document_id: int) -> None:
    """Take a document's passages and places out of the kept notes of a session.

    Their own texts stay. Call this inside a transaction.
    """
    db.execute(
        "UPDATE kept_notes SET document_id = NULL, segment_id = NULL WHERE document_id = ?",
        [document_id],
    )
    # Those without passages, which may be many, are not read.
    rows = db.rows(
        "SELECT id, citations, details FROM kept_notes WHERE session_id = ? AND citations != '[]'",
        [session_id],
    )
    for row in rows:
        citations = to_json(without_text(citations_and_details(row)[0], document_id))
        if citations != row["citations"]:
            db.execute("UPDATE kept_notes SET citations = ? WHERE id = ?", [citations, row["id"]])
    db.execute("UPDATE sessions SET kept_changes = kept_changes + 1 WHERE id = ?", [session_id])


def _count_change(db: Database, session_id: int) -> None:
    db.execute("UPDATE sessions SET kept_changes = kept_changes + 1 WHERE id = ?", [session_id])
    touch_session(db, session_id)


def _check_text(text: str) -> None:
    if not text.strip() or len(text) > MAX_KEPT_CHARACTERS:
        raise ValueError(f"A kept note has 1 to {MAX_KEPT_CHARACTERS} characters, not {len(text)}.")


def _check_message(db: Database, session_id: int, message_id: int) -> None:
    found = db.value(
        "SELECT count(*) FROM messages WHERE id = ? AND session_id = ?", [message_id, session_id]
    )
    if not found:
        raise NotFound(
            f"There is no message number {message_id} in this session; it may have been deleted."
        )


def _document_of(db: Database, session_id: int, segment_id: int) -> int:
    found = db.value(
        "SELECT documents.id FROM segments JOIN documents ON documents.id = document_id "
        "WHERE segments.id = ? AND session_id = ?",
        [segment_id, session_id],
    )
    if found is None:
        raise NotFound(
            f"There is no passage number {segment_id} in this session; its document may have been "
            "deleted."
        )
    return int(found)


def _kept_note(row: Row) -> KeptNote:
    citations, details = citations_and_details(row)
    readable = {
        "text": plain_text(row["text"]),
        "created_at": plain_text(row["created_at"]),
        "changed_at": plain_text(row["changed_at"]),
        "document": text_or_none(row["document"]) or "",
        "locator": text_or_none(row["locator"]) or "",
        "citations": citations,
        "details": details,
    }
    return KeptNote(**{**row, **readable})
