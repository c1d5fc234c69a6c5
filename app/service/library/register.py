"""A session's register of documents: what a file is there already, else a new row for it.

The same content is read once, unless it is asked for again. Different content of the same file is
a new version; `versions.py` says which files are the same.
"""

from __future__ import annotations

import storage
from app.service.library.versions import File, find_predecessor, slot_for
from storage import Database, DocumentRow, DocumentState


def find_or_add(
    db: Database,
    session_id: int,
    file: File,
    *,
    title: str,
    kind: str,
    byte_count: int,
    again: bool,
    encoding: str | None = None,
) -> DocumentRow:
    """The document that a file is already, else a new one with the title that its version gets.

    Args:
        title, kind, byte_count: of the file, as `ingest` opened it; the title is its own.
        again: read it once more even though its content was read; see `find_registered`.
        encoding: of a text, if the person named it.
    """
    with db.transaction():  # nobody registers the same file in between
        known = find_registered(db, session_id, file, again, encoding)
        if known is not None:
            return known
        return add_row(
            db,
            session_id,
            file,
            title=title,
            kind=kind,
            byte_count=byte_count,
            encoding=encoding,
        )


def find_registered(
    db: Database,
    session_id: int,
    file: File,
    again: bool = False,
    encoding: str | None = None,
) -> DocumentRow | None:
    """The document that a file is already, None if it is a new one.

    A file that has the content of an older version again is that version, which becomes the newest.

    Args:
        again: ignore finished readings; resume an unfinished one, so that the same command can be
            given again after an interruption.
        encoding: that the person named; a document that was read in another one is not it.
    """
    known = storage.find_by_hash(db, session_id, file.sha256)
    if (
        known is None
        or known.state == DocumentState.CANCELLED
        or (again and known.state == DocumentState.DONE)
        or (encoding is not None and known.encoding != encoding)
    ):
        return None
    newest = find_predecessor(db, session_id, file)
    if newest is not None and newest.sha256 != file.sha256:
        if any(member.id == known.id for member in storage.version_chain(db, newest)):
            storage.make_newest(db, known.id)
            return storage.get_document(db, known.id)
    return known


def find_indexed(db: Database, session_id: int, file: File) -> DocumentRow | None:
    """The document of a file whose text is stored, so that an encrypted one needs no password."""
    known = find_registered(db, session_id, file)
    return known if known is not None and known.token_count is not None else None


def add_row(
    db: Database,
    session_id: int,
    file: File,
    *,
    title: str,
    kind: str,
    byte_count: int,
    encoding: str | None = None,
) -> DocumentRow:
    """Add a document for a file, in the slot that its version has; the caller has a transaction."""
    slot = slot_for(db, session_id, file, title)
    return storage.add_document(
        db,
        session_id,
        title=slot.title,
        kind=kind,
        file_name=file.name,
        sha256=file.sha256,
        byte_count=byte_count,
        source_path=file.path,
        version=slot.version,
        replaces=slot.replaces,
        own_title=slot.own_title,
        shown_title=slot.shown_title,
        encoding=encoding,
    )
