"""Questions on the page: asked, stopped, asked again, edited; one at a time for each open page."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from app.errors import NothingRead
from app.messages import KNOWN_ERRORS
from app.page import chat_views as views
from app.page.telling import tell, tell_text
from app.service import Answer, Service
from storage import MessageRow, NotFound

Shown = tuple[Any, Any, Any, Any]
"""Messages, the question's field, what the answer rests on, the button that stops."""
NOT_NOW = gr.Button(interactive=False)


@dataclass
class OpenPage:
    """What one open page is at: the session it shows, and the answer being made for it."""

    session: str | None = None
    answering: str | None = None
    stop: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class _Asked:
    session: str
    text: str
    at: str
    replaces: int | None = None


class Asking:
    """The events around a question. A page may show another session while its answer is made."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._pages: dict[str, OpenPage] = {}

    def look_at(self, session: str | None, request: gr.Request) -> bool:
        """Note which session a page shows; returns whether its answer is being made just now."""
        page = self._page(request)
        page.session = session
        return session is not None and page.answering == session

    def leave(self, request: gr.Request) -> None:
        """The page is closed: nobody reads the answer being made for it."""
        page = self._pages.pop(str(request.session_hash), None)
        if page is not None:
            page.stop.set()

    def stop(self, request: gr.Request) -> Any:
        """End the answer after its next word; the model is free then."""
        self._page(request).stop.set()
        return NOT_NOW

    def ask(
        self, session: str | None, text: str, at: str | None, request: gr.Request
    ) -> Iterator[Shown]:
        """Stream an answer."""
        if not session:
            tell(NothingRead("Add a document in Library first, then ask about it."))
            yield _unchanged()
            return
        yield from self._stream(_Asked(session, text, at or ""), request)

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
        yield from self._stream(_Asked(session, question.text, at, question.id), request)

    def edit(
        self, session: str | None, at: str | None, request: gr.Request, edited: gr.EditData
    ) -> Iterator[Shown]:
        """Ask the last question in other words; an earlier one stays as it was."""
        messages = self._service.messages(session) if session else []
        last = self._last(session)
        index = edited.index if isinstance(edited.index, int) else edited.index[0]
        if not session or last is None or messages[index].id != last[0].id:
            tell_text("Only the last question can be edited, for later answers may rest on it.")
            yield views.conversation(messages), gr.skip(), gr.skip(), gr.skip()
            return
        text = views.as_written(_text_of(edited.value))
        yield from self._stream(_Asked(session, text, at or "", last[0].id), request)

    def _stream(self, asked: _Asked, request: gr.Request) -> Iterator[Shown]:
        page = self._page(request)
        if page.answering is not None:
            tell_text("One answer at a time: wait for it or stop it, then ask.", "Not asked")
            yield _unchanged()
            return
        page.session, page.answering, page.stop = asked.session, asked.session, threading.Event()
        try:
            for shown in self._answers(asked, page.stop):
                is_seen = page.session == asked.session
                yield shown if is_seen else _unchanged()
        except KNOWN_ERRORS as error:
            tell(error)
            yield self._as_stored(asked.session), asked.text, gr.skip(), NOT_NOW
        finally:
            page.answering = None

    def _answers(self, asked: _Asked, stop: threading.Event) -> Iterator[Shown]:
        before = self._before(asked)
        answers = self._service.ask(asked.session, asked.text, asked.at, asked.replaces)
        with closing(answers):
            for answer in answers:
                if stop.is_set() and not answer.done:
                    # The question goes back to its field, to be changed and asked again.
                    yield before + views.stopped(answer), asked.text, "", NOT_NOW
                    return
                yield self._shown(before, answer)

    def _shown(self, before: list[views.Message], answer: Answer) -> Shown:
        stop = gr.Button(interactive=not answer.done)
        return before + views.turn(answer), "", views.footing_html(answer.as_dict()), stop

    def _before(self, asked: _Asked) -> list[views.Message]:
        """What was said before; earlier answers name their passages in their text."""
        messages = self._service.messages(asked.session)
        kept = [m for m in messages if asked.replaces is None or m.id < asked.replaces]
        return [views.earlier(message) for message in kept]

    def _as_stored(self, session: str) -> Any:
        """The conversation without what was refused; the session itself may be gone."""
        try:
            return views.conversation(self._service.messages(session))
        except NotFound:
            return gr.skip()

    def _last(self, session: str | None) -> tuple[MessageRow, MessageRow] | None:
        last = self._service.messages(session)[-2:] if session else []
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
