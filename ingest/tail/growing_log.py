"""A log that still grows, cut into segments as `log.py` cuts the finished one; see `growing.py`."""

from collections.abc import Iterator
from typing import Any

from ingest.document import DEFAULT_LIMITS, Limits, Segment
from ingest.lines.log import log_segments


class GrowingLog:
    """Cuts lines as they come; made again from its open text, it goes on where it stood.

    Args:
        open_text: what came behind the last settled segment.
        line, is_line_start: where that begins; a line longer than a segment is settled in parts.
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
        """Take what came, and return the segments that are settled by it."""
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
        """How many lines there are, the last one counted if it has begun."""
        text = self._open_text
        is_mid_line = not text.endswith("\n") if text else not self.is_line_start
        return self.line - 1 + text.count("\n") + is_mid_line

    def notes(self) -> list[str]:
        return []

    def as_dict(self) -> dict[str, Any]:
        return {"line": self.line, "is_line_start": self.is_line_start}

    def _blocks(self, text: str) -> Iterator[str]:
        """Yield the text; a cut that is made after that was made only because nothing follows."""
        yield text
        self._is_at_end = True
