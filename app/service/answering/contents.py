"""The contents of the documents: their chapters as they are, by code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import storage
from app.service.answering.chapters import Chapter, list_chapters
from app.service.answering.places_in_question import is_named, searched_documents
from app.service.reading.titles import list_shown_keys
from storage import Database, DocumentKey, UnitRange

MAX_ENTRIES = 300
"""Chapters that are listed; how many more there are is said."""


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
    db: Database, session_id: int, question: str, before_position: int | None
) -> Contents:
    """The contents of the documents that a question names, or of all.

    Args:
        before_position: only what begins before this token of the stream; None: all.
    """
    documents = searched_documents(list_shown_keys(db, session_id), before_position)
    folded = question.casefold()
    documents = [d for d in documents if is_named(d, question, folded)] or documents
    chapters = list_chapters(db, session_id, documents, before_position)
    units = storage.unit_ranges(db, [d.id for d in documents], before_position)
    of: dict[int, list[Chapter]] = {}
    for chapter in chapters:
        of.setdefault(chapter.document_id, []).append(chapter)
    units_of: dict[int, list[UnitRange]] = {}
    for unit in units:
        units_of.setdefault(unit.document_id, []).append(unit)
    parts, room = [], MAX_ENTRIES
    for document in documents[:MAX_ENTRIES]:
        own = of.get(document.id, [])
        parts.append(_part(document, own, max(0, room), units_of.get(document.id, [])))
        room -= len(own)
    count = len(documents)
    looked_at = "the outline of " + (documents[0].title if count == 1 else f"{count:,} documents")
    more = len(chapters) - MAX_ENTRIES
    left_out = [f"{more:,} further chapters are not listed."] if more > 0 else []
    if count > MAX_ENTRIES:
        left_out.append(f"{count - MAX_ENTRIES:,} further documents are not listed.")
    text = "\n\n".join(parts) or "Nothing was read up to there."
    return Contents(text, looked_at, tuple(left_out))


def _part(
    document: DocumentKey, own: Sequence[Chapter], room: int, units: Sequence[UnitRange]
) -> str:
    """The entry of a document: how many chapters it has, and those of them that there is room for.

    Args:
        own: its chapters.
        units: of it.
    """
    extent = extent_of(document, units)
    if not own:
        return f"{document.title}: no chapters are marked in it; it has {extent}."
    entries = [
        f"{c.number}. {', '.join(filter(None, (c.title or f'chapter {c.number}', c.where)))}"
        for c in own[:room]
    ]
    chapters_text = "1 chapter" if len(own) == 1 else f"{len(own):,} chapters"
    # Where the chapters are themselves counted, their number says all.
    extent = "" if extent.startswith("chapter") else f", {extent}"
    return "\n".join([f"{document.title}: {chapters_text}{extent}", *entries])


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
