"""First questions for a session, made of its titles, chapters and names, without the model.

Only questions for which retrieval finds a passage are suggested.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import replace

import storage
from app.service.answering.retrieval import retrieve
from app.service.reading.titles import list_shown_keys
from storage import Database, DocumentRow, SessionRow

MAX_QUESTIONS = 4
_MAX_SEGMENTS = 300
_MAX_DOCUMENTS = 50
_MIN_MENTIONS = 3
_CANDIDATES_PER_KIND = 6
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]{2,}(?: [A-Z][a-z]{2,})?\b")
_WORD = re.compile(r"\b[^\W\d_]{5,}\b")
_CHAPTER_NUMBER = re.compile(r"(chapter|part|section|book)?\W*([ivxlcdm]+|\d+)?\W*", re.IGNORECASE)


def suggest_questions(db: Database, row: SessionRow) -> list[str]:
    """At most `MAX_QUESTIONS` questions of different kinds; none while the index lacks something.

    The search would index the rest, which may take minutes: too long for what nobody asked for.
    """
    documents = _with_text(db, row.id)
    if not documents or storage.lacks_segments(db, row.id):
        return []
    names, chapters = _about_names(db, documents), _about_chapters(db, row, documents)
    kinds = [names, chapters, _about_titles(documents)]
    kinds += [_about_frequent_words(db, documents)] if not kinds[0] else []
    alternating = itertools.chain.from_iterable(itertools.zip_longest(*kinds))
    found = (
        question
        for question in dict.fromkeys(filter(None, alternating))
        if retrieve(db, row.id, question, 1, None)
    )
    return list(itertools.islice(found, MAX_QUESTIONS))


def _with_text(db: Database, session_id: int) -> list[DocumentRow]:
    """The first documents of a session that have text, with the titles to show."""
    titles = {key.id: key.title for key in list_shown_keys(db, session_id)[:_MAX_DOCUMENTS]}
    documents = storage.get_documents(db, list(titles))
    return [replace(d, title=titles[d.id]) for d in documents if d.segment_count]


def _about_names(db: Database, documents: list[DocumentRow]) -> list[str]:
    """Questions about the names that are most frequent at the beginning of the documents."""
    return [f"What is said about {name}?" for name in _frequent(db, documents, _NAME)]


def _about_frequent_words(db: Database, documents: list[DocumentRow]) -> list[str]:
    """Questions about the words that are most frequent there, for texts without names."""
    return [f"What is said about “{word}”?" for word in _frequent(db, documents, _WORD)]


def _frequent(db: Database, documents: list[DocumentRow], pattern: re.Pattern[str]) -> list[str]:
    """The matches of a pattern that occur several times, the most frequent first."""
    counts: Counter[str] = Counter()
    share = _MAX_SEGMENTS // len(documents) + 1
    for document in documents:
        for segment in itertools.islice(storage.iter_segments(db, document.id), share):
            counts.update(pattern.findall(segment.text))
    common = [found for found, count in counts.most_common(20) if count >= _MIN_MENTIONS]
    return common[:_CANDIDATES_PER_KIND]


def _about_chapters(db: Database, row: SessionRow, documents: list[DocumentRow]) -> list[str]:
    ids = [document.id for document in documents]
    titles = [read.chapter_title for read in storage.read_ranges(db, row.id, ids)]
    named = [title for title in titles if not _CHAPTER_NUMBER.fullmatch(title)]
    return [f"What happens in “{title}”?" for title in named[:_CANDIDATES_PER_KIND]]


def _about_titles(documents: list[DocumentRow]) -> list[str]:
    if documents[0].kind == "log":
        return [f"Which errors are in {document.title}?" for document in documents]
    return [f"What is {document.title} about?" for document in documents[:_CANDIDATES_PER_KIND]]
