"""What all panes and tabs show of the selected session, renewed when another one is selected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.service import Service
from app.web.chat.actions import QuestionActions
from app.web.chat.conversation import ChatActions
from app.web.chat.tab import Chat
from app.web.events import Handler
from app.web.first_sight.actions import FirstSightActions
from app.web.first_sight.tab import FirstSight
from app.web.notes.actions import Editing, NotesActions
from app.web.notes.tab import NotesTab
from app.web.reader.actions import ReaderActions
from app.web.reader.tab import Reader
from app.web.reading.actions import ReadingActions
from app.web.reading.tab import Reading
from app.web.savings.actions import SavingsActions
from app.web.savings.tab import Savings
from app.web.sources.actions import SourceActions
from app.web.sources.tab import Sources


@dataclass(frozen=True)
class SessionView:
    """The handlers of all that shows the selected session; Settings follows the list by itself."""

    service: Service
    questions: QuestionActions
    chat: ChatActions
    reader: ReaderActions
    notes: NotesActions
    sources: SourceActions
    savings: SavingsActions
    first: FirstSightActions
    reading: ReadingActions

    def handler(
        self,
        session: gr.Radio,
        chat: Chat,
        reader: Reader,
        notes: NotesTab,
        sources: Sources,
        savings: Savings,
        first: FirstSight,
        reading: Reading,
    ) -> Handler:
        """Shows the session in all of these parts.

        Args:
            session: the list of sessions.
        """
        inputs = [session, reader.session, savings.convention, savings.is_open, notes.editing]
        outputs = [
            *(chat.messages, chat.running, chat.pager, chat.at),
            *reader.of_session,
            *notes.listed,
            *notes.form,
            *(*sources.list, sources.search),
            *savings.shown,
            *first.shown,
            *reading.list,
        ]
        return Handler(self._open, inputs, outputs)

    def _open(
        self,
        session: str | None,
        read: int | None,
        convention: str,
        sees_savings: bool,
        editing: Editing | None,
        request: gr.Request,
    ) -> tuple[Any, ...]:
        savings, now = self.savings, self.service.sessions.presence(session)
        return (
            *self.questions.open(session, request),
            self.chat.reset_as_of(session),
            *self.reader.opened(session, read),
            *self.notes.opened(now, editing),
            *self.sources.opened(now),
            *(savings.shown(session, convention) if sees_savings else savings.hidden()),
            *self.first.shown(now),
            *self.reading.opened(session),
        )
