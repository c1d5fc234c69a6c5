"""Answer jobs: each answer is made on a thread of its own, so that no page has to stay open."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Collection, Generator, Iterator
from contextlib import closing

from app.errors import AlreadyAnswering, TooManyQuestions
from app.messages import KNOWN_ERRORS
from app.service.answering.events import AnswerView, Event, fold
from app.service.context import Context, SessionRef
from app.service.questions import Questions

log = logging.getLogger(__name__)
_NUMBERS = itertools.count()


class AnswerJob:
    """An answer that is being made, and that any number of threads can watch.

    Args:
        session_id: in which the question was asked.
        view: the question, before any event.
        replaces: number of the stored message that the answer replaces; None: it is a new one.
        events: of the answer, as `Questions.ask` yields them.
    """

    def __init__(
        self,
        session_id: int,
        view: AnswerView,
        replaces: int | None,
        events: Generator[Event, None, None],
    ) -> None:
        self.session_id, self.replaces = session_id, replaces
        self.number = next(_NUMBERS)
        """No other of this process has it; the memory of one that has ended is used again."""
        self._view, self._events = view, events
        self._changed = threading.Condition()
        self._is_stopping = threading.Event()
        self._event_count, self._has_ended = 0, False
        self._error: Exception | None = None

    @property
    def was_stopped(self) -> bool:
        """Whether it was stopped before it was complete."""
        return self._is_stopping.is_set() and not self._view.is_done

    def stop(self) -> None:
        """End the answer at its next event: nothing is stored, and the model is released."""
        self._is_stopping.set()

    def watch(self) -> Iterator[AnswerView]:
        """Yield the answer as it grows, up to its end.

        A caller that is slower than the answer misses views, but never the last one; a caller that
        comes late begins with the answer so far.

        Raises:
            Exception: the error that ended the answer early, for each caller.
        """
        seen = 0
        while True:
            with self._changed:
                while self._event_count == seen and not self._has_ended:
                    self._changed.wait()
                view, is_new = self._view, self._event_count > seen
                seen = self._event_count
            if is_new:
                yield view
            elif self._error is not None:
                raise self._error
            else:
                return

    def run(self) -> None:
        """Make the answer. An error is kept for those who watch."""
        try:
            with closing(self._events):
                for event in self._events:
                    self._publish(event)
                    if self._is_stopping.is_set():
                        return
        except Exception as error:
            if not isinstance(error, KNOWN_ERRORS):
                log.exception("an answer failed")
            self._error = error

    def end(self) -> None:
        """Tell those who watch that no event follows."""
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    def _publish(self, event: Event) -> None:
        with self._changed:
            self._view = fold(self._view, event)
            self._event_count += 1
            self._changed.notify_all()


class AnswerJobs:
    """The answers that are being made, at most one for each session."""

    def __init__(self, context: Context, questions: Questions) -> None:
        self._context, self._questions = context, questions
        self._guard = threading.Lock()
        self._jobs: dict[int, tuple[AnswerJob, threading.Thread]] = {}
        self._is_closed = False

    def begin(
        self,
        session: SessionRef,
        question: str,
        at: str = "",
        replaces: int | None = None,
        documents: Collection[int] | None = None,
    ) -> AnswerJob:
        """Begin to answer a question; arguments and errors are those of `Questions.ask`.

        The errors of `Questions.ask` are raised by the job's `watch`, not here.

        Raises:
            AlreadyAnswering: another question to this session is being answered.
            TooManyQuestions: Ammon is being stopped.
            NotFound: there is no such session.
        """
        row = self._context.session(session)
        with self._guard:
            if self._is_closed:
                raise TooManyQuestions("Ammon is being stopped; ask again once it runs.")
            if row.id in self._jobs:
                raise AlreadyAnswering(
                    f"A question to {row.name!r} is being answered: wait for the answer or stop "
                    "it, then ask."
                )
            events = self._questions.ask(row.id, question, at, replaces, documents=documents)
            job = AnswerJob(row.id, AnswerView(question.strip(), at), replaces, events)
            thread = threading.Thread(target=self._run, args=(job,), daemon=True)
            thread.start()  # its end waits for the guard, so it cannot end before it is noted here
            self._jobs[row.id] = job, thread
        return job

    def running(self) -> dict[int, AnswerJob]:
        """The answers that are being made, by the ids of their sessions."""
        with self._guard:
            return {session_id: job for session_id, (job, _) in self._jobs.items()}

    def of(self, session: SessionRef) -> AnswerJob | None:
        """The answer that is being made for a session.

        Raises:
            NotFound: there is no such session.
        """
        row = self._context.session(session)
        with self._guard:
            found = self._jobs.get(row.id)
        return found[0] if found else None

    def stop_all(self) -> None:
        """Stop all answers, wait until they have ended, and begin no more."""
        with self._guard:
            self._is_closed = True
            running = list(self._jobs.values())
        for job, _ in running:
            job.stop()
        for _, thread in running:
            thread.join()

    def _run(self, job: AnswerJob) -> None:
        try:
            job.run()
        finally:
            with self._guard:
                del self._jobs[job.session_id]
            job.end()
