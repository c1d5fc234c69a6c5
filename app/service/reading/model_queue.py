"""Who may use the model: one at a time, answers before reading, questions in a queue."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import TooManyQuestions

PATIENCE_S = 5.0
"""Seconds after which an unpolled ticket loses its turn, until it is polled again."""
LOOK_S = 1.0
"""Seconds between two looks of a waiting reading, for tickets that are not polled any more."""


class ModelQueue:
    """Hands out the model. Reading takes it chunk by chunk; an answer keeps it to its end.

    Built on flags instead of an owned lock: a streamed answer may be advanced by another thread
    than the one that began it.

    Args:
        max_waiting: how many questions may wait; the next is refused.
    """

    def __init__(self, max_waiting: int = 32) -> None:
        self._changed = threading.Condition()
        self._max_waiting = max_waiting
        self._is_taken = self._answers = False
        self._queue: list[Ticket] = []
        self._readers: list[Ticket] = []

    @property
    def waiting(self) -> int:
        """How many questions wait."""
        return len(self._queue)

    @property
    def is_answering(self) -> bool:
        """Whether a question is being answered, or waits for it, so that reading waits."""
        return self._answers or bool(self._queue)

    @contextmanager
    def answering(self) -> Iterator[Ticket]:
        """Queue for an answer; leaving the block leaves the queue, or frees the model.

        Raises:
            TooManyQuestions: the queue is full.
        """
        with self._changed:
            if len(self._queue) >= self._max_waiting:
                raise TooManyQuestions(
                    f"{len(self._queue)} questions are waiting already, more are not taken; ask "
                    "again in a minute."
                )
            ticket = Ticket(self)
            self._queue.append(ticket)
        try:
            yield ticket
        finally:
            with self._changed:
                if ticket in self._queue:
                    self._queue.remove(ticket)
                if ticket.has_turn:
                    self._is_taken = self._answers = False
                self._changed.notify_all()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Hold the model for a chunk of reading; waits until no question waits."""
        with self.reading_ticket() as ticket:
            while ticket.wait(LOOK_S):
                pass
            yield

    @contextmanager
    def reading_ticket(self) -> Iterator[Ticket]:
        """Queue for a few chunks of reading, behind all questions; all who read take turns.

        Leaving the block leaves the queue, or frees the model.
        """
        with self._changed:
            ticket = Ticket(self)
            self._readers.append(ticket)
        try:
            yield ticket
        finally:
            with self._changed:
                if ticket in self._readers:
                    self._readers.remove(ticket)
                if ticket.has_turn:
                    self._is_taken = False
                self._changed.notify_all()

    def wait(self, ticket: Ticket, timeout_s: float) -> int:
        """Wait with a ticket of this queue for at most `timeout_s`.

        Returns:
            0 once the ticket holds the model, else its position in the queue, from 1 on.
        """
        with self._changed:
            ticket.is_waiting = True
            if self._changed.wait_for(lambda: self._may_take(ticket), timeout_s):
                self._answers = ticket in self._queue
                (self._queue if self._answers else self._readers).remove(ticket)
                self._is_taken = ticket.has_turn = True
                return 0
            ticket.is_waiting, ticket.polled_at = False, time.monotonic()
            return self._in_order().index(ticket) + 1

    def _in_order(self) -> list[Ticket]:
        return [*self._queue, *self._readers]

    def _may_take(self, ticket: Ticket) -> bool:
        return not self._is_taken and next(filter(Ticket.is_present, self._in_order())) is ticket


class Ticket:
    """One question, or one who reads, in the queue."""

    def __init__(self, queue: ModelQueue) -> None:
        self._queue = queue
        self.has_turn = self.is_waiting = False
        self.polled_at = time.monotonic()

    def is_present(self) -> bool:
        """Whether a caller waits with it, or polled it less than `PATIENCE_S` ago."""
        return self.is_waiting or time.monotonic() - self.polled_at < PATIENCE_S

    def wait(self, timeout_s: float) -> int:
        """Wait for the model; the result is 0 once it is held, else the queue position from 1."""
        return self._queue.wait(self, timeout_s)
