"""Positions in a session's stream by locator: the end of a page, a chapter or a line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from storage.database import Database
from storage.values import to_json


@dataclass(frozen=True)
class StreamPosition:
    """Where the text of a document up to a locator ends in the session's stream.

    ``position`` is in tokens, None while the text has not been read to there. ``number`` is that of
    the page, chapter or line that was asked for, counted from 1 on.
    """

    document_id: int
    document_title: str
    locator: str
    position: int | None
    number: int = 0

    def name(self, kind: str) -> str:
        """Return what names this position and no other: "page iii (3)", else "page 3"."""
        return _place_name(kind, self.number, self.locator)


# The format of ingest: "page xii (12)", "page xii (12, The Mill)".
_LABELLED_PAGE = re.compile(r"page (?P<label>.+?) \((?P<number>\d+)(?:, .*)?\)")


def _place_name(kind: str, number: int, locator: str) -> str:
    labelled = _LABELLED_PAGE.fullmatch(locator) if kind == "page" else None
    if labelled is None or int(labelled["number"]) != number:
        return f"{kind} {number}"
    return f"page {labelled['label']} ({number})"


def locator_kinds(db: Database, session_id: int) -> list[str]:
    """Return the kinds of locators that the session's documents have, such as 'page'."""
    rows = db.rows(
        "SELECT DISTINCT locator_kind AS kind FROM segments JOIN documents "
        "ON documents.id = segments.document_id WHERE session_id = :session UNION "
        "SELECT 'chapter' FROM documents WHERE session_id = :session AND EXISTS (SELECT 1 "
        "FROM segments WHERE document_id = documents.id AND chapter IS NOT NULL) ORDER BY kind",
        {"session": session_id},
    )
    return [row["kind"] for row in rows]


def find_positions(
    db: Database,
    session_id: int,
    kind: str,
    number: int | None,
    label: str | None = None,
    counted: int | None = None,
) -> list[StreamPosition]:
    """Return for each document where its text up to a page, chapter or line ends.

    Documents come in reading order; one without such a locator is left out. In a document with a
    page of this label, that page is meant, not the one that has the number; a number that is shown
    without a label is one.

    Args:
        kind: of the locator, such as 'page' or 'chapter'; a document of pages may have chapters.
        number: the last page, chapter or line; a segment that extends beyond it does not count.
            None if only a label is known.
        label: what may be printed on the last page, such as "iii"; capitals do not matter.
        counted: the number of the page with that label, if several have it; None: the first one.
    """
    within = "locator_kind = :kind AND locator_end <= asked.number"
    if kind == "chapter":
        within = "chapter <= asked.number"
    rows = db.rows(
        f"""
        WITH labelled AS (
            SELECT document_id, min(locator_start) AS number
            FROM segments JOIN documents ON documents.id = document_id
            WHERE session_id = :session AND :kind = 'page' AND locator_kind = 'page'
                AND locator_start = coalesce(:counted, locator_start)
                AND (instr(lower(replace(locator || '.', ').', ', ')),
                        lower('page ' || :label || ' (' || locator_start || ', ')) = 1
                    OR locator_start = :number
                        AND instr(locator || ' (', 'page ' || :number || ' (') = 1)
            GROUP BY document_id
        ), asked AS (
            SELECT documents.*, coalesce(labelled.number, :number) AS number
            FROM documents LEFT JOIN labelled ON labelled.document_id = documents.id
            WHERE session_id = :session
        )
        SELECT asked.id AS document_id, title AS document_title, locator, asked.number AS number,
            CASE WHEN token_start + segments.token_count <= tokens_read
                THEN start_position + token_start + segments.token_count END AS position
        FROM asked JOIN segments ON segments.id = (
            SELECT id FROM segments WHERE document_id = asked.id AND {within}
            ORDER BY ordinal DESC LIMIT 1)
        ORDER BY asked.ordinal
        """,
        {
            "session": session_id,
            "kind": kind,
            "number": number,
            "label": label,
            "counted": counted,
        },
    )
    return [StreamPosition(**row) for row in rows]


def chapter_ends(db: Database, document_id: int) -> list[int]:
    """Return how many tokens of a document precede the end of each of its chapters, in order."""
    rows = db.rows(
        "SELECT max(token_start + token_count) AS tokens FROM segments "
        "WHERE document_id = ? AND chapter IS NOT NULL GROUP BY chapter ORDER BY tokens",
        [document_id],
    )
    return [row["tokens"] for row in rows]


@dataclass(frozen=True)
class ReadRange:
    """A chapter that was read completely, or all pages or lines of a document that were.

    ``first`` and ``last`` are numbers of the ``kind``, such as 'page'. ``locator`` is that of the
    first segment, ``last_locator`` of the last. ``position`` is where the range ends in the
    session's stream, in tokens.
    """

    document_id: int
    kind: str
    first: int
    last: int
    locator: str
    last_locator: str
    position: int

    @property
    def end_name(self) -> str:
        """What names the end of the range and no other position: "page 5 (9)"."""
        return _place_name(self.kind, self.last, self.last_locator)

    @property
    def chapter_title(self) -> str:
        """The title in the locator of a chapter; empty if there is none."""
        return chapter_title(self.locator) if self.kind == "chapter" else ""


# The format of ingest: "chapter 3 (The Mill)", "page xii (12, The Mill)", "pages 3-4 (The Mill)".
_CHAPTER_TITLE = re.compile(r"\((?:\d+, )?(?P<title>[^\d\s].*)\)$")


def chapter_title(locator: str) -> str:
    """Return the title of the chapter in a locator; empty if there is none."""
    match = _CHAPTER_TITLE.search(locator)
    return match["title"] if match else ""


def read_ranges(
    db: Database, session_id: int, document_ids: Sequence[int] | None = None
) -> list[ReadRange]:
    """Return which chapters, pages and lines of a session's documents were read, in order.

    There is a range for each chapter, and one for all pages or lines of a document. A chapter that
    was read in part is left out. `find_positions` returns the same position for the last number of
    a range.

    Args:
        document_ids: only those of these documents; None: of all.
    """
    rows = db.rows(
        """
        WITH all_of AS (
            SELECT segments.*, documents.ordinal AS place,
                start_position + token_start + segments.token_count AS position,
                token_start + segments.token_count <= tokens_read AS is_read
            FROM segments JOIN documents ON documents.id = document_id
            WHERE session_id = :session AND start_position IS NOT NULL AND (:documents IS NULL
                OR documents.id IN (SELECT value FROM json_each(:documents)))
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
                min(ordinal) AS ordinal, max(ordinal) AS last_ordinal, max(position) AS position
            FROM parts GROUP BY document_id, kind, part
        )
        SELECT grouped.document_id, kind, first, last, begin.locator AS locator,
            close.locator AS last_locator, position
        FROM grouped
        JOIN segments AS begin ON begin.document_id = grouped.document_id
            AND begin.ordinal = grouped.ordinal
        JOIN segments AS close ON close.document_id = grouped.document_id
            AND close.ordinal = last_ordinal
        ORDER BY place, kind, part
        """,
        {
            "session": session_id,
            "documents": None if document_ids is None else to_json(list(document_ids)),
        },
    )
    return [ReadRange(**row) for row in rows]
