"""Questions on the page: asked, stopped, asked again, edited; all pages of a session show them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.errors import AlreadyAnswering, NothingRead
from app.messages import KNOWN_ERRORS
from app.service import PendingAnswer, Service
from app.web.chat import html as views
from app.web.chat.tab import ChatActions
from app.web.notify import notify, notify_text
from app.web.selected_session import selected_session
from storage import MessageRow

Shown = tuple[Any, Any, Any, Any]
"""Messages, the question's field, what the answer rests on, the button that stops."""
NOT_NOW = gr.Button(interactive=False)


@dataclass
class OpenPage:
    """What one open page is at.

    Args:
        session: that it shows.
        last_message_id: up to where it shows the conversation.
        watched: the answer that grows on it.
        stopped: the answer that was stopped from it.
    """

    session: str | None = None
    last_message_id: int | None = None
    watched: PendingAnswer | None = None
    stopped: PendingAnswer | None = None


class Asking:
    """The events around a question. Its answer is the service's, and a page only watches it."""

    def __init__(self, service: Service) -> None:
        self._service, self._chat = service, ChatActions(service)
        self._pages: dict[str, OpenPage] = {}

    def look_at(self, session: str | None, request: gr.Request) -> bool:
        """Note which session a page shows; returns whether an answer grows in it just now."""
        page = self._page(request)
        page.session = session
        page.last_message_id = self._last_message_id(session)
        if session is None or page.watched is None:
            return False
        return self._service.answers.of(session) is page.watched

    def leave(self, request: gr.Request) -> None:
        """The page is closed; its answers are made to their end."""
        self._pages.pop(str(request.session_hash), None)

    def stop(self, session: str | None, request: gr.Request) -> Any:
        """End the answer after its next word; the model is free then."""
        name = selected_session(self._service, session)
        pending = self._service.answers.of(name) if name else None
        if pending is not None:
            self._page(request).stopped = pending
            pending.stop()
        return NOT_NOW

    def news(self, session: str | None, request: gr.Request) -> Iterator[Shown]:
        """Show what was asked elsewhere, or before this page was loaded."""
        page = self._page(request)
        if session is None and page.session is not None:  # deleted on another page
            page.session = None
            yield self._as_stored(page, None)
            return
        page.session = page.session or session  # the server may be another than when it was opened
        if session is None or page.session != session or page.watched is not None:
            yield _unchanged()
            return
        try:
            pending = self._service.answers.of(session)
            if pending is not None:
                yield from self._watch(page, session, pending)
            elif page.last_message_id != self._service.questions.last_message_id(session):
                yield self._as_stored(page, session)
            else:
                yield _unchanged()
        except KNOWN_ERRORS:  # whoever asked is told; a session that is gone leaves the list
            yield self._refused(page, session, gr.skip())

    def ask(
        self, session: str | None, text: str, at: str | None, request: gr.Request
    ) -> Iterator[Shown]:
        """Stream an answer."""
        if not session:
            notify(NothingRead("Add a document in Library first, then ask about it."))
            yield _unchanged()
            return
        yield from self._ask(request, session, text, at or "")

    def suggested(
        self, session: str | None, at: str | None, request: gr.Request, chosen: gr.SelectData
    ) -> Iterator[Shown]:
        """Ask one of the first questions that are offered."""
        yield from self.ask(session, chosen.value["text"], at, request)

    def again(self, session: str | None, request: gr.Request) -> Iterator[Shown]:
        """Answer the last question in other words, as of where it was asked."""
        last = self._last(session)
        if not session or last is None:
            yield _unchanged()
            return
        question, answer = last
        at = answer.details.get("as_of", "")
        yield from self._ask(request, session, question.text, at, question.id)

    def edit(
        self, session: str | None, at: str | None, request: gr.Request, edited: gr.EditData
    ) -> Iterator[Shown]:
        """Ask the last question in other words; an earlier one stays as it was."""
        name = selected_session(self._service, session)
        if name is None:
            yield _unchanged()
            return
        messages = self._service.questions.messages(name)
        index = edited.index if isinstance(edited.index, int) else edited.index[0]
        text = views.as_written(_text_of(edited.value))
        if index >= len(messages):  # it was stopped, so it is not stored and replaces nothing
            yield from self.ask(name, text, at, request)
            return
        last = self._last(name)
        if last is None or messages[index].id != last[0].id:
            notify_text("Only the last question can be edited, for later answers may rest on it.")
            yield views.conversation(messages), gr.skip(), gr.skip(), gr.skip()
            return
        yield from self._ask(request, name, text, at or "", last[0].id)

    def _ask(
        self, request: gr.Request, session: str, text: str, at: str, replaces: int | None = None
    ) -> Iterator[Shown]:
        page = self._page(request)
        page.session = page.session or session
        field: Any = ""  # emptied once: the next question may be typed meanwhile
        try:
            pending = self._service.answers.begin(session, text, at, replaces)
            for messages, own, footing, stop in self._watch(page, session, pending):
                yield messages, own if field is None else field, footing, stop
                field = None
        except AlreadyAnswering as error:
            notify(error)
            yield _unchanged()
        except KNOWN_ERRORS as error:
            notify(error)
            yield self._refused(page, session, text)

    def _watch(self, page: OpenPage, session: str, pending: PendingAnswer) -> Iterator[Shown]:
        """Show an answer until it ends, or until the page shows another session."""
        page.watched = pending
        try:
            before, answer = self._before(session, pending), None
            for answer in pending.watch():
                if page.session != session:
                    stop = NOT_NOW if page.watched is pending else gr.skip()
                    yield gr.skip(), gr.skip(), gr.skip(), stop
                    return
                footing, stop = views.footing_html(answer.as_dict()), not answer.done
                yield before + views.turn(answer), gr.skip(), footing, gr.Button(interactive=stop)
            if answer is not None and pending.was_stopped:
                # Whoever stopped it has the question back in its field, to be changed.
                text = answer.question if page.stopped is pending else gr.skip()
                yield before + views.stopped(answer), text, "", NOT_NOW
        finally:
            if page.watched is pending:  # not yet another one, in the session shown since
                page.watched = None
            if page.session == session:
                page.last_message_id = self._last_message_id(session)

    def _before(self, session: str, pending: PendingAnswer) -> list[views.Message]:
        """What was said before; earlier answers name their passages in their text."""
        messages, replaces = self._service.questions.messages(session), pending.replaces
        kept = [m for m in messages if replaces is None or m.id < replaces]
        return [views.earlier(message) for message in kept]

    def _as_stored(self, page: OpenPage, session: str | None) -> Shown:
        """The conversation that another page, or the command line, went on with."""
        page.last_message_id = self._last_message_id(session)
        messages, footing = self._chat.messages(session)
        return messages, gr.skip(), footing, NOT_NOW

    def _refused(self, page: OpenPage, session: str, text: Any) -> Shown:
        """The conversation without what was refused, and that back in its field.

        Not if another session is shown by now, or if this one is gone.
        """
        name = selected_session(self._service, session)
        if name is None or page.session != session:
            return gr.skip(), gr.skip(), gr.skip(), NOT_NOW
        return views.conversation(self._service.questions.messages(name)), text, "", NOT_NOW

    def _last_message_id(self, session: str | None) -> int | None:
        name = selected_session(self._service, session)
        return self._service.questions.last_message_id(name) if name else None

    def _last(self, session: str | None) -> tuple[MessageRow, MessageRow] | None:
        name = selected_session(self._service, session)
        last = self._service.questions.messages(name)[-2:] if name else []
        if [m.role for m in last] != ["user", "assistant"]:
            return None
        return last[0], last[1]

    def _page(self, request: gr.Request) -> OpenPage:
        return self._pages.setdefault(str(request.session_hash), OpenPage())


def _unchanged() -> Shown:
    return gr.skip(), gr.skip(), gr.skip(), gr.skip()


def _text_of(value: Any) -> str:
    """The text of a message as gradio hands it on: bare, or in a list of parts."""
    if isinstance(value, list):
        return "".join(_text_of(part) for part in value)
    return str(value.get("text", "")) if isinstance(value, dict) else str(value)
