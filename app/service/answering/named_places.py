"""The passages of the places that a question names: a page, a chapter, a clause, a range of lines.

The place is found first, and only its text is used: passages of other places would mislead. If
there is no such place, that is said, with what there is.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import storage
from app.service.answering.chapters import list_chapters
from app.service.answering.clauses import clause_labels, numbered_clauses
from app.service.answering.place_search import NamedPlace, PlaceSearch, ordered_titles
from app.service.answering.places_by_order import names_by_order, numbered_by_order
from app.service.answering.places_in_question import (
    has_ordinal,
    is_named,
    names_of,
    places_in,
    searched_documents,
)
from app.service.answering.quoting import may_ask_for_words
from app.service.answering.text_proper import follows_text
from app.service.reading.titles import list_shown_keys
from storage import Database, DocumentKey


def find_named_place(
    db: Database,
    session_id: int,
    question: str,
    limit: int,
    before_position: int | None,
    asked_of: Collection[int] | None = None,
) -> NamedPlace | None:
    """The passages of the places that a question names; None if it names none.

    Args:
        limit: the maximum number of passages.
        before_position: only passages that end at or before this token of the stream; None: all.
        asked_of: ids of the documents that are asked; None: all.
    """
    shown = list_shown_keys(db, session_id)
    documents = searched_documents(shown, before_position, asked_of)
    folded = question.casefold()
    named = [d for d in documents if is_named(d, question, folded)] or documents
    question = _numbered(db, session_id, question, named, before_position)
    search = PlaceSearch(db, session_id, named, limit, before_position)
    return (
        search.numbered(question)
        or search.titled(question)
        or search.clause(question)
        or search.section(question)
    )


def _numbered(
    db: Database,
    session_id: int,
    question: str,
    documents: Sequence[DocumentKey],
    before_position: int | None,
) -> str:
    """A question with "the last chapter" as a number, if one document alone can be meant."""
    if not names_by_order(question):
        return question
    ids = [document.id for document in documents]
    chapters = list_chapters(db, session_id, documents, before_position)
    units = storage.unit_ranges(db, ids, before_position)
    # Chapters may be units, too; but not all of those are the text's.
    ends = [(unit.document_id, unit.kind, unit.last) for unit in units if unit.kind != "chapter"]
    ends += [(c.document_id, "chapter", c.number) for c in chapters if not follows_text(c.title)]
    having: dict[str, dict[int, int]] = {}
    for document_id, kind, number in ends:
        of_kind = having.setdefault(kind, {})
        of_kind[document_id] = max(number, of_kind.get(document_id, 0))
    last = {kind: max(of.values()) for kind, of in having.items() if len(of) == 1}
    titles = {name.casefold() for document in documents for name in names_of(document)}
    return numbered_by_order(question, last, titles)


class PlaceLookup:
    """The place that a question names, looked up once for all steps of its answer.

    A question may wait long for the model. If the session's documents or any text changed
    meanwhile, its place is looked up again.
    """

    def __init__(
        self,
        db: Database,
        session_id: int,
        limit: int = 1,
        asked_of: Collection[int] | None = None,
    ) -> None:
        """Look nothing up yet.

        Args:
            limit: the maximum number of passages.
            asked_of: ids of the documents that are asked; None: all.
        """
        self._asked_of = asked_of
        self._db, self._session_id, self._limit = db, session_id, limit
        self._state: object = None
        self._found: NamedPlace | None = None

    def find(self, question: str, before_position: int | None) -> NamedPlace | None:
        """What `find_named_place` finds."""
        db, session_id = self._db, self._session_id
        documents = storage.list_keys(db, session_id)
        state = question, before_position, documents, storage.newest_segment_id(db)
        if state != self._state:
            self._found = find_named_place(
                db, session_id, question, self._limit, before_position, self._asked_of
            )
            self._state = state
        return self._found


def missing_place(
    db: Database,
    session_id: int,
    question: str,
    before_position: int | None,
    lookup: PlaceLookup | None = None,
) -> str:
    """A sentence about a place that a question names and that is nowhere there, else empty.

    Only places with a number can be missing: the words of a title may mean something else. So most
    questions cost no search.

    Args:
        before_position: only what ends at or before this token of the stream counts; None: all.
        lookup: keeps what is found for the next step.
    """
    if not _has_number_of_place(db, session_id, question) and not numbered_clauses(question):
        return ""
    place = (lookup or PlaceLookup(db, session_id)).find(question, before_position)
    return place.missing if place is not None and not place.passages else ""


def place_to_quote(
    db: Database,
    session_id: int,
    question: str,
    before_position: int | None,
    lookup: PlaceLookup,
) -> NamedPlace | None:
    """The place that a question names, if it is to be quoted; see `quoting.py`.

    Most questions cost no search.

    Args:
        before_position: only what ends at or before this token of the stream counts; None: all.
        lookup: keeps what is found for the next step.
    """
    if not (
        may_ask_for_words(question)
        or clause_labels(question)
        or _has_number_of_place(db, session_id, question)
    ):
        return None
    place = lookup.find(question, before_position)
    return place if place is not None and place.is_quoted else None


def _has_number_of_place(db: Database, session_id: int, question: str) -> bool:
    if names_by_order(question):
        return True
    kinds = {*storage.locator_kinds(db, session_id), "chapter", "page"}
    shown = list_shown_keys(db, session_id) if has_ordinal(question) else []
    return bool(places_in(question, kinds, titles=ordered_titles(shown, question))[0])
