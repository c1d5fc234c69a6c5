"""Versions: which document of a session replaces which, so that the newest can be told.

A file that was read and has changed since is another document of its session, which *replaces* the
one before; so is a file that is read once more unchanged, under the same version number. Documents
that replace one another form a line. A file is known by its path where that is known of both, else
by its name: a shelf may hold many a README.md. Knows nothing of what a version means to an answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from storage.database import Database
from storage.documents import DocumentRow, get_document, list_documents
from storage.values import storable


def find_newest(
    db: Database, session_id: int, file_name: str, source_path: str | None
) -> DocumentRow | None:
    """The document that stands for a file now: of its name and path, and replaced by none.

    Args:
        source_path: None where it is not known; then the name alone counts.
    """
    found = db.value(
        """
        SELECT id FROM documents WHERE session_id = :session AND file_name = :name
            AND (source_path = :path OR source_path IS NULL OR :path IS NULL)
            AND NOT EXISTS (SELECT 1 FROM documents AS newer WHERE newer.replaces = documents.id)
        ORDER BY source_path IS NOT NULL AND source_path IS :path DESC, ordinal DESC LIMIT 1
        """,
        {
            "session": session_id,
            "name": storable(file_name),
            "path": None if source_path is None else storable(source_path),
        },
    )
    return None if found is None else get_document(db, found)


def version_chain(db: Database, document: DocumentRow) -> list[DocumentRow]:
    """The line that a document belongs to, the oldest first."""
    for line in version_chains(list_documents(db, document.session_id)):
        if any(member.id == document.id for member in line):
            return line
    return [document]


def version_chains(documents: Sequence[DocumentRow]) -> list[list[DocumentRow]]:
    """The documents of a session by line, each line from the oldest to the newest."""
    by_id = {document.id: document for document in documents}
    lines: dict[int, list[tuple[int, DocumentRow]]] = {}
    for document in documents:
        older = _ancestors(document, by_id)
        lines.setdefault(older[-1], []).append((len(older), document))
    return [[member for _, member in sorted(line, key=_age)] for line in lines.values()]


def make_newest(db: Database, document_id: int) -> None:
    """Put a document to the end of its line: its file has its content again."""
    with db.transaction():
        document = get_document(db, document_id)
        newest = version_chain(db, document)[-1]
        if newest.id == document_id:
            return
        db.execute(
            "UPDATE documents SET replaces = ? WHERE replaces = ?", [document.replaces, document_id]
        )
        db.execute("UPDATE documents SET replaces = ? WHERE id = ?", [newest.id, document_id])


def _ancestors(document: DocumentRow, by_id: dict[int, DocumentRow]) -> list[int]:
    """The document and what it replaces, step by step; an imported circle is followed once."""
    steps, seen = [document.id], {document.id}
    while (older := by_id.get(by_id[steps[-1]].replaces or 0)) and older.id not in seen:
        steps.append(older.id)
        seen.add(older.id)
    return steps


def _age(member: tuple[int, DocumentRow]) -> tuple[int, int]:
    return member[0], member[1].ordinal
