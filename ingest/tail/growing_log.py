"""Cuts a growing log into the segments into which `log.py` cuts the finished one."""

import copy
from collections.abc import Iterator
from typing import Any

from ingest.document import Segment
from ingest.limits import DEFAULT_LIMITS, Limits
from ingest.lines.log import timed_segments
from ingest.lines.terminal import TerminalText


class GrowingLog:
    """Cuts lines as they arrive; made from the stored values of another one, it continues there.

    `open` are the segments that are not settled yet. A line without an end is only a view there:
    what follows may change how it is shown.

    Args:
        line: the number of the line with which the text begins.
        limits: the target and the maximum length of a segment.
    """

    def __init__(self, line: int = 1, limits: Limits = DEFAULT_LIMITS) -> None:
        self.line, self.is_line_start = line, True
        self.time: str | None = None
        self.open: list[Segment] = []
        self._open_text, self._view_chars = "", 0
        self._terminal = TerminalText(is_log=True)
        self._seen = self._terminal
        self._limits, self._is_at_end = limits, False

    @classmethod
    def from_dict(
        cls, values: dict[str, Any], open_text: str, limits: Limits = DEFAULT_LIMITS
    ) -> "GrowingLog":
        """Return the cutter of which `as_dict` made the values.

        Args:
            open_text: the joined texts of its open segments.
        """
        growing = cls(int(values["line"]), limits)
        growing.is_line_start, growing.time = bool(values["is_line_start"]), values.get("time")
        if terminal := values.get("terminal"):  # older versions stored none
            growing._terminal = TerminalText.from_dict(terminal, is_log=True)
        growing._open_text = open_text[: len(open_text) - int(values.get("view_chars", 0))]
        growing.add("")
        return growing

    def add(self, text: str) -> list[Segment]:
        """Add the next text and return the segments that are settled now."""
        settled: list[Segment] = []
        self.open, self._is_at_end = [], False
        blocks = self._blocks(self._open_text + self._terminal.add(text))
        start = (self.line, self.is_line_start, self.time)
        for segment, time in timed_segments(blocks, self._limits, *start):
            if self._is_at_end:
                self.open.append(segment)
            else:
                settled.append(segment)
                self.time = time
        open_text = "".join(segment.text for segment in self.open)
        self._open_text = open_text[: len(open_text) - self._view_chars]
        if settled:
            text = "".join(segment.text for segment in settled)
            self.line += text.count("\n")
            self.is_line_start = text.endswith("\n")
        return settled

    @property
    def line_count(self) -> int:
        """How many lines there are, including an incomplete last one."""
        text = "".join(segment.text for segment in self.open)
        is_mid_line = not text.endswith("\n") if text else not self.is_line_start
        return self.line - 1 + text.count("\n") + is_mid_line

    def notes(self) -> Iterator[str]:
        """Yield the sentences for the user about what was left out."""
        return self._seen.notes()

    def as_dict(self) -> dict[str, Any]:
        """Return where the open text begins and what is held, as plain values, for `from_dict`."""
        return {
            "line": self.line,
            "is_line_start": self.is_line_start,
            "time": self.time,
            "terminal": self._terminal.as_dict(),
            "view_chars": self._view_chars,
        }

    def _blocks(self, text: str) -> Iterator[str]:
        """Yield the text, then a view of what is held, and note that later cuts are at the end."""
        yield text
        self._seen = copy.copy(self._terminal)
        view = self._seen.finish()
        self._view_chars = len(view)
        self._is_at_end = True
        yield view
