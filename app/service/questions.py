"""Questions: from the queue to the answer's events, and the conversation so far."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator

import storage
from app.errors import BadQuestion, NothingRead
from app.service.answering.answer import Question, check_question
from app.service.answering.as_of import AsOfChoice, list_as_of_choices
from app.service.answering.events import Event, Prefilled, Queued
from app.service.answering.stream import stream_answer
from app.service.answering.suggestions import suggest_questions
from app.service.answering.transcript import render_transcript
from app.service.context import Context
from app.service.reading.model_queue import Ticket
from app.service.reading.open_session import OpenSession, restore_session
from app.service.reading.positions import name_position
from app.service.reading.replay import feed_up_to
from storage import MessageRow, SessionRow

QUEUE_POLL_S = 0.5
"""How often a waiting question reports its position in the queue, and can be withdrawn."""


class Questions:
    """The use cases around questions."""

    def __init__(self, context: Context) -> None:
        self._context, self._db = context, context.db

    def ask(
        self, session: str, question: str, at: str = "", replaces: int | None = None
    ) -> Generator[Event, None, None]:
        """Answer a question from all that the session has read, or as of an earlier position.

        Yields `Queued` while other questions are answered, then what `stream_answer` yields; as of
        an earlier position, the documents up to there are read again first (`Prefilled`). Closing
        the generator, at any event, leaves the queue or releases the model; before `Done`, nothing
        is stored.

        Args:
            at: an earlier position, as `name_position` takes it; empty: none.
            replaces: number of the last question or its answer; both are replaced by the new ones.
                The same question is then answered in other words.

        Raises:
            BadQuestion: the question is empty or too long, or `replaces` is not the last.
            NothingRead: the session has no documents.
            NoSuchPlace: `at` names no position that was read.
            TooManyQuestions: the queue is full.
        """
        asked_at, context = time.monotonic(), self._context
        row = context.session(session)
        text = check_question(question, context.settings.max_question_chars)
        if not storage.has_documents(self._db, row.id):
            raise NothingRead(
                f"The session {row.name!r} has no documents yet; add one, then ask about it."
            )
        last_asked = None if replaces is None else self._last_asked(row, replaces)
        runtime = context.runtime(row)
        position, as_of = name_position(self._db, row, at) if at else (None, "")
        asked = Question(text, as_of, last_asked)
        storage.index_segments(self._db, row.id)  # of an older version; not in the model's turn
        with context.queue.answering() as ticket:
            yield from _wait_for_model(ticket)
            if position is None:
                opened = context.cache.get(row.id)
            else:
                opened = restore_session(self._db, row, runtime, max_position=position)
                yield from self._replay(opened, position)
            yield from stream_answer(self._db, context.settings, opened, asked, asked_at)

    def messages(self, session: str) -> list[MessageRow]:
        """The conversation of a session, the oldest message first."""
        return storage.list_messages(self._db, self._context.session(session).id)

    def last_message_id(self, session: str) -> int | None:
        """The number of the last message; it changes whenever the conversation does."""
        return storage.last_message_id(self._db, self._context.session(session).id)

    def last_messages(self, session: str, count: int) -> list[MessageRow]:
        """The last messages of a session, `count` at most, the oldest first."""
        return storage.list_messages(self._db, self._context.session(session).id, count)

    def messages_at(self, session: str, offset: int, count: int) -> list[MessageRow]:
        """Messages of a session, the oldest first.

        Args:
            offset: number of the first one, counted from 0.
            count: how many at most.
        """
        return storage.messages_at(self._db, self._context.session(session).id, offset, count)

    def count_messages(self, session: str, before_id: int | None = None) -> int:
        """How many messages a session has, in all or before one of them."""
        return storage.count_messages(self._db, self._context.session(session).id, before_id)

    def find_message(self, session: str, text: str, before_id: int | None = None) -> int | None:
        """The number of the last message that contains a text; None if there is none.

        Args:
            before_id: only messages before this one.
        """
        session_id = self._context.session(session).id
        return storage.find_message(self._db, session_id, text, before_id)

    def history(self, session: str, format: str = "md") -> str:
        """The conversation as Markdown ('md') or JSON ('json'); see `render_transcript`."""
        row = self._context.session(session)
        return render_transcript(row, storage.list_messages(self._db, row.id), format)

    def places(self, session: str, search: str = "") -> list[AsOfChoice]:
        """The positions that the session can be asked as of; see `list_as_of_choices`."""
        return list_as_of_choices(self._db, self._context.session(session), search)

    def suggested(self, session: str) -> list[str]:
        """First questions for a session that was not asked anything yet."""
        return suggest_questions(self._db, self._context.session(session))

    def _replay(self, opened: OpenSession, position: int) -> Iterator[Prefilled]:
        """Feed the stored documents up to a position, with an event after each chunk."""
        for _ in feed_up_to(self._db, self._context.settings, opened, position):
            yield Prefilled(opened.position)

    def _last_asked(self, row: SessionRow, message_id: int) -> MessageRow:
        """The last question, by its number or its answer's.

        Raises:
            BadQuestion: it is not the last one; later answers may depend on it.
        """
        last = storage.list_messages(self._db, row.id, limit=2)
        if [m.role for m in last] != ["user", "assistant"] or message_id not in [
            m.id for m in last
        ]:
            raise BadQuestion(
                "Only the last question can be edited or answered again, for what was said after "
                "an earlier one may rest on it."
            )
        return last[0]


def _wait_for_model(ticket: Ticket) -> Iterator[Queued]:
    """Report the position in the queue until it is this question's turn."""
    while position := ticket.wait(QUEUE_POLL_S):
        yield Queued(position)
