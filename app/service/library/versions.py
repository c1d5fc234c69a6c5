"""A file that a session has read before: the same document, another reading of it, or a version.

The same content is read once, unless asked. Other content of the same file is a new version: a
document of its own with a title that says so, read after the rest, for a memory cannot unlearn.
Nothing of the older version is deleted; which passages are offered is decided in `newest`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import storage
from storage import STALLED_STATES, Database, DocumentRow, DocumentState


@dataclass(frozen=True)
class File:
    """What was given to be read: its name, its path where that is known, its content."""

    name: str
    path: str | None
    sha256: str


@dataclass(frozen=True)
class VersionSlot:
    """How a new document stands to those before it."""

    title: str
    version: int = 1
    replaces: int | None = None


def find_read(db: Database, session_id: int, file: File, again: bool) -> DocumentRow | None:
    """The document that a file is already, None if it is a new one.

    A file that has the content of an older version again is that version, which becomes the newest.

    Args:
        again: a reading that has ended counts not; one under way is gone on with, so that the same
            command can be given again after an interruption.
    """
    known = storage.find_by_hash(db, session_id, file.sha256)
    if (
        known is None
        or known.state == DocumentState.CANCELLED
        or (again and known.state == DocumentState.DONE)
    ):
        return None
    newest = storage.find_newest(db, session_id, file.name, file.path)
    if newest is not None and newest.sha256 != file.sha256:
        if any(member.id == known.id for member in storage.version_chain(db, newest)):
            storage.make_newest(db, known.id)
            return storage.get_document(db, known.id)
    return known


def slot_for(db: Database, session_id: int, file: File, title: str) -> VersionSlot:
    """Where a new document of a file belongs; what stood half-read of an older one is given up."""
    documents = storage.list_documents(db, session_id)
    titles = {document.title for document in documents}
    newest = storage.find_newest(db, session_id, file.name, file.path)
    line = storage.version_chain(db, newest) if newest else []
    _give_up(db, line)
    same = [d for d in line or documents if d.sha256 == file.sha256]
    version = 1
    if line:
        version = same[0].version if same else 1 + max(member.version for member in line)
    return VersionSlot(
        _title(title, version, len(same), titles), version, newest.id if newest else None
    )


def notes_on(db: Database, row: DocumentRow) -> list[str]:
    """What a person should know of a document that replaces another one."""
    if row.replaces is None:
        return []
    older = storage.get_document(db, row.replaces)
    if older.sha256 == row.sha256:
        return [f"The same text as {older.title!r}, read once more."]
    return [
        f"It replaces {older.title!r}, from which passages are offered only where this version has "
        f"none. What the memory holds of that cannot be unlearned, unless {older.title!r} is "
        "removed and what came after it read again."
    ]


def _give_up(db: Database, line: Sequence[DocumentRow]) -> None:
    """Cancel the half-read: its rest would have to come first, and the new version would wait."""
    for member in line:
        if member.state in STALLED_STATES and member.tokens_read:
            why = "Given up half-way: there is a newer version of it."
            storage.set_document_state(db, member.id, DocumentState.CANCELLED, why)


def _title(title: str, version: int, readings: int, taken: set[str]) -> str:
    """A title that tells a document apart from those of the same file."""
    named = [f"version {version}"] if version > 1 else []
    if not named and not readings:
        return title
    while True:
        parts = [*named, *([f"reading {readings + 1}"] if readings else [])]
        full = f"{title} ({', '.join(parts)})"
        if full not in taken:
            return full
        readings += 1
