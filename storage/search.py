"""Search: finds the passages of a session that best match a question in plain words.

This file knows the text and its positions, not the model that reads the passages. The index counts
words over all sessions, so other sessions can affect the ranking of passages, but a search returns
passages of one session only.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from storage.database import Database, Row
from storage.fts_query import Term, any_of, match_bonus, question_terms, single_characters
from storage.search_index import index_segments, session_languages
from storage.values import to_json

_CANDIDATES_PER_RESULT = 4


@dataclass(frozen=True)
class Passage:
    """A segment that a search found.

    ``position`` is where it starts in the session's stream, None while its document has not been
    reached. A higher ``score`` is better; scores are comparable only within one search.
    ``is_read`` says whether the newest checkpoint has read all of it. ``is_replaced`` says whether
    a newer version of its document exists; the search always leaves that False, and the caller
    sets it. ``languages`` are those of the texts in its session; see `stems`.
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
    languages: tuple[str, ...] = ()


PASSAGE_COLUMNS = """
    segments.id AS segment_id, documents.id AS document_id, documents.title AS document_title,
    segments.locator, locator_kind, locator_start, locator_end, token_start,
    segments.token_count, documents.start_position + token_start AS position,
    (documents.state = 'done' OR token_start + segments.token_count <= tokens_read) AS is_read,
    segments.text
"""

# Of a cancelled document only what was read is searched.
# Comparing with an unknown position gives NULL, which is not true: a document that the stream has
# not reached is before no position.
PASSAGES_WITHIN = """
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
    """Return the passages of a session that best match a question, best first.

    Args:
        query: any text; none of its characters is syntax. A text without words finds nothing.
        limit: return at most this many passages.
        document_ids: search only these documents; None searches all.
        before_position: return only passages that end at this position of the stream or earlier.
    """
    if limit < 1:
        return []
    within = {
        "session": session_id,
        "documents": None if document_ids is None else to_json(list(document_ids)),
        "position": before_position,
    }
    candidates = limit * _CANDIDATES_PER_RESULT
    index_segments(db, session_id)
    languages = tuple(session_languages(db, session_id))
    terms = question_terms(query, languages)
    rows = _by_terms(db, terms, within, candidates)
    rows = rows or _by_terms(db, single_characters(query), within, candidates)
    for row in rows:
        del row["tokens"]
        row["languages"] = languages
    best = heapq.nsmallest(limit, rows, key=lambda row: (-row["score"], row["segment_id"]))
    return [Passage(**{**row, "is_read": bool(row["is_read"])}) for row in best]


def matching_documents(
    db: Database,
    session_id: int,
    query: str,
    *,
    document_ids: Sequence[int],
    before_position: int | None = None,
) -> set[int]:
    """Return which documents have a passage that `search_passages` finds in each of them alone.

    Args:
        query, before_position: as `search_passages` takes them.
        document_ids: look into these documents.
    """
    index_segments(db, session_id)
    terms = question_terms(query, tuple(session_languages(db, session_id)))
    alternatives = filter(None, (terms, single_characters(query)))
    within = {
        "session": session_id,
        "documents": to_json(list(document_ids)),
        "position": before_position,
    }
    found: set[int] = set()
    for alternative in alternatives:
        rows = db.rows(
            f"""
            SELECT DISTINCT documents.id AS id FROM segments_fts
            JOIN segments ON segments.id = segments_fts.rowid
            JOIN documents ON documents.id = segments.document_id
            WHERE segments_fts MATCH :match AND {PASSAGES_WITHIN}
            """,
            {**within, "match": any_of(alternative)},
        )
        found.update(row["id"] for row in rows)
    return found


def _by_terms(
    db: Database, terms: Sequence[Term], within: dict[str, Any], candidates: int
) -> list[Row]:
    if not terms:
        return []
    rows = db.rows(
        f"""
        SELECT {PASSAGE_COLUMNS}, -bm25(segments_fts) AS score, segment_tokens.tokens
        FROM segments_fts
        JOIN segment_tokens ON segment_tokens.id = segments_fts.rowid
        JOIN segments ON segments.id = segments_fts.rowid
        JOIN documents ON documents.id = segments.document_id
        WHERE segments_fts MATCH :match AND {PASSAGES_WITHIN}
        ORDER BY score DESC, segments.id LIMIT :candidates
        """,
        {**within, "match": any_of(terms), "candidates": candidates},
    )
    if not rows:
        return rows
    highest = max(row["score"] for row in rows)
    bonus = match_bonus([row["tokens"] for row in rows], terms)
    for row, extra in zip(rows, bonus, strict=True):
        row["score"] = (row["score"] / highest if highest > 0 else 0.0) + extra
    return rows
