"""Reads logs: whole lines, an entry together with its continuation lines, and their time stamps.

The joined texts of the segments are the document. An entry that is longer than a segment, such as
one with a stack trace, is cut; the locator of each part has the entry's time.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ingest.document import Document, Segment
from ingest.limits import Limits
from ingest.lines.packing import Line, numbered_lines, pack_lines
from ingest.lines.terminal import without_sequences
from ingest.lines.text import TextReader
from ingest.lines.times import begins_entry_before_time, time_span, time_stamp


@dataclass(frozen=True)
class LogReader(TextReader):
    """Reads one log."""

    is_log = True

    def cut(self, blocks: Iterable[str], document: Document) -> Iterator[Segment]:
        """Yield segments of whole entries where possible, labelled with their times."""
        return log_segments(blocks, self.limits)


def log_segments(
    blocks: Iterable[str],
    limits: Limits,
    line: int = 1,
    is_line_start: bool = True,
    time: str | None = None,
) -> Iterator[Segment]:
    """Cut the text of a log into segments.

    Args:
        blocks: the text.
        limits: the target and the maximum length of a segment.
        line: the number of the line on which the text begins.
        is_line_start: false if the text begins inside that line.
        time: of the entry inside which the text begins.
    """
    timed = timed_segments(blocks, limits, line, is_line_start, time)
    return (segment for segment, _ in timed)


def timed_segments(
    blocks: Iterable[str], limits: Limits, line: int, is_line_start: bool, time: str | None
) -> Iterator[tuple[Segment, str | None]]:
    """Yield what `log_segments` yields, each with the time of the entry at its end."""
    ends: list[str | None] = []

    def label(lines: list[Line]) -> str | None:
        ends.append(lines[-1].time)
        return _label(lines)

    lines = numbered_lines(blocks, limits, line, is_line_start)
    for segment in pack_lines(_with_times(lines, time), limits, _rate_cut, label):
        yield segment, ends.pop()


def looks_like_log(text: str) -> bool:
    """Return whether most of the first lines of a text start with a time stamp."""
    lines = [line for line in without_sequences(text).split("\n")[:50] if line.strip()]
    return len(lines) >= 3 and 2 * sum(map(bool, map(time_stamp, lines))) > len(lines)


def _with_times(lines: Iterable[Line], time: str | None) -> Iterator[Line]:
    """Yield the lines with the times of their entries.

    A line without a time belongs to the entry above it: a stack trace, a wrapped message.
    """
    for line in lines:
        starts_entry = False
        if line.is_start:
            time, starts_entry = _entry_time(line.text, time)
        yield Line(line.text, line.number, line.is_start, time, starts_entry)


def _entry_time(line: str, time: str | None) -> tuple[str | None, bool]:
    """Return the time of the entry of a line, and whether the entry begins with it.

    Args:
        time: of the entry of the line before.
    """
    if begins_entry_before_time(line):
        return None, True
    own = time_stamp(line)
    return (time, False) if own is None else (own, True)


def _rate_cut(line: Line, following: Line) -> int:
    """Return 1 for a cut before an entry, else 0."""
    return 1 if following.starts_entry else 0


def _label(lines: list[Line]) -> str | None:
    times = [line.time for line in lines if line.time]
    return time_span(times[0], times[-1]) if times else None
