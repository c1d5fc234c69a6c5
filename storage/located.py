"""Passages by their place: the segments of a page, a chapter or a range of lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from storage.database import Database
from storage.search import PASSAGE_COLUMNS, PASSAGES_WITHIN, Passage
from storage.values import to_json

MAX_PASSAGES = 1000
"""At most so many passages of a place are returned; all are counted."""

_LABELLED = """(:label != '' AND locator_kind = 'page'
    AND instr(lower(locator), lower('page ' || :label || ' (')) = 1)"""
# A page that is shown by its number alone has that number printed on it.
_PLAIN = """(:kind = 'page' AND locator_kind = 'page' AND locator_start = :first
    AND instr(locator || ' (', 'page ' || :first || ' (') = 1)"""
_NUMBERED = """(CASE WHEN :kind = 'chapter' THEN chapter BETWEEN :first AND :last
    ELSE locator_kind = :kind AND locator_start <= :last AND locator_end >= :first END)"""


def passages_at(
    db: Database,
    session_id: int,
    kind: str,
    first: int,
    last: int,
    *,
    label: str = "",
    document_ids: Sequence[int] | None = None,
    before_position: int | None = None,
) -> tuple[list[Passage], int]:
    """Return the passages of a place in reading order, and how many there are.

    In a document with a page of the label, that page is meant, not the one of the number. All have
    the score 1. Of a cancelled document only what was read is returned.

    Args:
        kind: of the place, such as 'page' or 'chapter'; a document of pages may have chapters.
        first, last: the numbers of the first and last page, chapter or line.
        label: what may be printed on the page instead of its number, such as "iii".
        document_ids: return only passages of these documents; None: of all.
        before_position: return only passages that end at this position of the stream or earlier.
    """
    named = {
        "session": session_id,
        "kind": kind,
        "first": first,
        "last": last,
        "label": label if kind == "page" else "",
        "documents": None if document_ids is None else to_json(list(document_ids)),
        "position": before_position,
    }
    there = f"""
        FROM documents JOIN segments ON segments.document_id = documents.id
        WHERE {PASSAGES_WITHIN} AND CASE WHEN documents.id IN (
            SELECT segments.document_id FROM documents JOIN segments
            ON segments.document_id = documents.id
            WHERE {PASSAGES_WITHIN} AND ({_LABELLED} OR {_PLAIN})
            GROUP BY segments.document_id HAVING NOT max({_PLAIN})
        ) THEN {_LABELLED} ELSE {_NUMBERED} END
    """
    rows = db.rows(
        f"""
        SELECT {PASSAGE_COLUMNS}, 1.0 AS score
        {there} ORDER BY documents.ordinal, segments.ordinal LIMIT {MAX_PASSAGES}
        """,
        named,
    )
    total = len(rows)
    if total == MAX_PASSAGES:
        total = int(db.value(f"SELECT count(*) {there}", named))
    return [Passage(**{**row, "is_read": bool(row["is_read"])}) for row in rows], total


def passages_between(
    db: Database,
    first: tuple[int, int],
    last: tuple[int, int] | None,
    before_position: int | None = None,
) -> list[Passage]:
    """Return the passages of a document from one point of its text to another, in order.

    The first and the last are cut there. All have the score 1.

    Args:
        first: a segment's id, and how many of its characters are left out.
        last: a segment's id, and how many of its characters belong to it; None: the document's end.
        before_position: only passages that end at this position of the stream or earlier.
    """
    rows = db.rows(
        f"""
        SELECT {PASSAGE_COLUMNS}, 1.0 AS score
        FROM documents JOIN segments ON segments.document_id = documents.id
        WHERE documents.id = (SELECT document_id FROM segments WHERE id = :first)
            AND segments.ordinal >= (SELECT ordinal FROM segments WHERE id = :first)
            AND (:last IS NULL
                OR segments.ordinal <= (SELECT ordinal FROM segments WHERE id = :last))
            AND (:position IS NULL
                OR start_position + token_start + segments.token_count <= :position)
        ORDER BY segments.ordinal LIMIT {MAX_PASSAGES}
        """,
        {
            "first": first[0],
            "last": None if last is None else last[0],
            "position": before_position,
        },
    )
    found = [Passage(**{**row, "is_read": bool(row["is_read"])}) for row in rows]
    return [p for p in (_cut(passage, first, last) for passage in found) if p.text.strip()]


def outer_passages(
    db: Database,
    session_id: int,
    document_id: int,
    limit: int,
    *,
    at_end: bool,
    before_position: int | None = None,
) -> list[Passage]:
    """Return the first or the last passages of a document, in reading order.

    All have the score 1. Of a cancelled document only what was read counts.

    Args:
        limit: at most so many.
        at_end: the last ones; else the first.
        before_position: only passages that end at this position of the stream or earlier.
    """
    rows = db.rows(
        f"""
        SELECT {PASSAGE_COLUMNS}, 1.0 AS score
        FROM documents JOIN segments ON segments.document_id = documents.id
        WHERE {PASSAGES_WITHIN}
        ORDER BY segments.ordinal {"DESC" if at_end else "ASC"} LIMIT :limit
        """,
        {
            "session": session_id,
            "documents": to_json([document_id]),
            "position": before_position,
            "limit": limit,
        },
    )
    found = [Passage(**{**row, "is_read": bool(row["is_read"])}) for row in rows]
    return found[::-1] if at_end else found


def spread_passages(
    db: Database,
    session_id: int,
    document_ids: Sequence[int],
    limit: int,
    before_position: int | None = None,
) -> tuple[list[Passage], int]:
    """Return passages of documents that are spread evenly over them, and how many there are.

    They are in reading order, and all have the score 1. Of a cancelled document only what was read
    counts.

    Args:
        limit: return at most this many; with no more than that, all are returned.
        before_position: only passages that end at this position of the stream or earlier.
    """
    rows = db.rows(
        f"""
        WITH counted AS (
            SELECT segments.id AS id, count(*) OVER () AS total, row_number() OVER (
                ORDER BY documents.ordinal, segments.ordinal) AS number
            FROM documents JOIN segments ON segments.document_id = documents.id
            WHERE {PASSAGES_WITHIN}
        )
        SELECT {PASSAGE_COLUMNS}, 1.0 AS score, total
        FROM counted JOIN segments ON segments.id = counted.id
        JOIN documents ON documents.id = segments.document_id
        WHERE total <= :limit OR number * :limit / total > (number - 1) * :limit / total
        ORDER BY number
        """,
        {
            "session": session_id,
            "documents": to_json(list(document_ids)),
            "position": before_position,
            "limit": limit,
        },
    )
    total = rows[0].pop("total") if rows else 0
    for row in rows[1:]:
        del row["total"]
    return [Passage(**{**row, "is_read": bool(row["is_read"])}) for row in rows], total


def _cut(passage: Passage, first: tuple[int, int], last: tuple[int, int] | None) -> Passage:
    begin = first[1] if passage.segment_id == first[0] else 0
    end = last[1] if last is not None and passage.segment_id == last[0] else None
    return replace(passage, text=passage.text[begin:end])
