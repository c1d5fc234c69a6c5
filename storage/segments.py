"""Segments: the text of a document in order, each with its place for people and for tokens.

Knows text and counts of tokens, never tokens themselves nor how they were made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, replace

from storage.database import Database
from storage.documents import get_document
from storage.errors import NotFound
from storage.values import storable


@dataclass(frozen=True)
class NewSegment:
    """A segment to be stored; ``token_start`` counts from the start of its document.

    ``locator`` is for people ("pages 12-13"); its kind, start and end are for comparing.
    ``chapter`` is the number of the one that it stands in, None where there are none.
    """

    text: str
    locator: str
    locator_kind: str
    locator_start: int
    locator_end: int
    token_start: int
    token_count: int
    chapter: int | None = None


@dataclass(frozen=True)
class SegmentRow:
    """A stored segment; ``ordinal`` counts from 0 within its document."""

    id: int
    document_id: int
    ordinal: int
    locator: str
    locator_kind: str
    locator_start: int
    locator_end: int
    token_start: int
    token_count: int
    text: str
    chapter: int | None = None


def add_segments(db: Database, document_id: int, segments: Iterable[NewSegment]) -> None:
    """Store segments behind those already there, all of them or none.

    Raises:
        NotFound: there is no such document.
    """
    # Taken from the iterable first: a slow reader must not hold the write lock.
    taken = [
        astuple(replace(s, text=storable(s.text), locator=storable(s.locator))) for s in segments
    ]
    with db.transaction():
        get_document(db, document_id)
        first = db.value(
            "SELECT coalesce(max(ordinal), -1) + 1 FROM segments WHERE document_id = ?",
            [document_id],
        )
        db.execute_many(
            "INSERT INTO segments (document_id, ordinal, text, locator, locator_kind, "
            "locator_start, locator_end, token_start, token_count, chapter) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            ((document_id, ordinal, *columns) for ordinal, columns in enumerate(taken, first)),
        )
        db.execute(
            "UPDATE documents SET segment_count = ? WHERE id = ?",
            [first + len(taken), document_id],
        )


def iter_segments(
    db: Database, document_id: int, from_token: int = 0, batch: int = 200
) -> Iterator[SegmentRow]:
    """The segments in order, from the one that holds ``from_token`` on.

    At most ``batch`` of them are in memory, and no lock is held between two of them. From 0 on
    really all come, also those without tokens; past the last token none does.
    """
    if batch < 1:
        raise ValueError(f"A batch holds at least one segment, not {batch}.")
    ordinal = -1
    if from_token > 0:
        # Not by binary search on token_start: segments without tokens share theirs with the next.
        first = db.value(
            "SELECT min(ordinal) FROM segments WHERE document_id = ? "
            "AND token_start + token_count > ?",
            [document_id, from_token],
        )
        if first is None:
            return
        ordinal = first - 1
    while True:
        rows = db.rows(
            "SELECT * FROM segments WHERE document_id = ? AND ordinal > ? ORDER BY ordinal LIMIT ?",
            [document_id, ordinal, batch],
        )
        yield from (SegmentRow(**row) for row in rows)
        if len(rows) < batch:
            return
        ordinal = rows[-1]["ordinal"]


def segments_around(
    db: Database,
    segment_id: int,
    before: int = 1,
    after: int = 1,
    before_position: int | None = None,
) -> list[SegmentRow]:
    """A segment with its neighbours in the same document, in order.

    Args:
        before_position: leave out what ends after this position of the session's stream, the
            segment itself included; what is in a document not yet reached ends after any.

    Raises:
        NotFound: there is no such segment.
    """
    if db.value("SELECT 1 FROM segments WHERE id = ?", [segment_id]) is None:
        raise NotFound(
            f"There is no passage number {segment_id} in {db.path}; its document may be deleted."
        )
    rows = db.rows(
        """
        SELECT near.* FROM segments AS middle
        JOIN segments AS near ON near.document_id = middle.document_id
            AND near.ordinal BETWEEN middle.ordinal - :before AND middle.ordinal + :after
        JOIN documents ON documents.id = near.document_id
        WHERE middle.id = :id AND (:position IS NULL
            OR documents.start_position + near.token_start + near.token_count <= :position)
        ORDER BY near.ordinal
        """,
        {"id": segment_id, "before": before, "after": after, "position": before_position},
    )
    return [SegmentRow(**row) for row in rows]
