"""The actions of the chat tab: show a conversation, ask, stop, ask again, edit, save as a file.

An answer is made by the service; a page only watches it. So all pages that show a session show its
answer, and it is completed even if they are closed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from app.errors import AlreadyAnswering, NothingRead
from app.messages import KNOWN_ERRORS
from app.service import AnswerJob, Service
from app.web.chat import html
from app.web.chat.open_pages import OpenPage, OpenPages
from app.web.notify import notify, notify_text
from app.web.pager import pager_html, wanted_number
from app.web.selected_session import selected_session
from ingest.naming import file_name
from storage import Listing, MessageRow

SCREEN = 100
"""Messages that are shown at once; buttons lead to the others."""
MORE = 100
"""Messages that a page may show beyond a screen, since it was opened."""
NOW = ("Everything read so far", "")
"""The entry of the "as of" list for no earlier position: its label and value."""

MAX_OFFERED = 2_000
"""Places in the "as of" list of one page."""
Offered = tuple[str | None, list[tuple[str, str]]]
"""A session, and the label and value of each place in its "as of" list."""

Outputs = tuple[Any, Any, Any, Any]
"""Values for the messages, the question's field, the answer's footing and the stop button."""
NO_STOP = gr.Button(interactive=False)


class ChatActions:
    """What the tab shows of a session, and the files it saves."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def messages(self, session: str | None, offset: int | None = None) -> tuple[Any, str]:
        """One screen of the conversation with its footing; before it, questions to begin with.

        Args:
            offset: number of the first message, counted from 0; None: the last screen.
        """
        session = selected_session(self._service, session)
        if session is None:
            return gr.Chatbot(value=[], placeholder=html.WELCOME, examples=[]), ""
        screen = self.screen(session, offset)
        if screen.rows:
            is_end = screen.offset + len(screen.rows) == screen.total
            footing = html.footing_html(screen.rows[-1].details) if is_end else ""
            return gr.Chatbot(value=html.conversation(screen.rows)), pager(screen) + footing
        suggested = self._service.questions.suggested(session)
        has_documents = self._service.documents.has_any(session)
        welcome = html.WELCOME_WITH_DOCUMENTS if has_documents else html.WELCOME
        examples = [{"text": question} for question in suggested]
        return gr.Chatbot(value=[], placeholder=welcome, examples=examples), ""

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
        """(file name, text) of the conversation as Markdown; empty if nothing was asked."""
        return self._file(session, "md")

    def as_json(self, session: str | None) -> tuple[str, str]:
        """(file name, text) of the conversation as JSON; empty if nothing was asked."""
        return self._file(session, "json")

    def _file(self, session: str | None, format: str) -> tuple[str, str]:
        """Name and content of the conversation as a file; empty if nothing was asked."""
        session = selected_session(self._service, session)
        if session is None or self._service.questions.last_message_id(session) is None:
            notify_text("Nothing was asked yet; there is no conversation to save.")
            return "", ""
        try:
            return f"{file_name(session)}.{format}", self._service.questions.history(
                session, format
            )
        except KNOWN_ERRORS as error:
            notify(error)
            return "", ""


