"""Cuts a growing log into the segments into which `log.py` cuts the finished one."""

from collections.abc import Iterator
from typing import Any

from ingest.document import Segment
from ingest.limits import DEFAULT_LIMITS, Limits
from ingest.lines.log import log_segments


class GrowingLog:
    """Cuts lines as they arrive; made from the open text of another one, it continues there.

    `open` are the segments that are not settled yet.

    Args:
        open_text: the text after the last settled segment.
        line: the number of the line on which the open text begins.
        is_line_start: false if it begins inside that line: a line that is longer than a segment is
            settled in parts.
        limits: the target and the maximum length of a segment.
    """

    def __init__(
        self,
        open_text: str = "",
        line: int = 1,
        is_line_start: bool = True,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self.line, self.is_line_start = line, is_line_start
        self.open: list[Segment] = []
        self._open_text, self._limits, self._is_at_end = open_text, limits, False
        self.add("")

    def add(self, text: str) -> list[Segment]:
        """Add the next text and return the segments that are settled now."""
        settled: list[Segment] = []
        self.open, self._is_at_end = [], False
        blocks = self._blocks(self._open_text + text)
        for segment in log_segments(blocks, self._limits, self.line, self.is_line_start):
            (self.open if self._is_at_end else settled).append(segment)
        self._open_text = "".join(segment.text for segment in self.open)
        if settled:
            self.line += sum(segment.text.count("\n") for segment in settled)
            self.is_line_start = settled[-1].text.endswith("\n")
        return settled

    @property
    def line_count(self) -> int:
        """How many lines there are, including an incomplete last one."""
        text = self._open_text
        is_mid_line = not text.endswith("\n") if text else not self.is_line_start
        return self.line - 1 + text.count("\n") + is_mid_line

    def notes(self) -> list[str]:
        """Return no sentences: any line is a line of a log."""
        return []

    def as_dict(self) -> dict[str, Any]:
        """Return where the open text begins, as plain values that can be stored."""
        return {"line": self.line, "is_line_start": self.is_line_start}

    def _blocks(self, text: str) -> Iterator[str]:
        """Yield the text, then note that later cuts are made only because the text ends."""
        yield text
        self._is_at_end = True
