"""The reader beside the conversation: its tabs Page, Contents and Notes, and their events."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from app.web.chat.tab import Chat
from app.web.events import AT_ONCE, IN_TURN, QUIET
from app.web.javascript import BUTTONS, EDGE
from app.web.reader.actions import ReaderActions

SCRIPT = Path(__file__).with_name("reader.js")
CONTENTS_SCRIPT = Path(__file__).with_name("contents.js")
HANDLE = (
    '<div role="separator" tabindex="0" aria-orientation="vertical" aria-controls="reader" '
    'aria-label="Width of the reader"></div>'
    '<button class="show-reader" data-do="show-reader" aria-controls="reader">Reader</button>'
)
"""Between conversation and reader: what is dragged, or the button that opens a closed reader."""
CLOSE = (
    '<button class="chip close-reader" data-do="close-reader" aria-label="Close the reader" '
    'title="Close the reader"><span class="back">Back to the conversation</span>'
    '<span class="cross" aria-hidden="true">✕</span></button>'
)
# The place on the page is taken from the page itself, where the browser keeps it.
WITH_PLACE = """(...values) => {
    const page = document.querySelector('#reader [data-place]:not(button)');
    return [...values.slice(0, -1), page?.dataset.place ?? ''];
}"""


@dataclass(frozen=True)
class Reader:
    """The components of the pane.

    Args:
        handle: between the conversation and the pane; all buttons of the pane send their events
            through it, because it is always on the page.
        place: hidden; takes the place that the page shows, as JSON.
        document: the choice among several documents.
        notes: an empty column, for notes of one's own.
        session: the number of the session that is shown.
    """

    handle: gr.HTML
    tabs: gr.Tabs
    page: gr.HTML
    document: gr.Dropdown
    find: gr.Textbox
    found: gr.HTML
    contents: gr.HTML
    contents_tab: gr.Tab
    notes: gr.Column
    place: gr.Textbox
    session: gr.State

    @property
    def opened(self) -> list[Any]:
        """The outputs of what opens a page: `ReaderActions.go` and others."""
        return [self.page, self.tabs]

    @property
    def listed(self) -> list[Any]:
        """The outputs of `ReaderActions.contents`."""
        return [self.document, self.contents, self.found]

    @property
    def of_session(self) -> list[Any]:
        """The outputs of `ReaderActions.opened`."""
        return [*self.opened, self.contents, self.find, self.found, self.session]


def lay_out_reader() -> Reader:
    """Make the pane and the handle before it, in the row of the conversation."""
    handle = gr.HTML(
        HANDLE,
        js_on_load=EDGE + SCRIPT.read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id="reader-handle",
    )
    with gr.Column(elem_id="reader", min_width=0):
        gr.HTML(CLOSE, js_on_load=None, apply_default_css=False, elem_classes="closing")
        with gr.Tabs(selected="page") as tabs:
            with gr.Tab("Page", id="page"):
                page = gr.HTML(js_on_load=None, apply_default_css=False)
            with gr.Tab("Contents", id="contents") as contents_tab:
                document, find, found, contents = _contents()
            with gr.Tab("Notes", id="notes"), gr.Column(elem_id="notes-tab") as notes:
                pass
        place = gr.Textbox(visible="hidden", label="Place in the reader")
    return Reader(
        *(handle, tabs, page, document, find, found, contents, contents_tab),
        *(notes, place, gr.State()),
    )


def _contents() -> tuple[gr.Dropdown, gr.Textbox, gr.HTML, gr.HTML]:
    # Any value is accepted: of very many documents the list offers only some.
    document = gr.Dropdown(
        label="Document",
        show_label=False,
        container=False,
        choices=[],
        visible=False,
        allow_custom_value=True,
        elem_classes="field",
        elem_id="reader-document",
    )
    find = gr.Textbox(
        label="Search in this document",
        placeholder="Search in this document",
        show_label=False,
        container=False,
        max_lines=1,
        elem_classes="field",
        elem_id="reader-search",
    )
    found = gr.HTML(js_on_load=None, apply_default_css=False, elem_id="reader-found")
    script = BUTTONS + CONTENTS_SCRIPT.read_text(encoding="utf-8")
    return document, find, found, gr.HTML(js_on_load=script, apply_default_css=False)


def wire_reader(reader: Reader, act: ReaderActions, chat: Chat, session: gr.Radio) -> None:
    """Connect the pane's events.

    Args:
        chat: the conversation, whose marks and chips open passages.
        session: its value is the selected session.
    """
    with_place: dict[str, Any] = {"js": WITH_PLACE, **QUIET}
    chat.messages.click(act.open_of_answer, session, reader.opened, **AT_ONCE)
    reader.handle.click(act.go, session, reader.opened, **AT_ONCE)
    shown = [session, reader.place]
    reader.contents_tab.select(act.contents, shown, reader.listed, **with_place)
    reader.contents.click(act.turn, shown, reader.contents, js=WITH_PLACE, **IN_TURN)
    reader.contents.tick(act.renew, shown, reader.contents, **with_place)
    reader.document.input(
        act.choose,
        [session, reader.document, reader.place],
        [reader.page, reader.contents, reader.found],
        js=WITH_PLACE,
        **AT_ONCE,
    )
    # "always_last" would send what the first of the keys had typed again.
    reader.document.key_up(
        act.find_documents, session, reader.document, trigger_mode="multiple", **QUIET
    )
    search = [session, reader.find, reader.place]
    reader.find.submit(act.search, search, reader.found, **with_place)
