"""Places of a session's stream by what people call them: the end of a page, chapter or line."""

from __future__ import annotations

from dataclasses import dataclass

from storage.database import Database


@dataclass(frozen=True)
class Place:
    """Where a document's text up to a locator ends.

    ``position`` counts the session's tokens; None while that place has not been read.
    """

    document_id: int
    document_title: str
    locator: str
    position: int | None


def locator_kinds(db: Database, session_id: int) -> list[str]:
    """The kinds of locators that the session's documents have, such as 'page'."""
    rows = db.rows(
        "SELECT DISTINCT locator_kind FROM segments JOIN documents "
        "ON documents.id = segments.document_id WHERE session_id = ? ORDER BY locator_kind",
        [session_id],
    )
    return [row["locator_kind"] for row in rows]


def find_places(db: Database, session_id: int, kind: str, number: int) -> list[Place]:
    """The end of what each document says up to a locator, in reading order.

    Args:
        kind: of the locator, such as 'page'.
        number: the last one that may be seen; a segment that goes beyond it is left out.
    """
    rows = db.rows(
        """
        SELECT documents.id AS document_id, title AS document_title, locator,
            CASE WHEN token_start + segments.token_count <= tokens_read
                THEN start_position + token_start + segments.token_count END AS position
        FROM documents JOIN segments ON segments.id = (
            SELECT id FROM segments WHERE document_id = documents.id AND locator_kind = :kind
                AND locator_end <= :number ORDER BY ordinal DESC LIMIT 1)
        WHERE session_id = :session ORDER BY documents.ordinal
        """,
        {"session": session_id, "kind": kind, "number": number},
    )
    return [Place(**row) for row in rows]
