"""The notes that were taken while reading, as a table of contents of the documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import storage
from app.service.answering.by_document import by_document
from app.service.answering.chapters import (
    Chapter,
    chapter_line,
    list_chapters,
    place_name,
    start_of,
)
from app.service.context import Context, SessionRef
from app.service.reading.notes import NOTED_KINDS
from app.service.reading.parts import MIN_PART_TOKENS, longest_part
from app.service.reading.positions import find_position
from app.service.reading.titles import list_shown_keys
from app.service.session_config import SessionConfig
from storage import DocumentKey, DocumentRow, Heading, Note, SessionRow


@dataclass(frozen=True)
class NotedChapter:
    """A chapter with the notes on it.

    Args:
        number: None for what is before the first chapter, or in a document without chapters.
        where: where it begins, such as "page 12"; empty if that is the chapter itself.
        notes: in reading order; may be empty.
        token_start: the token of the document at which it begins.
    """

    number: int | None
    title: str
    where: str
    notes: tuple[Note, ...]
    token_start: int = 0

    @property
    def heading(self) -> str:
        """The line above its notes: "3. The Mill, page 12"; empty without a number."""
        return "" if self.number is None else chapter_line(self.number, self.title, self.where)


@dataclass(frozen=True)
class DocumentNotes:
    """The table of contents of one document.

    Args:
        chapters: in reading order.
        why_none: a sentence that says why there are no notes; empty if there are some.
    """

    document_id: int
    title: str
    chapters: tuple[NotedChapter, ...]
    why_none: str

    def as_dict(self) -> dict[str, Any]:
        """As values of JSON."""
        return asdict(self)


class Notes:
    """The use cases of notes."""

    def __init__(self, context: Context) -> None:
        self._context, self._db = context, context.db

    def of_document(self, session: SessionRef, document_id: int, at: str = "") -> DocumentNotes:
        """The table of contents of a document.

        Args:
            at: an earlier position, as `name_position` takes it; empty: none.

        Raises:
            NotFound: the session or the document does not exist.
            NoSuchPlace: `at` names no position that was read.
        """
        row = self._context.session(session)
        keys = [key for key in list_shown_keys(self._db, row.id) if key.id == document_id]
        if not keys:
            raise storage.NotFound(
                f"The session {row.name!r} has no document number {document_id}; it may have been "
                "deleted."
            )
        return self._of(row, keys, find_position(self._db, row, at) if at else None)[0]

    def headings(self, session: SessionRef, document_id: int, at: str = "") -> list[Heading]:
        """The headings in a document without chapters, in reading order.

        Args:
            at: as for `of_document`.

        Raises:
            NoSuchPlace: `at` names no position that was read.
        """
        row = self._context.session(session)
        position = find_position(self._db, row, at) if at else None
        return storage.headings(self._db, [document_id], position)

    def of_session(self, session: SessionRef, at: str = "") -> tuple[list[DocumentNotes], int]:
        """The tables of contents of all documents with notes, and how many have none.

        If none has any, the first document is among them, because it says why.

        Args:
            at: as for `of_document`.

        Raises:
            NotFound: the session does not exist.
            NoSuchPlace: `at` names no position that was read.
        """
        row = self._context.session(session)
        position = find_position(self._db, row, at) if at else None
        keys = list_shown_keys(self._db, row.id)
        counts = storage.count_notes(self._db, row.id)
        noted = [key for key in keys if key.id in counts] or keys[:1]
        return self._of(row, noted, position), len(keys) - len(noted)

    def _of(
        self, row: SessionRow, keys: Sequence[DocumentKey], position: int | None
    ) -> list[DocumentNotes]:
        ids = [key.id for key in keys]
        notes = by_document(storage.list_notes(self._db, row.id, ids, position))
        chapters = by_document(list_chapters(self._db, row.id, keys, position))
        rows = {document.id: document for document in storage.get_documents(self._db, ids)}
        return [
            DocumentNotes(
                key.id,
                key.title,
                _grouped(chapters.get(key.id, []), notes.get(key.id, [])),
                "" if key.id in notes else self._why_none(row, rows[key.id], position),
            )
            for key in keys
            if key.id in rows  # not deleted meanwhile
        ]

    def _why_none(self, row: SessionRow, document: DocumentRow, position: int | None) -> str:
        if document.kind not in NOTED_KINDS:
            return "No notes: none are taken on logs, tables and code."
        if document.token_count is not None and document.token_count < MIN_PART_TOKENS:
            return "No notes: it is too short for any."
        config = SessionConfig.from_row(row)
        chunk = config.chunk_tokens_or(self._context.settings.chunk_tokens)
        longest = longest_part(config.stream.window, chunk)
        if not longest:
            return "No notes: the window of this session is too small to take any."
        if self._context.notes is None:
            return "No notes: they are switched off, by --no-notes or AMMON_NOTES=0."
        if document.tokens_read < min(longest, document.token_count or longest):
            return "No notes yet: too little of it has been read."
        if position is not None:
            return "No notes: none was taken up to there."
        return (
            "No notes: they were switched off, it was read by an older version, or it has nothing "
            f"to tell. To take them now, read it again: python launch.py reread {row.name!r}"
        )


def note_place(note: Note) -> str:
    """Where the part of a note is: "page 3", or "page 3 to page 9"."""
    first, last = place_name(note.locator), place_name(note.last_locator)
    return first if first == last else f"{first} to {last}"


def _grouped(chapters: Sequence[Chapter], notes: Sequence[Note]) -> tuple[NotedChapter, ...]:
    """The notes of a document by chapter: each is in that in which its middle is."""
    of: dict[int | None, list[Note]] = {}
    for note in notes:
        of.setdefault(_chapter_of(note, chapters), []).append(note)
    found = [NotedChapter(None, "", "", tuple(of.get(None, [])))]
    found += [
        NotedChapter(c.number, c.title, c.where, tuple(of.get(i, [])), c.token_start)
        for i, c in enumerate(chapters)
    ]
    return tuple(each for each in found if each.notes or each.number is not None)


def _chapter_of(note: Note, chapters: Sequence[Chapter]) -> int | None:
    """The index of a note's chapter, or None if there is none."""
    middle, found = (note.token_start + note.token_end) / 2, None
    for i, chapter in enumerate(chapters):
        if chapter.heading is None:
            if chapter.number == note.chapter:
                return i
        elif start_of(*chapter.heading) <= middle:
            found = i
    return found
