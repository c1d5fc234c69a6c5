"""Reads OpenDocument spreadsheets (ods), sheet by sheet in a stream; nothing is fetched.

Cells are written as the program shows them: the file stores that text beside the values. Comments
are on the lines below their row. Hidden sheets are left out with a note; hidden rows and columns
are read, because filters hide rows.

Source: OASIS OpenDocument 1.3 part 3, chapters 9 and 19.
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ingest.document import Document, Segment
from ingest.errors import DamagedDocument
from ingest.limits import Limits
from ingest.markup.archive import Archive
from ingest.markup.odf_package import CONTENT_PART, check_package
from ingest.markup.xml import BrokenXml, attribute, feed_xml, local_name
from ingest.tables.rows import MAX_COMMENT_CHARS, TableRow, column_letters, comment_line
from ingest.tables.workbook import (
    MAX_COLUMNS,
    MAX_ROWS,
    Findings,
    Sheet,
    Span,
    add_notes,
    bounded_cell,
    check_any_cell,
    is_repeated,
    sheet_segments,
    with_merged,
)

MIME_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"
_NAME = lru_cache(maxsize=512)(local_name)
_TABLE = re.compile(rb"<(?:\w{1,40}:)?table\s")
_LEFT_OUT = frozenset({"annotation", "frame", "shapes", "custom-shape", "tracked-changes"})
_SPACES = {"tab": " ", "line-break": " "}
# A filled cell that is repeated more often was made to exhaust its reader.
_MAX_FILLED_REPEATS = 1024
_MAX_VALUE_CHARS = 1_000_000


@dataclass(frozen=True)
class OdsReader:
    """Reads one spreadsheet; `name` is what messages call it, `limits` what it may ask for."""

    path: Path
    name: str
    limits: Limits

    def inspect(self) -> tuple[int | None, list[str]]:
        """Check that the archive has the content; return no unit count and no notes.

        Raises:
            IngestError: the archive is damaged, encrypted, or holds no spreadsheet.
        """
        with Archive(self.path, self.name, self.limits) as archive:
            check_package(archive, self.name, "spreadsheet")
        return None, []

    def read(self, document: Document) -> Iterator[Segment]:
        """Yield segments of whole rows, sheet by sheet, each with the header of its table.

        Raises:
            IngestError: the rest of the file cannot be read, or no visible sheet has text.
        """
        findings = Findings()
        try:
            is_single = self._is_single()
            with Archive(self.path, self.name, self.limits) as archive:
                located = _located_rows(archive, document, findings)
                sheets = (
                    (number, sheet, (row for _, row in group))
                    for (number, sheet), group in itertools.groupby(located, key=lambda x: x[0])
                )
                yield from sheet_segments(sheets, is_single, self.name, self.limits)
        finally:
            add_notes(document, findings)
        check_any_cell(findings, self.name)
        document.unit_count = findings.rows

    def _is_single(self) -> bool:
        """Return whether there is one sheet only; a damaged file is read as if there were."""
        count = 0
        try:
            with Archive(self.path, self.name, self.limits) as archive:
                for block in archive.stream(CONTENT_PART):
                    count += len(_TABLE.findall(block))
        except DamagedDocument:
            pass
        return count <= 1


class _Repeated(NamedTuple):
    """A row, how often it is there, and its sheet with its number."""

    place: tuple[int, Sheet]
    row: TableRow
    times: int


def _located_rows(
    archive: Archive, document: Document, findings: Findings
) -> Iterator[tuple[tuple[int, Sheet], TableRow]]:
    """Yield the rows of all visible sheets, each with its sheet; up to the damage if there is."""
    target = _ContentTarget(findings)
    try:
        for _ in feed_xml(archive.stream(CONTENT_PART), target):
            document.on_step()
            yield from _expanded(target.take_rows())
    except (BrokenXml, DamagedDocument):
        yield from _expanded(target.take_rows())
        findings.damaged.append(target.sheet_name)


def _expanded(found: list[_Repeated]) -> Iterator[tuple[tuple[int, Sheet], TableRow]]:
    for place, row, times in found:
        for number in range(row.number, row.number + times):
            yield place, row._replace(number=number)


class _ContentTarget:
    """Turns the elements of a spreadsheet into rows."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._rows: list[_Repeated] = []
        self._hidden_styles: set[str] = set()
        self._style = ""
        self._place: tuple[int, Sheet] = (0, Sheet("", CONTENT_PART))
        self._tables = 0  # open ones: a cell may hold a table
        self._number = self._repeat = 0
        self._cells: list[str] = []
        self._column = 0
        self._cell_repeat = 1
        self._cell_spans = (1, 1)
        self._has_formula = False
        self._text: list[str] = []
        self._chars = 0
        self._paragraphs = self._left_out = 0
        self._active: list[tuple[Span, str]] = []
        self._comment: list[str] | None = None  # the text of the one that is being read
        self._comment_paragraphs = self._comment_chars = 0
        self._comments: list[str] = []  # on the cells of the row

    @property
    def sheet_name(self) -> str:
        """The name of the sheet that is being read."""
        return self._place[1].name

    def take_rows(self) -> list[_Repeated]:
        """Return the rows since the last call."""
        rows, self._rows = self._rows, []
        return rows

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take the start of an element."""
        name = _NAME(tag)
        if self._left_out or name in _LEFT_OUT:
            self._count_left_out(name)
            self._left_out += 1
            self._start_comment(name)
        elif name == "p":
            if self._text:
                self._text.append(" ")
            self._paragraphs += 1
        elif name in _SPACES or name == "s":
            self._text.append(_SPACES.get(name, " "))
        elif name == "table":
            self._start_table(attributes)
        elif name == "style":
            self._style = attribute(attributes, "name")
        elif name == "table-properties" and attribute(attributes, "display") == "false":
            self._hidden_styles.add(self._style)
        elif self._tables == 1:
            self._start_part(name, attributes)

    def end(self, tag: str) -> None:
        """Take the end of an element, with which a cell or a row may be complete."""
        name = _NAME(tag)
        if self._left_out:
            self._left_out -= 1
            self._end_comment(name)
        elif name == "p":
            self._paragraphs -= 1
        elif name == "table":
            self._tables -= 1
            if not self._tables and not self._place[1].is_hidden:
                self._findings.rows += min(self._number, MAX_ROWS)
        elif self._tables != 1:
            pass
        elif name in {"table-cell", "covered-table-cell"}:
            self._end_cell()
        elif name == "table-row":
            self._end_row()

    def data(self, text: str) -> None:
        """Take text; it counts only inside a paragraph of a cell."""
        if self._left_out:
            if self._comment_paragraphs and self._comment_chars <= 2 * MAX_COMMENT_CHARS:
                assert self._comment is not None
                self._comment.append(text)
                self._comment_chars += len(text)
        elif self._paragraphs and self._chars < _MAX_VALUE_CHARS:
            self._text.append(text)
            self._chars += len(text)

    def close(self) -> None:
        """Called at the end of the file: every row was complete before."""

    def _count_left_out(self, name: str) -> None:
        if self._left_out:
            self._findings.charts += name == "object"
            self._findings.pictures += name == "image"
        self._findings.comments += name == "annotation"

    def _start_comment(self, name: str) -> None:
        """Take the start of an element inside what is not text of the cell."""
        if name == "annotation" and self._left_out == 1 and self._tables == 1:
            self._comment, self._comment_chars = [], 0
        elif name == "p" and self._comment is not None:
            self._comment.append(" ")
            self._comment_paragraphs += 1

    def _end_comment(self, name: str) -> None:
        if self._comment is None:
            return
        if name == "p":
            self._comment_paragraphs = max(0, self._comment_paragraphs - 1)
        elif name == "annotation" and not self._left_out:
            place = f"{column_letters(self._column)}{self._number + 1}"
            line = comment_line(place, "".join(self._comment))
            self._comments += [line] if line else []
            self._comment, self._comment_paragraphs = None, 0

    def _start_table(self, attributes: Mapping[str, str]) -> None:
        self._tables += 1
        if self._tables > 1:
            return
        hidden = attribute(attributes, "style-name") in self._hidden_styles
        sheet = Sheet(attribute(attributes, "name"), CONTENT_PART, hidden)
        self._place = (self._place[0] + 1, sheet)
        self._number, self._active = 0, []
        if hidden:
            self._findings.hidden_sheets.append(sheet.name)

    def _start_part(self, name: str, attributes: Mapping[str, str]) -> None:
        """Take the start of a row, a cell or a column."""
        is_hidden = attribute(attributes, "visibility") in {"collapse", "filter"}
        if name == "table-row":
            self._repeat = _count(attribute(attributes, "number-rows-repeated"))
            self._cells, self._column, self._comments = [], 0, []
            if is_hidden and not self._place[1].is_hidden:
                self._findings.hidden_rows += self._repeat
        elif name in {"table-cell", "covered-table-cell"}:
            self._cell_repeat = _count(attribute(attributes, "number-columns-repeated"))
            self._cell_spans = (
                _count(attribute(attributes, "number-rows-spanned")),
                _count(attribute(attributes, "number-columns-spanned")),
            )
            self._has_formula = bool(attribute(attributes, "formula"))
            self._text, self._chars = [], 0
        elif name == "table-column" and is_hidden and not self._place[1].is_hidden:
            self._findings.hidden_columns += _count(
                attribute(attributes, "number-columns-repeated")
            )

    def _end_cell(self) -> None:
        text = bounded_cell("".join(self._text), self._findings) if self._text else ""
        self._text = []
        column, repeat = self._column, self._cell_repeat
        self._column = min(MAX_COLUMNS, column + repeat)
        if not text:
            self._findings.unsaved_formulas += self._has_formula
            return
        if column >= MAX_COLUMNS or self._place[1].is_hidden:
            return
        self._findings.cells += 1
        self._cells.extend([""] * (column - len(self._cells)))
        self._cells.extend([text] * min(repeat, _MAX_FILLED_REPEATS, MAX_COLUMNS - column))
        rows, columns = self._cell_spans
        if rows > 1 or columns > 1:
            span = Span(self._number, column, self._number + rows - 1, column + columns - 1)
            if is_repeated(span):
                self._active.append((span, text))

    def _end_row(self) -> None:
        number = self._number + 1
        repeat = max(0, min(self._repeat, MAX_ROWS - self._number))
        self._number += repeat
        if self._place[1].is_hidden or not repeat:
            return
        self._active = [one for one in self._active if one[0].last_row >= number - 1]
        if not self._cells and repeat > 1:
            return
        row = TableRow(number, self._cells)
        if self._active:
            row = with_merged(row, self._active)
        if any(row.cells):
            if self._comments:
                self._findings.comments -= len(self._comments)
                row = row._replace(comments=tuple(self._comments))
            self._rows.append(_Repeated(self._place, row, repeat))


def _count(text: str) -> int:
    """Return a number of repetitions, at least 1 and at most what a sheet can have."""
    return min(max(1, int(text)), MAX_ROWS) if text.isascii() and text.isdigit() else 1
