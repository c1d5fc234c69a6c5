"""Questions: a place in the line, an answer, and what was said so far."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator

import storage
from app.errors import BadQuestion, NothingRead
from app.service.answering.answer import Answer, Question, check_question, stream_answer
from app.service.answering.as_of import AsOfChoice, list_places
from app.service.answering.suggestions import suggest_questions
from app.service.answering.transcript import history_as
from app.service.context import Context
from app.service.reading.model_queue import Ticket
from app.service.reading.open_session import OpenSession, restore_session
from app.service.reading.positions import find_position
from app.service.reading.replay import feed_up_to
from storage import MessageRow, SessionRow

WAIT_S = 0.5
"""Whoever waits is told so often; and can leave the line then."""


class Questions:
    """What the service does about questions."""

    def __init__(self, context: Context) -> None:
        self._context, self._db = context, context.db

    def ask(
        self, session: str, question: str, at: str = "", replaces: int | None = None
    ) -> Generator[Answer, None, None]:
        """Answer a question from where the session stands; see `stream_answer`.

        While others are answered the answer tells its `place` in the line. Closing the generator,
        at any moment, frees the model or the place.

        Args:
            at: a place named as `find_position` takes it: answer as of there.
            replaces: number of the last question or its answer: both are replaced by these. The
                same question is answered in other words.

        Raises:
            BadQuestion, NothingRead: nothing was asked, or there is nothing to ask about.
            NoSuchPlace: `at` names none that was read.
            TooManyQuestions: the line is full.
        """
        began, context = time.monotonic(), self._context
        row = context.session(session)
        text = check_question(question, context.settings.max_question_chars)
        if not storage.list_documents(self._db, row.id):
            raise NothingRead(
                f"The session {row.name!r} has no documents yet; add one, then ask about it."
            )
        asked = Question(text, at, None if replaces is None else self._last_asked(row, replaces))
        runtime = context.runtime(row)
        position = find_position(self._db, row, at) if at else None
        answer = Answer(text, position or 0, runtime.memory_status, as_of=at)
        with context.queue.answering() as ticket:
            yield from _waiting(ticket, answer)
            if position is None:
                live = context.cache.get(row.id)
            else:
                live = restore_session(self._db, row, runtime, max_position=position)
                yield from self._going_to(live, position, answer)
            yield from stream_answer(
                self._db, context.settings, runtime, live, asked, answer, began
            )

    def messages(self, session: str) -> list[MessageRow]:
        """What was said in a session, oldest first."""
        return storage.list_messages(self._db, self._context.session(session).id)

    def last_message_id(self, session: str) -> int | None:
        """The number of what was said last; another one, once there is more or less of it."""
        last = storage.list_messages(self._db, self._context.session(session).id, limit=1)
        return last[0].id if last else None

    def history(self, session: str, format: str = "md") -> str:
        """The conversation as a file; see `history_as`."""
        row = self._context.session(session)
        return history_as(row, storage.list_messages(self._db, row.id), format)

    def places(self, session: str) -> list[AsOfChoice]:
        """What the session can be asked as of; see `list_places`."""
        return list_places(self._db, self._context.session(session))

    def suggested(self, session: str) -> list[str]:
        """First questions for somebody who has none yet; see `suggest_questions`."""
        return suggest_questions(self._db, self._context.session(session))

    def _going_to(self, live: OpenSession, position: int, answer: Answer) -> Iterator[Answer]:
        for _ in feed_up_to(self._db, self._context.settings, live, position):
            yield answer

    def _last_asked(self, row: SessionRow, message_id: int) -> MessageRow:
        """The last question, by its number or its answer's.

        Raises:
            BadQuestion: it is not the last; what was said after it rests on it.
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


def _waiting(ticket: Ticket, answer: Answer) -> Iterator[Answer]:
    """Tell the place in the line until the model is there."""
    while True:
        answer.place = ticket.wait(WAIT_S)
        if not answer.place:
            return
        yield answer
