"""Finds the first or last of many: of all passages with the words, in the order of the documents.

Entries of logs are in the order of their times, where these are written in full: a log may begin
with its newest entry, and there may be several logs.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Generator, Iterable, Sequence
from dataclasses import dataclass

import storage
from app.service.answering.entry_times import has_year, time_of
from app.service.answering.events import Scanned
from app.service.answering.named_places import PlaceLookup
from app.service.answering.order_questions import OrderAsked, Which, asked_order
from app.service.answering.places_in_question import is_named, names_of, searched_documents
from app.service.answering.scan import (
    ENTRY_KINDS,
    TABLE_KINDS,
    Item,
    counted_items,
    scan,
    words_sought,
)
from app.service.answering.units import of_units, units_of
from app.service.reading.titles import list_shown_keys
from storage import Database, DocumentKey, Passage

TIMED_KINDS = ENTRY_KINDS - TABLE_KINDS
"""Kinds of documents whose entries have times."""
MAX_CONTINUED = 12
"""Lines below an entry that belong to it, as those of a stack trace do."""


@dataclass(frozen=True)
class Picked:
    """The passage that comes first or last of all that match.

    Args:
        passage: of a log or table, the entry alone.
        is_entry: it is a line of a log or table; other lines would be taken for it.
        looked_at: in words, of how many it is the first or last.
        left_out: sentences about what was not looked at.
    """

    which: Which
    passage: Passage
    is_entry: bool
    looked_at: str
    left_out: tuple[str, ...] = ()


def find_first_or_last(
    db: Database,
    session_id: int,
    question: str,
    before_position: int | None,
    lookup: PlaceLookup,
    asked_of: Collection[int] | None = None,
) -> Generator[Scanned, None, Picked | None]:
    """Go through all passages that match, if a question asks for the first or last of these.

    Args:
        before_position: only passages that end at or before this token of the stream; None: all.
        lookup: keeps the place that the question names; then it is answered from there.
        asked_of: ids of the documents that are asked; None: all.

    Returns:
        None if it asks for no such thing, names a place, or no passage has all of its words.
    """
    asked = asked_order(question, in_records=True)
    if asked is None:  # most questions cost no search
        return None
    is_of_records = asked_order(question) is None  # in a text it would be no such question
    kinds = {
        document_id: kind
        for document_id, kind in storage.kinds_of_documents(db, session_id).items()
        if asked_of is None or document_id in asked_of
    }
    if is_of_records and ENTRY_KINDS.isdisjoint(kinds.values()):
        return None
    if lookup.find(question, before_position) is not None:
        return None
    within = None
    if is_of_records:
        wanted = TIMED_KINDS if asked.by_time else ENTRY_KINDS
        within = {document_id for document_id, kind in kinds.items() if kind in wanted}
    subject, named = _in_named_documents(db, session_id, question, asked, before_position, asked_of)
    if named:
        within = named if within is None else named & within
    if not subject or within == set():
        return None
    found = yield from scan(
        db, session_id, subject, before_position, within, asked.which == "last", asked_of
    )
    if not found.items or _is_name(asked.phrase, found.items):
        return None
    items, order = _ordered(found.items, kinds)
    item = items[0] if asked.which == "first" else items[-1]
    passage = item.passage
    is_entry = kinds[passage.document_id] in ENTRY_KINDS
    if is_entry:
        passage = _entry_of(item, asked.which)
    looked_at = (
        f"the {asked.which} of {counted_items(found)} that have {words_sought(subject)}{order}"
    )
    # That others have some of the words says nothing here.
    notes = found.notes[1:] if found.matches.partial else found.notes
    return Picked(asked.which, passage, is_entry, looked_at, tuple(notes))


def _in_named_documents(
    db: Database,
    session_id: int,
    question: str,
    asked: OrderAsked,
    before_position: int | None,
    asked_of: Collection[int] | None,
) -> tuple[str, set[int]]:
    """The subject without names of documents, and the documents that are named; may be none."""
    documents = searched_documents(list_shown_keys(db, session_id), before_position, asked_of)
    folded = question.casefold()
    named = [d for d in documents if is_named(d, question, folded)]
    subject = _without_names(asked.subject, named)
    return (subject, {d.id for d in named}) if subject else (asked.subject, set())


def _without_names(subject: str, documents: Iterable[DocumentKey]) -> str:
    names = {name for document in documents for name in names_of(document) if name}
    for name in sorted(names, key=len, reverse=True):
        before = r"(?:\b(?:in|of|on|from|im|von|auf|dans|de|sur)\s+)?"
        pattern = rf"{before}(?<!\w){re.escape(name)}(?!\w)"
        subject = re.sub(pattern, " ", subject, flags=re.IGNORECASE)
    words = subject.split()
    is_only_stop_words = all(word.lower() in storage.STOP_WORDS for word in words)
    return "" if is_only_stop_words else " ".join(words)


def _is_name(phrase: str, items: Sequence[Item]) -> bool:
    """Whether a text has a phrase such as "last login": then something is called so."""
    if not phrase:
        return False
    words = r"[\W_]+".join(map(re.escape, phrase.split()))
    pattern = re.compile(rf"(?<![^\W_]){words}", re.IGNORECASE)
    return any(pattern.search(item.passage.text) for item in items)


def _ordered(items: list[Item], kinds: dict[int, str]) -> tuple[list[Item], str]:
    """Items in the order that is meant, and a remark on it; empty if it is that of the document."""
    documents = {item.passage.document_id for item in items}
    if not {kinds[document_id] for document_id in documents} <= TIMED_KINDS:
        return items, _among(documents)
    times = [_time_in(item) for item in items]
    known = [time for time in times if time is not None]
    if len(known) < len(items) or not _are_comparable(known):
        return items, _among(documents)
    if len(documents) > 1:
        by_time = sorted(zip(known, range(len(items)), strict=True))
        return [items[index] for _, index in by_time], ", by their times"
    if _runs_backwards(known):
        return items[::-1], ", by their times"
    return items, ""


def _among(documents: Collection[int]) -> str:
    return ", in the order of the documents" if len(documents) > 1 else ""


def _time_in(item: Item) -> float | None:
    """The time of an entry; one of several lines has it in the first."""
    own = time_of(item.text)
    if own is not None:
        return own
    lines = item.passage.text.split("\n")
    at = next((i for i, line in enumerate(lines) if line.strip() == item.text), 0)
    return next(filter(None, map(time_of, reversed(lines[:at]))), None)


def _are_comparable(times: Sequence[float]) -> bool:
    """Whether all have years, or none has and they do not run over New Year."""
    dated = {has_year(time) for time in times}
    months = {int((time - 63_072_000) // 2_678_400) for time in times}
    return dated == {True} or (dated == {False} and not {0, 11} <= months)


def _runs_backwards(times: Sequence[float]) -> bool:
    """Whether a log begins with its newest entry."""
    pairs = list(zip(times, times[1:], strict=False))
    return sum(a > b for a, b in pairs) > sum(a < b for a, b in pairs)


def _entry_of(item: Item, which: Which) -> Passage:
    """The line of an item with what belongs to it; a small model takes what is beside it for it."""
    units = units_of(item.passage)
    places = [at for at, (_, text) in enumerate(units) if text.strip() == item.text]
    if not places:
        return item.passage
    at = places[0] if which == "first" else places[-1]
    end = at + 1
    is_timed = time_of(units[at][1]) is not None
    while is_timed and end < min(len(units), at + MAX_CONTINUED) and _continues(units[end][1]):
        end += 1
    return of_units(item.passage, units[at:end])


def _continues(line: str) -> bool:
    return bool(line.strip()) and time_of(line) is None and line[:1].isspace()
