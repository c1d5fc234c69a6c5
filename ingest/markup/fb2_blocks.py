"""Turns FictionBook's XML into a stream of blocks of text. Knows no files.

Source: http://www.gribuser.ru/xml/fictionbook/2.0, the schema of FictionBook 2.
"""

from collections.abc import Mapping
from typing import NamedTuple

from ingest.captions import is_table_caption
from ingest.characters import without_controls, without_surrogates, without_typesetting
from ingest.markup.inline import Run, Script, joined_runs, note_mark
from ingest.markup.paragraphs import heading_label
from ingest.markup.rows import MAX_ROW_CHARS, Cell, TableRows, span
from ingest.markup.xml import attribute, local_name

# What is not text: pictures in base64, style sheets, and what is known about the book.
_LEFT_OUT = frozenset({"binary", "stylesheet", "description"})
# Elements whose text is one block.
_BLOCKS = frozenset({"p", "v", "subtitle", "text-author", "date"})
_CELLS = frozenset({"td", "th"})
_SCRIPTS: dict[str, Script] = {"sup": "sup", "sub": "sub"}
# A paragraph of more is cut, so that a book without paragraphs is not held as a whole.
_MAX_BLOCK_CHARS = 100_000


class BookBlock(NamedTuple):
    """A paragraph, a verse, a title or a table's row, with the newlines that end it.

    Args:
        text: of the block.
        chapter: its number, from 1 on.
        label: the title of the chapter.
        header: of a table's row, what a segment that begins in it repeats.
    """

    text: str
    chapter: int
    label: str | None
    header: str = ""


class FictionBookTarget:
    """Turns the elements of a book into blocks; each section with a title is a chapter."""

    def __init__(self) -> None:
        self._blocks: list[BookBlock] = []
        self._runs: list[Run] = []
        self._chars = 0
        self._script: Script = ""
        self._struck = 0
        self._note: list[str] | None = None
        self._cells: list[Cell] | None = None
        self._rows = TableRows()
        self._caption = ""
        self._title: list[str] | None = None
        self._left_out = 0
        self._bodies = 0
        self._in_block = 0
        self._in_verse = False
        self._after_tight = False
        self._chapter = 0
        self._label: str | None = None

    def take_blocks(self) -> list[BookBlock]:
        """Return the blocks since the last call."""
        blocks, self._blocks = self._blocks, []
        return blocks

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take the start of an element."""
        name = local_name(tag)
        if self._left_out or name in _LEFT_OUT:
            self._left_out += 1
        elif name == "body":
            self._begin_body(attribute(attributes, "name"))
        elif name == "title":
            self._title = []
        elif name in _BLOCKS:
            self._flush()
            self._in_block += 1
            self._in_verse = name == "v"
        elif name == "table":
            self._flush()
            self._rows, self._caption = TableRows(self._caption), ""
        elif name == "tr":
            self._flush()
            self._cells = []
        elif name in _CELLS:
            self._start_cell(name, attributes)
        elif name in _SCRIPTS:
            self._script = _SCRIPTS[name]
        elif name == "strikethrough":
            self._struck += 1
        elif name == "a" and attribute(attributes, "type") == "note":
            self._note = []

    def end(self, tag: str) -> None:
        """Take the end of an element."""
        name = local_name(tag)
        if self._left_out:
            self._left_out -= 1
        elif name == "title" and self._title is not None:
            self._end_title()
        elif name in _BLOCKS:
            self._flush()
            self._in_block = max(0, self._in_block - 1)
            self._in_verse = False
        elif name in _CELLS:
            self._flush()
            self._in_block = max(0, self._in_block - 1)
        elif name == "tr":
            self._end_row()
        elif name in _SCRIPTS:
            self._script = ""
        elif name == "strikethrough":
            self._struck = max(0, self._struck - 1)
        elif name == "a" and self._note is not None:
            mark, self._note = "".join(self._note), None
            self._runs.append(Run(note_mark(mark)))

    def data(self, text: str) -> None:
        """Take text; it counts only inside a paragraph of the body."""
        if self._left_out or not self._in_block:
            return
        if self._note is not None:
            self._note.append(text)
        else:
            self._runs.append(Run(text, self._script, self._struck > 0))
        self._chars += len(text)
        if self._chars > _MAX_BLOCK_CHARS:
            self._flush()

    def close(self) -> None:
        """Called at the end of the book: every block was complete before."""

    def _begin_body(self, name: str) -> None:
        """Begin the text, or the notes after it, which are a chapter of their own."""
        self._bodies += 1
        if self._bodies > 1:
            self._chapter += 1
            self._label = heading_label(name.capitalize()) or "Notes"

    def _end_title(self) -> None:
        self._flush()
        title, self._title = " ".join(self._title or ()), None
        if title:
            self._chapter += 1
            self._label = heading_label(title)
            self._emit(title)

    def _start_cell(self, name: str, attributes: Mapping[str, str]) -> None:
        self._flush()
        self._in_block += 1
        if self._cells is not None:
            rows, columns = (span(attribute(attributes, key)) for key in ("rowspan", "colspan"))
            self._cells.append(Cell(columns, rows, is_header=name == "th"))

    def _end_row(self) -> None:
        self._flush()
        cells, self._cells = self._cells or [], None
        is_marked = bool(cells) and all(cell.is_header for cell in cells)
        is_header = is_marked or self._rows.first_row_is_header(cells)
        row = self._rows.end_row(cells, is_header, is_marked)
        if row.text:
            self._emit(row.text.rstrip(), is_tight=True, header=row.header)

    def _spill_row(self) -> None:
        """Turn the current row, which is too long for data, into paragraphs."""
        cells, self._cells = self._cells or [], None
        for text in (part for cell in cells for part in cell.parts):
            self._emit(text)

    def _flush(self) -> None:
        """End the collected text: it becomes a block, or a part of a title or of a cell."""
        text = self._taken_text()
        if not text:
            return
        if self._title is not None:
            self._title.append(text)
        elif self._cells:
            self._cells[-1].parts.append(text)
            if sum(len(part) for cell in self._cells for part in cell.parts) > MAX_ROW_CHARS:
                self._spill_row()
        else:
            self._emit(text, is_tight=self._in_verse)
            self._caption = text if is_table_caption(text) else ""

    def _taken_text(self) -> str:
        text = joined_runs(self._runs)
        self._runs, self._chars = [], 0
        return " ".join(without_typesetting(without_controls(without_surrogates(text))).split())

    def _emit(self, text: str, *, is_tight: bool = False, header: str = "") -> None:
        """Add a block; verses and rows follow each other without an empty line."""
        before = "\n" if self._after_tight and not is_tight else ""
        self._after_tight = is_tight
        ending = "\n" if is_tight else "\n\n"
        block = BookBlock(f"{before}{text}{ending}", max(self._chapter, 1), self._label, header)
        self._blocks.append(block)
