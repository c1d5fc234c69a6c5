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
    """The kinds of places that the session's documents have, such as 'page' and 'chapter'."""
    rows = db.rows(
        "SELECT DISTINCT locator_kind AS kind FROM segments JOIN documents "
        "ON documents.id = segments.document_id WHERE session_id = :session UNION "
        "SELECT 'chapter' FROM documents WHERE session_id = :session AND EXISTS (SELECT 1 "
        "FROM segments WHERE document_id = documents.id AND chapter IS NOT NULL) ORDER BY kind",
        {"session": session_id},
    )
    return [row["kind"] for row in rows]


def find_places(db: Database, session_id: int, kind: str, number: int) -> list[Place]:
    """The end of what each document says up to a locator, in reading order.

    Args:
        kind: of the place, such as 'page'; a chapter may be one of pages.
        number: the last one that may be seen; a segment that goes beyond it is left out.
    """
    within = "locator_kind = :kind AND locator_end <= :number"
    if kind == "chapter":
        within = "chapter <= :number"
    rows = db.rows(
        f"""
        SELECT documents.id AS document_id, title AS document_title, locator,
            CASE WHEN token_start + segments.token_count <= tokens_read
                THEN start_position + token_start + segments.token_count END AS position
        FROM documents JOIN segments ON segments.id = (
            SELECT id FROM segments WHERE document_id = documents.id AND {within}
            ORDER BY ordinal DESC LIMIT 1)
        WHERE session_id = :session ORDER BY documents.ordinal
        """,
        {"session": session_id, "kind": kind, "number": number},
    )
    return [Place(**row) for row in rows]


def chapter_ends(db: Database, document_id: int) -> list[int]:
    """How many tokens of a document go before the end of each of its chapters, in order."""
    rows = db.rows(
        "SELECT max(token_start + token_count) AS tokens FROM segments "
        "WHERE document_id = ? AND chapter IS NOT NULL GROUP BY chapter ORDER BY tokens",
        [document_id],
    )
    return [row["tokens"] for row in rows]
