"""The layout: sessions beside, the tabs, and the events that join them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.service import Service
from app.web import javascript
from app.web.chat.actions import ChatActions, QuestionActions
from app.web.chat.tab import Chat, lay_out_chat, wire_chat
from app.web.library.tab import Library, LibraryActions, lay_out_library
from app.web.savings.tab import Savings, SavingsActions, lay_out_savings
from app.web.settings.tab import SettingsActions, SettingsTab, lay_out_settings, show_window
from app.web.settings.theme_choice import wire_look
from app.web.sidebar.tab import SessionActions, SessionList, lay_out_sessions

REFRESH_SECONDS = 1.5
LOADING = '<div class="notice">The model is being loaded (the first time it is fetched).</div>'


@dataclass(frozen=True)
class Page:
    """All of the page: its parts, and the actions behind them."""

    blocks: gr.Blocks
    status: gr.HTML
    list: SessionList
    chat: Chat
    library: Library
    savings: Savings
    settings: SettingsTab
    tabs: dict[str, gr.Tab]
    service: Service

    @property
    def session(self) -> gr.Radio:
        return self.list.sessions


def build(service: Service) -> gr.Blocks:
    """Lay out the page and wire it."""
    with gr.Blocks(title="Ammon", analytics_enabled=False, fill_width=True) as blocks:
        with gr.Sidebar(width=300):
            sessions = lay_out_sessions()
        status = gr.HTML(elem_classes="status")
        tabs = {}
        with gr.Tab("Chat") as tabs["chat"]:
            chat = lay_out_chat()
        with gr.Tab("Library") as tabs["library"]:
            library = lay_out_library(service)
        with gr.Tab("Memory & savings") as tabs["savings"]:
            savings = lay_out_savings()
        with gr.Tab("Settings") as tabs["settings"]:
            settings = lay_out_settings()
        _wire(Page(blocks, status, sessions, chat, library, savings, settings, tabs, service))
    return blocks


def _wire(page: Page) -> None:
    sessions, questions = SessionActions(page.service), QuestionActions(page.service)
    library = LibraryActions(page.service, sessions)
    opening = SessionView(page, questions, library)
    _wire_sessions(page, sessions, library, opening)
    wire_chat(page.chat, page.tabs["chat"], page.session, page.service, questions)
    _wire_library(page, library, opening)
    _wire_savings(page)
    _wire_settings(page)
    page.blocks.unload(questions.leave)


class SessionView:
    """Showing a session in all tabs, whenever another one is chosen."""

    def __init__(self, page: Page, questions: QuestionActions, library: LibraryActions) -> None:
        self._questions, self._library = questions, library
        self._chat = ChatActions(page.service)
        self._savings = SavingsActions(page.service)
        panel, chat = page.chat.passage, page.chat
        self.inputs = [page.session, page.savings.convention]
        self.outputs = [
            *(chat.messages, chat.footing, chat.at, panel.panel, panel.content, panel.answer),
            *(page.library.documents, *page.savings.shown),
        ]

    def open(self, session: str | None, convention: str, request: gr.Request) -> tuple[Any, ...]:
        """Everything the tabs show of a session."""
        return (
            *self._questions.open(session, request),
            self._chat.reset_as_of(session),
            *(gr.Column(visible=False), "", None),
            self._library.shown(session),
            *self._savings.shown(session, convention),
        )


def _wire_sessions(
    page: Page, act: SessionActions, library: LibraryActions, opening: SessionView
) -> None:
    parts, session = page.list, page.session
    chosen = [session, parts.undo]
    shown = (opening.open, opening.inputs, opening.outputs)
    seen = gr.State()

    def tick(name: str | None, search: str, before: Any) -> tuple[Any, ...]:
        status = "" if page.service.is_loaded else LOADING
        return *act.tick(name, search, before), status, library.shown(name)

    page.blocks.load(None, js=javascript.ON_LOAD)
    first = page.blocks.load(act.first_view, parts.wanted, chosen, js=javascript.SESSION_OF_ADDRESS)
    first.then(*shown)
    session.change(None, session, None, js=javascript.SESSION_TO_ADDRESS)
    gr.Timer(REFRESH_SECONDS).tick(
        tick,
        [session, parts.search, seen],
        [*chosen, seen, page.status, page.library.documents],
        show_progress="hidden",
    )
    session.input(*shown)
    parts.search.change(act.find, parts.search, session, show_progress="hidden")
    gr.on(
        [parts.create.click, parts.name.submit],
        act.create,
        parts.name,
        [session, parts.name, parts.search],
    ).then(*shown)
    renaming = [parts.new_name_row, parts.new_name]
    parts.rename.click(act.begin_rename, session, renaming)
    parts.keep_name.click(lambda: gr.Group(visible=False), None, parts.new_name_row)
    gr.on(
        [parts.save_name.click, parts.new_name.submit],
        act.rename,
        [session, parts.new_name, parts.search],
        [session, parts.new_name_row],
    ).then(*shown)
    parts.duplicate.click(act.duplicate, session, [session, parts.search]).then(*shown)
    parts.delete.click(act.delete, [session, parts.search], chosen).then(*shown)
    parts.undo.click(act.take_back, parts.search, chosen).then(*shown)


def _wire_library(page: Page, act: LibraryActions, opening: SessionView) -> None:
    parts, session = page.library, page.session
    opened = (opening.open, opening.inputs, opening.outputs)
    parts.upload.upload(
        act.upload,
        [session, parts.upload, parts.password],
        [session, parts.upload, parts.password],
    ).then(*opened)
    text = [parts.title, parts.text]
    parts.add_text.click(act.add_text, [session, *text], [session, *text]).then(*opened)
    parts.add_url.click(act.add_url, [session, parts.url], [session, parts.url]).then(*opened)
    path = [session, parts.path]
    parts.add_path.click(act.add_path, path, path).then(*opened)
    parts.follow.click(act.follow, path, path).then(*opened)
    parts.documents.click(act.act, session, parts.documents, show_progress="hidden")


def _wire_savings(page: Page) -> None:
    parts, act = page.savings, SavingsActions(page.service)
    inputs = [page.session, parts.convention]
    quiet: dict[str, Any] = {"show_progress": "hidden"}
    for name, tab in page.tabs.items():
        is_live = name == "savings"
        tab.select(lambda live=is_live: gr.Timer(active=live), None, parts.timer, **quiet)
    page.tabs["savings"].select(act.shown, inputs, parts.shown, **quiet)
    seen = gr.State()
    parts.timer.tick(act.tick, [*inputs, seen], [*parts.shown, seen], **quiet)
    parts.reread.click(act.reread, inputs, parts.shown)
    parts.convention.input(act.plots, inputs, parts.plots, **quiet)
    file = [parts.file_name, parts.file_text]
    for button, write, of in (
        (parts.csv, act.as_csv, [page.session]),
        (parts.png, act.as_png, inputs),
    ):
        button.click(write, of, file, **quiet).then(None, file, None, js=javascript.SAVE_FILE)


def _wire_settings(page: Page) -> None:
    parts, session, act = page.settings, page.session, SettingsActions(page.service)
    everything = [*parts.state, *parts.fields]
    quiet: dict[str, Any] = {"show_progress": "hidden"}
    session.change(act.opened, session, everything, **quiet)
    page.tabs["settings"].select(act.state, session, parts.state, **quiet)
    page.tabs["settings"].select(act.server, None, parts.server, **quiet)
    parts.timer.tick(act.tick, session, everything, **quiet)
    parts.reach.input(show_window, parts.reach, parts.window, **quiet)
    parts.start.click(
        act.reread, [session, *parts.fields], [parts.progress, parts.start], **quiet
    ).then(act.state, session, parts.state, **quiet)
    parts.cancel.click(act.cancel, session, None, **quiet).then(
        act.opened, session, everything, **quiet
    )
    wire_look(page.blocks, parts.look)
