"""The passages for a question: those of the place that it names, or those that match its words.

Of the latter, clauses that the question names by their number come first.

It also counts how many match about as well, so that an answer can say how many were not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.service.answering.answer import MAX_COUNTED
from app.service.answering.clauses import clause_labels, clauses_first
from app.service.answering.named_places import find_named_place
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
        looked_at: the place that the question names, in words; all passages are from there. Empty:
            it names none.
        missing: a sentence about a place that is named and not there, with what there is.
    """

    passages: list[Passage]
    matching: int
    looked_at: str = ""
    missing: str = ""

    @property
    def at_place(self) -> bool:
        """Whether the question names a place, and all passages are from there."""
        return bool(self.looked_at)


def find_passages(
    db: Database, session_id: int, question: str, before_position: int | None
) -> Found:
    """Find the passages for a question.

    Args:
        before_position: only passages that end at or before this token of the stream; None: all.
    """
    placed = find_named_place(db, session_id, question, MAX_PASSAGES, before_position)
    if placed is not None:
        shown = _with_shown_titles(db, session_id, placed.passages)
        return Found(shown, placed.total, placed.looked_at, placed.missing)
    labels = clause_labels(question)
    limit = MAX_COUNTED if labels else SEARCHED_PASSAGES
    retrieved = retrieve(db, session_id, question, limit, before_position)
    found = clauses_first(labels, retrieved)[:SEARCHED_PASSAGES]
    matching = len(strong_passages(found))
    if matching == SEARCHED_PASSAGES:
        if limit < MAX_COUNTED:
            retrieved = retrieve(db, session_id, question, MAX_COUNTED, before_position)
        matching = max(matching, len(strong_passages(retrieved)))
    return Found(_with_shown_titles(db, session_id, found), matching)


def _with_shown_titles(db: Database, session_id: int, found: Sequence[Passage]) -> list[Passage]:
    """The passages with titles that tell their documents apart."""
    titles = titles_of(db, session_id)
    return [replace(p, document_title=titles.get(p.document_id, p.document_title)) for p in found]
