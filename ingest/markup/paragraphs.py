"""Packs paragraphs into segments whose locators have the paragraphs' numbers and heading.

Knows no format: the readers of HTML and DOCX provide the blocks. The reader of EPUB uses `Block`,
`block_pieces` and `heading_label`.
"""

import itertools
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ingest.document import Locator, Segment
from ingest.errors import too_much_text
from ingest.limits import Limits
from ingest.naming import clean_line
from ingest.segmenting import Piece, Row, cut_rows

_MAX_LABEL_CHARS = 60


class Block(NamedTuple):
    """A paragraph, a heading, a list item or a table's row, with the newlines that end it.

    Args:
        text: of the block.
        level: 1 to 6 for a heading, else 0.
        anchors: the ids in the file between the last block and this one.
        header: of a table's row, what a segment that begins in this row repeats: the header line
            with its newline, after the table's caption if it has one. Bounded by who makes it; one
            that is longer than half a segment is not repeated. Empty for other blocks, and for the
            header line itself.
    """

    text: str
    level: int = 0
    anchors: tuple[str, ...] = ()
    header: str = ""


@dataclass
class _PendingParagraph:
    """A paragraph that is not in a segment yet: where it starts, its number and heading."""

    offset: int
    number: int
    heading: str | None


class ParagraphCutter:
    """Cuts a document into segments; no segment spans two sections.

    The joined texts of the segments are the joined texts of the blocks, except that a segment which
    begins in a table's row has the header of that row before it. `count` is the number of
    paragraphs so far.

    Args:
        name: what messages call the file.
        limits: the target and the maximum length of a segment, and of the whole text.
    """

    def __init__(self, name: str, limits: Limits) -> None:
        self.count = 0
        self._name = name
        self._limits = limits
        self._heading: str | None = None
        self._offset = 0
        self._pending: deque[_PendingParagraph] = deque()

    def segments(self, blocks: Iterable[Block]) -> Iterator[Segment]:
        """Yield the segments of a document; call it once.

        Raises:
            LimitExceeded: the blocks have too much text.
        """
        start = 0
        for _, section in itertools.groupby(blocks, _SectionNumber()):
            for piece in block_pieces(self._counted(section), self._limits):
                yield Segment(piece.repeated + piece.text, self._locator(piece.text, start))
                start += len(piece.text)

    def _counted(self, blocks: Iterable[Block]) -> Iterator[Block]:
        for block in blocks:
            self.count += 1
            if block.level:
                self._heading = heading_label(block.text)
            self._pending.append(_PendingParagraph(self._offset, self.count, self._heading))
            self._offset += len(block.text)
            if self._offset > self._limits.max_text_chars:
                raise too_much_text(self._name, self._limits.max_text_chars)
            yield block

    def _locator(self, piece: str, start: int) -> Locator:
        """Return the locator of the piece that begins at an offset; forget earlier paragraphs."""
        body_start = start + len(piece) - len(piece.lstrip())
        body_end = start + len(piece.rstrip())
        pending = self._pending
        while len(pending) > 1 and pending[1].offset <= body_start:
            pending.popleft()
        inside = [one for one in pending if one.offset < max(body_end, start + 1)]
        last = inside[-1] if inside else pending[0]
        return Locator("paragraph", pending[0].number, last.number, last.heading)


class _SectionNumber:
    """Numbers the sections; a heading begins one, or several consecutive headings."""

    def __init__(self) -> None:
        self._number = 0
        self._after_heading = False

    def __call__(self, block: Block) -> int:
        if block.level and not self._after_heading:
            self._number += 1
        self._after_heading = bool(block.level)
        return self._number


def block_pieces(blocks: Iterable[Block], limits: Limits) -> Iterator[Piece]:
    """Cut blocks into the texts of segments; one that begins in a table's row has its header.

    Args:
        blocks: of one section or chapter, in order.
        limits: the target and the maximum length of a segment.
    """
    rows = (Row(block.text, block.header) for block in blocks)
    return cut_rows(rows, limits.target_segment_chars, limits.max_segment_chars)


def heading_label(text: str) -> str | None:
    """Return a heading as a label for a locator, None if it has no visible characters."""
    return clean_line(text, _MAX_LABEL_CHARS) or None
