"""Versions: which document of a session replaces which, so that the newest can be found.

When a file that was read has changed, reading it adds a document that *replaces* the earlier one,
under the next version number. Reading an unchanged file once more also adds a document that
replaces the earlier one, under the same version number. Documents that replace one another form a
version chain. Two documents are of the same file if their paths are equal. Where a path is unknown,
documents of the same name may be of the same file; the caller decides. This file does not know how
an answer uses versions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from storage.database import Database
from storage.documents import DocumentKey, DocumentRow, get_document, get_documents, list_keys
from storage.values import storable

Version = TypeVar("Version", DocumentRow, DocumentKey)


def list_newest(
    db: Database, session_id: int, file_name: str, source_path: str | None
) -> list[DocumentRow]:
    """Return the newest documents of all files that may be this one, the likeliest first.

    One of the same path comes first, then those of the same name where a path is unknown.

    Args:
        file_name: the name of the file.
        source_path: its path; None where it is unknown, then only the name is compared.
    """
    rows = db.rows(
        """
        SELECT id FROM documents WHERE session_id = :session AND file_name = :name
            AND (source_path = :path OR source_path IS NULL OR :path IS NULL)
            AND NOT EXISTS (SELECT 1 FROM documents AS newer WHERE newer.replaces = documents.id)
        ORDER BY source_path IS NOT NULL AND source_path IS :path DESC, ordinal DESC
        """,
        {
            "session": session_id,
            "name": storable(file_name),
            "path": None if source_path is None else storable(source_path),
        },
    )
    ids = [row["id"] for row in rows]
    found = {document.id: document for document in get_documents(db, ids)}
    return [found[document_id] for document_id in ids]


def has_versions(db: Database, session_id: int) -> bool:
    """Return whether any document of a session replaces another or repeats its content."""
    found = db.value(
        "SELECT count(*) > count(DISTINCT sha256) OR count(replaces) > 0 "
        "FROM documents WHERE session_id = ?",
        [session_id],
    )
    return bool(found)


def version_chain(db: Database, document: DocumentRow) -> list[DocumentRow]:
    """Return the version chain of a document, oldest first."""
    for chain in version_chains(list_keys(db, document.session_id)):
        if any(member.id == document.id for member in chain):
            ids = [member.id for member in chain]
            found = {row.id: row for row in get_documents(db, ids)}
            return [found[document_id] for document_id in ids]
    return [document]


def version_chains(documents: Sequence[Version]) -> list[list[Version]]:
    """Return the version chains of a session's documents, each from the oldest to the newest.

    Args:
        documents: all documents of one session.
    """
    if all(document.replaces is None for document in documents):
        return [[document] for document in documents]
    by_id = {document.id: document for document in documents}
    chains: dict[int, list[tuple[int, Version]]] = {}
    for document in documents:
        older = _ancestors(document, by_id)
        chains.setdefault(older[-1], []).append((len(older), document))
    return [[member for _, member in sorted(chain, key=_age)] for chain in chains.values()]


def make_newest(db: Database, document_id: int) -> None:
    """Move a document to the end of its version chain, because its file has its content again.

    Raises:
        NotFound: the document does not exist.
    """
    with db.transaction():
        document = get_document(db, document_id)
        newest = version_chain(db, document)[-1]
        if newest.id == document_id:
            return
        db.execute(
            "UPDATE documents SET replaces = ? WHERE replaces = ?", [document.replaces, document_id]
        )
        db.execute("UPDATE documents SET replaces = ? WHERE id = ?", [newest.id, document_id])


def _ancestors(document: Version, by_id: Mapping[int, Version]) -> list[int]:
    """Return the ids of a document and of those it replaces, newest first.

    An imported file may contain a cycle; each of its documents is returned once.
    """
    steps, seen = [document.id], {document.id}
    while (older := by_id.get(by_id[steps[-1]].replaces or 0)) and older.id not in seen:
        steps.append(older.id)
        seen.add(older.id)
    return steps


def _age(member: tuple[int, Version]) -> tuple[int, int]:
    return member[0], member[1].ordinal
