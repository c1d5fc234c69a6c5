"""What a question can be asked as of: chapters, pages and checkpoints that were read."""

from __future__ import annotations

from dataclasses import dataclass

import storage
from storage import Database, DocumentRow, SessionRow


@dataclass(frozen=True)
class AsOfChoice:
    """One place, or a range of them, in the words of a list.

    Args:
        kind: 'chapter', 'page' (or what else a document counts), or 'checkpoint'.
        at: what `ask` takes; of a range its last, and any number from `first` to `last` does.
        position: tokens of the session's stream that are known there.
    """

    kind: str
    label: str
    at: str
    position: int
    document_id: int | None
    first: int | None = None
    last: int | None = None


def list_places(db: Database, row: SessionRow) -> list[AsOfChoice]:
    """The places of a session, each document's in its order, then the checkpoints."""
    documents = {document.id: document for document in storage.list_documents(db, row.id)}
    stretches = storage.read_ranges(db, row.id)
    kinds = [(s.document_id, s.kind) for s in stretches]
    choices = []
    for stretch in stretches:
        document = documents[stretch.document_id]
        is_alone = len({other for other, kind in kinds if kind == stretch.kind}) == 1
        title = "" if is_alone else f"{document.title}: "
        choices.append(
            AsOfChoice(
                stretch.kind,
                _label(stretch, document),
                f"{title}{stretch.kind} {stretch.last}",
                stretch.position,
                document.id,
                stretch.first,
                stretch.last,
            )
        )
    return choices + _checkpoints(db, row, documents)


def _label(stretch: storage.ReadRange, document: DocumentRow) -> str:
    if stretch.kind == "chapter":
        named = f" ({stretch.chapter_title})" if stretch.chapter_title else ""
        return f"{document.title}, up to chapter {stretch.last}{named}"
    return f"{document.title}, {stretch.kind}s {stretch.first}–{stretch.last}"


def _checkpoints(
    db: Database, row: SessionRow, documents: dict[int, DocumentRow]
) -> list[AsOfChoice]:
    choices = []
    for checkpoint in storage.list_checkpoints(db, row.id):
        document = documents.get(checkpoint.document_id or 0)
        where = f", {document.title} at {checkpoint.document_tokens:,}" if document else ""
        label = f"checkpoint {checkpoint.id}: token {checkpoint.position:,}{where}"
        choices.append(
            AsOfChoice(
                "checkpoint",
                label,
                str(checkpoint.id),
                checkpoint.position,
                checkpoint.document_id,
            )
        )
    return choices
