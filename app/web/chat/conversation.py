"""What the chat tab shows of a session: a screen of its messages, places, and files to save."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import gradio as gr

from app.messages import KNOWN_ERRORS
from app.service import Service
from app.web.chat import html
from app.web.chat.welcome import Welcome
from app.web.notify import notify, notify_text
from app.web.pager import pager_html
from app.web.selected_session import selected_session
from ingest.naming import file_name
from storage import Listing, MessageRow

SCREEN = 100
"""Messages that are shown at once; buttons lead to the others."""
NOW = ("Everything read so far", "")
"""The entry of the "as of" list for no earlier position: its label and value."""

MAX_OFFERED = 2_000
"""Places in the "as of" list of one page."""
Offered = tuple[str | None, list[tuple[str, str]]]
"""A session, and the label and value of each place in its "as of" list."""
Shown = tuple[Any, Any, Any]
"""Values for the stored messages, the running question with its answer, and the pager."""


class ChatActions:
    """What the tab shows of a session, and the files it saves."""

    def __init__(self, service: Service) -> None:
        self._service, self._welcome = service, Welcome(service)

    def messages(self, session: str | None, offset: int | None = None) -> Shown:
        """One screen of the conversation; before it, questions to begin with.

        Args:
            offset: number of the first message, counted from 0; None: the last screen.
        """
        session = selected_session(self._service, session)
        if session is None:
            return html.welcome_html(), "", ""
        screen = self.screen(session, offset)
        if screen.rows:
            return (*self.shown(screen), pager(screen))
        return self._welcome.html(session), "", ""

    def shown(self, screen: Listing[MessageRow]) -> tuple[str, str]:
        """The stored messages of a screen, those that are kept marked, and no running question."""
        is_end = screen.offset + len(screen.rows) == screen.total
        return html.conversation(screen.rows, is_end, self.kept(screen.rows)), ""

    def kept(self, messages: Sequence[MessageRow]) -> Collection[int]:
        """The numbers of those messages of a session that are kept as notes."""
        if not messages:
            return ()
        numbers = [message.id for message in messages]
        return self._service.kept_notes.kept_from(messages[0].session_id, numbers)

    def screen(self, session: str, offset: int | None = None) -> Listing[MessageRow]:
        """The messages of one screen; `offset` as `messages` takes it."""
        total = self._service.questions.count_messages(session)
        first = max(0, total - SCREEN) if offset is None else min(offset, max(0, total - 1))
        rows = self._service.questions.messages_at(session, first, SCREEN)
        return Listing(rows, first, total)

    def refresh_as_of(self, session: str | None, offered: Offered | None) -> tuple[Any, Offered]:
        """The current "as of" choices; what is selected or typed stays.

        Args:
            offered: what the list offers already, and of which session; None: nothing.
        """
        return self._offer_more(session, "", offered)

    def find_as_of(
        self, session: str | None, offered: Offered | None, typed: gr.KeyUpData
    ) -> tuple[Any, Offered]:
        """The same with places in documents whose title has the words that are being typed."""
        return self._offer_more(session, typed.input_value, offered)

    def _offer_more(
        self, session: str | None, search: str, offered: Offered | None
    ) -> tuple[Any, Offered]:
        """The places that are found, and then those offered already.

        The browser shows those of them that have the typed words. A list that gets shorter while it
        is open makes gradio's script fail, so one only grows until another session is shown.
        """
        choices = self._as_of_choices(session, search)
        if offered and offered[0] == session:
            choices = list(dict.fromkeys([*choices, *offered[1]]))[:MAX_OFFERED]
        return gr.Dropdown(choices=choices), (session, choices)

    def reset_as_of(self, session: str | None) -> Any:
        """The "as of" choices of another session, none of them selected."""
        return gr.Dropdown(choices=self._as_of_choices(session), value="")

    def _as_of_choices(self, session: str | None, search: str = "") -> list[tuple[str, str]]:
        name = selected_session(self._service, session)
        choices = self._service.questions.places(name, search) if name else []
        return [NOW, *((choice.label, choice.at) for choice in choices)]

    def as_markdown(self, session: str | None) -> tuple[str, str]:
        """(file name, text) of the conversation as Markdown; empty if there is nothing."""
        return self._file(session, "md")

    def as_json(self, session: str | None) -> tuple[str, str]:
        """(file name, text) of the conversation as JSON; empty if there is nothing."""
        return self._file(session, "json")

    def as_html(self, session: str | None) -> tuple[str, str]:
        """(file name, text) of the conversation as HTML; empty if there is nothing."""
        return self._file(session, "html")

    def _file(self, session: str | None, format: str) -> tuple[str, str]:
        """Name and content of the conversation as a file; empty if there is nothing to save."""
        row = self._service.sessions.find(session) if session else None
        if row is None or not self._service.questions.has_history(row.id):
            notify_text("Nothing was asked or noted yet; there is no conversation to save.")
            return "", ""
        session = row.name
        try:
            return f"{file_name(session)}.{format}", self._service.questions.history(
                session, format
            )
        except KNOWN_ERRORS as error:
            notify(error)
            return "", ""


def pager(screen: Listing[MessageRow]) -> str:
    """The line below the conversation that leads to its other messages, as HTML."""
    return pager_html(screen, SCREEN, "messages")
