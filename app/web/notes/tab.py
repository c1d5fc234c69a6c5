"""The tab of notes: its field, its list, and their events."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from app.web import javascript
from app.web.chat.actions import QuestionActions
from app.web.chat.tab import Chat
from app.web.events import AT_ONCE, QUIET
from app.web.notes.actions import ADD, FIELD, NotesActions
from app.web.notes.html import NO_SESSION, empty_html
from app.web.reader.tab import WITH_PLACE, Reader

SCRIPT = Path(__file__).with_name("notes.js")


@dataclass(frozen=True)
class NotesTab:
    """The components of the tab.

    Args:
        field: a new note, or the text of the one that is edited.
        is_here: whether a new one is made at the page that the reader shows.
        editing: that note; None: the field is for a new one.
        notes: one screen of the list, with the line below it.
        view: what the list shows.
    """

    field: gr.Textbox
    is_here: gr.Checkbox
    save: gr.Button
    cancel: gr.Button
    editing: gr.State
    notes: gr.HTML
    view: gr.State

    @property
    def listed(self) -> list[Any]:
        """The outputs of what shows the list."""
        return [self.notes, self.view]

    @property
    def form(self) -> list[Any]:
        """The outputs of what fills or empties the field."""
        return [self.field, self.save, self.cancel, self.editing]


def lay_out_notes() -> NotesTab:
    """Make the components, in the open column of the reader's tab."""
    field = gr.Textbox(
        label=FIELD,
        show_label=False,
        container=False,
        placeholder="Write a note of your own…",
        lines=2,
        max_lines=8,
        elem_id="note",
        elem_classes="field",
    )
    is_here = gr.Checkbox(
        label="At the page that the reader shows", container=False, elem_id="note-here"
    )
    with gr.Row(elem_classes="tight"):
        save = gr.Button(ADD, size="sm", min_width=110)
        cancel = gr.Button("Cancel", size="sm", min_width=80, visible=False)
    notes = gr.HTML(
        empty_html(NO_SESSION),
        js_on_load=SCRIPT.read_text(encoding="utf-8"),
        apply_default_css=False,
    )
    return NotesTab(field, is_here, save, cancel, gr.State(), notes, gr.State())


def wire_notes(
    tab: NotesTab,
    act: NotesActions,
    chat: Chat,
    questions: QuestionActions,
    reader: Reader,
    session: gr.Radio,
) -> None:
    """Connect the tab's events, and those of the conversation that keep answers.

    Args:
        chat, questions: the conversation, whose answers can be kept.
        reader: opens the passages of notes.
        session: its value is the selected session.
    """
    saved = [*tab.listed, *tab.form]
    to_field: dict[str, Any] = {"fn": None, "js": javascript.TO_NOTE_FIELD}
    written = [session, tab.field, tab.editing, tab.is_here, reader.place]
    tab.save.click(act.save, written, saved, js=WITH_PLACE, **QUIET)
    tab.cancel.click(act.cancel, None, tab.form, **QUIET).then(**to_field)
    tab.notes.click(act.act, [session, tab.view, tab.editing], saved, **QUIET)
    edited = tab.notes.edit(act.edit, [session, tab.field, tab.editing], tab.form, **QUIET)
    edited.success(**to_field)
    tab.notes.select(act.open, session, reader.opened, **AT_ONCE)
    to_notes: dict[str, Any] = {"fn": None, "js": javascript.TO_NOTES}
    kept = chat.messages.like(act.keep, session, tab.listed, **QUIET)
    kept.success(questions.kept_again, session, chat.messages, **QUIET)
    chat.notes.click(**to_notes)
    shown = chat.messages.expand(act.show_kept, session, tab.listed, **QUIET)
    shown.success(**to_notes)
