"""Retrieval: which passages are found for a question, and whether they speak of its subject.

Facts in an answer come from here, for the memory behind the window carries gist only.

A file may be stored in several versions. An older version that answers beside the newest would
contradict it, and two versions that say the same would take the little room that passages have.
So for each file only the newest version that has a match is searched. If that is not the newest
version of all, its passages are marked: what the newest no longer says may still be what was asked
for. Of several readings of the same content the first is searched. "As of" an earlier position,
only versions that were begun by then count as newer.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial

import storage
from app.service.answering.asking_words import without_asking_words
from app.service.answering.places_in_question import asked_among
from app.service.answering.words import content_words, folded_name, names_in
from storage import Database, DocumentKey, Passage

MIN_COVERAGE = 0.41
"""Passages that have a smaller share of a question's words do not speak of its subject."""
MIN_COVERAGE_WITH_NAME = 0.3
"""The same for a question that names somebody or something: that a passage has the name says much
already."""


def retrieve(
    db: Database,
    session_id: int,
    question: str,
    limit: int,
    before_position: int | None,
    asked_of: Collection[int] | None = None,
) -> list[Passage]:
    """The passages of a session that match a question, the best first.

    Args:
        limit: the maximum number of passages.
        before_position: only passages that end at or before this token of the stream; None: all.
        asked_of: ids of the documents that are asked; None: all.
    """
    search = partial(
        storage.search_passages, db, session_id, question, before_position=before_position
    )
    if not storage.has_versions(db, session_id):
        return search(limit=limit, document_ids=None if asked_of is None else sorted(asked_of))
    whole = storage.version_chains(storage.list_keys(db, session_id))
    chains = [_contents(asked_among(chain, asked_of)) for chain in whole]
    several = [document.id for chain in chains if len(chain) > 1 for document in chain]
    matched = storage.matching_documents(
        db, session_id, question, document_ids=several, before_position=before_position
    )
    searched: dict[str, int] = {}
    replaced: set[int] = set()
    for chain, contents in zip(whole, chains, strict=True):
        matching = next((d for d in contents if len(contents) == 1 or d.id in matched), None)
        if matching is None:
            continue
        searched.setdefault(matching.sha256, matching.id)
        # What replaced it counts, whether it is asked or not.
        newer = _newer_contents(chain, matching)
        if any(_is_begun(document, before_position) for document in newer):
            replaced.add(matching.id)
    passages = search(limit=limit, document_ids=list(searched.values()))
    return [replace(p, is_replaced=p.document_id in replaced) for p in passages]


def lacks_named_entity(question: str, passages: Sequence[Passage]) -> bool:
    """True if no passage speaks of what the question asks about.

    That is so if there is no passage, or if the question names somebody or something and none of
    these names is in any passage: then the passages were found by the question's other words.
    """
    beginnings, whole = _names(question)
    if not passages or not (beginnings or whole):
        return not passages
    words = {word for p in passages for word in _words(p.text)}
    if not whole.isdisjoint(words) or any(word.startswith(tuple(beginnings)) for word in words):
        return False
    languages = {language for p in passages for language in p.languages}
    stems = {stem for word in words for stem in storage.stems(word, languages)}
    return all(stems.isdisjoint(storage.stems(name, languages)) for name in beginnings)


def is_beside_the_question(question: str, passages: Sequence[Passage]) -> bool:
    """True if even the best passage has hardly any of the question's words.

    Words with which any text is asked about ("What happened ...", "the main theme") do not count;
    a question that has no others can be answered from any text. It is true of most questions that
    are asked of another text, and of few that are asked of their own; more of these where questions
    are put in other words than the text. `evaluate unanswerable` measures it: "said_not_found" of
    either group, in its JSON.
    """
    if not passages:
        return True
    if not content_words(question):
        return False
    languages = passages[0].languages
    subject = without_asking_words(question, languages)
    if not content_words(subject):
        return False
    least = MIN_COVERAGE_WITH_NAME if any(_names(question)) else MIN_COVERAGE
    return storage.coverage(subject, [p.text for p in passages], languages) < least


def _words(text: str) -> list[str]:
    """The folded words of a text, in each form."""
    forms = storage.two_lettered_words(text).values()
    return [*storage.folded_words(text, storage.STOP_WORDS), *forms]


def _names(question: str) -> tuple[set[str], set[str]]:
    """The folded names in a question: with what a word may begin, and (in capitals) whole words.

    In German, where every noun has a capital letter, all words count.
    """
    if storage.guess_language(storage.folded_words(question)) == "german":
        words = content_words(question)
        wanted = words.keys() - storage.STOP_WORDS_OF["german"]
        return wanted | {words[word] for word in wanted}, set()
    beginnings: set[str] = set()
    whole: set[str] = set()
    for name in names_in(question):
        (whole if name.isupper() else beginnings).update(folded_name(name))
    return beginnings, whole


def _contents(chain: Sequence[DocumentKey]) -> list[DocumentKey]:
    """The first reading of each content of a version chain, the newest content first."""
    newest_first = dict.fromkeys((d.sha256, d.encoding) for d in reversed(chain))
    return [next(d for d in chain if (d.sha256, d.encoding) == each) for each in newest_first]


def _newer_contents(chain: Sequence[DocumentKey], document: DocumentKey) -> list[DocumentKey]:
    """The first reading of each content that is newer than a document's."""
    contents = _contents(chain)
    of_same = [(d.sha256, d.encoding) for d in contents]
    return contents[: of_same.index((document.sha256, document.encoding))]


def _is_begun(document: DocumentKey, position: int | None) -> bool:
    """Whether a document's reading began before a position; always True without one."""
    start = document.start_position
    return position is None or (start is not None and start < position)
