"""Turns the cells of a table into rows of text: merged cells repeat their value, headers are kept.

Knows no format: the readers provide the cells.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from ingest.tables.header import is_denied

# A longer row is not a row of data: the table is there for the layout of the page.
MAX_ROW_CHARS = 2000
_MAX_COLUMNS = 1000
_MAX_HEADER_LINES = 3
_ROWS_TO_JUDGE = 3


@dataclass
class Cell:
    """A cell: its paragraphs, how many columns and rows it takes, and what it is.

    `continues` says that it is merged with the cell above it. `is_header` says that it names a
    column or a row.
    """

    columns: int = 1
    rows: int = 1
    is_header: bool = False
    continues: bool = False
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text of the cell on one line."""
        return " ".join(" ".join(self.parts).split())


class RowText(NamedTuple):
    """A row as a line of text, "" if it is empty, and the header lines that belong to it.

    `header` is empty for a header line itself.
    """

    text: str
    header: str


def span(text: str) -> int:
    """Return how many columns or rows an attribute asks for, 1 for what is no number."""
    digits = text.strip()[:6]
    return max(1, int(digits)) if digits.isascii() and digits.isdigit() else 1


class TableRows:
    """The rows of one table, in order.

    Args:
        caption: of the table; it is repeated with the header lines.
    """

    def __init__(self, caption: str = "") -> None:
        self.caption = caption
        self._header: list[str] = []
        self._has_names = self._has_body = False
        # Names that no mark says are names, and the rows below them that may deny it.
        self._unmarked: list[str] = []
        self._below: list[list[str]] = []
        self._above: list[str] = []
        # For a column that a cell of an earlier row takes: that cell's text, and its rows to come.
        self._reserved: dict[int, tuple[str, int]] = {}

    def end_row(self, cells: list[Cell], is_header: bool, is_marked: bool = True) -> RowText:
        """Return the next row.

        Args:
            cells: of the row.
            is_header: whether the row names the columns; that counts only above the other rows.
            is_marked: whether the file says that it does; else the rows below may deny it.
        """
        columns = self._columns(cells)
        text = "\t".join(columns)
        self._above = columns
        if not cells or not text.strip():
            return RowText("", "")
        if is_header and not self._has_body and len(self._header) < _MAX_HEADER_LINES:
            self._header.append(text)
            self._has_names = self._has_names or len(cells) > 1
            self._unmarked = [] if is_marked else columns
            return RowText(text, "")
        self._has_body = True
        self._judge_header(columns)
        lines = [self.caption, *self._header] if self.caption else self._header
        return RowText(text, "".join(f"{line}\n" for line in lines))

    def _judge_header(self, columns: list[str]) -> None:
        """Give up names that no mark says are names, if the first rows below are of their kinds.

        No row waits for this: a segment hardly ever begins in one of the first.
        """
        if not self._unmarked:
            return
        self._below.append(columns)
        if len(self._below) < _ROWS_TO_JUDGE:
            return
        if is_denied(self._unmarked, self._below):
            self._header.pop()
        self._unmarked, self._below = [], []

    def first_row_is_header(self, cells: list[Cell]) -> bool:
        """Return whether a table that marks no header begins with this one.

        That is a title over several columns, or the first row with names for its columns. The
        column of names at the left may have none.
        """
        if self._has_body or self._has_names or not cells:
            return False
        if len(cells) == 1:
            return cells[0].columns > 1
        names = [cell.text for cell in cells]
        worded = sum(any(map(str.isalpha, name)) for name in names)
        return all(names[1:]) and 2 * worded >= len(names)

    def _columns(self, cells: list[Cell]) -> list[str]:
        columns = _Columns()
        for cell in cells:
            self._take_reserved(columns)
            first = len(columns.texts)
            text = cell.text
            if cell.continues and first < len(self._above):
                text = self._above[first]
            columns.add(text)
            # A huge number of columns, or a long text in many, is no data.
            while len(columns.texts) < first + cell.columns and not columns.is_full:
                columns.add(text)
            if cell.rows > 1:
                places = range(first, min(len(columns.texts), _MAX_COLUMNS))
                self._reserved |= {place: (text, cell.rows - 1) for place in places}
        self._take_reserved(columns)
        return columns.texts

    def _take_reserved(self, columns: "_Columns") -> None:
        """Add the values of cells of earlier rows that reach down into the next columns."""
        while len(columns.texts) in self._reserved:
            text, rows = self._reserved.pop(len(columns.texts))
            if rows > 1:
                self._reserved[len(columns.texts)] = (text, rows - 1)
            columns.add("" if columns.is_full else text)


@dataclass
class _Columns:
    """The values of a row's columns so far."""

    texts: list[str] = field(default_factory=list)
    chars: int = 0

    def add(self, text: str) -> None:
        self.texts.append(text)
        self.chars += len(text)

    @property
    def is_full(self) -> bool:
        """Whether no value is repeated into this row any more."""
        return len(self.texts) >= _MAX_COLUMNS or self.chars > MAX_ROW_CHARS