class QuestionActions:
    """Asking questions on a page, and showing answers that were asked for elsewhere."""

    def __init__(self, service: Service) -> None:
        self._service, self._chat = service, ChatActions(service)
        self._pages = OpenPages()

    def open(self, session: str | None, request: gr.Request) -> tuple[Any, Any]:
        """Show the conversation of a session, unless an answer is being written into it."""
        if self._note_session(session, request):
            return gr.skip(), gr.skip()
        page = self._page(request)
        name, page.found = selected_session(self._service, session), None
        page.offset = self._chat.screen(name).offset if name else 0
        return self._chat.messages(session, page.offset if name else None)

    def turn(
        self, session: str | None, request: gr.Request, event: gr.EventData
    ) -> tuple[Any, Any]:
        """Show another screen of the conversation.

        Args:
            event: with the data of `javascript.BUTTONS`: the number of the first message.
        """
        page, offset = self._page(request), wanted_number(event._data)
        name = selected_session(self._service, session)
        if name is None or offset is None or page.watched is not None:
            return gr.skip(), gr.skip()
        page.offset = self._chat.screen(name, offset).offset
        return self._chat.messages(session, page.offset)

    def find(self, session: str | None, text: str, request: gr.Request) -> tuple[Any, Any]:
        """Show the last message that contains a text, at the end; each time an earlier one."""
        page, name = self._page(request), selected_session(self._service, session)
        if name is None or page.watched is not None or not text.strip():
            return gr.skip(), gr.skip()
        before = page.found[1] if page.found and page.found[0] == text else None
        found = self._service.questions.find_message(name, text.strip(), before)
        page.found = None if found is None else (text, found)
        if found is None:
            notify_text("No message, or no earlier one, contains this text.")
            return gr.skip(), gr.skip()
        end = self._service.questions.count_messages(name, found) + 1
        page.offset = max(0, end - SCREEN)
        screen = self._chat.screen(name, page.offset)
        rows = screen.rows[: end - page.offset]
        return html.conversation(rows), pager(Listing(rows, screen.offset, screen.total))

    def shown(self, session: str | None, request: gr.Request) -> list[MessageRow]:
        """The stored messages that a page shows, in its order."""
        page, name = self._page(request), selected_session(self._service, session)
        if name is None:
            return []
        return self._service.questions.messages_at(name, page.offset, SCREEN + MORE)

    def _note_session(self, session: str | None, request: gr.Request) -> bool:
        """Note which session a page shows; returns whether an answer grows there already."""
        page = self._page(request)
        page.session = session
        page.last_message_id = self._last_message_id(session)
        if session is None or page.watched is None:
            return False
        return self._service.answers.of(session) is page.watched

    def leave(self, request: gr.Request) -> None:
        """Forget a page that was closed; its answers are still completed."""
        self._pages.forget(str(request.session_hash))

    def stop(self, session: str | None, request: gr.Request) -> Any:
        """End the answer at its next word, which releases the model."""
        name = selected_session(self._service, session)
        job = self._service.answers.of(name) if name else None
        if job is not None:
            self._page(request).stopped = job
            job.stop()
        return NO_STOP

    def refresh(self, session: str | None, request: gr.Request) -> Iterator[Outputs]:
        """Show what was asked on other pages, or before this page was loaded."""
        page = self._page(request)
        if session is None and page.session is not None:  # deleted on another page
            page.session = None
            yield self._stored(page, None)
            return
        page.session = page.session or session  # the server may be another than when it was opened
        if session is None or page.session != session or page.watched is not None:
            yield _unchanged()
            return
        try:
            job = self._service.answers.of(session)
            if job is not None:
                yield from self._watch(page, session, job)
            elif page.last_message_id != self._service.questions.last_message_id(session):
                yield self._stored(page, session)
            else:
                yield _unchanged()
        except (
            KNOWN_ERRORS
        ):  # shown where the question was asked; a deleted session leaves the list
            yield self._refused(page, session, gr.skip())

    def ask(
        self, session: str | None, text: str, at: str | None, request: gr.Request
    ) -> Iterator[Outputs]:
        """Ask a question and stream its answer."""
        if not session:
            notify(NothingRead("Add a document in Library first, then ask about it."))
            yield _unchanged()
            return
        yield from self._ask(request, session, text, at or "")

    def ask_suggested(
        self, session: str | None, at: str | None, request: gr.Request, selected: gr.SelectData
    ) -> Iterator[Outputs]:
        """Ask one of the suggested first questions."""
        yield from self.ask(session, html.text_of(selected.value), at, request)

    def ask_again(self, session: str | None, request: gr.Request) -> Iterator[Outputs]:
        """Answer the last question in other words, as of the same position."""
        last = self._last_turn(session)
        if not session or last is None:
            yield _unchanged()
            return
        question, answer = last
        at = answer.details.get("as_of", "")
        yield from self._ask(request, session, question.text, at, question.id)

    def edit(
        self, session: str | None, at: str | None, request: gr.Request, edited: gr.EditData
    ) -> Iterator[Outputs]:
        """Replace the last question by its edited text; earlier questions cannot be edited."""
        name = selected_session(self._service, session)
        if name is None:
            yield _unchanged()
            return
        messages = self.shown(name, request)
        index = html.message_index(edited.index)
        text = html.as_written(html.text_of(edited.value))
        if index >= len(messages):  # it was stopped, so it is not stored and replaces nothing
            yield from self.ask(name, text, at, request)
            return
        last = self._last_turn(name)
        if last is None or index < 0 or messages[index].id != last[0].id:
            notify_text("Only the last question can be edited, for later answers may rest on it.")
            yield html.conversation(messages), gr.skip(), gr.skip(), gr.skip()
            return
        yield from self._ask(request, name, text, at or "", last[0].id)

    def _ask(
        self, request: gr.Request, session: str, text: str, at: str, replaces: int | None = None
    ) -> Iterator[Outputs]:
        page = self._page(request)
        page.session = page.session or session
        field: Any = ""  # emptied once: the next question may be typed meanwhile
        try:
            job = self._service.answers.begin(session, text, at, replaces)
            for messages, own, footing, stop in self._watch(page, session, job):
                yield messages, own if field is None else field, footing, stop
                field = None
        except AlreadyAnswering as error:
            notify(error)
            yield _unchanged()
        except KNOWN_ERRORS as error:
            notify(error)
            yield self._refused(page, session, text)

    def _watch(self, page: OpenPage, session: str, job: AnswerJob) -> Iterator[Outputs]:
        """Show an answer until it ends, or until the page shows another session."""
        page.watched = job
        try:
            before, above, view = *self._before(page, session, job), None
            for view in job.watch():
                if page.session != session:
                    stop = NO_STOP if page.watched is job else gr.skip()
                    yield gr.skip(), gr.skip(), gr.skip(), stop
                    return
                footing = above + html.footing_html(view.as_dict())
                stop = gr.Button(interactive=not view.is_done)
                yield before + html.turn(view), gr.skip(), footing, stop
            if view is not None and job.was_stopped:
                # On the page where it was stopped the question returns to its field, to be changed.
                text = view.question if page.stopped is job else gr.skip()
                yield before + html.stopped_turn(view), text, above, NO_STOP
        finally:
            if page.watched is job:  # not yet another one, in the session shown since
                page.watched = None
            if page.session == session:
                page.last_message_id = self._last_message_id(session)

    def _before(
        self, page: OpenPage, session: str, job: AnswerJob
    ) -> tuple[list[html.Message], str]:
        """The messages above the answer, without those that it replaces, and the line below it."""
        screen = self._chat.screen(session)
        page.offset = screen.offset
        rows = [m for m in screen.rows if job.replaces is None or m.id < job.replaces]
        return [html.earlier_message(message) for message in rows], pager(screen)

    def _stored(self, page: OpenPage, session: str | None) -> Outputs:
        """The stored conversation, which another page or the command line has changed."""
        page.last_message_id = self._last_message_id(session)
        name = selected_session(self._service, session)
        page.offset = self._chat.screen(name).offset if name else 0
        messages, footing = self._chat.messages(session, page.offset if name else None)
        return messages, gr.skip(), footing, NO_STOP

    def _refused(self, page: OpenPage, session: str, text: Any) -> Outputs:
        """The conversation without the refused question, whose text returns to its field.

        Unchanged if the page shows another session by now, or if the session was deleted.
        """
        name = selected_session(self._service, session)
        if name is None or page.session != session:
            return gr.skip(), gr.skip(), gr.skip(), NO_STOP
        screen = self._chat.screen(name)
        page.offset = screen.offset
        return html.conversation(screen.rows), text, pager(screen), NO_STOP

    def _last_message_id(self, session: str | None) -> int | None:
        name = selected_session(self._service, session)
        return self._service.questions.last_message_id(name) if name else None

    def _last_turn(self, session: str | None) -> tuple[MessageRow, MessageRow] | None:
        """The last question with its answer."""
        name = selected_session(self._service, session)
        last = self._service.questions.last_messages(name, 2) if name else []
        if [m.role for m in last] != ["user", "assistant"]:
            return None
        return last[0], last[1]

    def _page(self, request: gr.Request) -> OpenPage:
        return self._pages.of(str(request.session_hash))


def pager(screen: Listing[MessageRow]) -> str:
    """The line below the conversation that leads to its other messages, as HTML."""
    return pager_html(screen, SCREEN, "messages")


def _unchanged() -> Outputs:
    return gr.skip(), gr.skip(), gr.skip(), gr.skip()
