"""JSON Lines that still grow, cut into segments as `json_lines.py` cuts the finished file.

The law is that of `growing.py`. Segments are cut from the words of the records, and their lines
are held, not what they were made of: of a record that is longer than a segment the first parts may
be settled while the last one is open.
"""

import copy
from collections import deque
from collections.abc import Iterator
from typing import Any

from ingest.document import DEFAULT_LIMITS, Limits, Segment
from ingest.lines.json_lines import Records, pack_records
from ingest.lines.packing import Line


class GrowingJsonLines:
    """Cuts records as they come; made again from `as_dict`, it goes on where it stood.

    Args:
        line: the number of the line with which the text begins.
    """

    def __init__(self, line: int = 1, limits: Limits = DEFAULT_LIMITS) -> None:
        self.open: list[Segment] = []
        self._limits, self._is_at_end = limits, False
        self._records = self._seen = Records(limits, line)
        # Behind the last settled segment: never more characters than a segment may have.
        self._held = deque[Line]()

    @classmethod
    def from_dict(
        cls, values: dict[str, Any], limits: Limits = DEFAULT_LIMITS
    ) -> "GrowingJsonLines":
        growing = cls(limits=limits)
        growing._records = Records.from_dict(values["records"], limits)
        growing._held = deque(Line(*line) for line in values["held"])
        growing.add("")
        return growing

    def as_dict(self) -> dict[str, Any]:
        return {"records": self._records.as_dict(), "held": [list(line) for line in self._held]}

    def add(self, text: str) -> list[Segment]:
        """Take what came, and return the segments that are settled by it."""
        settled: list[Segment] = []
        self.open, self._is_at_end = [], False
        for segment in pack_records(self._lines(text), self._limits):
            if self._is_at_end:
                self.open.append(segment)
            else:
                settled.append(segment)
                self._let_go(segment)
        return settled

    @property
    def line_count(self) -> int:
        """How many lines there are, the last one counted if it has begun."""
        return self._records.line_count

    def notes(self) -> Iterator[str]:
        """Yield what a person should know; what may still get records is no failure."""
        if self._seen.bad.count and not self._seen.count:
            yield (
                "No line is a JSON record so far: if they are plain lines, follow them under a "
                "name that ends in .log."
            )
        yield from self._seen.notes()

    def _lines(self, text: str) -> Iterator[Line]:
        """Yield what is not settled; what comes of a line without its newline is only a view."""
        yield from list(self._held)
        for line in self._records.add(text):
            self._held.append(line)
            yield line
        self._is_at_end = True
        self._seen = copy.deepcopy(self._records)
        yield from self._seen.last()

    def _let_go(self, segment: Segment) -> None:
        chars = len(segment.text)
        while chars:
            chars -= len(self._held.popleft().text)
