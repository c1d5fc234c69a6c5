"""Finds the tables in Markdown and plain text whose cells are separated by "|". Knows no files.

Such a table is a line with "|", a line of dashes such as "|---|:--:|", and all lines with "|" that
follow. A very long line is no part of a table.
"""

import re
from collections.abc import Iterable, Iterator

from ingest.segmenting import Row
from ingest.tables.cutter import header_line
from ingest.tables.rows import clean_cell

# Nothing is taken back, else a line of many blanks would take hours.
_CELL = r":?+-++:?+[ \t]*+"
_DASHES = re.compile(rf"[ \t>]*+\|?+[ \t]*+{_CELL}(?:\|[ \t]*+{_CELL})*+\|?+[ \t]*+\n?+")
_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_MAX_LINE_CHARS = 8192


def mark_rows(blocks: Iterable[str], max_header_chars: int) -> Iterator[Row]:
    """Yield a text in parts; the rows of tables are parts of their own, with their header line.

    The joined texts of the parts are the text. The blocks in which it arrives change only how text
    outside of tables is divided.

    Args:
        blocks: the text.
        max_header_chars: a longer header line has its names shortened.
    """
    marker = _Marker(max_header_chars)
    for block in blocks:
        yield from marker.add(block)
    yield from marker.finish()


class _Marker:
    """Keeps the last, incomplete line, and the header of the table in which it may be."""

    def __init__(self, max_header_chars: int) -> None:
        self._max_header_chars = max_header_chars
        self._rest = ""
        self._is_long = False  # the last, incomplete line is very long and was passed on
        self._before = ""  # the last line, if a header may be in it
        self._header = ""  # of the table in which the last line was

    def add(self, block: str) -> Iterator[Row]:
        """Yield the parts that a block completes."""
        whole, newline, rest = (self._rest + block).rpartition("\n")
        if newline:
            yield from self._lines(whole + newline)
        self._rest = rest
        if len(rest) > _MAX_LINE_CHARS or (self._is_long and rest):
            self._is_long, self._rest, self._before, self._header = True, "", "", ""
            yield Row(rest)

    def finish(self) -> Iterator[Row]:
        """Yield the last line, if it has no newline."""
        if self._rest:
            yield from self._lines(self._rest)

    def _lines(self, text: str) -> Iterator[Row]:
        if "|" not in text and not self._header:
            self._is_long, self._before = False, ""
            yield Row(text)
            return
        plain: list[str] = []
        for line in _LINES.findall(text):
            header = self._header_of(line)
            if not header:
                plain.append(line)
                continue
            if plain:
                yield Row("".join(plain))
                plain = []
            yield Row(line, header)
        if plain:
            yield Row("".join(plain))

    def _header_of(self, line: str) -> str:
        """Return the header of a row, empty for other lines; remember what the next line needs."""
        before, self._before = self._before, ""
        if self._is_long or "|" not in line or len(line) > _MAX_LINE_CHARS:
            self._is_long, self._header = False, ""
        elif before and not self._header and _DASHES.fullmatch(line):
            self._header = _bounded_header(before, self._max_header_chars)
        elif not self._header:
            self._before = line
        return self._header


def _bounded_header(line: str, max_chars: int) -> str:
    if len(line) <= max_chars:
        return line
    cells = line.strip().strip("|").split("|")
    return header_line([clean_cell(cell) for cell in cells], max_chars)
