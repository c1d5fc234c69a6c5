"""First questions for a session, out of its titles, chapters and names; no model is asked.

Each of them is looked up before it is offered: none is there for which recall finds nothing.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter

import storage
from app.service.answering.newest import retrieve
from storage import Database, DocumentRow, SessionRow

MAX_QUESTIONS = 4
_LOOKED_AT_SEGMENTS = 300
_LEAST_MENTIONS = 3
_CANDIDATES_PER_KIND = 6
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]{2,}(?: [A-Z][a-z]{2,})?\b")
_WORD = re.compile(r"\b[^\W\d_]{5,}\b")
_MERE_NUMBER = re.compile(r"(chapter|part|section|book)?\W*([ivxlcdm]+|\d+)?\W*", re.IGNORECASE)


def suggest_questions(db: Database, row: SessionRow) -> list[str]:
    """At most `MAX_QUESTIONS`, of different kinds; none while nothing is there to find."""
    documents = [d for d in storage.list_documents(db, row.id) if d.segment_count]
    if not documents:
        return []
    kinds = [_about_names(db, documents), _about_chapters(db, row), _about_titles(documents)]
    kinds += [_about_words(db, documents)] if not kinds[0] else []
    in_turns = itertools.chain.from_iterable(itertools.zip_longest(*kinds))
    found = (
        question
        for question in dict.fromkeys(filter(None, in_turns))
        if retrieve(db, row.id, question, 1, None)
    )
    return list(itertools.islice(found, MAX_QUESTIONS))


def _about_names(db: Database, documents: list[DocumentRow]) -> list[str]:
    """About who or what is named most often in the beginning of a document."""
    return [f"What is said about {name}?" for name in _frequent(db, documents, _NAME)]


def _about_words(db: Database, documents: list[DocumentRow]) -> list[str]:
    """The same of mere words, for texts without names."""
    return [f"What is said about “{word}”?" for word in _frequent(db, documents, _WORD)]


def _frequent(db: Database, documents: list[DocumentRow], pattern: re.Pattern[str]) -> list[str]:
    counts: Counter[str] = Counter()
    share = _LOOKED_AT_SEGMENTS // len(documents) + 1
    for document in documents:
        for segment in itertools.islice(storage.iter_segments(db, document.id), share):
            counts.update(pattern.findall(segment.text))
    common = [found for found, count in counts.most_common(20) if count >= _LEAST_MENTIONS]
    return common[:_CANDIDATES_PER_KIND]


def _about_chapters(db: Database, row: SessionRow) -> list[str]:
    titles = [stretch.chapter_title for stretch in storage.read_ranges(db, row.id)]
    telling = [title for title in titles if not _MERE_NUMBER.fullmatch(title)]
    return [f"What happens in “{title}”?" for title in telling[:_CANDIDATES_PER_KIND]]


def _about_titles(documents: list[DocumentRow]) -> list[str]:
    if documents[0].kind == "log":
        return [f"Which errors are in {document.title}?" for document in documents]
    return [f"What is {document.title} about?" for document in documents[:_CANDIDATES_PER_KIND]]
