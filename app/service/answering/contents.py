"""The contents of the documents: their chapters or headings as they are, by code."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import storage
from app.service.answering.by_document import by_document
from app.service.answering.chapters import Chapter, chapter_line, list_chapters
from app.service.answering.places_in_question import is_named, searched_documents
from app.service.reading.titles import list_shown_keys
from storage import Database, DocumentKey, Heading, UnitRange

MAX_ENTRIES = 300
"""Chapters and headings that are listed; how many more there are is said."""


@dataclass(frozen=True)
class Contents:
    """The contents of documents, as a text.

    Args:
        looked_at: which documents these are.
        left_out: sentences about what is not listed.
    """

    text: str
    looked_at: str
    left_out: tuple[str, ...] = ()


def contents_of(
    db: Database,
    session_id: int,
    question: str,
    before_position: int | None,
    asked_of: Collection[int] | None = None,
) -> Contents:
    """The contents of the documents that a question names, or of all.

    Args:
        before_position: only what begins before this token of the stream; None: all.
        asked_of: ids of the documents that are asked; None: all.
    """
    documents = searched_documents(list_shown_keys(db, session_id), before_position, asked_of)
    folded = question.casefold()
    documents = [d for d in documents if is_named(d, question, folded)] or documents
    chapters = list_chapters(db, session_id, documents, before_position)
    units = storage.unit_ranges(db, [d.id for d in documents], before_position)
    of, units_of = by_document(chapters), by_document(units)
    without = [d.id for d in documents[:MAX_ENTRIES] if d.id not in of]
    headings_of = by_document(storage.headings(db, without, before_position))
    parts, room = [], MAX_ENTRIES
    for document in documents[:MAX_ENTRIES]:
        own = of.get(document.id, [])
        below = headings_of.get(document.id, [])
        parts.append(_part(document, own, below, max(0, room), units_of.get(document.id, [])))
        room -= len(own) + len(below)
    count = len(documents)
    looked_at = "the outline of " + (documents[0].title if count == 1 else f"{count:,} documents")
    left_out = []
    if room < 0:
        left_out.append(_not_listed(-room, "chapter or heading", "chapters or headings"))
    if count > MAX_ENTRIES:
        left_out.append(_not_listed(count - MAX_ENTRIES, "document", "documents"))
    text = "\n\n".join(parts) or "Nothing was read up to there."
    return Contents(text, looked_at, tuple(left_out))


def _not_listed(count: int, one: str, many: str) -> str:
    return f"{count:,} further {f'{one} is' if count == 1 else f'{many} are'} not listed."


def _part(
    document: DocumentKey,
    chapters: Sequence[Chapter],
    headings: Sequence[Heading],
    room: int,
    units: Sequence[UnitRange],
) -> str:
    """The entry of a document: how many chapters it has, and those of them that there is room for.

    Args:
        headings: of a document without chapters; they are listed instead.
        units: of it.
    """
    extent = extent_of(document, units)
    if chapters:
        count = "1 chapter" if len(chapters) == 1 else f"{len(chapters):,} chapters"
        # Where the chapters are themselves counted, their number says all.
        extent = "" if extent.startswith("chapter") else f", {extent}"
        entries = [chapter_line(c.number, c.title, c.where) for c in chapters[:room]]
        return "\n".join([f"{document.title}: {count}{extent}", *entries])
    if headings:
        count = "1 heading" if len(headings) == 1 else f"{len(headings):,} headings"
        entries = [f"- {h.title}, {h.place}" for h in headings[:room]]
        return "\n".join([f"{document.title}: {count}, {extent}", *entries])
    return f"{document.title}: no chapters are marked in it; it has {extent}."


def extent_of(document: DocumentKey, units: Sequence[UnitRange]) -> str:
    """Which units a document has: "pages 1–90"; "nothing yet" if it has none.

    Args:
        units: of any documents.
    """
    own = [range_of(u.kind, u.first, u.last) for u in units if u.document_id == document.id]
    return ", ".join(own) or "nothing yet"


def range_of(kind: str, first: int, last: int) -> str:
    """A range of units in words: "pages 1–90", or "page 1" if it is one."""
    return f"{kind}s {first}–{last}" if first < last else f"{kind} {first}"
