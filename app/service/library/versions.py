"""Versions of a file: which number, title and predecessor a new document gets.

Different content of the same file is a new version: a separate document with a title that says so,
read after the rest, because a memory cannot unlearn. Nothing of the older version is deleted; each
answer decides which version's passages it reads.

A path says which file it is. Where a path is unknown, as on the page, files of the same name are
the same file only if their texts are clearly related; `similarity.py` compares them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import storage
from app.service.reading.titles import (
    Title,
    as_shown,
    file_title,
    new_title,
    titles_of,
    version_title,
)
from storage import STALLED_STATES, Database, DocumentRow, DocumentState


@dataclass(frozen=True)
class File:
    """A file that is to be read.

    Args:
        name: what the person calls it.
        path: where it really is, if that is known; files are told apart by it.
        sha256: of its content, in hexadecimal.
        related: ids of documents of the same name whose text is clearly related.
    """

    name: str
    path: str | None
    sha256: str
    related: tuple[int, ...] = ()


@dataclass(frozen=True)
class VersionSlot:
    """The place of a new document among the documents of the same file.

    Args:
        title: tells it apart from the session's other documents.
        version: its number, from 1 on; a second reading of the same content has the same number.
        replaces: id of the document that was the newest before it, None for the first.
        own_title: of which the title was made, None if that is the file's name.
        shown_title: that a person chose for the earlier versions.
    """

    title: str
    version: int = 1
    replaces: int | None = None
    own_title: str | None = None
    shown_title: str | None = None


def slot_for(db: Database, session_id: int, file: File, title: str) -> VersionSlot:
    """The slot of a new document of a file; older versions that were read in part are cancelled.

    Args:
        title: the file's own title. A version has that of the first one: it is the same file.
    """
    documents = storage.list_keys(db, session_id)
    newest = find_predecessor(db, session_id, file)
    chain = storage.version_chain(db, newest) if newest else []
    _cancel_unfinished(db, chain)
    same: list[int] = [d.version for d in chain or documents if d.sha256 == file.sha256]
    version = 1
    if chain:
        version = same[0] if same else 1 + max(member.version for member in chain)
        base = version_title(documents, chain)
    else:
        base = Title(title) if same else new_title(documents, title, file.name, file.path)
    titles = {document.title for document in documents}
    full = _title(base, version, len(same), titles)
    if newest is not None:
        return VersionSlot(full, version, newest.id, chain[0].own_title, newest.shown_title)
    return VersionSlot(full, own_title=None if title == file_title(file.name) else title)


def find_predecessor(db: Database, session_id: int, file: File) -> DocumentRow | None:
    """The newest document of a file; None if the file is a new one.

    It is the one of the same path. Where no path decides, it is one of the same name that has, or
    had, the same content, or one whose text is related.
    """
    candidates = storage.list_newest(db, session_id, file.name, file.path)
    for candidate in candidates:
        if file.path is not None and candidate.source_path == file.path:
            return candidate
    for candidate in candidates:
        chain = storage.version_chain(db, candidate)
        if any(d.sha256 == file.sha256 or d.id in file.related for d in chain):
            return candidate
    return None


def to_compare(db: Database, session_id: int, file: File) -> list[DocumentRow]:
    """The documents of the same name of which only the text can say whether it is the same file."""
    candidates = storage.list_newest(db, session_id, file.name, file.path)
    return [] if find_predecessor(db, session_id, file) else candidates


def notes_on(db: Database, row: DocumentRow) -> list[str]:
    """Sentences for the person about a document that replaces another one, or has its name."""
    if row.replaces is None:
        return _notes_on_namesakes(db, row)
    older = as_shown(db, storage.get_document(db, row.replaces))
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


def _notes_on_namesakes(db: Database, row: DocumentRow) -> list[str]:
    """What was decided about a new document whose name an earlier one has, if no path says it."""
    documents = storage.list_keys(db, row.session_id)
    earlier = [d for d in documents if d.ordinal < row.ordinal and d.file_name == row.file_name]
    unsure = [d for d in earlier if row.source_path is None or d.source_path is None]
    if not unsure:
        return []
    titles = titles_of(db, row.session_id)
    other, own = titles[unsure[0].id], titles[row.id]
    return [
        f"{other!r} has the same file name but another text, so this is a document of its own, "
        f"{own!r}, and not a new version."
    ]


def _cancel_unfinished(db: Database, chain: Sequence[DocumentRow]) -> None:
    """Cancel what was read in part: otherwise its rest comes first and the new version waits."""
    for member in chain:
        if member.state in STALLED_STATES and member.tokens_read:
            why = "Given up half-way: there is a newer version of it."
            storage.set_document_state(db, member.id, DocumentState.CANCELLED, why)


def _title(base: Title, version: int, readings: int, taken: set[str]) -> str:
    """A title that none of the session's documents has.

    Args:
        readings: how many readings of the same content there are already.
        taken: the titles of the session's documents.
    """
    named = [f"version {version}"] if version > 1 else []
    if not named and not readings:
        return str(base)
    while True:
        parts = [*named, *([f"reading {readings + 1}"] if readings else [])]
        full = str(replace(base, readings=tuple(parts)))
        if full not in taken:
            return full
        readings += 1
