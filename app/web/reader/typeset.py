"""Passages as escaped HTML, by what they are: tables, e-mails, lines in monospace, running text.

Only what the reader of the file wrote itself is recognised: the header and rows of tables with
" | " between their cells, and the header lines above a message. Knows no pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from typing import NamedTuple

from storage import SegmentRow

Spans = Sequence[tuple[int, int]]
"""Starts and ends of what is marked in a text, in order."""
MONOSPACE = frozenset({"log", "jsonl", "code", "subtitles", "notebook"})
TABLES = frozenset({"table", "workbook"})
"""Kinds whose rows the reader of the file wrote; elsewhere " | " may mean anything."""
MAIL = frozenset({"email", "mailbox"})
MIN_LINES = 2
"""Of a table or of the head of a message; a single line is text."""
_HEAD_CELL = 'th scope="col"'
_SEPARATOR = " | "
_HEADER = re.compile(r"(From|To|Cc|Date|Subject): ")


class _Line(NamedTuple):
    start: int
    text: str


def typeset(kind: str, segment: SegmentRow, spans: Spans = ()) -> str:
    """A passage as HTML.

    Args:
        kind: of its document, as `ingest.Kind`.
        spans: what is marked in its text.
    """
    text = segment.text
    if kind in MONOSPACE:
        end = len(text.rstrip("\n"))
        return f'<pre class="lines">{marked(text, spans, 0, end)}</pre>'
    if kind in TABLES:
        return _table_passage(segment, spans)
    if kind in MAIL:
        return _message(segment, spans)
    return _paragraph(text, [*_lines(text)], spans)


def marked(text: str, spans: Spans, start: int = 0, end: int | None = None) -> str:
    """A part of a text, escaped, with the marked spans in it."""
    end = len(text) if end is None else end
    parts, at = [], start
    for first, last in spans:
        first, last = max(first, at), min(last, end)
        if first < last:
            parts += [escape(text[at:first]), f"<mark>{escape(text[first:last])}</mark>"]
            at = last
    return "".join([*parts, escape(text[at:end])])


def _table_passage(segment: SegmentRow, spans: Spans) -> str:
    """Rows of one table: the first line with cells is its header, whatever comes between them.

    So it was written; see `ingest/tables/cutter.py`. A row may have fewer or more cells, and
    comments may follow it.
    """
    text, all_lines = segment.text, [*_lines(segment.text)]
    if sum(map(bool, map(_cell_breaks, all_lines))) < MIN_LINES:
        return _paragraph(text, all_lines, spans)
    parts, has_header = [], False
    for is_row, group in groupby(all_lines, lambda line: bool(_cell_breaks(line))):
        lines = list(group)
        if not is_row:
            parts.append(_paragraph(text, lines, spans))
            continue
        if not has_header and _is_caption(lines):
            parts.append(_paragraph(text, lines[:1], spans))
            lines = lines[1:]
        names = 0 if has_header else 1
        parts.append(_table(text, lines[:names], lines[names:], spans))
        has_header = True
    return "".join(parts)


def _is_caption(lines: Sequence[_Line]) -> bool:
    """Whether a sheet's name and a title, which had a bar between them, are above the header."""
    return len(lines) > MIN_LINES and _cell_breaks(lines[0]) < _cell_breaks(lines[1])


def _cell_breaks(line: _Line) -> int:
    return _padded(line.text).count(_SEPARATOR)


def _message(segment: SegmentRow, spans: Spans) -> str:
    """Text of a message, in which lines of its head are set apart."""
    parts, text = [], list[_Line]()
    groups = groupby(_lines(segment.text), lambda line: bool(_HEADER.match(line.text)))
    for is_head, group in groups:
        lines = list(group)
        if not is_head or len(lines) < MIN_LINES:
            text += lines
            continue
        parts += [_paragraph(segment.text, text, spans), _head(segment.text, lines, spans)]
        text = []
    return "".join([*parts, _paragraph(segment.text, text, spans)])


def _lines(text: str) -> Iterator[_Line]:
    start = 0
    for line in text.split("\n"):
        yield _Line(start, line)
        start += len(line) + 1


def _paragraph(text: str, lines: Sequence[_Line], spans: Spans) -> str:
    """Lines of text without the empty ones around them; nothing if all are empty."""
    if not lines:
        return ""
    start, end = lines[0].start, lines[-1].start + len(lines[-1].text)
    while start < end and text[start] == "\n":
        start += 1
    while end > start and text[end - 1] == "\n":
        end -= 1
    return f'<p dir="auto">{marked(text, spans, start, end)}</p>' if start < end else ""


def _table(text: str, head: Sequence[_Line], body: Sequence[_Line], spans: Spans) -> str:
    """Rows of a table, below the line that names the columns if it is among them."""

    def row(cells: Sequence[tuple[int, int]], tag: str) -> str:
        inner = (f"<{tag}>{marked(text, spans, start, end)}</{tag[:2]}>" for start, end in cells)
        return f"<tr>{''.join(inner)}</tr>"

    names = "".join(row([*_cells(line)], _HEAD_CELL) for line in head)
    rows = "".join(row([*_cells(line)], "td") for line in body)
    return (
        '<div class="table" tabindex="0" role="region" aria-label="Table"><table>'
        f"{f'<thead>{names}</thead>' if names else ''}<tbody>{rows}</tbody></table></div>"
    )


def _cells(line: _Line) -> Iterator[tuple[int, int]]:
    """Start and end of each cell in the passage."""
    at = line.start - 1  # the line is padded by one space
    for cell in _padded(line.text).split(_SEPARATOR):
        start = at + len(cell) - len(cell.lstrip())
        end = max(start, at + len(cell.rstrip()))
        yield max(start, line.start), max(end, line.start)
        at += len(cell) + len(_SEPARATOR)


def _padded(line: str) -> str:
    """A line in which the separator is whole beside an empty first or last cell, too."""
    return f" {line} "


def _head(text: str, lines: Sequence[_Line], spans: Spans) -> str:
    """The header lines of a message, set apart."""
    entries = []
    for line in lines:
        name, end = line.text.partition(":")[0], line.start + len(line.text)
        value = marked(text, spans, line.start + len(name) + 2, end)
        entries.append(f'<div><dt>{escape(name)}</dt><dd dir="auto">{value}</dd></div>')
    return f'<dl class="mail-head">{"".join(entries)}</dl>'
