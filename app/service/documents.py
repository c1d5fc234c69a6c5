"""Documents of sessions: add, follow, list, retitle, pause, resume, cancel, remove."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import storage
from app.errors import NoSuchDocument, NotAllowed
from app.service.context import Context, SessionRef
from app.service.library import register, versions
from app.service.library.file_store import sha256_of
from app.service.library.similarity import related_documents
from app.service.library.versions import File
from app.service.reading.titles import (
    as_shown,
    documents_called,
    list_shown_keys,
    own_title,
    titles_of,
)
from app.service.reading.work_step import WorkStep
from app.service.rereads import Rereads
from app.service.sessions import Sessions
from ingest import EncryptedDocument, named_encoding, takes_encoding
from ingest.naming import clean_line
from storage import (
    AskedCount,
    DocumentRow,
    DocumentState,
    ListedDocument,
    Listing,
    first_of_screen,
)

STATE_WORDS = {
    DocumentState.INDEXING: "Its text is not taken out yet",
    DocumentState.QUEUED: "Waiting",
    DocumentState.READING: "Reading",
    DocumentState.PAUSED: "Paused",
    DocumentState.DONE: "Read",
    DocumentState.FAILED: "Could not be read",
    DocumentState.CANCELLED: "Cancelled",
}
"""What the page and the terminal call the states; see `WorkStep` for one that is indexed here."""
WAITS_FOR_MORE = "Following, waiting for more"
MAX_NAMED = 50
"""Titles that an error names at most."""


@dataclass(frozen=True)
class DocumentStatus:
    """A document and how far its reading is.

    Args:
        document: the stored row.
        tokens_read: of the document, as of the last chunk.
        tokens_per_second: over the last chunks; 0 if it is not being read.
        waits_for_more: it is a followed log, in state 'paused' until it grows.
        step: how far its indexing is, while this process indexes it.
    """

    document: DocumentRow
    tokens_read: int
    tokens_per_second: float
    waits_for_more: bool = False
    step: WorkStep | None = None

    @property
    def what(self) -> str:
        """What happens to it, in words."""
        if self.waits_for_more:
            return WAITS_FOR_MORE
        return str(self.step) if self.step else STATE_WORDS[self.document.state]

    @property
    def share(self) -> float:
        """The share of the reading that is done, from 0 to 1; while it is indexed, of that."""
        if self.step is not None:
            return self.step.share or 0.0
        total = self.document.token_count
        return self.tokens_read / total if total else 0.0

    @property
    def eta_s(self) -> float | None:
        """Seconds until it is read, None while that is unknown."""
        if not self.tokens_per_second or self.document.token_count is None:
            return None
        return (self.document.token_count - self.tokens_read) / self.tokens_per_second


class Documents:
    """Use cases of documents."""

    def __init__(self, context: Context, rereads: Rereads, sessions: Sessions) -> None:
        self._context, self._db, self._rereads = context, context.db, rereads
        self._sessions = sessions

    def add(
        self,
        session: SessionRef | None,
        path: Path,
        name: str | None = None,
        again: bool = False,
        source: str | None = None,
        password: str | None = None,
        encoding: str | None = None,
        within: Sequence[Path] | None = None,
        is_titled: bool = False,
        model: str | None = None,
    ) -> DocumentRow:
        """Add a file to a session and read it; a file that is there already is resumed.

        Args:
            session: None: a new one, which is named after the document. It is made only when the
                file has been opened, so a file that is refused leaves none behind.
            path: of the file; it may be deleted afterwards.
            name: what the person calls the file, if `path` is a copy of it.
            again: read the file once more even though its content was read.
            source: where the original of a copy is, if that is known; files are told apart by it.
            password: of an encrypted PDF. It is kept in memory until the text is stored. If that
                is interrupted, the document fails, says so, and asks for the password again.
            encoding: of a text, such as "cp1254"; None to detect it. A text that was read in
                another encoding is read again as a new reading, which replaces the earlier one.
            within: the folders in which it must be, without links in their paths; None for any.
            is_titled: its name is the title that the person gave it, so none is looked for.
            model: of a new session, as `Sessions.create` takes it.

        Raises:
            SessionBusy: the session is following a log.
            EncryptedDocument: the file needs a password, or another one.
            UnknownEncoding: there is no encoding of that name.
            IngestError, StorageError, OSError: with the reason; nothing stored is changed.
        """
        context = self._context
        encoding = named_encoding(encoding).name if encoding else None
        wanted: int | dict[str, Any]
        if session is None:
            wanted = self._sessions.new_settings(model)  # before others are kept from deleting
        else:
            row = context.session(session)
            if log := context.following.end_log(row, path):
                return self.resume(log.id)
            wanted = row.id
        file_path = source if name else str(path.resolve())
        with context.files.adding():
            file = (name or path.name, file_path)
            document = self._register(
                wanted, path, *file, again, password, encoding, within, is_titled
            )
        if session is not None:
            context.following.end_before(row, document)
        return self.resume(document.id, password)

    def _register(
        self,
        session: int | dict[str, Any],
        path: Path,
        name: str,
        file_path: str | None,
        again: bool,
        password: str | None,
        encoding: str | None,
        within: Sequence[Path] | None,
        is_titled: bool,
    ) -> DocumentRow:
        """Check a file, copy it and register it; what cannot be read is refused before the copy.

        Args:
            session: its id, or the settings of a new one, which is named after the document.
            path: from which it is copied.
            within: the folders in which it must be, None for any.
            name, file_path: what the session knows the file by.
        """
        context = self._context
        try:
            context.processes.open_document(path, name=name, password=password, encoding=encoding)
        except EncryptedDocument:
            if not isinstance(session, int):
                raise
            file = File(name, file_path, sha256_of(path))
            indexed = None if again else register.find_indexed(self._db, session, file)
            if indexed is None:
                raise
            return indexed
        copy, sha256 = context.files.put(path, within)
        opened = context.processes.open_document(
            copy, name=name, password=password, encoding=encoding, with_title=not is_titled
        )
        title = opened.own_title or opened.title
        session_id = self._session_for(session, title)
        file = File(name, file_path, sha256)
        candidates = versions.to_compare(self._db, session_id, file)
        related = related_documents(
            self._db, context.files, context.processes, candidates, copy, name, password, encoding
        )
        return register.find_or_add(
            self._db,
            session_id,
            replace(file, related=related),
            title=title,
            kind=opened.kind,
            byte_count=opened.byte_count,
            again=again,
            encoding=encoding if takes_encoding(opened.kind) else None,
        )

    def _session_for(self, session: int | dict[str, Any], title: str) -> int:
        """The id of a session, a new one if its settings are given."""
        if isinstance(session, int):
            return session
        return self._sessions.create_called(title, session).id

    def follow(
        self, session: SessionRef, path: Path, within: Sequence[Path] | None = None
    ) -> DocumentRow:
        """Read a log, now and as it grows.

        Args:
            within: the folders in which it must stay, without links in their paths; None for any.

        Raises:
            SessionBusy: another process follows a log for this session.
            CannotFollow: the session is being read again, or follows another log.
            IngestError: the log cannot be followed.
        """
        return self._context.following.start(self._context.session(session), path, within)

    def version_notes(self, document: DocumentRow) -> builtins.list[str]:
        """Sentences for the person about a document that replaces another one."""
        return versions.notes_on(self._db, document)

    def list(self, session: SessionRef) -> builtins.list[DocumentStatus]:
        """The session's documents in reading order, with the titles to show and their progress."""
        session_id = self._context.session(session).id
        return self._statuses(session_id, titles_of(self._db, session_id))

    def listing(
        self, session: SessionRef, search: str = "", offset: int | None = 0, size: int = 50
    ) -> Listing[DocumentStatus]:
        """One screen of what `list` returns.

        Args:
            search: only documents whose title or file's name contains each of these words.
            offset: number of the first one to show, counted from 0; None: the screen of the first
                document that is being worked on, if there is one.
            size: how many documents a screen has.
        """
        session_id = self._context.session(session).id
        words, keys = search.casefold().split(), list_shown_keys(self._db, session_id)
        if words:
            texts = ((key, f"{key.title}\n{key.file_name}".casefold()) for key in keys)
            keys = [key for key, text in texts if all(word in text for word in words)]
        if offset is None:
            unfinished = storage.find_open_document(self._db, session_id)
            numbers = (number for number, key in enumerate(keys) if key.id == unfinished)
            offset = next(numbers, 0) // size * size
        first = first_of_screen(offset, size, len(keys))
        titles = {key.id: key.title for key in keys[first : first + size]}
        return Listing(self._statuses(session_id, titles, list(titles)), first, len(keys))

    def asked(self, session: SessionRef) -> builtins.list[int] | None:
        """The ids of the documents that are asked from the page; None: all."""
        session_id = self._context.session(session).id
        count = storage.count_asked(self._db, session_id)
        if count.asked == count.total:
            return None
        return storage.asked_documents(self._db, session_id)

    def count_asked(self, session: SessionRef) -> AskedCount:
        """How many documents are asked from the page, and how many there are."""
        return storage.count_asked(self._db, self._context.session(session).id)

    def choose(self, session: SessionRef, is_asked: bool, document_id: int | None = None) -> None:
        """Choose whether a document, or all, are asked from the page; the choice is kept.

        Args:
            document_id: one of another session is left as it is; None: all of the session.
        """
        ids = None if document_id is None else [document_id]
        storage.set_asked(self._db, self._context.session(session).id, is_asked, ids)

    def has_any(self, session: SessionRef) -> bool:
        """Whether a session has any document."""
        return storage.has_documents(self._db, self._context.session(session).id)

    def token_total(self, session: SessionRef) -> int:
        """The tokens of a session's documents, as far as they are counted."""
        return storage.count_tokens(self._db, self._context.session(session).id).in_documents

    def find(self, session: SessionRef, document_id: int) -> DocumentRow | None:
        """The document of this number if it belongs to the session."""
        session_id = self._context.session(session).id
        found = storage.get_documents(self._db, [document_id])
        return next((row for row in found if row.session_id == session_id), None)

    def titles(self, session: SessionRef) -> dict[int, str]:
        """The title to show for each document of a session, by its number."""
        return titles_of(self._db, self._context.session(session).id)

    def _statuses(
        self,
        session_id: int,
        titles: Mapping[int, str],
        document_ids: Sequence[int] | None = None,
    ) -> builtins.list[DocumentStatus]:
        """Documents of a session, those of these ids or all, with the titles to show."""
        listed = storage.listed_documents(self._db, session_id, document_ids)
        return [self._status(item, titles.get(item.document.id)) for item in listed]

    def _status(self, item: ListedDocument, title: str | None) -> DocumentStatus:
        row, context = item.document, self._context
        if title is not None:
            row = replace(row, title=title)
        is_waiting = (
            item.is_followed
            and row.state == DocumentState.PAUSED
            and context.following.is_at_work(row.session_id)
        )
        progress = context.jobs.progress_of(row)
        step = context.jobs.indexing_steps().get(row.id)
        if progress is None or row.state == DocumentState.DONE:
            return DocumentStatus(row, row.tokens_read, 0.0, is_waiting, step)
        speed = progress.tokens_per_second
        return DocumentStatus(row, progress.tokens_read, speed, is_waiting, step)

    def stalled_document(self, session: SessionRef) -> DocumentRow | None:
        """A document read in part and stopped; the session's other documents wait for it."""
        found = storage.find_stalled_document(self._db, self._context.session(session).id)
        return None if found is None else as_shown(self._db, found)

    def versions(self, document: DocumentRow) -> builtins.list[DocumentRow]:
        """The versions and readings of a document's file, the oldest first, with their titles."""
        titles = titles_of(self._db, document.session_id)
        chain = storage.version_chain(self._db, document)
        return [replace(row, title=titles[row.id]) for row in chain]

    def called(self, session: SessionRef, name: str) -> DocumentRow:
        """The one document of a session that a person means by a name.

        Args:
            name: its title, or the name or the end of the path of its file.

        Raises:
            NoSuchDocument: none is called so, or several are; the message says which there are.
        """
        session_row = self._context.session(session)
        documents = list_shown_keys(self._db, session_row.id)
        found = documents_called(documents, name)
        if len(found) == 1:
            row = storage.get_document(self._db, found[0].id)
            return replace(row, title=found[0].title)
        named = found or documents
        titles = ", ".join(repr(document.title) for document in named[:MAX_NAMED]) or "none"
        if len(named) > MAX_NAMED:
            titles += f" and {len(named) - MAX_NAMED:,} others"
        if found:
            raise NoSuchDocument(f"{name!r} may be one of several documents; say which: {titles}.")
        raise NoSuchDocument(f"{session_row.name!r} has no document {name!r}; it has {titles}.")

    def retitle(self, session: SessionRef, document_id: int, title: str) -> DocumentRow:
        """Show a document, and the other versions of its file, with a title that a person chose.

        The title in the session's stream stays, so nothing is read again. The document is still
        found by its own title and by its file's name.

        Args:
            title: empty: it is shown as it was before it was given one.

        Returns:
            The document with the title to show.

        Raises:
            NoSuchDocument: the session has no document of this number.
            NotAllowed: another file's document is shown with that title, or nothing of it is seen.
        """
        session_row = self._context.session(session)
        chosen = clean_line(title)
        if title.strip() and not chosen:
            raise NotAllowed("The title has no visible characters; type one that has.")
        with self._db.transaction():
            document = self.find(session_row.id, document_id)
            if document is None:
                raise NoSuchDocument(f"{session_row.name!r} has no document number {document_id}.")
            of_file = {row.id for row in storage.version_chain(self._db, document)}
            if chosen:
                shown = list_shown_keys(self._db, session_row.id)
                others = (key.title for key in shown if key.id not in of_file)
                taken = next((t for t in others if t.casefold() == chosen.casefold()), None)
                if taken is not None:
                    raise NotAllowed(
                        f"{session_row.name!r} has another document {taken!r}; choose another "
                        "title, or give that one another first."
                    )
            storage.set_shown_title(self._db, sorted(of_file), chosen or None)
        return as_shown(self._db, storage.get_document(self._db, document_id))

    def pause(self, document_id: int) -> None:
        """Stop reading a document at the next grid point; what was read is saved."""
        context = self._context
        document = storage.get_document(self._db, document_id)
        context.following.pause(document)
        if document.state == DocumentState.QUEUED and not context.jobs.is_in_reading(
            document.session_id
        ):
            storage.set_document_state(self._db, document_id, DocumentState.PAUSED)
        context.jobs.pause(document)

    def resume(self, document_id: int, password: str | None = None) -> DocumentRow:
        """Continue a document that is not finished; a failed one is tried again.

        The rest of a cancelled document cannot follow what was read of it once something else was
        read after it: then it is read again from its start, as a new document.

        Args:
            password: of an encrypted PDF that is not indexed yet.
        """
        document = storage.get_document(self._db, document_id)
        if document.state == DocumentState.CANCELLED and self._is_read_past(document):
            document = self._read_once_more(document)
        return self._context.resume(document, password)

    def cancel(self, document_id: int) -> DocumentRow | None:
        """Stop reading a document for good.

        What was read stays known. The rest is not found any more, and read only if it is resumed.

        Returns:
            The document; None if nothing of it was read, for then it is deleted.
        """
        context = self._context
        document = storage.get_document(self._db, document_id)
        if document.state in (DocumentState.DONE, DocumentState.CANCELLED):
            return document
        context.following.pause(document)
        follow = storage.find_follow(self._db, document_id)
        if follow is not None and not follow.ended:
            storage.end_follow(self._db, document_id)
        context.jobs.drop(document.session_id)
        context.save(document.session_id)
        document = storage.get_document(self._db, document_id)
        if storage.delete_document(self._db, document_id, only_unread=True):
            context.files.prune()
            kept = None
        elif document.state != DocumentState.DONE:
            kept = storage.set_document_state(self._db, document_id, DocumentState.CANCELLED)
        else:
            kept = document
        context.read_on(document.session_id)
        return kept

    def remove(self, document_id: int) -> None:
        """Delete a document; what was read after it is read again.

        A memory cannot unlearn, so the session goes back to the position before the document.

        Raises:
            SessionBusy: another process reads the session or follows a log for it.
        """
        context = self._context
        document = storage.get_document(self._db, document_id)
        row = storage.get_session_by_id(self._db, document.session_id)
        context.forget(row.id)
        with context.locks.held(row.id):
            self._rereads.drop(row)  # only now: what is refused changes nothing
            storage.remove_document(self._db, document.id)
        context.files.prune()
        context.read_on(row.id)

    def _is_read_past(self, document: DocumentRow) -> bool:
        """Whether the session has read something after what it read of a document."""
        start = document.start_position
        others = storage.list_keys(self._db, document.session_id)
        return any((other.start_position or -1) > (start or 0) for other in others)

    def _read_once_more(self, document: DocumentRow) -> DocumentRow:
        file = File(document.file_name, document.source_path, document.sha256)
        with self._db.transaction():
            return register.add_row(
                self._db,
                document.session_id,
                file,
                title=own_title(document),
                kind=document.kind,
                byte_count=document.byte_count,
                encoding=document.encoding,
            )
