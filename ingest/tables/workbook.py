"""What the readers of workbooks have in common: sheets, their notes, and the rows of one sheet.

Knows no format.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ingest.document import Chapter, Document, Segment
from ingest.errors import DamagedDocument, EmptyDocument
from ingest.limits import Limits
from ingest.naming import clean_line
from ingest.tables.rows import TableRow, clean_cell
from ingest.tables.splitting import bounded_segments, cut_tables

MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384
# No program writes more into a cell.
MAX_CELL_CHARS = 100_000
# A merged cell that extends further is a title, or made to exhaust its reader.
_MAX_SPAN_COLUMNS = 64
_MAX_SPAN_CELLS = 100_000
_MAX_NAMES = 8
_MAX_NAME_CHARS = 60


class Sheet(NamedTuple):
    """A sheet of a workbook.

    Args:
        name: as its tab shows it.
        part: the archive's entry with its content; empty if that is missing.
        is_hidden: whether the program does not show its tab.
    """

    name: str
    part: str
    is_hidden: bool = False


class Span(NamedTuple):
    """A merged cell: the rows and columns over which it extends, from 0 on, both ends included."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


@dataclass
class Findings:
    """What the user is told about a workbook, counted while it is read."""

    rows: int = 0
    cells: int = 0
    hidden_rows: int = 0
    hidden_columns: int = 0
    unsaved_formulas: int = 0
    cut_cells: int = 0
    comments: int = 0
    pictures: int = 0
    charts: int = 0
    hidden_sheets: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)

    def notes(self) -> Iterator[str]:
        """Yield the sentences for the user."""
        if self.hidden_sheets:
            yield f"Left out, hidden: {_named('sheet', self.hidden_sheets)}."
        if self.damaged:
            yield f"Damaged, read up to the damage: {_named('sheet', self.damaged)}."
        hidden = [_counted(self.hidden_rows, "row"), _counted(self.hidden_columns, "column")]
        if self.hidden_rows or self.hidden_columns:
            yield f"Hidden in the workbook, but read: {' and '.join(filter(None, hidden))}."
        if self.unsaved_formulas:
            yield (
                f"{_counted(self.unsaved_formulas, 'formula')} had no saved value (left out): open "
                "the workbook in a spreadsheet program and save it again."
            )
        if self.cut_cells:
            yield (
                f"{_counted(self.cut_cells, 'cell')} had more than {MAX_CELL_CHARS:,} characters; "
                "the rest was left out."
            )
        left_out = (
            *(_counted(self.comments, "comment"), _counted(self.charts, "chart")),
            _counted(self.pictures, "picture"),
        )
        if any(left_out):
            yield f"Left out of the workbook: {', '.join(filter(None, left_out))}."


def sheet_segments(
    numbered: Iterable[tuple[int, Sheet, Iterable[TableRow]]],
    is_single: bool,
    name: str,
    limits: Limits,
) -> Iterator[Segment]:
    """Yield the segments of all sheets; a sheet is a chapter of its workbook.

    Args:
        numbered: each sheet's number, the sheet, and its rows.
        is_single: whether only one sheet is read; then its name is not repeated in the text.
        name: what messages call the file.
        limits: what it may ask for.
    """

    def segments() -> Iterator[Segment]:
        for number, sheet, rows in numbered:
            title = clean_line(sheet.name, _MAX_NAME_CHARS) or f"sheet {number}"
            caption = "" if is_single else title
            yield from cut_tables(rows, limits, caption, Chapter(number, title))

    return bounded_segments(segments(), name, limits)


def add_notes(document: Document, findings: Findings) -> None:
    """Add the notes about a workbook to its document."""
    for note in findings.notes():
        document.add_note(note)


def check_any_cell(findings: Findings, name: str) -> None:
    """Raise the error for a workbook of which nothing was read, if nothing was.

    Args:
        name: what messages call the file.

    Raises:
        DamagedDocument: its sheets are damaged.
        EmptyDocument: no visible cell has text.
    """
    if findings.cells:
        return
    if findings.damaged:
        raise DamagedDocument(
            f"Nothing of {name} could be read: fetch it again, or open it in a "
            "spreadsheet program and save it again."
        )
    raise EmptyDocument(
        f"{name} is a spreadsheet in which no visible cell has text: nothing to read."
    )


def bounded_cell(text: str, findings: Findings) -> str:
    """Return the text of a cell on one line; count it if it is too long, and cut it."""
    if len(text) > MAX_CELL_CHARS:
        findings.cut_cells += 1
        text = text[:MAX_CELL_CHARS]
    return clean_cell(text)


def with_comments(
    rows: Iterable[TableRow], comments: dict[int, list[str]], findings: Findings
) -> Iterator[TableRow]:
    """Pass rows on, with the comments on their cells.

    Args:
        rows: in order.
        comments: by the number of their row.
        findings: counts the comments that are left out: those on rows without any text.
    """
    for row in rows:
        found = comments.get(row.number)
        if found and any(row.cells):
            findings.comments -= len(found)
            row = row._replace(comments=tuple(found))
        yield row


def repeat_merged(rows: Iterable[TableRow], spans: Iterable[Span]) -> Iterator[TableRow]:
    """Pass rows on, with the value of each merged cell in all cells over which it extends.

    Args:
        rows: in order.
        spans: the merged cells of the sheet.
    """
    waiting = sorted(filter(is_repeated, spans), reverse=True)
    active: list[tuple[Span, str]] = []
    for row in rows:
        index = row.number - 1
        while waiting and waiting[-1].first_row <= index:
            span = waiting.pop()
            if span.first_row == index and span.first_column < len(row.cells):
                active.append((span, row.cells[span.first_column]))
        active = [(span, text) for span, text in active if span.last_row >= index]
        if active:
            yield with_merged(row, active)
        else:
            yield row


def is_repeated(span: Span) -> bool:
    """Return whether a merged cell is small enough for its value to be repeated."""
    columns = span.last_column - span.first_column + 1
    rows = span.last_row - span.first_row + 1
    return 1 <= columns <= _MAX_SPAN_COLUMNS and 1 <= rows and columns * rows <= _MAX_SPAN_CELLS


def with_merged(row: TableRow, active: list[tuple[Span, str]]) -> TableRow:
    """Return a row with the values of the merged cells that extend over it.

    Args:
        row: as it is stored; only the first cell of a merged one has a value there.
        active: the merged cells of this row, with their values.
    """
    cells = list(row.cells)
    spans = False
    for span, text in active:
        if not text:
            continue
        cells += [""] * (span.last_column + 1 - len(cells))
        for column in range(span.first_column, span.last_column + 1):
            cells[column] = cells[column] or text
        spans = spans or span.last_column > span.first_column
    return TableRow(row.number, cells, spans)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' if count != 1 else ''}" if count else ""


def _named(noun: str, names: list[str]) -> str:
    shown = ", ".join(clean_line(name, _MAX_NAME_CHARS) for name in names[:_MAX_NAMES])
    rest = f" and {len(names) - _MAX_NAMES:,} more" if len(names) > _MAX_NAMES else ""
    return f"{noun}{'s' if len(names) > 1 else ''} {shown}{rest}"
