"""What documents are divided into: chapters or headings, and pages, lines or other units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.database import Database
from storage.positions import chapter_title
from storage.values import plain_text, to_json


@dataclass(frozen=True)
class OutlineEntry:
    """A chapter of a document: its number, and the locators of its first and last segment.

    ``token_start`` is the token of the document at which its first segment begins.
    """

    document_id: int
    number: int
    locator: str
    last_locator: str
    token_start: int = 0

    @property
    def title(self) -> str:
        """The title in the locator; empty if there is none."""
        return chapter_title(self.locator)


@dataclass(frozen=True)
class UnitRange:
    """Which pages, lines or other units a document has."""

    document_id: int
    kind: str
    first: int
    last: int


@dataclass(frozen=True)
class Heading:
    """A heading in a document, and the place of the first segment below it: "paragraphs 3–5".

    ``token_start`` is the token of the document at which that segment begins.
    """

    document_id: int
    title: str
    place: str
    token_start: int = 0


def unit_ranges(
    db: Database, document_ids: Sequence[int], before_position: int | None = None
) -> list[UnitRange]:
    """Return the first and last unit of each kind that documents have, in reading order.

    Args:
        before_position: only segments that end at this position of the stream or earlier.
    """
    rows = db.rows(
        """
        SELECT document_id, locator_kind AS kind, min(locator_start) AS first,
            max(locator_end) AS last
        FROM segments JOIN documents ON documents.id = document_id
        WHERE document_id IN (SELECT value FROM json_each(:documents))
            AND (:position IS NULL
                OR start_position + token_start + segments.token_count <= :position)
        GROUP BY document_id, locator_kind ORDER BY documents.ordinal
        """,
        {"documents": to_json(list(document_ids)), "position": before_position},
    )
    return [UnitRange(**row) for row in rows]


def outline(
    db: Database, document_ids: Sequence[int], before_position: int | None = None
) -> list[OutlineEntry]:
    """Return the chapters of documents, in reading order.

    Args:
        before_position: only what begins before this position of the stream; None: all.
    """
    rows = db.rows(
        """
        WITH chapters AS (
            SELECT document_id, chapter, min(segments.ordinal) AS first,
                max(segments.ordinal) AS last
            FROM segments JOIN documents ON documents.id = document_id
            WHERE chapter IS NOT NULL
                AND document_id IN (SELECT value FROM json_each(:documents))
                AND (:position IS NULL OR start_position + token_start < :position)
            GROUP BY document_id, chapter
        )
        SELECT chapters.document_id, chapters.chapter AS number, begin.locator AS locator,
            close.locator AS last_locator, begin.token_start AS token_start
        FROM chapters JOIN documents ON documents.id = chapters.document_id
        JOIN segments AS begin ON begin.document_id = chapters.document_id
            AND begin.ordinal = chapters.first
        JOIN segments AS close ON close.document_id = chapters.document_id
            AND close.ordinal = chapters.last
        ORDER BY documents.ordinal, chapters.first
        """,
        {"documents": to_json(list(document_ids)), "position": before_position},
    )
    return [OutlineEntry(**row) for row in rows]


def headings(
    db: Database, document_ids: Sequence[int], before_position: int | None = None
) -> list[Heading]:
    """Return the headings above the paragraphs of documents, each once, in reading order.

    Args:
        before_position: only what begins before this position of the stream; None: all.
    """
    # SQLite takes the locator and the token of the row with the smallest ordinal.
    rows = db.rows(
        """
        SELECT document_id, locator, token_start, min(segments.ordinal) AS first
        FROM segments JOIN documents ON documents.id = document_id
        WHERE locator_kind = 'paragraph' AND instr(locator, ' (')
            AND document_id IN (SELECT value FROM json_each(:documents))
            AND (:position IS NULL OR start_position + token_start < :position)
        GROUP BY document_id, substr(locator, instr(locator, ' ('))
        ORDER BY documents.ordinal, first
        """,
        {"documents": to_json(list(document_ids)), "position": before_position},
    )
    parts = ((row, plain_text(row["locator"]).partition(" (")) for row in rows)
    return [
        Heading(row["document_id"], title.removesuffix(")"), place, row["token_start"])
        for row, (place, _, title) in parts
    ]
