"""Finds the header of a table in its first rows. Knows no format.

A row is the header if its cells differ in kind from the cells below them: "Price" above numbers,
"SKU" above "SKU-0001". A number above numbers, a date above dates, a code above codes say that it
is a row like the others. Where all cells are words, the first row is the header if it names every
column, each differently, and none of its cells occurs again in its column.
"""

import re
from typing import NamedTuple

from ingest.tables.rows import TableRow

SAMPLE_ROWS = 40
_MAX_TITLE_ROWS = 12
_MAX_HEADER_ROWS = 3
_MAX_COLUMNS = 256
_MAX_NAME_CHARS = 80
_NUMBER = re.compile(
    r"[-+(\u2212]?\s?[€$£¥]?\s?[.,]?\d[\d.,'\u00a0\u202f ]*(?:[eE][-+]?\d+)?\s?[%€$£¥)]*"
)
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ]\d{1,2}:\d{2}(?::\d{2})?.*)?")
_YEAR = re.compile(r"(?:19|20)\d\d")
_DIGITS = re.compile(r"\d+")
_LETTERS = re.compile(r"[^\W\d_]+")
# A column has a kind if at least this share of its cells has it.
_TYPICAL = 0.8


class FoundHeader(NamedTuple):
    """Where the header of a table is in its first rows.

    Args:
        titles: how many rows come before it; without a header, 0.
        rows: how many rows it has; 0 if the table has none.
        is_sure: whether the kinds of the cells show it, not only its being the first row.
    """

    titles: int
    rows: int
    is_sure: bool = False


def find_header(sample: list[TableRow]) -> FoundHeader:
    """Return where the header is in the first rows of a table, of which none is empty."""
    width = _usual_width(sample)
    for index, row in enumerate(sample[: _MAX_TITLE_ROWS + 1]):
        if _is_title(row, width):
            continue
        last = _last_header_row(sample, index)
        below = [later.cells for later in sample[last + 1 :] if not _is_title(later, width)]
        votes = _votes(_combined(sample[index : last + 1]), below)
        if votes > 0 or (votes == 0 and _is_plausible(row, width, below)):
            return FoundHeader(index, last + 1 - index, votes > 0 or index > 0)
        return FoundHeader(0, 0)
    return FoundHeader(0, 0)


def is_denied(names: list[str], below: list[list[str]]) -> bool:
    """Return whether the kinds of the cells say that a first row is one like those below it."""
    return _votes(names, below) < 0


def column_names(header: list[TableRow]) -> list[str]:
    """Return the names of the columns: the different texts of the header's rows, from above."""
    return _combined(header)


def _usual_width(sample: list[TableRow]) -> int:
    """Return the number of filled cells that at least half of the rows have."""
    counts = sorted(row.filled() for row in sample)
    return counts[len(counts) // 2] if counts else 0


def _is_title(row: TableRow, width: int) -> bool:
    """Return whether a row has far fewer cells than the table, or begins as a comment."""
    filled = row.filled()
    if width >= 2 and (filled < 2 or filled < 0.5 * width):
        return True
    # A merged title repeats its value in every column.
    if row.spans and len(set(row.cells) - {""}) == 1:
        return True
    return row.cells[0].startswith("#") and filled <= 0.5 * max(width, 2)


def _last_header_row(sample: list[TableRow], index: int) -> int:
    """Return the index of the header's last row: below merged cells are the parts of a group."""
    last = index
    while (
        sample[last].spans and last + 2 < len(sample) and last + 1 - index < _MAX_HEADER_ROWS
    ) and not any(map(_is_value, sample[last + 1].cells)):
        last += 1
    return last


def _combined(rows: list[TableRow]) -> list[str]:
    width = max((len(row.cells) for row in rows), default=0)
    columns = ([row.cells[i] for row in rows if i < len(row.cells)] for i in range(width))
    return [" ".join(dict.fromkeys(filter(None, parts))) for parts in columns]


def _votes(names: list[str], below: list[list[str]]) -> float:
    """Return how many columns say that their first cell is a name, less those that deny it."""
    votes = 0.0
    for column, name in enumerate(names[:_MAX_COLUMNS]):
        cells = [row[column] for row in below if column < len(row) and row[column]]
        kind = _kind_of_column(cells)
        if not name or kind is None:
            continue
        if _YEAR.fullmatch(name) and not _are_mostly_years(cells):
            votes += 0.5
        else:
            votes += -1 if _kind(name) == kind or _is_value(name) else 1
    return votes


def _are_mostly_years(cells: list[str]) -> bool:
    return 2 * sum(bool(_YEAR.fullmatch(cell)) for cell in cells) >= len(cells)


def _kind_of_column(cells: list[str]) -> str | None:
    """Return the kind of most of the cells; None if they have none, or are words."""
    kinds = list(map(_kind, cells))
    usual = max(set(kinds), key=kinds.count, default=None)
    if usual is None or usual == "words" or kinds.count(usual) < _TYPICAL * len(kinds):
        return None
    return usual


def _kind(cell: str) -> str:
    """Return "number", "date", "words", or for a code its shape: "a-9" for "SKU-0173"."""
    if _NUMBER.fullmatch(cell):
        return "number"
    if _DATE.fullmatch(cell):
        return "date"
    if not _DIGITS.search(cell) or len(cell) > _MAX_NAME_CHARS:
        return "words"
    return _LETTERS.sub("a", _DIGITS.sub("9", cell))


def _is_value(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell) or _DATE.fullmatch(cell))


def _is_plausible(row: TableRow, width: int, below: list[list[str]]) -> bool:
    """Return whether a row of words may be a header: short, complete, and none of it repeated."""
    names = [cell for cell in row.cells if cell]
    if len(names) < max(2, width) or len(set(names)) < len(names) or any(map(_is_value, names)):
        return False
    if not below or max(map(len, names)) > _MAX_NAME_CHARS:
        return False
    return not any(
        cell == name
        for cells in below
        for cell, name in zip(cells, row.cells, strict=False)
        if cell
    )
