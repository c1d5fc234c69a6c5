"""Whose turn it is on the model: one at a time, answers before reading, questions in a line."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import TooManyQuestions

PATIENCE_S = 5.0
"""Whoever stands in line and was not seen for so long is passed over until seen again."""
LOOK_S = 1.0


class ModelQueue:
    """Hands out the model. Reading takes a turn per chunk, an answer keeps it to its end.

    Built on flags, not on an owned lock: a streamed answer may be advanced by another thread than
    the one that began it.

    Args:
        max_waiting: so many questions may wait; the next is refused.
    """

    def __init__(self, max_waiting: int = 32) -> None:
        self._changed = threading.Condition()
        self._most_waiting = max_waiting
        self._taken = False
        self._line: list[Ticket] = []

    @property
    def waiting(self) -> int:
        """How many questions stand in line."""
        return len(self._line)

    @contextmanager
    def answering(self) -> Iterator[Ticket]:
        """Stand in line for an answer; the line, or the model, is left with the block.

        Raises:
            TooManyQuestions: the line is full.
        """
        with self._changed:
            if len(self._line) >= self._most_waiting:
                raise TooManyQuestions(
                    f"{len(self._line)} questions are waiting already, more are not taken; ask "
                    "again in a minute."
                )
            ticket = Ticket(self)
            self._line.append(ticket)
        try:
            yield ticket
        finally:
            with self._changed:
                if ticket in self._line:
                    self._line.remove(ticket)
                if ticket.has_turn:
                    self._taken = False
                self._changed.notify_all()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Wait until nobody waits for an answer."""
        with self._changed:
            while not self._may_read():
                self._changed.wait(LOOK_S)
            self._taken = True
        try:
            yield
        finally:
            with self._changed:
                self._taken = False
                self._changed.notify_all()

    def wait(self, ticket: Ticket, timeout_s: float) -> int:
        """See `Ticket.wait`."""
        with self._changed:
            ticket.is_here = True
            if self._changed.wait_for(lambda: self._may_answer(ticket), timeout_s):
                self._line.remove(ticket)
                self._taken = ticket.has_turn = True
                return 0
            ticket.is_here, ticket.seen_at = False, time.monotonic()
            return self._line.index(ticket) + 1

    def _may_answer(self, ticket: Ticket) -> bool:
        return not self._taken and next(filter(Ticket.is_present, self._line)) is ticket

    def _may_read(self) -> bool:
        return not self._taken and not any(map(Ticket.is_present, self._line))


class Ticket:
    """One question's place in the line."""

    def __init__(self, queue: ModelQueue) -> None:
        self._queue = queue
        self.has_turn = self.is_here = False
        self.seen_at = time.monotonic()

    def is_present(self) -> bool:
        """Whether somebody waits with it, or did a moment ago."""
        return self.is_here or time.monotonic() - self.seen_at < PATIENCE_S

    def wait(self, timeout_s: float) -> int:
        """Wait for the model for a while; 0 once it is ours, else the place in line from 1 on."""
        return self._queue.wait(self, timeout_s)
