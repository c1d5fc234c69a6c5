"""The sidebar's components and events: sessions are listed, searched, made, renamed and deleted."""

from __future__ import annotations

import builtins
from abc import ABCMeta
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from app.web import javascript
from app.web.events import IN_TURN, QUIET, Handler
from app.web.sidebar.actions import SessionActions
from app.web.sidebar.html import BRAND

PANE_SCRIPT = Path(__file__).with_name("pane.js")
RENAMING = Path(__file__).with_name("rename.js")


def _selected_name(_: gr.Radio, payload: Any) -> str | None:
    return payload if isinstance(payload, str) else None


# A radio that accepts any name as its value. The selected session need not be among the choices: a
# search may leave it out, or a list from just before it was made may arrive late. Gradio's own
# radio would then refuse every event of the page; here the service refuses unknown names. It is
# made by a call, not by a `class` statement, because gradio writes a .pyi file beside the module of
# each such class, wherever that is installed.
SessionRadio: Any = ABCMeta.__new__(
    type(gr.Radio),
    "SessionRadio",
    (gr.Radio,),
    {"__module__": __name__, "is_template": True, "preprocess": _selected_name},
)


@dataclass(frozen=True)
class Sidebar:
    """The components of the sidebar.

    Args:
        address: hidden; the session named by the page's address, then the one to be selected first.
        sessions: one screen of the list; its value is the name of the selected session.
        pager: the line below the list, with buttons to its other screens.
        offset: number of the first session on the screen.
        new_name_row: the form for renaming, hidden until it is asked for.
        keep_name: closes that form without renaming.
        in_place: empty; its script renames a session where its name stands in the list.
    """

    address: gr.Textbox
    sessions: gr.Radio
    pager: gr.HTML
    offset: gr.State
    search: gr.Textbox
    name: gr.Textbox
    create: gr.Button
    rename: gr.Button
    duplicate: gr.Button
    export: gr.Button
    delete: gr.Button
    new_name_row: gr.Group
    new_name: gr.Textbox
    save_name: gr.Button
    keep_name: gr.Button
    undo: gr.Button
    in_place: gr.HTML

    @property
    def list(self) -> builtins.list[Any]:
        """The outputs of `SessionActions.shown`."""
        return [self.sessions, self.pager, self.offset]


def lay_out_sidebar() -> Sidebar:
    """Place the components in the open gradio block."""
    gr.HTML(BRAND)
    with gr.Row(equal_height=True, elem_classes="tight"):
        name = _field("Name of a new session", "New session", scale=3)
        create = gr.Button("New", size="md", scale=1, min_width=60)
    search = _field("Search sessions", "Search sessions and titles")
    sessions = SessionRadio(label="Sessions", choices=[], interactive=True, elem_classes="sessions")
    pager = gr.HTML(elem_classes="part", js_on_load=javascript.BUTTONS)
    in_place = gr.HTML(elem_classes="part", js_on_load=RENAMING.read_text(encoding="utf-8"))
    with gr.Row(elem_classes="tight"):
        rename = gr.Button("Rename", size="sm", min_width=100)
        duplicate = gr.Button("Duplicate", size="sm", min_width=100)
        export = gr.Button("Export", size="sm", min_width=100)
        delete = gr.Button("Delete", size="sm", min_width=100)
    with gr.Group(visible=False, elem_classes="plain") as row:
        new_name = _field("New name of the session", "New name")
        with gr.Row(elem_classes="tight"):
            save = gr.Button("Save name", size="sm", variant="primary", min_width=70)
            keep = gr.Button("Keep the old", size="sm", min_width=70)
    undo = gr.Button(size="sm", visible=False, elem_classes="undo")
    address = gr.Textbox(visible="hidden", label="Session of the address")
    return Sidebar(
        *(address, sessions, pager, gr.State(0), search, name, create),
        *(rename, duplicate, export, delete, row, new_name, save, keep, undo, in_place),
    )


def _field(label: str, placeholder: str, scale: int | None = None) -> gr.Textbox:
    return gr.Textbox(
        label=label,
        placeholder=placeholder,
        show_label=False,
        container=False,
        min_width=100,
        scale=scale,
        max_lines=1,
        elem_classes="field",
    )


def wire_sidebar(
    sidebar: Sidebar, act: SessionActions, blocks: gr.Blocks, show: Handler, model: gr.Radio
) -> None:
    """Connect the sidebar's events.

    Args:
        model: the choice of the model for new sessions.
        show: shows the selected session in all tabs.
    """
    script = javascript.EDGE + PANE_SCRIPT.read_text(encoding="utf-8")
    blocks.load(None, js=f"() => {{\n{script}}}")
    session, search, listed = sidebar.sessions, sidebar.search, sidebar.list
    first = blocks.load(
        act.first_view,
        sidebar.address,
        [session, sidebar.pager, sidebar.undo, sidebar.offset, sidebar.address],
        js=javascript.SESSION_OF_ADDRESS,
    )
    selecting = [session, sidebar.address]
    first.then(None, selecting, session, js=javascript.SELECT_FIRST).then(*show)
    session.change(None, session, None, js=javascript.SESSION_TO_ADDRESS)
    # The panes show the last one that was selected, however fast they were.
    session.input(*show, trigger_mode="always_last")
    search.change(act.find, search, listed, **QUIET)
    sidebar.pager.click(act.turn, search, listed, **IN_TURN)
    gr.on(
        [sidebar.create.click, sidebar.name.submit],
        act.create,
        [sidebar.name, model],
        [*listed, sidebar.name, search],
        **QUIET,
    ).then(*show)
    _wire_renaming(sidebar, act, show)
    sidebar.duplicate.click(act.duplicate, session, [*listed, search], **QUIET).then(*show)
    undo = [*listed, sidebar.undo]
    sidebar.delete.click(act.delete, [session, search], undo).then(*show)
    sidebar.undo.click(act.undelete, search, undo).then(*show)


def _wire_renaming(sidebar: Sidebar, act: SessionActions, show: Handler) -> None:
    session, row = sidebar.sessions, sidebar.new_name_row
    sidebar.rename.click(act.begin_rename, session, [row, sidebar.new_name])
    sidebar.keep_name.click(lambda: gr.Group(visible=False), None, row)
    gr.on(
        [sidebar.save_name.click, sidebar.new_name.submit],
        act.rename,
        [session, sidebar.new_name, sidebar.search],
        [*sidebar.list, row],
        **QUIET,
    ).then(*show)
    in_place = [session, sidebar.search]
    sidebar.in_place.edit(act.rename_in_place, in_place, sidebar.list, **QUIET).success(*show)
