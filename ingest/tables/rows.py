"""A row of a table, and how it is written as text. Knows no format.

A row becomes one line, its cells joined by " | ", below a line with the names of the columns:

    SKU | Name | Purchase price
    SKU-0173 | Lamp | 12.50

Why: a small model reads this form reliably, because Markdown tables are written so; it takes half
of the tokens of "name: value" for each cell; and a word search finds the key of the row and the
column's name in the same segment, whole and beside no other character. A row that is too wide for
that is written as "name: value" on lines of its own.

The columns of a table without a header have the letters that a spreadsheet program shows above
them, so that the first line with cells is never a row:

    A | B | C
    0.5 | 12 | 7
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from ingest.characters import without_controls, without_surrogates

SEPARATOR = " | "
MAX_COMMENT_CHARS = 1000
_LINE_BREAKS = re.compile(r"\s*[\n\r\t\v\f\x85\u2028\u2029]\s*")


class TableRow(NamedTuple):
    """A row of a table.

    Args:
        number: of the row in its file or sheet, from 1 on, as a spreadsheet program counts it.
        cells: the texts of its cells, each on one line.
        spans: whether one of its cells extends over several columns.
        comments: on its cells, each on one line: "[Comment on B7: without tax]".
    """

    number: int
    cells: list[str]
    spans: bool = False
    comments: tuple[str, ...] = ()

    def filled(self) -> int:
        """Return how many cells are not empty."""
        return len(self.cells) - self.cells.count("")


def comment_line(place: str, text: str) -> str:
    """Return a comment on a cell as one line, without a newline; "" if it has no text.

    Args:
        place: the cell, such as "B7".
        text: of the comment.
    """
    shown = " ".join(clean_cell(text[: 2 * MAX_COMMENT_CHARS]).split())
    if len(shown) > MAX_COMMENT_CHARS:
        shown = f"{shown[:MAX_COMMENT_CHARS].rstrip()}…"
    return f"[Comment on {place}: {shown}]" if shown else ""


def clean_cell(text: str) -> str:
    """Return the text of a cell on one line, without control characters."""
    if text.isprintable():
        return text.strip()
    return without_controls(without_surrogates(_LINE_BREAKS.sub(" ", text))).strip()


def clean_cells(cells: list[str]) -> list[str]:
    """Return the texts of a row's cells, each on one line, without control characters."""
    if "".join(cells).isprintable():
        return [cell.strip() for cell in cells]
    return [clean_cell(cell) for cell in cells]


def row_line(cells: Sequence[str]) -> str:
    """Return a row as one line with its newline; empty cells stay, so that no column shifts."""
    return SEPARATOR.join(cells).strip(" ") + "\n"


def lettered_columns(count: int) -> list[str]:
    """Return the names of the columns of a table without a header: "A", "B", "C"..."""
    return list(map(column_letters, range(count)))


def is_lettered(line: str) -> bool:
    """Return whether a line of a segment is the header of a table that has none of its own.

    >>> is_lettered("A | B | C"), is_lettered("A | B | Price"), is_lettered("A")
    (True, False, False)
    """
    cells = line.strip().split(SEPARATOR)
    return len(cells) > 1 and cells == lettered_columns(len(cells))


def column_letters(index: int) -> str:
    """Return the letters of a column, counted from 0.

    >>> column_letters(0), column_letters(27)
    ('A', 'AB')
    """
    letters = ""
    while index >= 0:
        letters = chr(ord("A") + index % 26) + letters
        index = index // 26 - 1
    return letters
