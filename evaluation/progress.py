"""How far a variant is, and how long it will still take, as lines for the terminal."""

from __future__ import annotations

import time
from collections.abc import Sequence

from evaluation.tasks.item import Item
from evaluation.variants import Log

EVERY_S = 5.0
"""Seconds between two lines about one library."""
STALLED_EVERY_S = 60.0
"""Seconds between two lines while no more of it is read."""


class RunProgress:
    """The progress of one variant.

    The time left is estimated from the characters that are still to be read and the answers that
    are still to be given, each as fast as so far.

    Args:
        variant: its name.
        libraries: of each library, the items that wait, each with what it belongs to.
        total: number of all items, the finished ones included.
        log: receives the lines.
    """

    def __init__(
        self, variant: str, libraries: Sequence[Sequence[tuple[object, Item]]], total: int, log: Log
    ) -> None:
        self._variant, self._log = variant, log
        self._chars_left = sum(_chars(waiting[0][1]) for waiting in libraries)
        self._items_left = sum(map(len, libraries))
        self._total, self._scores = total, 0.0
        self._chars_read, self._reading_s = 0, 0.0
        self._answers, self._answering_s = 0, 0.0
        self._began = self._printed = time.monotonic()
        self._chars = 0
        self._first: tuple[int, float] | None = None
        self._last = 0, 0.0
        if done := total - self._items_left:
            log(f"{variant}: {done} of {total} items were finished before")

    def library_begins(self, waiting: Sequence[tuple[object, Item]]) -> None:
        """The next library is read for these items."""
        self._began = self._printed = time.monotonic()
        self._chars = _chars(waiting[0][1])
        self._first = None

    def reading(self, tokens: int, total: int) -> None:
        """So many of its tokens are read; those of the first report may be from an earlier run."""
        now = time.monotonic()
        if self._first is None:
            self._first = self._last = tokens, now
        if tokens != self._last[0]:
            self._last = tokens, now
        (first, began), (_, moved) = self._first, self._last
        is_moving = moved > self._printed
        if not tokens or now < self._printed + (EVERY_S if is_moving else STALLED_EVERY_S):
            return
        self._printed, so_far = now, f"{self._variant}: reading, {tokens:,} of {total:,} tokens"
        if is_moving and tokens > first:
            rate = (tokens - first) / (now - began)
            left = duration((total - tokens) / rate)
            self._log(f"{so_far}, {rate:,.0f} tokens/s, about {left} left for this text")
        else:
            self._log(f"{so_far}, none in the last {duration(now - moved)}")

    def library_is_read(self) -> None:
        """The library is read."""
        now = time.monotonic()
        self._reading_s += now - self._began
        self._chars_read += self._chars
        self._chars_left -= self._chars
        self._began = now

    def answered(self, task: str, score: float) -> None:
        """One more item is answered."""
        now = time.monotonic()
        self._answering_s += now - self._began
        self._answers += 1
        self._items_left -= 1
        self._scores += score
        self._began = now
        if self._items_left and now < self._printed + EVERY_S:
            return
        self._printed = now
        self._log(
            f"{task}, {self._variant}: {self._total - self._items_left} of {self._total} items, "
            f"mean score {self._scores / self._answers:.3f}, about {duration(self.seconds_left())} "
            "left for this variant"
        )

    def seconds_left(self) -> float:
        """Estimated seconds until all items are answered; at least one must be."""
        per_char = self._reading_s / max(1, self._chars_read)
        return self._chars_left * per_char + self._items_left * self._answering_s / self._answers


def _chars(item: Item) -> int:
    return sum(len(text) for _, text in item.documents)


def duration(seconds: float) -> str:
    """A time in the unit that suits it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
