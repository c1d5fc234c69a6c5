"""Paragraphs packed into segments that know their numbers and their heading.

Knows no format: HTML and DOCX bring the blocks, EPUB cuts its chapters from them.
"""

import itertools
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ingest.document import Limits, Locator, Segment
from ingest.naming import clean_line
from ingest.segmenting import cut_blocks

_MAX_LABEL_CHARS = 60


class Block(NamedTuple):
    """A paragraph, a heading, a list item or a table's row, with the newlines that end it.

    Args:
        level: 1 to 6 for a heading, else 0.
        anchors: the places named in the file that lie between the last block and this one.
    """

    text: str
    level: int = 0
    anchors: tuple[str, ...] = ()


@dataclass
class _Place:
    """A paragraph whose text is still on its way: where it starts, its number and heading."""

    offset: int
    number: int
    heading: str | None


class ParagraphCutter:
    """Cuts a document into segments; none crosses from one section into the next.

    `count` is the number of paragraphs so far; the segments, joined, are the blocks, joined.
    """

    def __init__(self, limits: Limits) -> None:
        self.count = 0
        self._limits = limits
        self._heading: str | None = None
        self._offset = 0
        self._places: deque[_Place] = deque()

    def segments(self, blocks: Iterable[Block]) -> Iterator[Segment]:
        target, limit = self._limits.target_segment_chars, self._limits.max_segment_chars
        start = 0
        for _, section in itertools.groupby(blocks, _SectionNumber()):
            for piece in cut_blocks(self._texts(section), target, limit):
                yield Segment(piece, self._locator(piece, start))
                start += len(piece)

    def _texts(self, blocks: Iterable[Block]) -> Iterator[str]:
        for block in blocks:
            self.count += 1
            if block.level:
                self._heading = heading_label(block.text)
            self._places.append(_Place(self._offset, self.count, self._heading))
            self._offset += len(block.text)
            yield block.text

    def _locator(self, piece: str, start: int) -> Locator:
        """Return the paragraphs of the piece that begins at an offset, and forget earlier ones."""
        body_start = start + len(piece) - len(piece.lstrip())
        body_end = start + len(piece.rstrip())
        places = self._places
        while len(places) > 1 and places[1].offset <= body_start:
            places.popleft()
        inside = [place for place in places if place.offset < max(body_end, start + 1)]
        last = inside[-1] if inside else places[0]
        return Locator("paragraph", places[0].number, last.number, last.heading)


class _SectionNumber:
    """Numbers the sections: one begins with a heading, or with several in a row."""

    def __init__(self) -> None:
        self._number = 0
        self._after_heading = False

    def __call__(self, block: Block) -> int:
        if block.level and not self._after_heading:
            self._number += 1
        self._after_heading = bool(block.level)
        return self._number


def heading_label(text: str) -> str | None:
    """Return a heading as the label of a locator."""
    return clean_line(text, _MAX_LABEL_CHARS) or None
