"""Says that a place which a question names is not there, and what there is instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import storage
from app.service.answering.chapters import list_chapters
from app.service.answering.contents import extent_of, range_of
from app.service.answering.places_in_question import Place
from app.service.answering.units import SMALL_UNITS
from storage import Database, DocumentKey, UnitRange

MAX_NAMED = 5
"""Documents that are named where all are meant."""


@dataclass(frozen=True)
class AbsentPlaces:
    """Sentences about places that documents do not have.

    Args:
        before_position: what ends after this token of the stream is not there; None: all is.
    """

    db: Database
    session_id: int
    documents: Sequence[DocumentKey]
    before_position: int | None

    def said_of(self, places: Sequence[Place]) -> str:
        """A sentence about places that are not there; empty without any."""
        if not places:
            return ""
        ids = [document.id for document in self.documents]
        units = storage.unit_ranges(self.db, ids, self.before_position)
        empty = [place for place in places if any(_is_within(place, unit) for unit in units)]
        if empty and len(empty) == len(places):
            return " ".join(f"There is no text on {name_of_place(place)}." for place in places)
        absent = [place for place in places if place not in empty]
        names = " and no ".join(map(name_of_place, absent))
        are = "is" if absent[0].first == absent[0].last else "are"
        chapters = list_chapters(self.db, self.session_id, self.documents, self.before_position)
        parts = []
        for document in self.documents[:MAX_NAMED]:
            numbers = [c.number for c in chapters if c.document_id == document.id]
            counted = f"{range_of('chapter', min(numbers), max(numbers))}, " if numbers else ""
            extent = extent_of(document, units)
            if extent.startswith("chapter"):
                counted = ""
            parts.append(f"{document.title} has {counted}{extent}")
        more = len(self.documents) - MAX_NAMED
        parts += [f"{more:,} further documents are not named here"] if more > 0 else []
        bound = " up to there" if self.before_position is not None else ""
        there = "; ".join(parts) or "nothing was read"
        return f"There {are} no {names}{bound}: {there}."

    def beyond_the_end(self, places: Sequence[Place]) -> str:
        """A sentence about lines, or other small units, of a range that no document has."""
        ranges = [p for p in places if p.first < p.last and p.kind in SMALL_UNITS]
        if not ranges:
            return ""
        ids = [document.id for document in self.documents]
        units = storage.unit_ranges(self.db, ids, self.before_position)
        ends = {
            kind: max(u.last for u in units if u.kind == kind) for kind in {u.kind for u in units}
        }
        beyond = [
            replace(place, first=ends[place.kind] + 1, label="")
            for place in ranges
            if place.last > ends.get(place.kind, place.last)
        ]
        return self.said_of(beyond)


def name_of_place(place: Place) -> str:
    """What a place is called: "page 3", "lines 4–9"."""
    if place.first < place.last:
        return f"{place.kind}s {place.first}–{place.last}"
    return f"{place.kind} {place.label or place.first}"


def _is_within(place: Place, units: UnitRange) -> bool:
    """Whether lines, or other small units, are among those of a document."""
    is_of_kind = place.kind == units.kind and place.kind in SMALL_UNITS
    return is_of_kind and units.first <= place.first and place.last <= units.last
