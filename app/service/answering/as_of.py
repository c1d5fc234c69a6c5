"""The positions that a question can be asked as of: chapters, pages and checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import storage
from app.service.reading.titles import list_shown
from storage import Database, DocumentRow, SessionRow


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


def list_as_of_choices(db: Database, row: SessionRow) -> list[AsOfChoice]:
    """What a session has read: the ranges of each document in order, then the checkpoints."""
    documents = {document.id: document for document in list_shown(db, row.id)}
    ranges = storage.read_ranges(db, row.id)
    kinds = [(each.document_id, each.kind) for each in ranges]
    choices = []
    for each in ranges:
        document = documents[each.document_id]
        is_only = len({other for other, kind in kinds if kind == each.kind}) == 1
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
    return choices + _checkpoints(db, row, documents)


def _label(read: storage.ReadRange, document: DocumentRow) -> str:
    if read.kind == "chapter":
        chapter_title = f" ({read.chapter_title})" if read.chapter_title else ""
        return f"{document.title}, up to chapter {read.last}{chapter_title}"
    return f"{document.title}, {read.kind}s {read.first}–{read.last}"


def _checkpoints(
    db: Database, row: SessionRow, documents: Mapping[int, DocumentRow]
) -> list[AsOfChoice]:
    choices = []
    for checkpoint in storage.list_checkpoints(db, row.id):
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
