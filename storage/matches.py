"""All passages of a session that match: every one that contains each word of a text, in order.

`search_passages` ranks and returns the best; here nothing is ranked and nothing is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.database import Database
from storage.fts_query import Term, all_of, any_of, count_terms, question_terms, required_terms
from storage.languages import DEFAULT_LANGUAGE
from storage.search import PASSAGE_COLUMNS, PASSAGES_WITHIN, Passage
from storage.search_index import index_segments, segment_tokens, session_languages
from storage.values import to_json


@dataclass(frozen=True)
class QuestionWords:
    """The words of a question that say what it is about, in its order.

    ``languages`` are those of the texts they are looked for in.
    """

    terms: list[Term]
    languages: tuple[str, ...]

    def count_in(self, text: str) -> list[int]:
        """Return how many times a text contains each of the words, in any form."""
        counts = [
            count_terms(segment_tokens(text, language), self.terms) for language in self.languages
        ]
        return [max(column) for column in zip(*counts, strict=True)]


@dataclass(frozen=True)
class Matches:
    """Which segments of a session match.

    ``segment_ids`` are in reading order, at most as many as asked for; ``total`` is how many there
    are. ``partial`` is how many others contain some of the words. ``terms`` are the words, and
    ``languages`` those of the session's texts.
    """

    segment_ids: list[int]
    total: int
    partial: int
    terms: list[Term]
    languages: tuple[str, ...]

    def count_in(self, text: str) -> list[int]:
        """Return how many times a text contains each of the words, in any form."""
        return QuestionWords(self.terms, self.languages).count_in(text)


def match_all(
    db: Database,
    session_id: int,
    words: str,
    *,
    limit: int,
    document_ids: Sequence[int],
    before_position: int | None = None,
    from_end: bool = False,
) -> Matches:
    """Find every segment that contains each of the words.

    Args:
        words: any text; none of its characters is syntax. A text without words matches nothing.
        limit: return the ids of at most this many.
        document_ids: look into these documents.
        before_position: only segments that end at this position of the stream or earlier.
        from_end: if there are more, return the ids of the last ones.
    """
    index_segments(db, session_id)
    languages = tuple(session_languages(db, session_id)) or (DEFAULT_LANGUAGE,)
    terms = required_terms(words, languages)
    if not terms:
        return Matches([], 0, 0, [], languages)
    within = {
        "session": session_id,
        "documents": to_json(list(document_ids)),
        "position": before_position,
    }
    matching = f"""
        FROM segments_fts JOIN segments ON segments.id = segments_fts.rowid
        JOIN documents ON documents.id = segments.document_id
        WHERE segments_fts MATCH :match AND {PASSAGES_WITHIN}
    """
    every, some = all_of(terms), any_of(terms)
    way = "DESC" if from_end else "ASC"
    rows = db.rows(
        f"SELECT segments.id AS id {matching} "
        f"ORDER BY documents.ordinal {way}, segments.ordinal {way} LIMIT :limit",
        {**within, "match": every, "limit": limit},
    )
    if from_end:
        rows.reverse()
    total = int(db.value(f"SELECT count(*) {matching}", {**within, "match": every}))
    partial = int(db.value(f"SELECT count(*) {matching}", {**within, "match": some})) - total
    return Matches([row["id"] for row in rows], total, partial, terms, languages)


def coverage(question: str, texts: Sequence[str], languages: Sequence[str]) -> float:
    """Return the share of a question's words that the best of some texts contains, from 0 to 1.

    Unlike the score of a search it can be compared with that of another question: a word that no
    text has counts, too. A question without words is covered by any text.

    Args:
        languages: of the texts, as `session_languages` returns them.
    """
    asked = question_words(question, languages)
    if not asked.terms:
        return 1.0
    best = max((sum(map(bool, asked.count_in(text))) for text in texts), default=0)
    return best / len(asked.terms)


def question_words(question: str, languages: Sequence[str]) -> QuestionWords:
    """Return the words of a question, to be counted in texts.

    Args:
        languages: of the texts, as `session_languages` returns them.
    """
    languages = tuple(languages) or (DEFAULT_LANGUAGE,)
    terms = [term for term in question_terms(question, languages) if not term.is_optional]
    return QuestionWords(terms, languages)


def passages_by_id(db: Database, segment_ids: Sequence[int]) -> list[Passage]:
    """Return segments as passages, in reading order; those that were deleted are left out."""
    rows = db.rows(
        f"""
        SELECT {PASSAGE_COLUMNS}, 1.0 AS score
        FROM documents JOIN segments ON segments.document_id = documents.id
        WHERE segments.id IN (SELECT value FROM json_each(:ids))
        ORDER BY documents.ordinal, segments.ordinal
        """,
        {"ids": to_json(list(segment_ids))},
    )
    return [Passage(**{**row, "is_read": bool(row["is_read"])}) for row in rows]
