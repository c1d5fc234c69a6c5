"""Search: the passages of a session that answer to a question in plain words.

Knows the text and its places, not the model that will read what is found. The index counts words
over all sessions; only the ranking, never the choice of passages, sees the others.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from storage.database import Database, Row
from storage.fts_query import any_of, match_bonus, question_terms, unspaced_bigrams
from storage.values import to_json

_CANDIDATES_PER_RESULT = 4


@dataclass(frozen=True)
class Passage:
    """A segment that was found.

    ``position`` is where in the session's stream it starts, None while its document has no place
    there. ``score``: more is better, comparable only within one search. ``is_read``: the state
    that was checkpointed has read all of it. ``is_replaced``: a newer version of its document
    is there; the search does not say so, it is for the caller who knows (see `versions`).
    """

    segment_id: int
    document_id: int
    document_title: str
    text: str
    locator: str
    locator_kind: str
    locator_start: int
    locator_end: int
    token_start: int
    token_count: int
    position: int | None
    score: float
    is_read: bool
    is_replaced: bool = False


_COLUMNS = """
    segments.id AS segment_id, documents.id AS document_id, documents.title AS document_title,
    segments.locator, locator_kind, locator_start, locator_end, token_start,
    segments.token_count, documents.start_position + token_start AS position,
    (documents.state = 'done' OR token_start + segments.token_count <= tokens_read) AS is_read,
    segments.text
"""

# Of a cancelled document only what was read is there.
# Comparing with an unknown position gives NULL, which is not true: a document that the stream has
# not reached is not before any position.
_WITHIN = """
    documents.session_id = :session
    AND (documents.state != 'cancelled' OR token_start + segments.token_count <= tokens_read)
    AND (:documents IS NULL OR documents.id IN (SELECT value FROM json_each(:documents)))
    AND (:position IS NULL
        OR documents.start_position + token_start + segments.token_count <= :position)
"""


def search_passages(
    db: Database,
    session_id: int,
    query: str,
    *,
    limit: int = 8,
    document_ids: Sequence[int] | None = None,
    before_position: int | None = None,
) -> list[Passage]:
    """The passages that best answer to a question, best first.

    Args:
        query: any text; nothing in it is syntax. Without a word in it nothing is found.
        document_ids: look only in these documents; None looks in all.
        before_position: only passages that end at or before this position of the stream.
    """
    if limit < 1:
        return []
    within = {
        "session": session_id,
        "documents": None if document_ids is None else to_json(list(document_ids)),
        "position": before_position,
    }
    candidates = limit * _CANDIDATES_PER_RESULT
    terms = question_terms(query)
    rows = _by_words(db, terms, within, candidates) if terms else []
    if not rows and (bigrams := unspaced_bigrams(query)):
        rows = _by_characters(db, bigrams, within, candidates)
    best = heapq.nsmallest(limit, rows, key=lambda row: (-row["score"], row["segment_id"]))
    return [Passage(**{**row, "is_read": bool(row["is_read"])}) for row in best]


def rebuild_search_index(db: Database) -> None:
    """Make the index anew from the segments' text, for when the integrity check asks for it."""
    db.execute("INSERT INTO segments_fts (segments_fts) VALUES ('rebuild')")


def _by_words(
    db: Database, terms: Sequence[str], within: dict[str, Any], candidates: int
) -> list[Row]:
    rows = db.rows(
        f"""
        SELECT {_COLUMNS}, -bm25(segments_fts) AS score FROM segments_fts
        JOIN segments ON segments.id = segments_fts.rowid
        JOIN documents ON documents.id = segments.document_id
        WHERE segments_fts MATCH :match AND {_WITHIN}
        ORDER BY score DESC, segments.id LIMIT :candidates
        """,
        {**within, "match": any_of(terms), "candidates": candidates},
    )
    if not rows:
        return rows
    highest = max(row["score"] for row in rows)
    bonus = match_bonus([row["text"] for row in rows], terms)
    for row, extra in zip(rows, bonus, strict=True):
        row["score"] = (row["score"] / highest if highest > 0 else 0.0) + extra
    return rows


def _by_characters(
    db: Database, bigrams: Sequence[str], within: dict[str, Any], candidates: int
) -> list[Row]:
    """A scan over the text, which only a question that the index cannot answer has to pay for."""
    return db.rows(
        f"""
        SELECT * FROM (
            SELECT {_COLUMNS}, (SELECT avg(instr(segments.text, value) > 0)
                FROM json_each(:bigrams)) AS score
            FROM segments JOIN documents ON documents.id = segments.document_id
            WHERE {_WITHIN}
        ) WHERE score > 0 ORDER BY score DESC, segment_id LIMIT :candidates
        """,
        {**within, "bigrams": to_json(list(bigrams)), "candidates": candidates},
    )
