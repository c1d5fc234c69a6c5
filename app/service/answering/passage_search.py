"""The passages for a question: those of the place that it names, or those that match its words.

Of the latter, clauses that the question names by their number come first.

It also counts how many match about as well, so that an answer can say how many were not looked at.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import storage
from app.service.answering.answer import MAX_COUNTED
from app.service.answering.clauses import clause_labels, clauses_first
from app.service.answering.first_or_last import Picked
from app.service.answering.introductions import (
    MAX_NAMED,
    NameAsked,
    first_named,
    introducing,
)
from app.service.answering.named_places import PlaceLookup
from app.service.answering.prompt import MAX_PASSAGES, strong_passages
from app.service.answering.ranking import rank_again, without_copies
from app.service.answering.retrieval import retrieve
from app.service.reading.titles import with_shown_titles
from storage import Database, Passage


@dataclass(frozen=True)
class Found:
    """What was found for a question.

    Args:
        passages: the best first, with the titles to show.
        matching: how many passages there are that match about as well as the best; at most
            `MAX_COUNTED` are counted.
        looked_at: the place that the question names, in words; all passages are from there. Empty:
            it names none.
        missing: a sentence about a place that is named and not there, with what there is.
        picked: the first or last of many, if that is asked for; it is the first of the passages.
    """

    passages: list[Passage]
    matching: int
    looked_at: str = ""
    missing: str = ""
    picked: Picked | None = None

    @property
    def at_place(self) -> bool:
        """Whether the question names a place, and all passages are from there."""
        return bool(self.looked_at)


def place_lookup(
    db: Database, session_id: int, asked_of: Collection[int] | None = None
) -> PlaceLookup:
    """Looks up places with as many passages as fit into the prompt.

    Args:
        asked_of: ids of the documents that are asked; None: all.
    """
    return PlaceLookup(db, session_id, MAX_PASSAGES, asked_of)


def find_passages(
    db: Database,
    session_id: int,
    question: str,
    before_position: int | None,
    lookup: PlaceLookup | None = None,
    picked: Picked | None = None,
    asked_of: Collection[int] | None = None,
    who: NameAsked | None = None,
) -> Found:
    """Find the passages for a question.

    Args:
        before_position: only passages that end at or before this token of the stream; None: all.
        lookup: from `place_lookup`; the place may have been looked up with it already.
        picked: what `find_first_or_last` found for the question.
        asked_of: ids of the documents that are asked; None: all.
        who: the question asks for nothing but who this is.
    """
    if picked is not None and storage.passages_by_id(db, [picked.passage.segment_id]):
        return _behind(picked, db, session_id, question, before_position, asked_of)
    placed = (lookup or place_lookup(db, session_id, asked_of)).find(question, before_position)
    if placed is not None:
        shown = with_shown_titles(db, session_id, placed.passages)
        return Found(shown, placed.total, placed.looked_at, placed.missing)
    found, matching = _search(db, session_id, question, before_position, asked_of, who)
    return Found(with_shown_titles(db, session_id, found[:MAX_PASSAGES]), matching)


def _search(
    db: Database,
    session_id: int,
    question: str,
    before_position: int | None,
    asked_of: Collection[int] | None,
    who: NameAsked | None = None,
) -> tuple[list[Passage], int]:
    """The passages that match the words of a question, and how many match about as well."""
    labels = clause_labels(question)
    limit = MAX_NAMED if who else MAX_COUNTED
    named = retrieve(db, session_id, question, limit, before_position, asked_of)
    retrieved = named[:MAX_COUNTED]
    found = clauses_first(labels, without_copies(rank_again(retrieved, question)))
    matching = max(len(strong_passages(retrieved)), len(strong_passages(found[:MAX_PASSAGES])))
    if who and (introductions := introducing(without_copies(named), who)):
        return introductions, matching
    if who:
        first = [replace(p, score=found[0].score) for p in first_named(named, who)]
        found = without_copies([*first, *found])
    return found, matching


def _behind(
    picked: Picked,
    db: Database,
    session_id: int,
    question: str,
    before_position: int | None,
    asked_of: Collection[int] | None,
) -> Found:
    """The first or last of many, and in a text what the search finds behind it."""
    if picked.is_entry:
        return Found(with_shown_titles(db, session_id, [picked.passage]), 1, picked=picked)
    found, _ = _search(db, session_id, question, before_position, asked_of)
    others = [p for p in found if p.segment_id != picked.passage.segment_id]
    first = replace(picked.passage, score=max((p.score for p in found), default=1.0))
    shown = with_shown_titles(db, session_id, [first, *others][:MAX_PASSAGES])
    return Found(shown, 1, picked=picked)
