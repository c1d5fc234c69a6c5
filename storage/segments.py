"""Segments: the text of a document in order, each with its locator and its range of tokens.

This file knows text and counts of tokens, neither the tokens themselves nor the tokenizer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from storage.database import Database
from storage.documents import get_document
from storage.errors import NotFound
from storage.search_index import language_of, segment_tokens, store_tokens
from storage.values import storable


@dataclass(frozen=True)
class NewSegment:
    """A segment to be stored.

    ``token_start`` is the index of its first token in the document, and ``token_count`` is how many
    tokens it has. ``locator`` says for people where it is ("pages 12-13"); ``locator_kind``
    ("page"), ``locator_start`` and ``locator_end`` say the same for comparisons. ``chapter`` is the
    number of its chapter, None in a document without chapters.
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
    """A stored segment; ``ordinal`` counts the segments of its document from 0.

    The other fields are those of `NewSegment`.
    """

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


@dataclass(frozen=True)
class PreparedSegments:
    """Segments of one document, ready to be stored: their columns and their search tokens."""

    language: str
    rows: list[tuple[str | int | None, ...]]
    tokens: list[str]


def prepare_segments(segments: Iterable[NewSegment], language: str) -> PreparedSegments:
    """Make what takes time to be stored; this needs neither the database nor a lock.

    Args:
        segments: of one document; each is taken when the one before it is prepared.
        language: `language_of` their texts.
    """
    prepared = PreparedSegments(language, [], [])
    for segment in segments:
        prepared.rows.append(_columns(segment))
        prepared.tokens.append(segment_tokens(segment.text, language))
    return prepared


def add_segments(db: Database, document_id: int, segments: Iterable[NewSegment]) -> None:
    """Store segments after those that the document already has, and index them; all or none.

    Raises:
        NotFound: the document does not exist.
    """
    # All segments are taken first, because a slow iterable must not hold the write lock.
    taken = list(segments)
    language = language_of([segment.text for segment in taken])
    store_segments(db, document_id, prepare_segments(taken, language))


def store_segments(db: Database, document_id: int, segments: PreparedSegments) -> None:
    """Store prepared segments as `add_segments` does.

    Raises:
        NotFound: the document does not exist.
    """
    with db.transaction():
        get_document(db, document_id)
        ordinal = db.value(
            "SELECT coalesce(max(ordinal), -1) + 1 FROM segments WHERE document_id = ?",
            [document_id],
        )
        # No id is used twice, since citations keep those of segments that were deleted.
        last = db.value("SELECT seq FROM sqlite_sequence WHERE name = 'segments'")
        first = 1 if last is None else int(last) + 1
        store_tokens(db, document_id, segments.language, list(enumerate(segments.tokens, first)))
        db.execute_many(
            "INSERT INTO segments (id, document_id, ordinal, text, locator, locator_kind, "
            "locator_start, locator_end, token_start, token_count, chapter) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (first + number, document_id, ordinal + number, *columns)
                for number, columns in enumerate(segments.rows)
            ),
        )
        db.execute(
            "UPDATE documents SET segment_count = ? WHERE id = ?",
            [ordinal + len(segments.rows), document_id],
        )


def _columns(segment: NewSegment) -> tuple[str | int | None, ...]:
    return (
        storable(segment.text),
        storable(segment.locator),
        segment.locator_kind,
        segment.locator_start,
        segment.locator_end,
        segment.token_start,
        segment.token_count,
        segment.chapter,
    )


def iter_segments(
    db: Database, document_id: int, from_token: int = 0, batch: int = 200
) -> Iterator[SegmentRow]:
    """Yield the segments of a document in order, from the one that contains ``from_token``.

    No lock is held between two segments. From token 0 on all segments are yielded, those without
    tokens included; after the last token none is.

    Args:
        from_token: an index into the document's tokens.
        batch: how many segments are in memory at most.

    Raises:
        ValueError: ``batch`` is less than 1.
    """
    if batch < 1:
        raise ValueError(f"A batch must contain at least one segment, not {batch}.")
    ordinal = -1
    if from_token > 0:
        # token_start is not unique: a segment without tokens has that of the next one.
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


def newest_segment_id(db: Database) -> int:
    """The number of the segment that was stored last, 0 if there is none."""
    return int(db.value("SELECT coalesce(max(id), 0) FROM segments"))


def segments_around(
    db: Database,
    segment_id: int,
    before: int = 1,
    after: int = 1,
    before_position: int | None = None,
) -> list[SegmentRow]:
    """Return a segment with its neighbours in the same document, in order.

    Args:
        before: how many segments before it are returned.
        after: how many segments after it are returned.
        before_position: leave out segments that end after this position of the session's stream,
            the segment itself included; all segments of a document that was not reached do.

    Raises:
        NotFound: the segment does not exist.
    """
    if db.value("SELECT 1 FROM segments WHERE id = ?", [segment_id]) is None:
        raise NotFound(
            f"There is no passage number {segment_id} in {db.path}; its document may have been "
            "deleted."
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


def segment_at(
    db: Database, document_id: int, token: int, before_position: int | None = None
) -> int | None:
    """Return the id of the segment in which a token of its document is.

    A token before all segments is in the first one, and one behind them in the last. None: the
    document has no segment, or does not exist.

    Args:
        token: an index into the document's tokens.
        before_position: as for `segments_around`.
    """
    found = """
        SELECT segments.id FROM segments JOIN documents ON documents.id = document_id
        WHERE document_id = :document AND {} AND (:position IS NULL
            OR start_position + token_start + segments.token_count <= :position)
        ORDER BY token_start {}, segments.ordinal {} LIMIT 1
    """
    within = {"document": document_id, "token": token, "position": before_position}
    last_begun = found.format("token_start <= :token", "DESC", "DESC")
    first_of_all = found.format("TRUE", "ASC", "ASC")
    row = db.row(
        f"SELECT coalesce(({last_begun}), ({first_of_all})) AS id",
        within,
    )
    return None if row is None else row["id"]


def first_with_text(db: Database, session_id: int) -> int | None:
    """Return the id of the first document of a session that has segments, None if none has."""
    found: int | None = db.value(
        "SELECT id FROM documents WHERE session_id = ? AND EXISTS "
        "(SELECT 1 FROM segments WHERE document_id = documents.id) ORDER BY ordinal LIMIT 1",
        [session_id],
    )
    return found
