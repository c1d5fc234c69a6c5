"""Notes taken while reading: for each part of a document, a sentence that says what is in it.

The parts of a document follow one another. A note keeps the document's own counts of tokens, so it
holds wherever the document starts in the stream. What is undone or deleted takes its notes along;
when a re-reading replaces the state of its session, its notes replace those of the session.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.database import Database, Row
from storage.documents import get_document
from storage.positions import chapter_title
from storage.sessions import check_generation
from storage.values import plain_text, storable, to_json

MAX_NOTE_CHARACTERS = 4096


@dataclass(frozen=True)
class Note:
    """A note on one part of a document.

    ``token_start`` and ``token_end`` are counted within the document. ``position`` is the end of
    the part in the session's stream, None while the document is not being read. ``locator`` and
    ``last_locator`` are those of the part's first and last segment. ``chapter`` is the number of
    the chapter in the middle of the part, None in a document without chapters, ``chapter_title``
    its title, empty if there is none.
    """

    document_id: int
    token_start: int
    token_end: int
    position: int | None
    locator: str
    last_locator: str
    chapter: int | None
    chapter_title: str
    text: str


def add_note(
    db: Database,
    document_id: int,
    token_start: int,
    token_end: int,
    text: str,
    *,
    generation: int | None = None,
) -> bool:
    """Store a note, unless there is one that ends at the same token: the first one stays.

    Args:
        token_start: of the part in the document.
        token_end: behind the last token of the part.
        text: what the note says.
        generation: of the session when the state was loaded; None does not check it.

    Returns:
        Whether it was stored.

    Raises:
        NotFound: the document does not exist.
        Outdated: what the session has read was undone or replaced since then.
        ValueError: the part is empty, or the text is empty or too long.
    """
    if not 0 <= token_start < token_end:
        raise ValueError(f"A note needs a part with tokens, not {token_start} to {token_end}.")
    if not text.strip() or len(text) > MAX_NOTE_CHARACTERS:
        raise ValueError(f"A note has 1 to {MAX_NOTE_CHARACTERS} characters, not {len(text)}.")
    with db.transaction():
        document = get_document(db, document_id)
        if generation is not None:
            check_generation(db, document.session_id, generation)
        return bool(
            db.execute(
                "INSERT OR IGNORE INTO notes (document_id, token_start, token_end, text) "
                "VALUES (?, ?, ?, ?)",
                [document_id, token_start, token_end, storable(text)],
            )
        )


def list_notes(
    db: Database,
    session_id: int,
    document_ids: Sequence[int] | None = None,
    before_position: int | None = None,
    limit: int | None = None,
) -> list[Note]:
    """Return the notes of a session in reading order.

    Args:
        document_ids: only those on these documents; None: on all.
        before_position: only those on parts that end at this position of the stream or earlier.
        limit: return at most this many, the first ones; None returns all.
    """
    # The first segment of a document begins behind its introduction.
    rows = db.rows(
        """
        WITH chosen AS (
            SELECT notes.*, documents.ordinal AS place, start_position + token_end AS position
            FROM documents JOIN notes ON notes.document_id = documents.id
            WHERE session_id = :session
                AND (:documents IS NULL OR
                    documents.id IN (SELECT value FROM json_each(:documents)))
                AND (:position IS NULL OR start_position + token_end <= :position)
            ORDER BY documents.ordinal, token_end LIMIT :limit
        )
        SELECT chosen.document_id, chosen.token_start, chosen.token_end, position,
            begin.locator AS locator, close.locator AS last_locator, middle.chapter AS chapter,
            middle.locator AS middle_locator, chosen.text
        FROM chosen
        LEFT JOIN segments AS begin ON begin.id = coalesce((
            SELECT id FROM segments WHERE document_id = chosen.document_id
                AND segments.token_start <= chosen.token_start
            ORDER BY segments.token_start DESC, ordinal DESC LIMIT 1), (
            SELECT id FROM segments WHERE document_id = chosen.document_id AND ordinal = 0))
        LEFT JOIN segments AS close ON close.id = (
            SELECT id FROM segments WHERE document_id = chosen.document_id
                AND segments.token_start < chosen.token_end
            ORDER BY segments.token_start DESC, ordinal DESC LIMIT 1)
        LEFT JOIN segments AS middle ON middle.id = (
            SELECT id FROM segments WHERE document_id = chosen.document_id
                AND segments.token_start <= (chosen.token_start + chosen.token_end) / 2
            ORDER BY segments.token_start DESC, ordinal DESC LIMIT 1)
        ORDER BY place, chosen.token_end
        """,
        {
            "session": session_id,
            "documents": None if document_ids is None else to_json(list(document_ids)),
            "position": before_position,
            "limit": -1 if limit is None else limit,
        },
    )
    return [_note(row) for row in rows]


def count_notes(db: Database, session_id: int) -> dict[int, int]:
    """Return how many notes there are on each document of a session that has any, by its id."""
    rows = db.rows(
        "SELECT document_id, count(*) AS notes FROM notes WHERE document_id IN "
        "(SELECT id FROM documents WHERE session_id = ?) GROUP BY document_id",
        [session_id],
    )
    return {row["document_id"]: row["notes"] for row in rows}


def last_note_end(db: Database, document_id: int) -> int:
    """Return how many tokens of a document precede the end of its last note; 0 without notes."""
    found = db.value(
        "SELECT coalesce(max(token_end), 0) FROM notes WHERE document_id = ?", [document_id]
    )
    return int(found)


def last_note_text(db: Database, document_id: int) -> str:
    """Return what the last note on a document says; empty without notes."""
    found = db.value(
        "SELECT text FROM notes WHERE document_id = ? ORDER BY token_end DESC LIMIT 1",
        [document_id],
    )
    return plain_text(found or "")


def forget_notes(
    db: Database, session_id: int, position: int, document_id: int | None, document_tokens: int
) -> None:
    """Delete the notes on what was read after a checkpoint; call this in a transaction.

    Args:
        position: of the checkpoint in the session's stream.
        document_id: the document that was being read at the checkpoint.
        document_tokens: how many tokens of that document the checkpoint has read.
    """
    db.execute(
        "DELETE FROM notes WHERE document_id IN (SELECT id FROM documents "
        "WHERE session_id = ? AND start_position >= ? AND id IS NOT ?)",
        [session_id, position, document_id],
    )
    db.execute(
        "DELETE FROM notes WHERE document_id = ? AND token_end > ?", [document_id, document_tokens]
    )


def take_over_notes(db: Database, session_id: int, from_session: int) -> None:
    """Give a session the notes of its re-reading, before that replaces its counts of tokens.

    A document on which the re-reading took no notes keeps those that it has while they hold: it is
    part of the re-reading, and has as many tokens there.
    """
    ids = {"origin": session_id, "reread": from_session}
    db.execute(
        """
        DELETE FROM notes WHERE document_id IN (
            SELECT theirs.id FROM documents AS theirs LEFT JOIN documents AS ours
                ON ours.session_id = :reread AND ours.ordinal = theirs.ordinal
            WHERE theirs.session_id = :origin AND (ours.token_count IS NOT theirs.token_count
                OR EXISTS (SELECT 1 FROM notes WHERE document_id = ours.id)))
        """,
        ids,
    )
    db.execute(
        """
        UPDATE notes SET document_id = (
            SELECT theirs.id FROM documents AS ours JOIN documents AS theirs
                ON theirs.session_id = :origin AND theirs.ordinal = ours.ordinal
            WHERE ours.id = notes.document_id)
        WHERE document_id IN (SELECT ours.id FROM documents AS ours JOIN documents AS theirs
            ON theirs.session_id = :origin AND theirs.ordinal = ours.ordinal
            WHERE ours.session_id = :reread)
        """,
        ids,
    )


def _note(row: Row) -> Note:
    middle = plain_text(row.pop("middle_locator") or "")
    return Note(
        **{
            **row,
            "locator": plain_text(row["locator"] or ""),
            "last_locator": plain_text(row["last_locator"] or ""),
            "chapter_title": chapter_title(middle) if row["chapter"] is not None else "",
            "text": plain_text(row["text"]),
        }
    )
