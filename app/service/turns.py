"""Whose turn it is on the model: one at a time, answers before reading."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Hands out the model. Reading takes a turn per chunk, an answer keeps it to its end.

    Built on flags, not on an owned lock: a streamed answer may be advanced by another thread than
    the one that began it.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._taken = False
        self._answers_waiting = 0

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Wait only for the chunk that is being read and for earlier answers."""
        with self._changed:
            self._answers_waiting += 1
            try:
                self._changed.wait_for(lambda: not self._taken)
                self._taken = True
            finally:
                self._answers_waiting -= 1
        try:
            yield
        finally:
            self._give_back()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Wait until nobody waits for an answer."""
        with self._changed:
            self._changed.wait_for(lambda: not self._taken and not self._answers_waiting)
            self._taken = True
        try:
            yield
        finally:
            self._give_back()

    def _give_back(self) -> None:
        with self._changed:
            self._taken = False
            self._changed.notify_all()
