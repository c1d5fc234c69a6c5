"""Kept notes: what a person writes down in a session, and answers kept with their passages.

The notes that a session takes while it reads are others (`app/service/notes.py`).
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import storage
from app.errors import BadNote
from app.service.answering.citations import stored_passages
from app.service.answering.marked_text import marked_runs
from app.service.answering.support import stored_sentences
from app.service.context import Context, SessionRef
from app.service.reading.titles import titles_of
from storage import MAX_KEPT_CHARACTERS, Database, KeptNote, Listing, MessageRow, first_of_screen

_KEPT_DETAILS = ("as_of", "declined", "found_nothing", "repeats_question", "sentences")
"""Of an answer's details: what its marks and the remarks below it are made of."""


class KeptNotes:
    """The use cases of kept notes."""

    def __init__(self, context: Context) -> None:
        self._context, self._db = context, context.db

    def list(
        self, session: SessionRef, offset: int = 0, count: int | None = None
    ) -> builtins.list[KeptNote]:
        """The notes of a session, the newest first.

        Args:
            offset: number of the first one, counted from 0.
            count: how many at most; None: all.
        """
        row = self._context.session(session)
        return as_shown(self._db, row.id, storage.list_kept_notes(self._db, row.id, offset, count))

    def screen(self, session: SessionRef, offset: int, size: int) -> Listing[KeptNote]:
        """One screen of them; the last one if the list has shrunk.

        Args:
            offset: number of the wanted first note, counted from 0.
            size: how many notes a screen has.
        """
        row = self._context.session(session)
        total = storage.count_kept_notes(self._db, row.id)
        first = first_of_screen(offset, size, total)
        notes = storage.list_kept_notes(self._db, row.id, first, size)
        return Listing(as_shown(self._db, row.id, notes), first, total)

    def number_before(self, session: SessionRef, note_id: int) -> int:
        """How many notes are listed before one, that is, are newer."""
        return storage.count_kept_notes(self._db, self._context.session(session).id, note_id)

    def get(self, session: SessionRef, note_id: int) -> KeptNote:
        """A note of a session.

        Raises:
            NotFound: the session has no such note.
        """
        row = self._context.session(session)
        (note,) = as_shown(self._db, row.id, [storage.get_kept_note(self._db, row.id, note_id)])
        return note

    def add(self, session: SessionRef, text: str, segment_id: int | None = None) -> KeptNote:
        """Store a note of one's own.

        Args:
            segment_id: of the passage at which it is made; None: it is on no place.

        Raises:
            BadNote: the text is empty or too long.
            NotFound: the session or the passage does not exist.
        """
        row = self._context.session(session)
        note = storage.add_kept_note(self._db, row.id, checked_note(text), segment_id=segment_id)
        return as_shown(self._db, row.id, [note])[0]

    def keep_answer(self, session: SessionRef, message_id: int | None = None) -> KeptNote:
        """Store a copy of an answer as a note, once: kept again, it is the note that there is.

        Args:
            message_id: of the answer; None: the last one.

        Raises:
            BadNote: there is no such answer, or its text is empty or too long for a note.
            NotFound: the session does not exist.
        """
        row = self._context.session(session)
        with self._db.transaction():
            asked, answer = self._turn(row.id, message_id)
            kept = storage.notes_kept_from(self._db, row.id, [answer.id])
            if kept:
                return self.get(row.id, kept[answer.id])
            details = {
                name: answer.details[name] for name in _KEPT_DETAILS if name in answer.details
            }
            return storage.add_kept_note(
                self._db,
                row.id,
                checked_note(answer.text),
                message_id=answer.id,
                citations=_passages_to_keep(answer),
                details={"question": asked.text if asked else "", **details},
            )

    def edit(self, session: SessionRef, note_id: int, text: str) -> KeptNote:
        """Replace the text of a note; what it was kept from, its passages and its place stay.

        Raises:
            BadNote: the text is empty or too long.
            NotFound: the session has no such note.
        """
        row = self._context.session(session)
        storage.edit_kept_note(self._db, row.id, note_id, checked_note(text))
        storage.erase_deleted(self._db, had_text=False)
        return self.get(row.id, note_id)

    def remove(self, session: SessionRef, note_id: int) -> None:
        """Delete a note.

        Raises:
            NotFound: the session has no such note.
        """
        storage.delete_kept_note(self._db, self._context.session(session).id, note_id)
        storage.erase_deleted(self._db, had_text=False)

    def kept_from(self, session: SessionRef, message_ids: Sequence[int]) -> dict[int, int]:
        """Which of some messages are kept: the number of the note by that of the message."""
        return storage.notes_kept_from(self._db, self._context.session(session).id, message_ids)

    def _turn(
        self, session_id: int, message_id: int | None
    ) -> tuple[MessageRow | None, MessageRow]:
        """An answer with its question, if that is stored before it.

        Raises:
            BadNote: there is no such answer.
        """
        if message_id is None:
            near = storage.list_messages(self._db, session_id, limit=2)
            wanted = near[-1].id if near else None
        else:
            before = storage.count_messages(self._db, session_id, message_id)
            near = storage.messages_at(self._db, session_id, max(0, before - 1), 2)
            wanted = message_id
        answer = next((m for m in near if m.id == wanted and m.role == "assistant"), None)
        if answer is None:
            which = "" if message_id is None else f" number {message_id}"
            raise BadNote(
                f"There is no answer{which} to keep in this session; it may have been replaced or "
                "deleted."
            )
        return next((m for m in near if m.role == "user" and m.id < answer.id), None), answer


def as_shown(db: Database, session_id: int, notes: Sequence[KeptNote]) -> list[KeptNote]:
    """Notes whose places have the documents' titles as they are shown."""
    if all(note.document_id is None for note in notes):
        return list(notes)
    titles = titles_of(db, session_id)
    return [replace(n, document=titles.get(n.document_id or 0, n.document)) for n in notes]


def checked_note(text: str) -> str:
    """The text of a note without white space around it.

    Raises:
        BadNote: it is empty or too long.
    """
    text = text.strip()
    if not text:
        raise BadNote("The note is empty; write something first.")
    if len(text) > MAX_KEPT_CHARACTERS:
        raise BadNote(
            f"The note has {len(text):,} characters, and the most is "
            f"{MAX_KEPT_CHARACTERS:,}; shorten it, or make two of it."
        )
    return text


def _passages_to_keep(answer: MessageRow) -> list[dict[str, Any]]:
    """The passages of an answer that it cites, or that a mark in its text leads to."""
    passages = stored_passages(answer.details, answer.citations)
    numbers = {p["number"] for p in passages if isinstance(p["number"], int)}
    runs = marked_runs(answer.text, stored_sentences(answer.details), numbers)
    marked = {piece for run in runs for piece in run.pieces if isinstance(piece, int)}
    return [p for p in passages if p["cited"] or p["number"] in marked]
