"""Cuts growing JSON Lines into the segments into which `json_lines.py` cuts the finished file.

The settled segments followed by the open ones are the segments of the whole text, whatever the
pieces in which it arrives. What is held are the readable lines of the records, not the records: the
first parts of a record that is longer than a segment may be settled while its last part is open.
"""

import copy
from collections import deque
from collections.abc import Iterator
from typing import Any

from ingest.document import Segment
from ingest.limits import DEFAULT_LIMITS, Limits
from ingest.lines.json_lines import Records, pack_records
from ingest.lines.packing import Line


class GrowingJsonLines:
    """Cuts records as they arrive; made from the stored values of another one, it continues there.

    `open` are the segments that are not settled yet.

    Args:
        line: the number of the line with which the text begins.
        limits: the maximum lengths of a record and of a segment.
    """

    def __init__(self, line: int = 1, limits: Limits = DEFAULT_LIMITS) -> None:
        self.open: list[Segment] = []
        self._limits, self._is_at_end = limits, False
        self._records = self._seen = Records(limits, line)
        # The lines after the last settled segment: never more characters than a segment may have.
        self._held = deque[Line]()

    @classmethod
    def from_dict(
        cls, values: dict[str, Any], limits: Limits = DEFAULT_LIMITS
    ) -> "GrowingJsonLines":
        """Return the cutter of which `as_dict` made the values."""
        growing = cls(limits=limits)
        growing._records = Records.from_dict(values["records"], limits)
        growing._held = deque(Line(*line) for line in values["held"])
        growing.add("")
        return growing

    def as_dict(self) -> dict[str, Any]:
        """Return plain values that can be stored, for `from_dict`."""
        return {"records": self._records.as_dict(), "held": [list(line) for line in self._held]}

    def add(self, text: str) -> list[Segment]:
        """Add the next text and return the segments that are settled now."""
        settled: list[Segment] = []
        self.open, self._is_at_end = [], False
        for segment in pack_records(self._lines(text.replace("\r", "\n")), self._limits):
            if self._is_at_end:
                self.open.append(segment)
            else:
                settled.append(segment)
                self._drop_settled(segment)
        return settled

    @property
    def line_count(self) -> int:
        """How many lines there are, including an incomplete last one."""
        return self._records.line_count

    def notes(self) -> Iterator[str]:
        """Yield the sentences for the user; a text without any record yet is not an error."""
        if self._seen.bad.count and not self._seen.count:
            yield (
                "No line is a JSON record so far: if they are plain lines, follow them under a "
                "name that ends in .log."
            )
        yield from self._seen.notes()

    def _lines(self, text: str) -> Iterator[Line]:
        """Yield the lines that are not settled; those of an incomplete record are only a view."""
        yield from list(self._held)
        for line in self._records.add(text):
            self._held.append(line)
            yield line
        self._is_at_end = True
        self._seen = copy.deepcopy(self._records)
        yield from self._seen.finish()

    def _drop_settled(self, segment: Segment) -> None:
        """Drop the held lines that are in a settled segment."""
        chars = len(segment.text)
        while chars:
            chars -= len(self._held.popleft().text)
