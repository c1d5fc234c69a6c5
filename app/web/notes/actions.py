"""What the tab of notes does: it lists, adds, changes, deletes and keeps, and opens passages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.errors import BadNote
from app.service import Service
from app.web.events import row_number, sent
from app.web.notes.html import NO_SESSION, SCREEN, empty_html, notes_html
from app.web.reader.actions import Outputs as Opened
from app.web.reader.actions import ReaderActions
from app.web.reader.place import place_in_text
from storage import Presence, SessionRow

ADD, CHANGE = "Add the note", "Save the change"
FIELD, FIELD_OF_CHANGE = "A note of your own", "Change the note"


@dataclass(frozen=True)
class NotesView:
    """What a page shows of the notes.

    Args:
        session: whose notes they are, by its number; None: no session.
        changes: of its notes, as they were counted when these were listed.
        offset: number of the first note shown, counted from 0.
    """

    session: int | None = None
    changes: int = 0
    offset: int = 0


@dataclass(frozen=True)
class Editing:
    """The note that is being changed in the field."""

    session: int
    note: int


Listed = tuple[Any, Any]
"""Values for the list and its view."""
Form = tuple[Any, Any, Any, Any]
"""Values for the field, the button that saves it, the one that cancels, and what is edited."""
SAME: Listed = gr.skip(), gr.skip()
SAME_FORM: Form = gr.skip(), gr.skip(), gr.skip(), gr.skip()


class NotesActions:
    """The handlers of the tab's events.

    A handler raises the error that refuses what it was given; the page shows it as a sentence, and
    the field keeps its text.
    """

    def __init__(self, service: Service, reader: ReaderActions) -> None:
        self._service, self._reader = service, reader

    def opened(self, now: Presence, editing: Editing | None = None) -> tuple[Any, ...]:
        """The notes of a session that was just selected; a change of another one's is left."""
        row = now.session
        is_left = editing is not None and (row is None or editing.session != row.id)
        return *self._listed(row, 0), *(_form() if is_left else SAME_FORM)

    def tick(self, now: Presence, view: NotesView | None) -> Listed:
        """The notes again if they were changed since, on this page or another one."""
        row = now.session
        before = view or NotesView()
        if (row and row.id, row.kept_changes if row else 0) == (before.session, before.changes):
            return SAME
        is_same = row is not None and row.id == before.session
        return self._listed(row, before.offset if is_same else 0)

    def save(
        self,
        session: str | None,
        text: str,
        editing: Editing | None,
        is_here: bool = False,
        shown: str = "",
    ) -> tuple[Any, ...]:
        """Add what is in the field as a note, or change the note that is edited there.

        Args:
            is_here: a new note is made at the place that the reader shows.
            shown: that place, as JSON.

        Raises:
            BadNote: there is no session, no page at which the note is to be made, or the text is
                empty or too long.
            NotFound: the note, or the place, was deleted meanwhile.
        """
        row = self._required(session)
        if editing is None:
            segment_id = place_in_text(shown).segment if is_here else None
            if is_here and segment_id is None:
                raise BadNote("The reader shows no page; open one first, or write without a place.")
            self._service.kept_notes.add(row.id, text, segment_id)
        else:
            self._service.kept_notes.edit(editing.session, editing.note, text)
        return *self._shown_from(session, 0 if editing is None else editing.note), *_form()

    def cancel(self) -> Form:
        """Empty the field, and edit nothing."""
        return _form()

    def act(
        self,
        session: str | None,
        view: NotesView | None,
        editing: Editing | None,
        event: gr.EventData,
    ) -> tuple[Any, ...]:
        """Delete a note ("delete"), or turn to another screen of the list ("screen").

        Args:
            event: with what to do, and the number of the note or of the first one to show.

        Raises:
            NotFound: the note was deleted meanwhile.
        """
        row, data = self._required(session), sent(event)
        number = _number(data.get("id"))
        if data.get("do") != "delete":
            return *self._listed(row, number), *SAME_FORM
        self._service.kept_notes.remove(row.id, number)
        is_edited = editing is not None and editing.note == number
        offset = view.offset if view else 0
        return *self._listed(self._row(session), offset), *(_form() if is_edited else SAME_FORM)

    def edit(
        self, session: str | None, text: str, editing: Editing | None, event: gr.EventData
    ) -> Form:
        """Put a note into the field, where it is changed.

        Args:
            text: in the field.
            event: with the number of the note.

        Raises:
            BadNote: the field has a note that is not saved.
            NotFound: the note was deleted meanwhile.
        """
        row, number = self._required(session), _number(sent(event).get("id"))
        note = self._service.kept_notes.get(row.id, number)
        edited = self._service.kept_notes.get(row.id, editing.note).text if editing else ""
        if text.strip() not in ("", edited):
            raise BadNote("Another note is in the field; save it or cancel it first.")
        field = gr.Textbox(value=note.text, label=FIELD_OF_CHANGE)
        return field, CHANGE, gr.Button(visible=True), Editing(row.id, number)

    def keep(self, session: str | None, event: gr.EventData) -> Listed:
        """Keep an answer of the conversation.

        Args:
            event: with the number of the message, as the browser sends it.

        Raises:
            BadNote: there is no such answer.
        """
        row = self._required(session)
        self._service.kept_notes.keep_answer(row.id, _number(sent(event).get("id")))
        return self._listed(self._row(session), 0)

    def show_kept(self, session: str | None, event: gr.EventData) -> Listed:
        """The screen of notes that has the one kept from an answer.

        Args:
            event: with the number of the message, as the browser sends it.
        """
        row, message = self._required(session), _number(sent(event).get("id"))
        kept = self._service.kept_notes.kept_from(row.id, [message])
        return self._shown_from(session, kept[message]) if kept else SAME

    def open(
        self, session: str | None, event: gr.EventData, request: gr.Request | None = None
    ) -> Iterator[Opened]:
        """Open a passage of a kept answer, or the place of a note, in the reader.

        Args:
            event: with the numbers of the note and of the passage.

        Raises:
            NotFound: the note or the passage was deleted meanwhile.
        """
        row, data = self._required(session), sent(event)
        note = self._service.kept_notes.get(row.id, _number(data.get("note")))
        segment_id = _number(data.get("id"))
        yield from self._reader.open_of_note(row.name, note, segment_id, request)

    def _shown_from(self, session: str | None, note_id: int) -> Listed:
        """The screen on which a note is; the first one for 0."""
        row = self._row(session)
        before = self._service.kept_notes.number_before(row.id, note_id) if row and note_id else 0
        return self._listed(row, before // SCREEN * SCREEN)

    def _listed(self, row: SessionRow | None, offset: int) -> Listed:
        if row is None:
            return empty_html(NO_SESSION), NotesView()
        screen = self._service.kept_notes.screen(row.id, offset, SCREEN)
        return notes_html(screen), NotesView(row.id, row.kept_changes, screen.offset)

    def _row(self, session: str | None) -> SessionRow | None:
        return self._service.sessions.find(session) if session else None

    def _required(self, session: str | None) -> SessionRow:
        row = self._row(session)
        if row is None:
            raise BadNote(NO_SESSION)
        return row


def _form() -> Form:
    """The field empty, for a new note."""
    return gr.Textbox(value="", label=FIELD), ADD, gr.Button(visible=False), None


def _number(value: Any) -> int:
    """A number of a row from the browser; 0, which no row has, if it is none."""
    return row_number(value) or 0
