"""The page: the left pane, the tabs, and the events that concern more than one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import gradio as gr

from app.service import Service
from app.web import javascript
from app.web.chat.actions import QuestionActions
from app.web.chat.conversation import ChatActions
from app.web.chat.tab import Chat, lay_out_chat, wire_chat
from app.web.events import AT_ONCE, QUIET, Handler
from app.web.faults import say_all_faults
from app.web.first_sight.actions import FirstSightActions
from app.web.first_sight.tab import FirstSight, lay_out_first_sight, wire_first_sight
from app.web.keys.tab import lay_out_keys
from app.web.model_notice import model_notice
from app.web.notes.actions import NotesActions
from app.web.notes.tab import NotesTab, lay_out_notes, wire_notes
from app.web.reader.actions import ReaderActions
from app.web.reader.tab import Reader, lay_out_reader, wire_reader
from app.web.reading.actions import ReadingActions
from app.web.reading.tab import Reading, lay_out_reading
from app.web.savings.actions import SavingsActions
from app.web.savings.tab import Savings, lay_out_savings, wire_savings
from app.web.session_view import SessionView
from app.web.settings.actions import SettingsActions
from app.web.settings.model_choice import ModelChoiceActions, wire_model_choice
from app.web.settings.tab import SettingsTab, lay_out_settings, wire_settings
from app.web.sidebar.actions import Seen, SessionActions
from app.web.sidebar.tab import Sidebar, lay_out_sidebar, wire_sidebar
from app.web.sources.actions import SourceActions
from app.web.sources.tab import Sources, lay_out_sources, wire_sources
from app.web.transfers.actions import TransferActions
from app.web.transfers.tab import TransferNotices, lay_out_transfers, wire_transfers
from app.web.update.combined import combined
from app.web.update.mark import ChangeMark
from app.web.update.tab import lay_out_update, wire_update
from storage import Presence


@dataclass(frozen=True)
class Page:
    """The components of the page.

    Args:
        status: a notice above the tabs, empty once the model is loaded.
        tabs: the tabs themselves: "chat", "savings" and "settings".
        update: never seen; renews all of these when something has changed.
    """

    blocks: gr.Blocks
    sidebar: Sidebar
    sources: Sources
    status: gr.HTML
    transfers: TransferNotices
    tabs: dict[str, gr.Tab]
    first: FirstSight
    reading: Reading
    chat: Chat
    reader: Reader
    notes: NotesTab
    savings: Savings
    settings: SettingsTab
    update: gr.HTML

    @property
    def session(self) -> gr.Radio:
        """The list of sessions; its value is the name of the selected session."""
        return self.sidebar.sessions


class Built(NamedTuple):
    """The page, and what its script asks to learn whether anything has changed."""

    blocks: gr.Blocks
    changes: ChangeMark


def build(service: Service) -> Built:
    """Lay out the page and connect its events to the service."""
    reading = ReadingActions(service)
    with gr.Blocks(title="Ammon", analytics_enabled=False, fill_width=True) as blocks:
        _wire(_lay_out(blocks, service), service, reading)
        say_all_faults(blocks)
    return Built(
        blocks,
        ChangeMark(lambda: (service.changes.mark(), reading.pictures_drawn, model_notice(service))),
    )


def _lay_out(blocks: gr.Blocks, service: Service) -> Page:
    with gr.Sidebar(width=300, elem_id="left-pane"):
        sidebar = lay_out_sidebar()
        with gr.Column(elem_id="sources", min_width=0):
            sources = lay_out_sources(service)
    status = gr.HTML(elem_classes="status")
    transfers = lay_out_transfers()
    tabs = {}
    with gr.Tab("Chat") as tabs["chat"]:
        first = lay_out_first_sight()
        reading = lay_out_reading()
        with gr.Row(equal_height=False, elem_id="desk"):
            chat = lay_out_chat()
            reader = lay_out_reader()
            with reader.notes:
                notes = lay_out_notes()
    with gr.Tab("Memory & savings") as tabs["savings"]:
        savings = lay_out_savings()
    with gr.Tab("Settings") as tabs["settings"]:
        settings = lay_out_settings(service)
    lay_out_keys()
    update = lay_out_update()
    return Page(
        *(blocks, sidebar, sources, status, transfers, tabs, first, reading),
        *(chat, reader, notes, savings, settings, update),
    )


def _wire(page: Page, service: Service, reading: ReadingActions) -> None:
    sessions, questions = SessionActions(service), QuestionActions(service)
    sources, savings = SourceActions(service, sessions), SavingsActions(service)
    reader, first = ReaderActions(service), FirstSightActions(service, sessions)
    notes = NotesActions(service, reader)
    session, tabs, model = page.session, page.tabs, page.settings.new_sessions.model
    show = SessionView(
        *(service, questions, ChatActions(service), reader, notes),
        *(sources, savings, first, reading),
    ).handler(
        *(session, page.chat, page.reader, page.notes),
        *(page.sources, page.savings, page.first, page.reading),
    )
    page.blocks.load(None, js=javascript.IN_ORDER)
    page.blocks.load(None, js=javascript.ON_LOAD)
    page.blocks.load(None, js=javascript.LOCALE)
    wire_sidebar(page.sidebar, sessions, page.blocks, show, model)
    wire_first_sight(page.first, first, session, model, show)
    wire_chat(page.chat, tabs["chat"], session, service, questions)
    wire_reader(page.reader, reader, page.chat, session)
    wire_notes(page.notes, notes, page.chat, questions, page.reader, session)
    wire_sources(page.sources, sources, session, show, model, page.transfers.begun)
    transfers = TransferActions(service, sessions)
    wire_transfers(page.transfers, transfers, page.sidebar, show)
    opened = [*page.reader.opened, *page.reader.listed]
    page.sources.documents.click(reader.open_source, session, opened, **AT_ONCE)
    wire_savings(page.savings, savings, session, tabs)
    wire_settings(page.settings, SettingsActions(service), session, tabs["settings"], page.blocks)
    wire_model_choice(page.settings.new_sessions, ModelChoiceActions(service), tabs["settings"])
    chat = page.chat
    shown = [chat.messages, chat.running, chat.pager]
    page.first.progress.change(questions.refresh_welcome, session, shown, **QUIET)
    listed = page.sources
    _wire_refresh(
        *(page, service, sessions, questions),
        Handler(sources.tick, [listed.search, listed.view], listed.list),
        Handler(questions.tick, [chat.seen], [chat.seen]),
        Handler(notes.tick, [page.notes.view], page.notes.listed),
        Handler(first.tick, [page.first.phase], [*page.first.shown, page.first.progress]),
        Handler(transfers.tick, [page.transfers.begun, page.transfers.view], page.transfers.list),
        Handler(reading.tick, [page.reading.shown], page.reading.list),
    )
    page.blocks.unload(questions.leave)


def _wire_refresh(
    page: Page,
    service: Service,
    sessions: SessionActions,
    questions: QuestionActions,
    *parts: Handler,
) -> None:
    """Show what reading and other pages have changed.

    Args:
        parts: what is renewed besides the list of sessions and the notice above the tabs.
    """
    sidebar, seen, notice = page.sidebar, gr.State(), gr.State()

    def tick(now: Presence, search: str, offset: int, before: Any, said: Any) -> tuple[Any, ...]:
        radio, undo, changed = sessions.tick(now, search, before, offset)
        pager: Any = changed.pager if isinstance(changed, Seen) else gr.skip()
        status = model_notice(service)
        notices = (gr.skip(),) * 2 if status == said else (status, status)
        return radio, pager, undo, changed, *notices

    listing = Handler(
        tick,
        [sidebar.search, sidebar.offset, seen, notice],
        [page.session, sidebar.pager, sidebar.undo, seen, page.status, notice],
    )
    renew = combined([listing, *parts], page.session, service.sessions.presence)
    found = list(renew.outputs).index(seen)

    def is_settled(shown: Sequence[Any]) -> bool:
        # Else it is looked once more: for a session that is missing before it is given up, and for
        # one that was made elsewhere before it is selected.
        return not isinstance(shown[found], Seen) or shown[found].is_settled

    searches = [sidebar.search.change, sidebar.offset.change, page.sources.search.change]
    # What is imported may be there before the page is told that it awaits it.
    choices = [page.session.change, *searches, page.transfers.begun.change]
    wire_update(page.update, renew, choices, is_settled, questions.note_open)
