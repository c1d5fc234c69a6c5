"""The page: the sidebar, the four tabs, and the events that concern more than one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.service import Service
from app.web import javascript
from app.web.chat.actions import ChatActions, QuestionActions
from app.web.chat.tab import Chat, lay_out_chat, wire_chat
from app.web.events import QUIET, Handler
from app.web.faults import say_all_faults
from app.web.library.actions import LibraryActions
from app.web.library.tab import Library, lay_out_library, wire_library
from app.web.savings.actions import SavingsActions
from app.web.savings.tab import Savings, lay_out_savings, wire_savings
from app.web.settings.actions import SettingsActions
from app.web.settings.model_choice import ModelChoiceActions, wire_model_choice
from app.web.settings.tab import SettingsTab, lay_out_settings, wire_settings
from app.web.sidebar.actions import Seen, SessionActions
from app.web.sidebar.tab import Sidebar, lay_out_sidebar, wire_sidebar

REFRESH_SECONDS = 1.5
LOADING = '<div class="notice">The model is being loaded (the first time it is fetched).</div>'


@dataclass(frozen=True)
class Page:
    """The components of the page.

    Args:
        status: a notice above the tabs, empty once the model is loaded.
        tabs: the tabs themselves: "chat", "library", "savings" and "settings".
    """

    blocks: gr.Blocks
    sidebar: Sidebar
    status: gr.HTML
    tabs: dict[str, gr.Tab]
    chat: Chat
    library: Library
    savings: Savings
    settings: SettingsTab

    @property
    def session(self) -> gr.Radio:
        """The list of sessions; its value is the name of the selected session."""
        return self.sidebar.sessions


def build(service: Service) -> gr.Blocks:
    """Lay out the page and connect its events to the service."""
    with gr.Blocks(title="Ammon", analytics_enabled=False, fill_width=True) as blocks:
        _wire(_lay_out(blocks, service), service)
        say_all_faults(blocks)
    return blocks


def _lay_out(blocks: gr.Blocks, service: Service) -> Page:
    with gr.Sidebar(width=300):
        sidebar = lay_out_sidebar()
    status = gr.HTML(elem_classes="status")
    tabs = {}
    with gr.Tab("Chat") as tabs["chat"]:
        chat = lay_out_chat()
    with gr.Tab("Library") as tabs["library"]:
        library = lay_out_library(service)
    with gr.Tab("Memory & savings") as tabs["savings"]:
        savings = lay_out_savings()
    with gr.Tab("Settings") as tabs["settings"]:
        settings = lay_out_settings(service)
    return Page(blocks, sidebar, status, tabs, chat, library, savings, settings)


def _wire(page: Page, service: Service) -> None:
    sessions, questions = SessionActions(service), QuestionActions(service)
    library, savings = LibraryActions(service, sessions), SavingsActions(service)
    view = SessionView(page, questions, ChatActions(service), library, savings)
    session, tabs = page.session, page.tabs
    page.blocks.load(None, js=javascript.ON_LOAD)
    wire_sidebar(page.sidebar, sessions, page.blocks, view.show, page.settings.new_sessions.model)
    wire_chat(page.chat, tabs["chat"], session, service, questions)
    wire_library(page.library, library, session, view.show)
    wire_savings(page.savings, savings, session, tabs)
    wire_settings(page.settings, SettingsActions(service), session, tabs["settings"], page.blocks)
    wire_model_choice(page.settings.new_sessions, ModelChoiceActions(service), tabs["settings"])
    _wire_refresh(page, service, sessions, library)
    page.blocks.unload(questions.leave)


def _wire_refresh(
    page: Page, service: Service, sessions: SessionActions, library: LibraryActions
) -> None:
    """Show what reading and other pages have changed, in one request for sidebar and library."""
    seen = gr.State()

    sidebar, documents = page.sidebar, page.library

    def tick(
        session: str | None, search: str, offset: int, before: Any, title: str, view: Any
    ) -> tuple[Any, ...]:
        seen_before, status_before = before or (None, None)
        radio, undo, changed = sessions.tick(session, search, seen_before, offset)
        pager: Any = changed.pager if isinstance(changed, Seen) else gr.skip()
        status = "" if service.is_loaded else LOADING
        now = changed if isinstance(changed, Seen) else seen_before, status
        listed = radio, pager, undo, gr.skip() if now == before else now
        notice = gr.skip() if status == status_before else status
        return *listed, notice, *library.tick(session, title, view)

    gr.Timer(REFRESH_SECONDS).tick(
        tick,
        [page.session, sidebar.search, sidebar.offset, seen, documents.search, documents.view],
        [page.session, sidebar.pager, sidebar.undo, seen, page.status, *documents.list],
        **QUIET,
    )


class SessionView:
    """What all tabs show of the selected session, renewed when another one is selected.

    Attributes:
        show: shows the session in all tabs except Settings, which follows the list by itself.
    """

    def __init__(
        self,
        page: Page,
        questions: QuestionActions,
        chat: ChatActions,
        library: LibraryActions,
        savings: SavingsActions,
    ) -> None:
        self._questions, self._chat = questions, chat
        self._library, self._savings = library, savings
        parts, panel = page.chat, page.chat.passage
        outputs = [
            *(parts.messages, parts.footing, parts.at, panel.panel, panel.content, panel.answer),
            *(*page.library.list, page.library.search, *page.savings.shown),
        ]
        inputs = [page.session, page.savings.convention, page.savings.is_open]
        self.show = Handler(self._open, inputs, outputs)

    def _open(
        self, session: str | None, convention: str, sees_savings: bool, request: gr.Request
    ) -> tuple[Any, ...]:
        savings = self._savings
        return (
            *self._questions.open(session, request),
            self._chat.reset_as_of(session),
            *(gr.Column(visible=False), "", None),
            *self._library.opened(session),
            *(savings.shown(session, convention) if sees_savings else savings.hidden()),
        )
