"""How far the reading of a document is, and how fast it is."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

RATE_SECONDS = 20.0


@dataclass
class Progress:
    """How far a document is as of the last chunk; newer than what is stored.

    Args:
        tokens_read: of the document.
        marks: the last chunks: (seconds by the monotonic clock, tokens read by then).
    """

    tokens_read: int
    marks: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=64))

    def advance(self, tokens_read: int) -> None:
        """Note that the document has been read so far, now."""
        self.tokens_read = tokens_read
        self.marks.append((time.monotonic(), tokens_read))

    @property
    def tokens_per_second(self) -> float:
        """Over the last chunks; 0 before there are two."""
        now = time.monotonic()
        recent = [m for m in self.marks if now - m[0] <= RATE_SECONDS]
        if len(recent) < 2 or recent[-1][0] == recent[0][0]:
            return 0.0
        return (recent[-1][1] - recent[0][1]) / (recent[-1][0] - recent[0][0])
