"""The passages for a question: those of the places that it names, then those that match its words.

Of the latter, clauses that the question names by their number come first.

It also counts how many match about as well, so that an answer can say how many were not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.service.answering.answer import MAX_COUNTED
from app.service.answering.clauses import clause_labels, clauses_first
from app.service.answering.places_in_question import passages_of_places
from app.service.answering.prompt import MAX_PASSAGES, strong_passages
from app.service.answering.retrieval import retrieve
from app.service.reading.titles import titles_of
from storage import Database, Passage

SEARCHED_PASSAGES = 6
"""More than fit into the prompt: the search compares its best hits more closely."""


@dataclass(frozen=True)
class Found:
    """What was found for a question.

    Args:
        passages: the best first, with the titles to show.
        matching: how many passages there are that match about as well as the best; at most
            `MAX_COUNTED` are counted.
        at_place: the question names a place, and the first passages are from there.
    """

    passages: list[Passage]
    matching: int
    at_place: bool = False


def find_passages(
    db: Database, session_id: int, question: str, before_position: int | None
) -> Found:
    """Find the passages for a question.

    Args:
        before_position: only passages that end at or before this token of the stream; None: all.
    """
    placed, total, is_all = passages_of_places(
        db, session_id, question, MAX_PASSAGES, before_position
    )
    if placed and is_all:
        return Found(_with_shown_titles(db, session_id, placed), total, at_place=True)
    labels = clause_labels(question)
    limit = MAX_COUNTED if labels else SEARCHED_PASSAGES
    retrieved = retrieve(db, session_id, question, limit, before_position)
    found = clauses_first(labels, retrieved)[:SEARCHED_PASSAGES]
    if not placed:
        matching = len(strong_passages(found))
        if matching == SEARCHED_PASSAGES:
            if limit < MAX_COUNTED:
                retrieved = retrieve(db, session_id, question, MAX_COUNTED, before_position)
            matching = max(matching, len(strong_passages(retrieved)))
        return Found(_with_shown_titles(db, session_id, found), matching)
    best = max([1.0, *(p.score for p in found)])
    known = {p.segment_id for p in placed}
    others = [p for p in found if p.segment_id not in known]
    first = [replace(p, score=best) for p in placed]
    matching = total + len(strong_passages(others))
    return Found(_with_shown_titles(db, session_id, [*first, *others]), matching, at_place=True)


def _with_shown_titles(db: Database, session_id: int, found: Sequence[Passage]) -> list[Passage]:
    """The passages with titles that tell their documents apart."""
    titles = titles_of(db, session_id)
    return [replace(p, document_title=titles.get(p.document_id, p.document_title)) for p in found]
