"""Answers in the making: each on a thread of its own, so that no page has to stay open for it."""

from __future__ import annotations

import copy
import logging
import threading
from collections.abc import Generator, Iterator
from contextlib import closing

from app.errors import AlreadyAnswering, TooManyQuestions
from app.messages import KNOWN_ERRORS
from app.service.answering.answer import Answer
from app.service.context import Context
from app.service.questions import Questions

log = logging.getLogger(__name__)


class PendingAnswer:
    """An answer being made, which any number of people may watch; stored when it is whole.

    Args:
        session_id: in which it was asked.
        replaces: number of the stored question that it stands for from then on.
        steps: as `Questions.ask` gives them.
    """

    def __init__(
        self, session_id: int, replaces: int | None, steps: Generator[Answer, None, None]
    ) -> None:
        self.session_id, self.replaces = session_id, replaces
        self._steps, self._changed = steps, threading.Condition()
        self._is_stopping = threading.Event()
        self._answer: Answer | None = None
        self._step_count, self._has_ended = 0, False
        self._error: Exception | None = None

    @property
    def was_stopped(self) -> bool:
        """Whether it was stopped before it was whole."""
        return self._is_stopping.is_set() and not (self._answer and self._answer.done)

    def stop(self) -> None:
        """End it after its next word: nothing of it is stored, and the model is free."""
        self._is_stopping.set()

    def watch(self) -> Iterator[Answer]:
        """Yield the answer as it grows, as often as the caller keeps up with.

        Raises:
            Exception: what ended it early, for everyone who watches.
        """
        seen = 0
        while True:
            with self._changed:
                while self._step_count == seen and not self._has_ended:
                    self._changed.wait()
                answer, is_news = self._answer, self._step_count > seen
                seen = self._step_count
            if answer is not None and is_news:
                yield answer
            elif self._error is not None:
                raise self._error
            else:
                return

    def run(self) -> None:
        """Make the answer; an error is kept for those who watch."""
        try:
            with closing(self._steps):
                for answer in self._steps:
                    self._show(answer)
                    if self._is_stopping.is_set():
                        return
        except Exception as error:
            if not isinstance(error, KNOWN_ERRORS):
                log.exception("an answer failed")
            self._error = error

    def end(self) -> None:
        """Let go of those who watch."""
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    def _show(self, answer: Answer) -> None:
        with self._changed:
            self._answer = copy.copy(answer)  # the next step changes it
            self._step_count += 1
            self._changed.notify_all()


class PendingAnswers:
    """The answers in the making, at most one for each session."""

    def __init__(self, context: Context, questions: Questions) -> None:
        self._context, self._questions = context, questions
        self._guard = threading.Lock()
        self._pending: dict[int, tuple[PendingAnswer, threading.Thread]] = {}
        self._is_closed = False

    def begin(
        self, session: str, question: str, at: str = "", replaces: int | None = None
    ) -> PendingAnswer:
        """Have a question answered; see `Questions.ask`, whose errors come to those who watch.

        Raises:
            AlreadyAnswering: another question to this session is being answered.
            TooManyQuestions: Ammon is being stopped.
            NotFound: there is no such session.
        """
        row = self._context.session(session)
        with self._guard:
            if self._is_closed:
                raise TooManyQuestions("Ammon is being stopped; ask again once it runs.")
            if row.id in self._pending:
                raise AlreadyAnswering(
                    f"A question to {row.name!r} is being answered: wait for the answer or stop "
                    "it, then ask."
                )
            steps = self._questions.ask(row.name, question, at, replaces)
            pending = PendingAnswer(row.id, replaces, steps)
            thread = threading.Thread(target=self._run, args=(pending,), daemon=True)
            thread.start()  # it cannot end before it is noted here
            self._pending[row.id] = pending, thread
        return pending

    def of(self, session: str) -> PendingAnswer | None:
        """What is being made for a session.

        Raises:
            NotFound: there is no such session.
        """
        row = self._context.session(session)
        with self._guard:
            found = self._pending.get(row.id)
        return found[0] if found else None

    def stop_all(self) -> None:
        """Stop all of them, wait until they have, and take no more."""
        with self._guard:
            self._is_closed = True
            running = list(self._pending.values())
        for pending, _ in running:
            pending.stop()
        for _, thread in running:
            thread.join()

    def _run(self, pending: PendingAnswer) -> None:
        try:
            pending.run()
        finally:
            with self._guard:
                del self._pending[pending.session_id]
            pending.end()
