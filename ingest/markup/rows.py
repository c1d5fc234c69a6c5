"""Turns the cells of a table into rows of text: merged cells repeat their value, headers are kept.

Knows no format: the readers of HTML and Word provide the cells.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

# A longer row is not a row of data: the table is there for the layout of the page.
MAX_ROW_CHARS = 2000
_MAX_COLUMNS = 1000
_MAX_HEADER_LINES = 3


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


class TableRows:
    """The rows of one table, in order.

    Args:
        caption: of the table; it is repeated with the header lines.
    """

    def __init__(self, caption: str = "") -> None:
        self.caption = caption
        self._header: list[str] = []
        self._has_body = False
        self._above: list[str] = []
        # For a column that a cell of an earlier row takes: that cell's text, and its rows to come.
        self._reserved: dict[int, tuple[str, int]] = {}

    def end_row(self, cells: list[Cell], is_header: bool) -> RowText:
        """Return the next row.

        Args:
            cells: of the row.
            is_header: whether the row names the columns; that counts only above the other rows.
        """
        columns = self._columns(cells)
        text = "\t".join(columns)
        self._above = columns
        if not text.strip():
            return RowText("", "")
        if is_header and not self._has_body and len(self._header) < _MAX_HEADER_LINES:
            self._header.append(text)
            return RowText(text, "")
        self._has_body = True
        lines = [self.caption, *self._header] if self.caption else self._header
        return RowText(text, "".join(f"{line}\n" for line in lines))

    def first_row_is_header(self, cells: list[Cell]) -> bool:
        """Return whether a table that marks no header begins with one: names for all columns."""
        is_first = not self._header and not self._has_body
        return is_first and len(cells) > 1 and all(cell.text for cell in cells)

    def _columns(self, cells: list[Cell]) -> list[str]:
        columns: list[str] = []
        chars = 0
        for cell in cells:
            self._take_reserved(columns)
            column = len(columns)
            text = cell.text
            if cell.continues and column < len(self._above):
                text = self._above[column]
            for _ in range(max(1, cell.columns)):
                # A huge number of columns, or a long text in many, is no data.
                if columns[column:] and (len(columns) >= _MAX_COLUMNS or chars > MAX_ROW_CHARS):
                    break
                if cell.rows > 1 and len(columns) < _MAX_COLUMNS:
                    self._reserved[len(columns)] = (text, cell.rows - 1)
                columns.append(text)
                chars += len(text)
        self._take_reserved(columns)
        return columns

    def _take_reserved(self, columns: list[str]) -> None:
        """Add the values of cells of earlier rows that reach down into the next columns."""
        while len(columns) in self._reserved:
            text, rows = self._reserved.pop(len(columns))
            if rows > 1:
                self._reserved[len(columns)] = (text, rows - 1)
            columns.append(text)
