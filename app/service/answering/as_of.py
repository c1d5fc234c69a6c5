"""The positions that a question can be asked as of: chapters, pages and checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import storage
from app.service.reading.titles import list_shown_keys
from storage import Database, DocumentKey, SessionRow


@dataclass(frozen=True)
class AsOfChoice:
    """One position, or a range of them, as an entry of a list.

    Args:
        kind: 'chapter', 'page' (or what else a document is counted in), or 'checkpoint'.
        label: the entry's text.
        at: what `Questions.ask` takes for it; for a range, its last page (or chapter, line).
        first, last: of a range; each number from `first` to `last` can be asked as of.
        position: tokens of the session's stream up to there.
    """

    kind: str
    label: str
    at: str
    position: int
    document_id: int | None
    first: int | None = None
    last: int | None = None


MAX_DOCUMENTS = 50
"""Documents of which places are offered; what is typed narrows which ones these are."""
MAX_CHECKPOINTS = 100


def list_as_of_choices(db: Database, row: SessionRow, search: str = "") -> list[AsOfChoice]:
    """What a session has read: the ranges of each document in order, then the checkpoints.

    Of very many documents the last ones that were begun are offered, and of very many checkpoints
    those at the highest positions.

    Args:
        search: offer documents whose title contains each of these words; if there are none, all.
    """
    begun = [d for d in list_shown_keys(db, row.id) if d.start_position is not None]
    words = search.casefold().split()
    found = [d for d in begun if all(word in d.title.casefold() for word in words)] or begun
    documents = {document.id: document for document in found[-MAX_DOCUMENTS:]}
    ranges = storage.read_ranges(db, row.id, list(documents))
    kinds = [(each.document_id, each.kind) for each in ranges]
    choices = []
    for each in ranges:
        document = documents[each.document_id]
        is_only = len({other for other, kind in kinds if kind == each.kind}) == 1
        is_only = is_only and len(documents) == len(begun)
        title = "" if is_only else f"{document.title}: "
        choices.append(
            AsOfChoice(
                each.kind,
                _label(each, document),
                f"{title}{each.end_name}",
                each.position,
                document.id,
                each.first,
                each.last,
            )
        )
    return choices + _checkpoints(db, row, {document.id: document for document in begun})


def _label(read: storage.ReadRange, document: DocumentKey) -> str:
    if read.kind == "chapter":
        chapter_title = f" ({read.chapter_title})" if read.chapter_title else ""
        return f"{document.title}, up to chapter {read.last}{chapter_title}"
    return f"{document.title}, {read.kind}s {read.first}–{read.last}"


def _checkpoints(
    db: Database, row: SessionRow, documents: Mapping[int, DocumentKey]
) -> list[AsOfChoice]:
    choices = []
    for checkpoint in storage.list_checkpoints(db, row.id, limit=MAX_CHECKPOINTS):
        document = documents.get(checkpoint.document_id or 0)
        where = f", {document.title} at {checkpoint.document_tokens:,}" if document else ""
        choices.append(
            AsOfChoice(
                "checkpoint",
                f"checkpoint {checkpoint.id}: token {checkpoint.position:,}{where}",
                str(checkpoint.id),
                checkpoint.position,
                checkpoint.document_id,
            )
        )
    return choices
