"""The documents of sessions: added from wherever, read on, paused, cancelled, removed."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from pathlib import Path

import storage
from app.service.context import Context
from app.service.library import indexing, versions
from app.service.rereads import Rereads
from storage import DocumentRow, DocumentState


@dataclass(frozen=True)
class DocumentStatus:
    """A document with its live progress; `eta_s` is None while nothing is known.

    Args:
        waits_for_more: a log that is followed and rests, its state being 'paused', until it grows.
    """

    document: DocumentRow
    tokens_read: int
    tokens_per_second: float
    waits_for_more: bool = False

    @property
    def eta_s(self) -> float | None:
        if not self.tokens_per_second or self.document.token_count is None:
            return None
        return (self.document.token_count - self.tokens_read) / self.tokens_per_second


class Documents:
    """What the service does about documents."""

    def __init__(self, context: Context, rereads: Rereads) -> None:
        self._context, self._db, self._rereads = context, context.db, rereads

    def add(
        self,
        session: str,
        path: Path,
        name: str | None = None,
        again: bool = False,
        source: str | None = None,
        password: str | None = None,
    ) -> DocumentRow:
        """Add a file to a session and read it; a file already there goes on where it stopped.

        Args:
            name: what the person calls it, where `path` is only a copy of theirs.
            again: read it once more even though it was read; see `versions`.
            source: where a copy really comes from; files are told apart by that.
            password: of an encrypted PDF. It is kept in memory until the text is stored, and asked
                for again if that was interrupted: the document has then failed and says so.

        Raises:
            EncryptedDocument: it needs a password, or another one.
            IngestError, StorageError, OSError: with the reason; nothing already stored is touched.
        """
        context = self._context
        row = context.session(session)
        if log := context.following.end_log(row, path):
            return self.resume(log.id)
        with context.files.adding():
            document = indexing.add_document(
                self._db,
                context.settings,
                context.processes,
                row.id,
                path,
                name,
                again,
                source,
                password,
            )
        context.following.end_before(row, document)
        return self.resume(document.id, password)

    def follow(self, session: str, path: Path) -> DocumentRow:
        """Read a log and go on as it grows; see `Following.start`."""
        return self._context.following.start(self._context.session(session), path)

    def version_notes(self, document: DocumentRow) -> builtins.list[str]:
        """What to know of a document that replaces another one."""
        return versions.notes_on(self._db, document)

    def list(self, session: str) -> builtins.list[DocumentStatus]:
        """The session's documents in reading order, with live progress."""
        rows = storage.list_documents(self._db, self._context.session(session).id)
        return [self._status(row) for row in rows]

    def _status(self, row: DocumentRow) -> DocumentStatus:
        progress = self._context.reader.progress.get(row.id)
        rests = self._context.following.waits_for_more(row)
        if progress is None or row.state == DocumentState.DONE:
            return DocumentStatus(row, row.tokens_read, 0.0, rests)
        return DocumentStatus(row, progress.tokens_read, progress.tokens_per_second, rests)

    def stalled_document(self, session: str) -> DocumentRow | None:
        """The document that stands still half-read: the session's others wait behind it."""
        return storage.find_stalled_document(self._db, self._context.session(session).id)

    def pause(self, document_id: int) -> None:
        """Stop reading at the next grid point; what was read is saved."""
        context = self._context
        document = storage.get_document(self._db, document_id)
        context.following.pause(document)
        if document.state == DocumentState.QUEUED and not context.reader.is_busy(
            document.session_id
        ):
            storage.set_document_state(self._db, document_id, DocumentState.PAUSED)
        context.reader.pause(document)

    def resume(self, document_id: int, password: str | None = None) -> DocumentRow:
        """Read a document on, wherever it stopped; a failed one is tried again.

        The rest of a cancelled one cannot be joined to what was read of it once something else was
        read behind it: then it is read once more, from its start, as a document of its own.

        Args:
            password: of an encrypted PDF whose text is not yet stored.
        """
        document = storage.get_document(self._db, document_id)
        if document.state == DocumentState.CANCELLED and self._is_read_past(document):
            document = self._read_once_more(document)
        return self._context.resume(document, password)

    def cancel(self, document_id: int) -> DocumentRow | None:
        """Stop reading a document for good and take out what was not read of it.

        What was read stays known. The rest is found no more, and read only if it is resumed. A
        document of which nothing was read is gone: then None is returned.
        """
        context = self._context
        document = storage.get_document(self._db, document_id)
        if document.state in (DocumentState.DONE, DocumentState.CANCELLED):
            return document
        context.following.pause(document)
        follow = storage.find_follow(self._db, document_id)
        if follow is not None and not follow.ended:
            storage.end_follow(self._db, document_id)
        context.rest(document.session_id)
        context.save(document.session_id)
        document = storage.get_document(self._db, document_id)
        if document.tokens_read == 0:
            storage.delete_document(self._db, document_id)
            context.files.drop_unused()
            kept = None
        elif document.state != DocumentState.DONE:
            kept = storage.set_document_state(self._db, document_id, DocumentState.CANCELLED)
        else:
            kept = document
        context.read_on(document.session_id)
        return kept

    def remove(self, document_id: int) -> None:
        """Delete a document; what was read after its beginning is read again without it.

        A memory cannot unlearn, so the session goes back to before the document.
        """
        context = self._context
        document = storage.get_document(self._db, document_id)
        row = storage.get_session_by_id(self._db, document.session_id)
        self._rereads.drop(row)
        context.forget(row.id)
        document = storage.get_document(self._db, document_id)
        with context.locks.held(row.id), self._db.transaction():
            if document.start_position is not None:
                before = [
                    c.id
                    for c in storage.list_checkpoints(self._db, row.id)
                    if c.position <= document.start_position and c.document_id != document.id
                ]
                storage.go_back(self._db, row.id, before[0] if before else None, pause=False)
            storage.delete_document(self._db, document.id)
        context.files.drop_unused()
        context.read_on(row.id)

    def _is_read_past(self, document: DocumentRow) -> bool:
        """Whether the session has read something behind what it read of a document."""
        start = document.start_position
        others = storage.list_documents(self._db, document.session_id)
        return any((other.start_position or -1) > (start or 0) for other in others)

    def _read_once_more(self, document: DocumentRow) -> DocumentRow:
        file = versions.File(document.file_name, document.source_path, document.sha256)
        with self._db.transaction():
            place = versions.slot_for(self._db, document.session_id, file, document.title)
            return storage.add_document(
                self._db,
                document.session_id,
                title=place.title,
                kind=document.kind,
                file_name=document.file_name,
                sha256=document.sha256,
                byte_count=document.byte_count,
                source_path=document.source_path,
                version=place.version,
                replaces=place.replaces,
            )
