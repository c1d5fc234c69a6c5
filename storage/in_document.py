"""Search inside one document, and where in a text the searched words are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from storage.database import Database
from storage.fts_query import Term, all_of, count_terms, required_terms
from storage.languages import DEFAULT_LANGUAGE
from storage.search import PASSAGE_COLUMNS, PASSAGES_WITHIN, Passage
from storage.search_index import index_segments, segment_tokens, session_languages
from storage.tokens import is_unspaced
from storage.values import to_json

_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class SearchedWords:
    """The words of a search, which are found in a text in any of their forms.

    Args:
        written: as they were typed.
        terms: as the search index knows them.
        languages: of the texts.
    """

    written: tuple[str, ...]
    terms: tuple[Term, ...]
    languages: tuple[str, ...]
    _known: dict[str, bool] = field(default_factory=dict, repr=False, compare=False)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where they are in a text, as starts and ends in order, without overlaps."""
        found = [match.span() for match in _WORD.finditer(text) if self._is_one(match[0])]
        if self.written:  # also those that the index cuts into several words
            literally = re.compile("|".join(map(_literally, self.written)), re.IGNORECASE)
            found += [match.span() for match in literally.finditer(text)]
        return _merged(found)

    def _is_one(self, word: str) -> bool:
        if is_unspaced(word):  # a whole sentence, in which the words are found as written
            return False
        if word not in self._known:
            tokens = (segment_tokens(word, language) for language in self.languages)
            self._known[word] = any(any(count_terms(each, self.terms)) for each in tokens)
        return self._known[word]


@dataclass(frozen=True)
class DocumentMatches:
    """What a search inside a document found: the first passages, and how many there are in all."""

    passages: list[Passage]
    total: int


def searched_words(db: Database, session_id: int, words: str) -> SearchedWords:
    """Return what is searched for in a session's texts, given words as a person types them."""
    languages = tuple(session_languages(db, session_id)) or (DEFAULT_LANGUAGE,)
    terms = tuple(required_terms(words, languages))
    return SearchedWords(tuple(words.split()), terms, languages)


def find_in_document(
    db: Database,
    session_id: int,
    document_id: int,
    words: SearchedWords,
    *,
    limit: int,
    before_position: int | None = None,
) -> DocumentMatches:
    """Return the passages of a document that contain each of the words, in reading order.

    Args:
        limit: return at most this many.
        before_position: only passages that end at this position of the stream or earlier.
    """
    if not words.terms:
        return DocumentMatches([], 0)
    index_segments(db, session_id)
    rows = db.rows(
        f"""
        SELECT {PASSAGE_COLUMNS}, 1.0 AS score, count(*) OVER () AS total
        FROM segments_fts JOIN segments ON segments.id = segments_fts.rowid
        JOIN documents ON documents.id = segments.document_id
        WHERE segments_fts MATCH :match AND {PASSAGES_WITHIN}
        ORDER BY segments.ordinal LIMIT :limit
        """,
        {
            "match": all_of(words.terms),
            "session": session_id,
            "documents": to_json([document_id]),
            "position": before_position,
            "limit": limit,
        },
    )
    total = rows[0]["total"] if rows else 0
    for row in rows:
        del row["total"]
    return DocumentMatches(
        [Passage(**{**row, "is_read": bool(row["is_read"])}) for row in rows], total
    )


def _literally(word: str) -> str:
    """A pattern for a word as it was typed; in a script with spaces not inside a longer one."""
    escaped = re.escape(word)
    return escaped if is_unspaced(word) else rf"(?<!\w){escaped}(?!\w)"


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        elif start < end:
            merged.append((start, end))
    return merged
