"""Passages as escaped HTML, by what they are: tables, e-mails, lines in monospace, running text.

Only what the reader of the file wrote itself is recognised: rows of tables with " | " between their
cells, and the header lines above a message. Knows no pages.
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
PLAIN = frozenset({"text", *MONOSPACE})
"""Kinds whose text is the file's own, so that " | " in it may mean anything."""
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
    return "".join(_block(kind, segment, lines, spans) for lines in _blocks(kind, segment))


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


def _blocks(kind: str, segment: SegmentRow) -> Iterator[list[_Line]]:
    """Lines that belong together: those of a table, of a message's head, or of a text."""

    def what(line: _Line) -> tuple[str, int]:
        if kind not in PLAIN and (count := _padded(line.text).count(_SEPARATOR)):
            return "row", count
        return ("head" if kind in MAIL and _HEADER.match(line.text) else "text"), 0

    text: list[_Line] = []
    for (found, _), group in groupby(_lines(segment.text), what):
        lines = list(group)
        if found == "text" or len(lines) < MIN_LINES:
            text += lines
            continue
        if text:
            yield text
        yield lines
        text = []
    if text:
        yield text


def _lines(text: str) -> Iterator[_Line]:
    start = 0
    for line in text.split("\n"):
        yield _Line(start, line)
        start += len(line) + 1


def _block(kind: str, segment: SegmentRow, lines: Sequence[_Line], spans: Spans) -> str:
    text = segment.text
    texts = [line.text for line in lines]
    if kind not in PLAIN and len(lines) >= MIN_LINES:
        if all(_SEPARATOR in _padded(each) for each in texts):
            return _table(text, lines, spans)
        if kind in MAIL and all(map(_HEADER.match, texts)):
            return _head(text, lines, spans)
    start, end = lines[0].start, lines[-1].start + len(lines[-1].text)
    while start < end and text[start] == "\n":
        start += 1
    while end > start and text[end - 1] == "\n":
        end -= 1
    return f'<p dir="auto">{marked(text, spans, start, end)}</p>' if start < end else ""


def _table(text: str, lines: Sequence[_Line], spans: Spans) -> str:
    """Rows of a table; the first of them names the columns."""
    head, *rows = ([*_cells(line)] for line in lines)

    def row(cells: Sequence[tuple[int, int]], tag: str) -> str:
        inner = (f"<{tag}>{marked(text, spans, start, end)}</{tag[:2]}>" for start, end in cells)
        return f"<tr>{''.join(inner)}</tr>"

    body = "".join(row(cells, "td") for cells in rows)
    return (
        '<div class="table" tabindex="0" role="region" aria-label="Table"><table>'
        f"<thead>{row(head, _HEAD_CELL)}</thead><tbody>{body}</tbody></table></div>"
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
