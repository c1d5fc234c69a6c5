"""Cuts a growing text into segments: settled ones, and open ones at its end.

Knows no files. The law of this folder: whatever the pieces in which a text arrives, its settled
segments followed by its open ones are the segments of the whole text. A settled segment never
changes. The open segments are a view of the last lines and are cut again when more text arrives.
"""

from collections.abc import Iterable
from typing import Any, Protocol

from ingest.document import Kind, Segment
from ingest.tail.growing_json_lines import GrowingJsonLines
from ingest.tail.growing_log import GrowingLog


class GrowingText(Protocol):
    """Cuts a text as it arrives; `open` are the segments that are not settled yet."""

    open: list[Segment]

    def add(self, text: str) -> list[Segment]:
        """Add the next text and return the segments that are settled now."""
        ...

    @property
    def line_count(self) -> int:
        """How many lines there are, including an incomplete last one."""
        ...

    def notes(self) -> Iterable[str]:
        """Return the sentences for the user about lines that could not be read."""
        ...

    def as_dict(self) -> dict[str, Any]:
        """Return plain values that can be stored, for `resume_growing`."""
        ...


def begin_growing(kind: Kind, line: int = 1) -> GrowingText:
    """Return a cutter for an empty text.

    Args:
        kind: "jsonl" for JSON Lines; any other kind is cut as a log.
        line: the number of its first line.
    """
    return GrowingJsonLines(line) if kind == "jsonl" else GrowingLog(line=line)


def resume_growing(values: dict[str, Any], open_text: str) -> GrowingText:
    """Return a cutter that continues where another one stopped.

    Args:
        values: what `GrowingText.as_dict` of the other one returned.
        open_text: the joined texts of its open segments.
    """
    if "records" in values:
        return GrowingJsonLines.from_dict(values)
    return GrowingLog.from_dict(values, open_text)
