"""Cuts the rows of tables into segments, each with its table's caption and header line.

Knows no format. The law of this file: every segment is the caption, if the table has one, the
header line, and whole rows in order; every row is in one segment, once. The columns of a table
without a header have letters for names. The only exception is a row that is too long for a segment:
its values are written on lines of their own, each after the name of its column, and these lines are
divided among segments, which have the row's first value before them.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ingest.document import Chapter, Locator, Segment
from ingest.limits import Limits
from ingest.segmenting import cut_text
from ingest.tables.header import column_names
from ingest.tables.rows import SEPARATOR, TableRow, lettered_columns, row_line

MAX_CAPTION_CHARS = 200
_MAX_KEY_CHARS = 80
# A name that is cut shorter than this says too little.
_MIN_NAME_CHARS = 8
_MAX_NAME_CHARS = 60


class Table(NamedTuple):
    """What is known of a table before its rows.

    Args:
        caption: the title of the table, empty if it has none.
        header: the rows with the names of the columns; none if the table has no header.
        start: the number of the first row of caption and header, None if they are no rows.
        chapter: the sheet of the table.
        comments: on the cells of caption and header.
        columns: how many columns a table without a header has; its header line has their letters.
    """

    caption: str = ""
    header: Sequence[TableRow] = ()
    start: int | None = None
    chapter: Chapter | None = None
    comments: Sequence[str] = ()
    columns: int = 0


def cut_table(table: Table, rows: Iterable[TableRow], limits: Limits) -> Iterator[Segment]:
    """Yield the segments of a table; a table without rows gives one of its caption and header.

    Args:
        table: its caption and header.
        rows: in order, without those of the header.
        limits: the target and the maximum length of a segment.
    """
    return _TableCutter(table, limits).segments(rows)


class _TableCutter:
    """Cuts one table; holds the rows that are not in a segment yet."""

    def __init__(self, table: Table, limits: Limits) -> None:
        self._chapter = table.chapter
        self._first = table.start
        self._last = table.header[-1].number if table.header else table.start
        caption = shortened(table.caption, min(MAX_CAPTION_CHARS, limits.max_segment_chars // 4))
        self._caption = f"{caption}\n" if caption else ""
        names = _without_empty_end(column_names(list(table.header)))
        if not names and table.columns > 1:  # one column has no line that looks like a header
            names = lettered_columns(table.columns)
        self._width = len(names)
        self._names = [shortened(name, _MAX_NAME_CHARS) for name in names]
        room = limits.max_segment_chars // 2 - len(self._caption)
        header = header_line(names, room)
        # Without room for a header line, every row has the names of its columns beside its values.
        self._is_wide = bool(names) and not header
        self._prefix = self._caption + header
        self._limit = limits.max_segment_chars - len(self._prefix)
        self._target = min(
            self._limit,
            max(limits.target_segment_chars - len(self._prefix), limits.target_segment_chars // 2),
        )
        self._comments = table.comments
        self._wide_limit = limits.max_segment_chars - len(self._caption)
        self._lines: list[str] = []
        self._chars = 0
        self._numbers = (0, 0)

    def segments(self, rows: Iterable[TableRow]) -> Iterator[Segment]:
        """Yield the segments of all rows."""
        any_row = False
        for line in self._comment_lines(self._comments):
            any_row = True
            if self._is_full(line):
                yield from self._take()
            self._add(self._last or 1, line)
        for row in rows:
            any_row = True
            cells: Sequence[str] = row.cells
            if len(cells) > self._width and not cells[-1]:
                cells = _without_empty_end(cells, self._width)
            line = row_line(cells)
            if self._is_wide or len(line) > self._limit:
                yield from self._take()
                yield from self._wide_row(row.number, cells)
                lines = []
            else:
                lines = [line]
            if row.comments:
                lines = self._with_comments(lines, row.comments)
            for line in lines:
                if self._is_full(line):
                    yield from self._take()
                self._add(row.number, line)
        yield from self._take()
        if not any_row and self._first and self._last:
            text = self._prefix or self._caption + row_line(self._names)
            yield self._segment(text[: self._limit + len(self._prefix)], self._first, self._last)

    def _is_full(self, line: str) -> bool:
        """Return whether the segment ends before a line: the nearer to the target, the better."""
        if self._chars and self._chars + len(line) // 2 > self._target:
            return True
        return self._chars + len(line) > self._limit

    def _with_comments(self, lines: list[str], comments: Sequence[str]) -> list[str]:
        """Return a row's lines with its comments, in one piece if they fit into a segment."""
        lines = [*lines, *self._comment_lines(comments)]
        whole = "".join(lines)
        return [whole] if len(whole) <= self._limit else lines

    def _comment_lines(self, comments: Sequence[str]) -> Iterator[str]:
        """Yield comments as lines, a long one in parts."""
        for comment in comments:
            for part in cut_text(comment, self._limit - 1, self._limit - 1):
                yield f"{part.strip()}\n"

    def _add(self, number: int, line: str) -> None:
        self._numbers = (self._numbers[0] if self._lines else number, number)
        self._lines.append(line)
        self._chars += len(line)

    def _take(self) -> Iterator[Segment]:
        """Yield the segment of the rows since the last one, if there are any."""
        if self._lines:
            yield self._segment(self._prefix + "".join(self._lines), *self._numbers)
            self._lines, self._chars = [], 0

    def _wide_row(self, number: int, cells: Sequence[str]) -> Iterator[Segment]:
        """Yield the segments of a row that is too long for one."""
        key = ""
        first = next((index for index, cell in enumerate(cells) if cell), None)
        if first is not None and len(cells[first]) <= _MAX_KEY_CHARS:
            key = f"{self._name(first)}: {cells[first]}\n"
        if 2 * len(key) > self._wide_limit:
            key = ""
        head = self._caption + key
        room = self._wide_limit - len(head) + len(self._caption)
        text = ""
        for line in self._value_lines(cells, room):
            if line == key:
                continue
            if text and len(text) + len(line) > room:
                yield self._segment(head + text, number, number)
                text = ""
            text += line
        yield self._segment(head + text, number, number)

    def _value_lines(self, cells: Sequence[str], limit: int) -> Iterator[str]:
        """Yield "name: value" lines; a long value comes in parts, each after the name."""
        for column, cell in enumerate(cells):
            if not cell:
                continue
            name = shortened(self._name(column), max(_MIN_NAME_CHARS, limit // 4))
            room = max(1, limit - len(name) - 3)
            for part in cut_text(cell, room, room):
                yield f"{name}: {part.strip()}\n"[:limit]

    def _name(self, column: int) -> str:
        name = self._names[column] if column < self._width else ""
        return name or f"column {column + 1}"

    def _segment(self, text: str, first: int, last: int) -> Segment:
        # The first segment begins where its caption and header are.
        first, self._first = self._first or first, None
        return Segment(text, Locator("row", first, max(first, last), None, self._chapter))


def _without_empty_end(cells: Sequence[str], least: int = 0) -> Sequence[str]:
    """Return the cells without the empty ones at the end, but at least so many as asked for."""
    end = len(cells)
    while end > least and not cells[end - 1]:
        end -= 1
    return cells[:end]


def header_line(names: Sequence[str], room: int) -> str:
    """Return the names on one line of at most `room` characters, shortened evenly if need be.

    Returns an empty string if they do not fit, or there are none.
    """
    line = row_line(names) if names else ""
    if len(line) <= room:
        return line
    longest = room // len(names) - len(SEPARATOR)
    if longest < _MIN_NAME_CHARS:
        return ""
    # Short names leave room for the long ones: try the generous lengths first.
    for length in range(_MAX_NAME_CHARS, longest - 1, -1):
        line = row_line([shortened(name, length) for name in names])
        if len(line) <= room:
            return line
    return ""


def shortened(text: str, max_chars: int) -> str:
    """Return the text, or its beginning and "…" if it is longer."""
    return text if len(text) <= max_chars else text[: max(0, max_chars - 1)].rstrip() + "…"
