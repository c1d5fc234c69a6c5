"""Places of a session's stream by what people call them: the end of a page, chapter or line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from storage.database import Database


@dataclass(frozen=True)
class StreamPosition:
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


def find_positions(db: Database, session_id: int, kind: str, number: int) -> list[StreamPosition]:
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
    return [StreamPosition(**row) for row in rows]


def chapter_ends(db: Database, document_id: int) -> list[int]:
    """How many tokens of a document go before the end of each of its chapters, in order."""
    rows = db.rows(
        "SELECT max(token_start + token_count) AS tokens FROM segments "
        "WHERE document_id = ? AND chapter IS NOT NULL GROUP BY chapter ORDER BY tokens",
        [document_id],
    )
    return [row["tokens"] for row in rows]


@dataclass(frozen=True)
class ReadRange:
    """A chapter, or all pages or lines, of a document as far as they were read whole.

    ``locator`` is of its first segment; ``position`` is where the stretch ends in the stream.
    """

    document_id: int
    kind: str
    first: int
    last: int
    locator: str
    position: int

    @property
    def chapter_title(self) -> str:
        """What the locator of a chapter says beside its number; empty where that is nothing."""
        match = _CHAPTER_TITLE.search(self.locator) if self.kind == "chapter" else None
        return match["title"] if match else ""


# As ingest writes it: "chapter 3 (The Mill)", "page xii (12, The Mill)", "pages 3-4 (The Mill)".
_CHAPTER_TITLE = re.compile(r"\((?:\d+, )?(?P<title>[^\d\s].*)\)$")


def read_ranges(db: Database, session_id: int) -> list[ReadRange]:
    """What was read of a session's documents, by chapter and by what else they count, in order.

    Only places that `find_positions` knows the position of: a chapter read in part is not there.
    """
    rows = db.rows(
        """
        WITH all_of AS (
            SELECT segments.*, documents.ordinal AS place,
                start_position + token_start + segments.token_count AS position,
                token_start + segments.token_count <= tokens_read AS is_read
            FROM segments JOIN documents ON documents.id = document_id
            WHERE session_id = :session AND start_position IS NOT NULL
        ), unread AS (
            SELECT document_id, min(locator_end) AS unit, min(chapter) AS chapter
            FROM all_of WHERE NOT is_read GROUP BY document_id
        ), parts AS (
            SELECT all_of.*, 'chapter' AS kind, all_of.chapter AS part, all_of.chapter AS first,
                all_of.chapter AS last
            FROM all_of LEFT JOIN unread USING (document_id)
            WHERE is_read AND all_of.chapter < coalesce(unread.chapter, all_of.chapter + 1)
            UNION ALL
            SELECT all_of.*, locator_kind, 0, locator_start, locator_end
            FROM all_of LEFT JOIN unread USING (document_id)
            WHERE is_read AND locator_kind != 'chapter'
                AND locator_end < coalesce(unread.unit, locator_end + 1)
        ), grouped AS (
            SELECT document_id, place, kind, part, min(first) AS first, max(last) AS last,
                min(ordinal) AS ordinal, max(position) AS position
            FROM parts GROUP BY document_id, kind, part
        )
        SELECT grouped.document_id, kind, first, last, locator, position FROM grouped
        JOIN segments ON segments.document_id = grouped.document_id
            AND segments.ordinal = grouped.ordinal
        ORDER BY place, kind, part
        """,
        {"session": session_id},
    )
    return [ReadRange(**row) for row in rows]
