"""Finds the tables in Markdown and plain text whose cells are separated by "|". Knows no files.

Such a table is a line with "|", a line of dashes such as "|---|:--:|", and all lines with "|" that
follow. A very long line is no part of a table. A header of empty cells, which Markdown asks for
above rows without names, is none: letters name the columns, as in other tables. The last line of
text above a table is its caption if it says so: "**Table 3: Depths**", "Table: Depths",
": Depths".
"""

import re
from collections.abc import Iterable, Iterator

from ingest.captions import MAX_CAPTION_CHARS, is_table_caption
from ingest.segmenting import Row
from ingest.tables.cutter import header_line
from ingest.tables.rows import clean_cell, lettered_columns

# Nothing is taken back, else a line of many blanks would take hours.
_CELL = r":?+-++:?+[ \t]*+"
_DASHES = re.compile(rf"[ \t>]*+\|?+[ \t]*+{_CELL}(?:\|[ \t]*+{_CELL})*+\|?+[ \t]*+\n?+")
_BAR = re.compile(r"(?<!\\)\|")
_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_MAX_LINE_CHARS = 8192


def mark_rows(blocks: Iterable[str], max_header_chars: int) -> Iterator[Row]:
    """Yield a text in parts; rows of tables are parts of their own, with caption and header line.

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


def is_dashes(line: str) -> bool:
    """Return whether a line is the one of dashes between the header and the rows of a table."""
    return "-" in line and bool(_DASHES.fullmatch(line))


def cell_spans(line: str) -> list[tuple[int, int]]:
    r"""Return where the cells of a header or row start and end; an escaped bar ends none.

    >>> [r"| a | b\|c |"[start:end] for start, end in cell_spans(r"| a | b\|c |")]
    ['a', 'b\\|c']
    """
    bounds = [-1, *(bar.start() for bar in _BAR.finditer(line)), len(line)]
    spans = list(zip((bar + 1 for bar in bounds), bounds[1:], strict=False))
    if not line[: bounds[1]].strip(" \t>"):
        spans = spans[1:]
    if len(spans) > 1 and not line[spans[-1][0] :].strip():
        spans = spans[:-1]
    return [_trimmed(line, start, end) for start, end in spans]


def _trimmed(line: str, start: int, end: int) -> tuple[int, int]:
    cell = line[start:end]
    start += len(cell) - len(cell.lstrip())
    return start, max(start, end - len(cell) + len(cell.rstrip()))


class _Marker:
    """Keeps the last, incomplete line, and the header of the table in which it may be."""

    def __init__(self, max_header_chars: int) -> None:
        self._max_header_chars = max_header_chars
        self._rest = ""
        self._is_long = False  # the last, incomplete line is very long and was passed on
        self._before = ""  # the last line, if a header may be in it
        self._header = ""  # of the table in which the last line was, after its caption
        self._above = ""  # the last line that is not blank and in no table, if it is not long

    def add(self, block: str) -> Iterator[Row]:
        """Yield the parts that a block completes."""
        whole, newline, rest = (self._rest + block).rpartition("\n")
        if newline:
            yield from self._lines(whole + newline)
        self._rest = rest
        if len(rest) > _MAX_LINE_CHARS or (self._is_long and rest):
            self._is_long, self._rest, self._before, self._header = True, "", "", ""
            self._above = ""
            yield Row(rest)

    def finish(self) -> Iterator[Row]:
        """Yield the last line, if it has no newline."""
        if self._rest:
            yield from self._lines(self._rest)

    def _lines(self, text: str) -> Iterator[Row]:
        if "|" not in text and not self._header:
            self._note_above(text, is_after_bars=bool(self._before))
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
            self._note_above(line, is_after_bars=bool(before or self._header))
            self._is_long, self._header = False, ""
        elif before and not self._header and _DASHES.fullmatch(line):
            header = _bounded_header(before, self._max_header_chars)
            whole = _caption(self._above) + header
            self._header = whole if len(whole) <= self._max_header_chars else header
            self._above = ""
        elif not self._header:
            self._above = "" if before else self._above
            self._before = line
        return self._header

    def _note_above(self, text: str, *, is_after_bars: bool) -> None:
        """Keep the last line of a text without bars, which may be the caption of a table below."""
        lines = text.rstrip().rpartition("\n")
        if is_after_bars or lines[2]:
            is_whole = not self._is_long or bool(lines[1])
            self._above = lines[2] if is_whole and len(lines[2]) <= _MAX_LINE_CHARS else ""


def _caption(line: str) -> str:
    """Return a line as the caption of a table with its newline, "" if it is none."""
    text = line.strip(" \t>#*_")
    if text.startswith(": "):  # as Pandoc writes it
        return f"{text[2:].strip()}\n" if len(text) <= MAX_CAPTION_CHARS else ""
    return f"{text}\n" if is_table_caption(text) else ""


def _bounded_header(line: str, max_chars: int) -> str:
    """Return the header line to repeat: shortened if it is long, letters if it names no column."""
    cells = [clean_cell(line[start:end]) for start, end in cell_spans(line)]
    if not any(cells):
        return header_line(lettered_columns(len(cells)), max_chars)
    return line if len(line) <= max_chars else header_line(cells, max_chars)
