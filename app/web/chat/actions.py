"""The actions of questions: open a conversation, turn its screens, ask, stop, ask again, edit.

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
from app.web.chat.conversation import SCREEN, ChatActions, Shown, pager
from app.web.chat.open_pages import OpenPage, OpenPages
from app.web.chat.welcome import Welcome
from app.web.events import sent
from app.web.notify import notify, notify_text
from app.web.pager import wanted_number
from app.web.selected_session import selected_session
from storage import Listing, MessageRow, Presence

MORE = 100
"""Messages that a page may show beyond a screen, since it was opened."""
Outputs = tuple[Any, Any, Any, Any, Any]
"""The values of `Shown`, and those for the question's field and the stop button."""
NO_STOP = gr.Button(interactive=False)
SAME: Shown = gr.skip(), gr.skip(), gr.skip()


class QuestionActions:
    """Asking questions on a page, and showing answers that were asked for elsewhere."""

    def __init__(self, service: Service) -> None:
        self._service, self._chat = service, ChatActions(service)
        self._pages, self._welcome = OpenPages(), Welcome(service)

    def open(self, session: str | None, request: gr.Request) -> Shown:
        """Show the conversation of a session, unless an answer is being written into it."""
        if self._note_session(session, request):
            return SAME
        page = self._page(request)
        name, page.found = selected_session(self._service, session), None
        if name is not None:
            self._welcome.note_ticks(page, name)
        page.offset = self._chat.screen(name).offset if name else 0
        return self._chat.messages(session, page.offset if name else None)

    def refresh_welcome(self, session: str | None) -> Shown:
        """Renew what is shown before anything was asked; a conversation stays as it is shown."""
        name = selected_session(self._service, session)
        if name is not None:
            is_asked = self._service.answers.of(name) is not None
            if is_asked or self._service.questions.last_message_id(name) is not None:
                return SAME
        return self._chat.messages(session)

    def turn(self, session: str | None, request: gr.Request, event: gr.EventData) -> Shown:
        """Show another screen of the conversation.

        Args:
            event: with the data of `javascript.BUTTONS`: the number of the first message.
        """
        page, offset = self._page(request), wanted_number(event._data)
        name = selected_session(self._service, session)
        if name is None or offset is None or page.watched is not None:
            return SAME
        page.offset = self._chat.screen(name, offset).offset
        return self._chat.messages(session, page.offset)

    def find(self, session: str | None, text: str, request: gr.Request) -> Shown:
        """Show the last message that contains a text, at the end; each time an earlier one."""
        page, name = self._page(request), selected_session(self._service, session)
        if name is None or page.watched is not None or not text.strip():
            return SAME
        before = page.found[1] if page.found and page.found[0] == text else None
        found = self._service.questions.find_message(name, text.strip(), before)
        page.found = None if found is None else (text, found)
        if found is None:
            notify_text("No message, or no earlier one, contains this text.")
            return SAME
        end = self._service.questions.count_messages(name, found) + 1
        page.offset = max(0, end - SCREEN)
        screen = self._chat.screen(name, page.offset)
        found_last = Listing(screen.rows[: end - page.offset], screen.offset, screen.total)
        return (*self._chat.shown(found_last), pager(found_last))

    def _note_session(self, session: str | None, request: gr.Request) -> bool:
        """Note which session a page shows; returns whether an answer grows there already."""
        page = self._page(request)
        page.session = session
        page.last_message_id, page.kept_changes = self._version(session)
        if session is None or page.watched is None:
            return False
        return self._service.answers.of(session) is page.watched

    def note_open(self, page_id: str) -> None:
        """Note that a page is still open, so that its state is kept."""
        self._pages.of(page_id)

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

    def tick(self, present: Presence, before: Any) -> tuple[Any]:
        """All that `refresh` depends on, if it is not as before; else skipped."""
        row = present.session
        job = self._service.answers.running().get(row.id) if row else None
        conversation = (row.id, row.kept_changes) if row else None
        answer = job.number if job else None
        now = (present.name, conversation, present.last_message_id, present.left_out, answer)
        return (gr.skip() if now == before else now,)

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
                return
            last_message_id, kept_changes = self._version(session)
            if page.last_message_id != last_message_id:
                yield self._stored(page, session)
            elif page.kept_changes != kept_changes:
                yield self.kept_again(session, request), *_unchanged()[1:]
            elif last_message_id is None:
                yield from self._suggest_again(page, session)
            else:
                yield _unchanged()
        except (
            KNOWN_ERRORS
        ):  # shown where the question was asked; a deleted session leaves the list
            yield self._refused(page, session, gr.skip())

    def _suggest_again(self, page: OpenPage, session: str) -> Iterator[Outputs]:
        """Suggest questions of the sources that are ticked by now, unless one is asked."""
        is_shown = False
        for shown in self._welcome.renewed(page, session):
            if page.session != session or page.watched or self._version(session)[0] is not None:
                break
            is_shown = True
            yield shown, *_unchanged()[1:]
        if not is_shown:
            yield _unchanged()

    def kept_again(self, session: str | None, request: gr.Request) -> Any:
        """The messages that are shown, those that are kept by now marked; nothing else changes."""
        page, name = self._page(request), selected_session(self._service, session)
        if name is None or page.session != session or page.watched is not None:
            return gr.skip()
        _, page.kept_changes = self._version(session)
        screen = self._chat.screen(name, page.offset)
        if not screen.rows:  # what is shown before the first question stays
            return gr.skip()
        is_earlier = screen.total > page.offset + SCREEN + MORE
        return self._chat.shown(screen)[0] if is_earlier else self._with_answer(page, name)[0]

    def ask(
        self, session: str | None, text: str, at: str | None, request: gr.Request
    ) -> Iterator[Outputs]:
        """Ask a question and stream its answer."""
        if not session:
            notify(NothingRead("Add a source first, then ask about it."))
            yield _unchanged()
            return
        yield from self._ask(request, session, text, at or "")

    def ask_suggested(
        self, session: str | None, at: str | None, request: gr.Request, event: gr.EventData
    ) -> Iterator[Outputs]:
        """Ask one of the suggested first questions, whose text comes with the event."""
        yield from self.ask(session, _text(event), at, request)

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
        self, session: str | None, at: str | None, request: gr.Request, event: gr.EventData
    ) -> Iterator[Outputs]:
        """Replace the last question by its edited text; earlier questions cannot be edited.

        Args:
            event: with the question's text and its number; 0 if it was stopped, so that it is not
                stored and replaces nothing.
        """
        name = selected_session(self._service, session)
        if name is None:
            yield _unchanged()
            return
        text, number = _text(event), sent(event).get("id")
        if number == 0:
            yield from self.ask(name, text, at, request)
            return
        last = self._last_turn(name)
        if last is None or number != last[0].id:
            notify_text("Only the last question can be edited, for later answers may rest on it.")
            yield _unchanged()
            return
        yield from self._ask(request, name, text, at or "", last[0].id)

    def _ask(
        self, request: gr.Request, session: str, text: str, at: str, replaces: int | None = None
    ) -> Iterator[Outputs]:
        page = self._page(request)
        page.session = page.session or session
        field: Any = ""  # emptied once: the next question may be typed meanwhile
        try:
            asked = self._service.documents.asked(session)
            job = self._service.answers.begin(session, text, at, replaces, asked)
            for *shown, own, stop in self._watch(page, session, job):
                yield (*shown, own if field is None else field, stop)
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
            before: tuple[Any, Any] = self._before(page, session, job)
            view = None
            for view in job.watch():
                if page.session != session:
                    yield (*SAME, gr.skip(), NO_STOP if page.watched is job else gr.skip())
                    return
                if view.is_done:
                    yield (*self._with_answer(page, session), gr.skip(), NO_STOP)
                else:
                    stop = gr.Button(interactive=True)
                    yield before[0], html.turn(view), before[1], gr.skip(), stop
                before = gr.skip(), gr.skip()
            if view is not None and job.was_stopped:
                # On the page where it was stopped the question returns to its field, to be changed.
                text = view.question if page.stopped is job else gr.skip()
                stopped = html.stopped_turn(view, job.replaces)
                yield gr.skip(), stopped, gr.skip(), text, NO_STOP
        finally:
            if page.watched is job:  # not yet another one, in the session shown since
                page.watched = None
            if page.session == session:
                page.last_message_id, _ = self._version(session)

    def _before(self, page: OpenPage, session: str, job: AnswerJob) -> tuple[str, str]:
        """The messages above the answer, without those that it replaces, and the pager below it."""
        screen = self._chat.screen(session)
        page.offset = screen.offset
        rows = [m for m in screen.rows if job.replaces is None or m.id < job.replaces]
        return html.conversation(rows, kept=self._chat.kept(rows)), pager(screen)

    def _with_answer(self, page: OpenPage, session: str) -> Shown:
        """The messages above a complete answer and the stored answer, with nothing running."""
        name = selected_session(self._service, session)
        if name is None:
            return SAME
        rows = self._service.questions.messages_at(name, page.offset, SCREEN + MORE)
        total = self._service.questions.count_messages(name)
        screen = Listing(rows, page.offset, total)
        return (*self._chat.shown(screen), pager(screen))

    def _stored(self, page: OpenPage, session: str | None) -> Outputs:
        """The stored conversation, which another page or the command line has changed."""
        page.last_message_id, page.kept_changes = self._version(session)
        name = selected_session(self._service, session)
        page.offset = self._chat.screen(name).offset if name else 0
        shown = self._chat.messages(session, page.offset if name else None)
        return (*shown, gr.skip(), NO_STOP)

    def _refused(self, page: OpenPage, session: str, text: Any) -> Outputs:
        """The conversation without the refused question, whose text returns to its field.

        Unchanged if the page shows another session by now, or if the session was deleted.
        """
        name = selected_session(self._service, session)
        if name is None or page.session != session:
            return (*SAME, gr.skip(), NO_STOP)
        page.offset = self._chat.screen(name).offset
        return (*self._chat.messages(name, page.offset), text, NO_STOP)

    def _version(self, session: str | None) -> tuple[int | None, int]:
        """The number of the last message, and how often the kept notes were changed."""
        row = self._service.sessions.find(session) if session else None
        if row is None:
            return None, 0
        return self._service.questions.last_message_id(row.id), row.kept_changes

    def _last_turn(self, session: str | None) -> tuple[MessageRow, MessageRow] | None:
        """The last question with its answer."""
        name = selected_session(self._service, session)
        last = self._service.questions.last_messages(name, 2) if name else []
        if [m.role for m in last] != ["user", "assistant"]:
            return None
        return last[0], last[1]

    def _page(self, request: gr.Request) -> OpenPage:
        return self._pages.of(str(request.session_hash))


def _text(event: gr.EventData) -> str:
    """The text that the page's script sent; empty if it sent none."""
    text = sent(event).get("text")
    return "" if text is None else str(text)


def _unchanged() -> Outputs:
    return (*SAME, gr.skip(), gr.skip())
