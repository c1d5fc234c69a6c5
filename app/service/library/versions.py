"""Versions of a file: which number, title and predecessor a new document gets.

Different content of the same file is a new version: a separate document with a title that says so,
read after the rest, because a memory cannot unlearn. Nothing of the older version is deleted; each
answer decides which version's passages it reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import storage
from storage import STALLED_STATES, Database, DocumentRow, DocumentState


@dataclass(frozen=True)
class File:
    """A file that is to be read.

    Args:
        name: what the person calls it.
        path: where it really is, if that is known; files are told apart by it.
        sha256: of its content, in hexadecimal.
    """

    name: str
    path: str | None
    sha256: str


@dataclass(frozen=True)
class VersionSlot:
    """The place of a new document among the documents of the same file.

    Args:
        title: tells it apart from the session's other documents.
        version: its number, from 1 on; a second reading of the same content has the same number.
        replaces: id of the document that was the newest before it, None for the first.
    """

    title: str
    version: int = 1
    replaces: int | None = None


def slot_for(db: Database, session_id: int, file: File, title: str) -> VersionSlot:
    """The slot of a new document of a file; older versions that were read in part are cancelled.

    Args:
        title: the file's own title.
    """
    documents = storage.list_documents(db, session_id)
    titles = {document.title for document in documents}
    newest = storage.find_newest(db, session_id, file.name, file.path)
    chain = storage.version_chain(db, newest) if newest else []
    _cancel_unfinished(db, chain)
    same = [d for d in chain or documents if d.sha256 == file.sha256]
    version = 1
    if chain:
        version = same[0].version if same else 1 + max(member.version for member in chain)
    return VersionSlot(
        _title(title, version, len(same), titles), version, newest.id if newest else None
    )


def notes_on(db: Database, row: DocumentRow) -> list[str]:
    """Sentences for the person about a document that replaces another one."""
    if row.replaces is None:
        return []
    older = storage.get_document(db, row.replaces)
    if older.sha256 == row.sha256 and older.encoding != row.encoding:
        return [
            f"The same file as {older.title!r}, read as {row.encoding}; passages of that are "
            "offered only where this one has none. Remove it if it was read wrongly."
        ]
    if older.sha256 == row.sha256:
        return [f"The same text as {older.title!r}, read once more."]
    return [
        f"It replaces {older.title!r}, from which passages are offered only where this version has "
        f"none. What the memory holds of that cannot be unlearned, unless {older.title!r} is "
        "removed and what came after it read again."
    ]


def _cancel_unfinished(db: Database, chain: Sequence[DocumentRow]) -> None:
    """Cancel what was read in part: otherwise its rest comes first and the new version waits."""
    for member in chain:
        if member.state in STALLED_STATES and member.tokens_read:
            why = "Given up half-way: there is a newer version of it."
            storage.set_document_state(db, member.id, DocumentState.CANCELLED, why)


def _title(title: str, version: int, readings: int, taken: set[str]) -> str:
    """A title that none of the session's documents has.

    Args:
        readings: how many readings of the same content there are already.
        taken: the titles of the session's documents.
    """
    named = [f"version {version}"] if version > 1 else []
    if not named and not readings:
        return title
    while True:
        parts = [*named, *([f"reading {readings + 1}"] if readings else [])]
        full = f"{title} ({', '.join(parts)})"
        if full not in taken:
            return full
        readings += 1
