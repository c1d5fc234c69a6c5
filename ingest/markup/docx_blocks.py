"""Turns WordprocessingML into a stream of blocks of text. Knows no files.

Names are compared without their namespace, because there are two of them (transitional and strict).
"""

from collections.abc import Mapping

from ingest.characters import without_controls, without_surrogates
from ingest.markup.paragraphs import Block
from ingest.markup.xml import attribute, local_name

# Deleted or moved text, field codes, and a copy of a drawing's text for old programs.
_LEFT_OUT = frozenset({"del", "moveFrom", "instrText", "delText", "Fallback", "rPr", "sectPr"})
_CHARACTERS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011"}
# The lines between a page's text and its notes are stored as notes of these types.
_SEPARATORS = frozenset({"separator", "continuationSeparator", "continuationNotice"})
_MAX_PARAGRAPH_CHARS = 1_000_000
# A longer row is not a row of data: the table is there for the layout of the page.
_MAX_ROW_CHARS = 2000


class WordTarget:
    """Turns the elements of one part of a document into blocks.

    Args:
        headings: the level of each style that is a heading.
    """

    def __init__(self, headings: Mapping[str, int]) -> None:
        self._headings = headings
        self._blocks: list[Block] = []
        self._text: list[str] = []
        self._chars = 0
        self._outer: list[tuple[list[str], int, bool]] = []  # paragraphs around a text box
        self._cells: list[list[str]] = []
        self._row_chars = 0
        self._in_text = 0
        self._left_out = 0
        self._properties = 0
        self._tables = 0
        self._level = 0
        self._bullet = False
        self._after_tight = False

    def take_blocks(self) -> list[Block]:
        """Return the blocks since the last call."""
        blocks, self._blocks = self._blocks, []
        return blocks

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take the start of an element."""
        name = local_name(tag)
        if self._left_out or name in _LEFT_OUT or attribute(attributes, "type") in _SEPARATORS:
            self._left_out += 1
        elif name == "p":
            self._outer.append((self._text, self._level, self._bullet))
            self._text, self._level, self._bullet = [], 0, False
        elif name == "pPr":
            self._properties += 1
        elif self._properties:
            self._read_property(name, attribute(attributes, "val"))
        elif name == "t":
            self._in_text += 1
        elif name in _CHARACTERS:
            self._text.append(_CHARACTERS[name])
        elif name == "tbl":
            self._tables += 1
        elif name == "tr" and self._tables == 1:
            self._cells, self._row_chars = [], 0
        elif name == "tc" and self._tables == 1:
            self._cells.append([])

    def end(self, tag: str) -> None:
        """Take the end of an element, with which a paragraph, a cell or a row may be complete."""
        name = local_name(tag)
        if self._left_out:
            self._left_out -= 1
        elif name == "pPr":
            self._properties -= 1
        elif self._properties:
            pass
        elif name == "t":
            self._in_text -= 1
        elif name == "p" and self._outer:
            self._end_paragraph()
            self._text, self._level, self._bullet = self._outer.pop()
        elif name == "tr" and self._tables == 1:
            self._end_row()
        elif name == "tbl":
            self._tables -= 1

    def data(self, text: str) -> None:
        """Take text; it counts only inside a run."""
        if self._in_text and not self._left_out:
            self._text.append(text)
            self._chars += len(text)
            if self._chars > _MAX_PARAGRAPH_CHARS:
                self._end_paragraph()

    def close(self) -> None:
        """Called at the end of the document: every block was complete before."""

    def _read_property(self, name: str, value: str) -> None:
        if name == "pStyle":
            self._level = self._headings.get(value, 0)
        elif name == "outlineLvl" and value in "012345" and value:
            self._level = int(value) + 1
        elif name == "numId":
            self._bullet = value != "0"

    def _end_paragraph(self) -> None:
        text = without_controls(without_surrogates("".join(self._text))).strip()
        self._text, self._chars = [], 0
        if not text:
            return
        if self._tables and self._cells:
            self._cells[-1].append(text)
            self._row_chars += len(text)
            if self._row_chars > _MAX_ROW_CHARS:
                self._spill_row()
            return
        tight = self._bullet and not self._level
        self._emit(f"- {text}" if tight else text, self._level, tight=tight)

    def _end_row(self) -> None:
        cells = [" ".join(" ".join(cell).split()) for cell in self._cells]
        self._cells = []
        if any(cells):
            self._emit("\t".join(cells).rstrip(), 0, tight=True)

    def _spill_row(self) -> None:
        """Turn the current row, which is too long for data, into paragraphs."""
        cells, self._cells = self._cells, []
        for text in (part for cell in cells for part in cell):
            self._emit(text, 0, tight=False)

    def _emit(self, text: str, level: int, *, tight: bool) -> None:
        before = "\n" if self._after_tight and not tight else ""
        self._blocks.append(Block(f"{before}{text}\n" + "\n" * (not tight), level))
        self._after_tight = tight
