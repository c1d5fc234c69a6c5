"""A text that still grows, cut into segments: those that are settled, and those still open.

Knows no files. The law of this room: whatever the pieces in which a text came, its settled
segments followed by its open ones are those of the whole text (see `lines.py`). A settled segment
never changes; the open ones are a view of the last lines, and are cut anew when more come.
"""

from collections.abc import Iterable
from typing import Any, Protocol

from ingest.document import Kind, Segment
from ingest.tail.growing_json_lines import GrowingJsonLines
from ingest.tail.growing_log import GrowingLog


class GrowingText(Protocol):
    """What cuts a text as it comes; `open` are the segments that are not settled yet."""

    open: list[Segment]

    def add(self, text: str) -> list[Segment]:
        """Take what came, and return the segments that are settled by it."""
        ...

    @property
    def line_count(self) -> int:
        """How many lines there are, the last one counted if it has begun."""
        ...

    def notes(self) -> Iterable[str]:
        """Return what a person should know."""
        ...

    def as_dict(self) -> dict[str, Any]:
        """Return plain values from which, with its open text, it is made again."""
        ...


def begin_growing(kind: Kind, line: int = 1) -> GrowingText:
    """Return what cuts a text of a kind, which begins with this line."""
    return GrowingJsonLines(line) if kind == "jsonl" else GrowingLog(line=line)


def grow_on(values: dict[str, Any], open_text: str) -> GrowingText:
    """Return what goes on where another stood; see `GrowingText.as_dict`."""
    if "records" in values:
        return GrowingJsonLines.from_dict(values)
    return GrowingLog(open_text, int(values["line"]), bool(values["is_line_start"]))
