"""Whole lines packed into segments: for logs, source code and records, where a line is a unit.

Knows no files. The law of this room: the segments' texts, joined, are the lines, character by
character; how the text arrived in blocks does not change a segment.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from ingest.document import Limits, Locator, Segment
from ingest.segmenting import cut_length, cut_text


class Line(NamedTuple):
    """A line with its newline, or a part of one that is longer than a segment may be.

    `time` is that of the record which stands on it, where it says one.
    """

    text: str
    number: int
    is_start: bool = True
    time: str | None = None


# How good a place between two lines is for a cut: higher is better, a line's end at least 0.
Weigh = Callable[[str, str], int]
Label = Callable[[list[Line]], str | None]


def pack_lines(
    lines: Iterable[Line], limits: Limits, weigh: Weigh, label: Label = lambda lines: None
) -> Iterator[Segment]:
    """Cut lines into segments at the best place within the limit, nearest to the target.

    Args:
        weigh: called with each line and the next one.
        label: called with the lines of a segment, for its locator.
    """
    held = _Held(limits.target_segment_chars)
    for line in lines:
        while held.lines and held.chars + len(line.text) > limits.max_segment_chars:
            yield _segment(held.take(held.best_count(_quality(held.lines[-1], line, weigh))), label)
        held.add(line, _quality(held.lines[-1], line, weigh) if held.lines else 0)
    while held.lines:
        fits = held.chars <= held.target + held.target // 4
        count = len(held.lines) if fits else held.best_count(end_quality=0)
        yield _segment(held.take(count), label)


class _Held:
    """The lines that wait for a cut, and how good the place before each of them is."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.lines: list[Line] = []
        self.chars = 0
        self._before: list[int] = []

    def add(self, line: Line, quality: int) -> None:
        self.lines.append(line)
        self.chars += len(line.text)
        self._before.append(quality)

    def take(self, count: int) -> list[Line]:
        taken, self.lines = self.lines[:count], self.lines[count:]
        self._before = self._before[count:]
        self.chars -= sum(len(line.text) for line in taken)
        return taken

    def best_count(self, end_quality: int) -> int:
        """Return how many lines the next segment takes; a crumb at the start does not count."""
        best, best_rank, chars = len(self.lines), (-2, 0), 0
        for count, line in enumerate(self.lines, start=1):
            chars += len(line.text)
            quality = self._before[count] if count < len(self.lines) else end_quality
            rank = (quality, -abs(chars - self.target))
            if rank > best_rank and (chars >= self.target // 4 or count == len(self.lines)):
                best, best_rank = count, rank
        return best


def _quality(line: Line, following: Line, weigh: Weigh) -> int:
    return weigh(line.text, following.text) if following.is_start else -1


def _segment(lines: list[Line], label: Label) -> Segment:
    full = [line for line in lines if line.text.strip()] or lines[:1]
    locator = Locator("line", full[0].number, full[-1].number, label(full))
    return Segment("".join(line.text for line in lines), locator)


def numbered_lines(
    blocks: Iterable[str], limits: Limits, number: int = 1, is_start: bool = True
) -> Iterator[Line]:
    """Yield the lines of a stream of text; one beyond a segment's length comes in parts.

    Args:
        number, is_start: of the first line, or of the part of one, with which the text begins.
    """
    target, limit = limits.target_segment_chars, limits.max_segment_chars
    pending = ""
    for block in blocks:
        *whole, pending = (pending + block).split("\n")
        for text in whole:
            yield from line_parts(text + "\n", number, limits, is_start)
            number, is_start = number + 1, True
        start = 0
        # A cut needs one character beyond the limit, else it would depend on the block's end.
        while len(pending) - start > limit:
            length = cut_length(pending[start : start + limit + 1], target, limit)
            yield Line(pending[start : start + length], number, is_start)
            start, is_start = start + length, False
        pending = pending[start:]
    if pending:
        yield from line_parts(pending, number, limits, is_start)


def line_parts(text: str, number: int, limits: Limits, is_start: bool = True) -> Iterator[Line]:
    """Yield a line, in parts if it is longer than a segment may be."""
    if len(text) <= limits.max_segment_chars:
        yield Line(text, number, is_start)
        return
    for piece in cut_text(text, limits.target_segment_chars, limits.max_segment_chars):
        yield Line(piece, number, is_start)
        is_start = False
