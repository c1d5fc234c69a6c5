"""Finds the tables in a passage: which of its lines are rows, and where their cells are.

Only what the reader of the file wrote itself is recognised. In tables and workbooks, " | " between
cells; elsewhere that may mean anything. In documents with markup, a tab between cells that are
trimmed, in rows without a blank line between them (`ingest/markup/rows.py`); tabs may also be text
there, so a line of code or of a log must not pass for a row. In plain text and Markdown, the tables
that `ingest/tables/pipe_tables.py` finds. Draws nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from ingest.tables.header import find_header
from ingest.tables.pipe_tables import cell_spans, is_dashes
from ingest.tables.rows import TableRow
from storage import SegmentRow

MIN_LINES = 2
"""Of a table; a single line is text."""
_TABLES = frozenset({"table", "workbook"})
_MARKUP = frozenset({"html", "mhtml", "epub", "docx", "rtf", "odt", "fb2", "slides"})
_PLAIN = frozenset({"text"})
_SEPARATOR = " | "
_MAX_REPEATED_ROWS = 3
"""Of a header with tabs, before a passage that begins inside a table."""
_MAX_REPEATED_LINES = 2
"""Likewise, of a table in plain text: its caption and its header."""
_BLANKS = re.compile(r"\s{2,}|\A\s|\s\Z")


class Line(NamedTuple):
    """A line of a passage, and where it starts in it."""

    start: int
    text: str

    @property
    def end(self) -> int:
        """Where it ends in the passage."""
        return self.start + len(self.text)


Row = Sequence[tuple[int, int]]
"""The start and end of each cell in the passage."""


class Table(NamedTuple):
    """A table: the rows that name its columns, and the others."""

    head: Sequence[Row]
    body: Sequence[Row]


Part = Table | Sequence[Line]
"""A table, or lines of text."""


def parts_of(kind: str, segment: SegmentRow) -> Iterator[Part]:
    """The tables of a passage and the text around them, in order.

    Args:
        kind: of its document, as `ingest.Kind`.
    """
    lines = [*lines_of(segment.text)]
    if kind in _TABLES:
        yield from _with_bars(lines)
    elif kind in _MARKUP and "\t" in segment.text:
        yield from _with_tabs(lines, segment)
    elif kind in _PLAIN and "|" in segment.text:
        yield from _in_markdown(lines, segment)
    else:
        yield lines


def lines_of(text: str) -> Iterator[Line]:
    """The lines of a passage, without their newlines."""
    start = 0
    for line in text.split("\n"):
        yield Line(start, line)
        start += len(line) + 1


def _with_bars(all_lines: Sequence[Line]) -> Iterator[Part]:
    """Rows of one table: the first line with cells is its header, whatever comes between them.

    So it was written; see `ingest/tables/cutter.py`. A row may have fewer or more cells, and
    comments may follow it.
    """
    if sum(map(bool, map(_cell_breaks, all_lines))) < MIN_LINES:
        yield all_lines
        return
    has_header = False
    for is_row, group in groupby(all_lines, lambda line: bool(_cell_breaks(line))):
        lines = list(group)
        if not is_row:
            yield lines
            continue
        if not has_header and _is_caption(lines):
            yield lines[:1]
            lines = lines[1:]
        rows = [[*_barred_cells(line)] for line in lines]
        names = 0 if has_header else 1
        yield Table(rows[:names], rows[names:])
        has_header = True


def _is_caption(lines: Sequence[Line]) -> bool:
    """Whether a sheet's name and a title, which had a bar between them, are above the header."""
    return len(lines) > MIN_LINES and _cell_breaks(lines[0]) < _cell_breaks(lines[1])


def _cell_breaks(line: Line) -> int:
    return _padded(line.text).count(_SEPARATOR)


def _barred_cells(line: Line) -> Iterator[tuple[int, int]]:
    at = line.start - 1  # the line is padded by one space
    for cell in _padded(line.text).split(_SEPARATOR):
        start = at + len(cell) - len(cell.lstrip())
        end = max(start, at + len(cell.rstrip()))
        yield max(start, line.start), max(end, line.start)
        at += len(cell) + len(_SEPARATOR)


def _padded(line: str) -> str:
    """A line in which the separator is whole beside an empty first or last cell, too."""
    return f" {line} "


