"""Packs whole lines into segments: for logs, source code and JSON Lines, where a line is a unit.

Knows no files. The law of this file: the joined texts of the segments are the lines, character by
character, and the blocks in which the text arrived do not change the segments.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from ingest.document import Locator, Segment
from ingest.limits import Limits
from ingest.segmenting import cut_length, cut_text


class Line(NamedTuple):
    """A line with its newline, or a part of a line that is longer than a segment may be.

    `is_start` is false for a later part. `time` is the time of the record or entry of the line, if
    it has one. `starts_entry` says that an entry of a log begins with the line.
    """

    text: str
    number: int
    is_start: bool = True
    time: str | None = None
    starts_entry: bool = False


# Returns how good a cut between two lines is: at least 0, higher is better.
RateCut = Callable[[Line, Line], int]
Label = Callable[[list[Line]], str | None]


def pack_lines(
    lines: Iterable[Line], limits: Limits, rate_cut: RateCut, label: Label = lambda lines: None
) -> Iterator[Segment]:
    """Cut lines into segments: at the best cut within the limit, and the nearest to the target.

    Args:
        lines: the lines in order.
        limits: the target and the maximum length of a segment.
        rate_cut: returns how good a cut between a line and the next one is.
        label: returns the label for the locator of a segment from its lines.
    """
    pending = _PendingLines(limits.target_segment_chars)
    for line in lines:
        while pending.lines and pending.chars + len(line.text) > limits.max_segment_chars:
            yield _segment(
                pending.take(pending.best_count(_quality(pending.lines[-1], line, rate_cut))), label
            )
        pending.add(line, _quality(pending.lines[-1], line, rate_cut) if pending.lines else 0)
    while pending.lines:
        fits = pending.chars <= pending.target + pending.target // 4
        count = len(pending.lines) if fits else pending.best_count(end_quality=0)
        yield _segment(pending.take(count), label)


class _PendingLines:
    """The lines that are not in a segment yet, and how good a cut before each of them is."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.lines: list[Line] = []
        self.chars = 0
        self._before: list[int] = []

    def add(self, line: Line, quality: int) -> None:
        """Add a line; `quality` says how good a cut before it is."""
        self.lines.append(line)
        self.chars += len(line.text)
        self._before.append(quality)

    def take(self, count: int) -> list[Line]:
        """Remove and return the first lines."""
        first, self.lines = self.lines[:count], self.lines[count:]
        self._before = self._before[count:]
        self.chars -= sum(len(line.text) for line in first)
        return first

    def best_count(self, end_quality: int) -> int:
        """Return how many lines the next segment takes; a very short segment is not considered.

        Args:
            end_quality: how good a cut after the last line is.
        """
        best, best_rank, chars = len(self.lines), (-2, 0), 0
        for count, line in enumerate(self.lines, start=1):
            chars += len(line.text)
            quality = self._before[count] if count < len(self.lines) else end_quality
            rank = (quality, -abs(chars - self.target))
            if rank > best_rank and (chars >= self.target // 4 or count == len(self.lines)):
                best, best_rank = count, rank
        return best


def _quality(line: Line, following: Line, rate_cut: RateCut) -> int:
    return rate_cut(line, following) if following.is_start else -1


def _segment(lines: list[Line], label: Label) -> Segment:
    full = [line for line in lines if line.text.strip()] or lines[:1]
    locator = Locator("line", full[0].number, full[-1].number, label(full))
    return Segment("".join(line.text for line in lines), locator)


def numbered_lines(
    blocks: Iterable[str], limits: Limits, number: int = 1, is_start: bool = True
) -> Iterator[Line]:
    """Yield the lines of a stream of text; a line that is longer than a segment comes in parts.

    Args:
        blocks: the text.
        limits: the target and the maximum length of a segment.
        number: of the line on which the text begins.
        is_start: false if the text begins inside that line.
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
    """Yield a line, in parts if it is longer than a segment may be.

    Args:
        text: of the line with its newline, or the rest of a line.
        number: of the line.
        limits: the target and the maximum length of a segment.
        is_start: false if the text begins inside the line.
    """
    if len(text) <= limits.max_segment_chars:
        yield Line(text, number, is_start)
        return
    for piece in cut_text(text, limits.target_segment_chars, limits.max_segment_chars):
        yield Line(piece, number, is_start)
        is_start = False