def _with_tabs(all_lines: Sequence[Line], segment: SegmentRow) -> Iterator[Part]:
    """Rows of tables among paragraphs, which have blank lines around them."""
    groups = [
        (is_text, list(group))
        for is_text, group in groupby(all_lines, lambda line: bool(line.text.strip(" ")))
    ]
    blocks = sum(is_text for is_text, _ in groups)
    text = list[Line]()
    for is_text, lines in groups:
        first, last = _rows_among(lines) if is_text else (0, 0)
        rows = lines[first:last]
        is_first = not segment.text[: lines[0].start].strip()
        if not (_are_rows(rows) and _may_be(len(rows), segment, blocks - 1, is_first)):
            text += lines
            continue
        yield [*text, *lines[:first]]
        yield _headed([[*_tabbed_cells(line)] for line in rows], segment.text)
        text = lines[last:]
    yield text


def _rows_among(lines: Sequence[Line]) -> tuple[int, int]:
    """From the first line with a tab to the last: a row between may have lost its empty cells."""
    tabbed = [number for number, line in enumerate(lines) if "\t" in line.text]
    return (tabbed[0], tabbed[-1] + 1) if tabbed else (0, 0)


def _are_rows(lines: Sequence[Line]) -> bool:
    """Whether cells are as the reader writes them, and most rows have a first one.

    Its cells are trimmed and have single blanks, so that most code and texts set in columns show
    what they are; and indented code has nothing before its tabs.
    """
    tabbed = sum("\t" in line.text for line in lines)
    if tabbed < MIN_LINES or 2 * tabbed < len(lines):
        return False
    cells = [line.text.split("\t") for line in lines]
    if any(_BLANKS.search(cell) for row in cells for cell in row):
        return False
    return 2 * sum(bool(row[0]) for row in cells) > len(cells)


def _may_be(rows: int, segment: SegmentRow, others: int, is_first: bool) -> bool:
    """Whether a passage that counts paragraphs counts enough of them: each row is one.

    Lines of one paragraph, as of code, are not. A header that is repeated does not count.

    Args:
        others: how many blocks of text the passage has besides.
    """
    if segment.locator_kind != "paragraph":
        return True
    counted = segment.locator_end - segment.locator_start + 1 - others
    return rows - counted <= (min(_MAX_REPEATED_ROWS, max(counted, 0)) if is_first else 0)


def _headed(rows: Sequence[Row], text: str) -> Table:
    """A table whose header is told by its cells: the passage does not say whether it has one."""
    cells = [[text[start:end] for start, end in row] for row in rows]
    width = max(map(len, cells))
    sample = [
        TableRow(number, row + [""] * (width - len(row)), _is_merged(row))
        for number, row in enumerate(cells, start=1)
    ]
    found = find_header(sample)
    names = found.titles + found.rows if found.rows else 0
    return Table(rows[:names], rows[names:])


def _is_merged(row: Sequence[str]) -> bool:
    """Whether a cell over several columns is among them, whose value was repeated in each."""
    return any(left and left == right for left, right in zip(row, row[1:], strict=False))


def _tabbed_cells(line: Line) -> Iterator[tuple[int, int]]:
    at = line.start
    for cell in line.text.split("\t"):
        yield at, at + len(cell)
        at += len(cell) + 1


def _in_markdown(lines: Sequence[Line], segment: SegmentRow) -> Iterator[Part]:
    """Tables below a line of dashes, or below a header that is repeated before the first row."""
    text, at = list[Line](), 0
    repeated = _repeated_lines(lines, segment)
    while at < len(lines):
        head = _header_at(lines, at, repeated)
        if head is None:
            text.append(lines[at])
            at += 1
            continue
        at += 2 if is_dashes(lines[at + 1].text) else 1
        body = list[Line]()
        while at < len(lines) and "|" in lines[at].text:
            body.append(lines[at])
            at += 1
        if text:
            yield text
            text = []
        yield Table([_piped_cells(head)], [_piped_cells(line) for line in body])
    if text:
        yield text


def _header_at(lines: Sequence[Line], at: int, repeated: int) -> Line | None:
    """The line, if it is the header of a table."""
    if "|" not in lines[at].text or at + 1 == len(lines) or "|" not in lines[at + 1].text:
        return None
    return lines[at] if at + 1 == repeated or is_dashes(lines[at + 1].text) else None


def _repeated_lines(lines: Sequence[Line], segment: SegmentRow) -> int:
    """How many lines of a header are before a passage that begins inside a table.

    Its locator does not count them.
    """
    if segment.locator_kind != "line":
        return 0
    filled = [number for number, line in enumerate(lines) if line.text.strip()]
    shown = filled[-1] - filled[0] + 1 if filled else 0
    repeated = shown - (segment.locator_end - segment.locator_start + 1)
    return repeated if 0 < repeated <= _MAX_REPEATED_LINES else 0


def _piped_cells(line: Line) -> Row:
    return [(line.start + start, line.start + end) for start, end in cell_spans(line.text)]
