"""Passages as escaped HTML, by what they are: tables, e-mails, lines in monospace, running text.

Only what the reader of the file wrote itself is recognised: the rows of tables (`tables.py`), and
the header lines above a message. Knows no pages.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from itertools import groupby

from app.web.reader.tables import Line, Part, Row, Table, lines_of, parts_of
from storage import SegmentRow

Spans = Sequence[tuple[int, int]]
"""Starts and ends of what is marked in a text, in order."""
MONOSPACE = frozenset({"log", "jsonl", "code", "subtitles", "notebook"})
MAIL = frozenset({"email", "mailbox"})
_MIN_HEAD_LINES = 2
"""Of the head of a message; a single line is text."""
_HEADER = re.compile(r"(From|To|Cc|Date|Subject): ")


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
    if kind in MAIL:
        return _message(segment, spans)
    return "".join(_part(text, part, spans) for part in parts_of(kind, segment))


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


def _part(text: str, part: Part, spans: Spans) -> str:
    if isinstance(part, Table):
        return _table(text, part, spans)
    return _paragraph(text, part, spans)


def _message(segment: SegmentRow, spans: Spans) -> str:
    """Text of a message, in which lines of its head are set apart."""
    parts, text = [], list[Line]()
    groups = groupby(lines_of(segment.text), lambda line: bool(_HEADER.match(line.text)))
    for is_head, group in groups:
        lines = list(group)
        if not is_head or len(lines) < _MIN_HEAD_LINES:
            text += lines
            continue
        parts += [_paragraph(segment.text, text, spans), _head(segment.text, lines, spans)]
        text = []
    return "".join([*parts, _paragraph(segment.text, text, spans)])


def _paragraph(text: str, lines: Sequence[Line], spans: Spans) -> str:
    """Lines of text without the empty ones around them; nothing if all are empty."""
    if not lines:
        return ""
    start, end = lines[0].start, lines[-1].start + len(lines[-1].text)
    while start < end and text[start] == "\n":
        start += 1
    while end > start and text[end - 1] == "\n":
        end -= 1
    return f'<p dir="auto">{marked(text, spans, start, end)}</p>' if start < end else ""


def _table(text: str, table: Table, spans: Spans) -> str:
    """A table in a box of its own, which scrolls where the page is narrow."""

    def row(cells: Row, is_head: bool = False) -> str:
        return f"<tr>{''.join(_cell(marked(text, spans, *cell), is_head) for cell in cells)}</tr>"

    named = [cells for cells in table.head if any(start < end for start, end in cells)]
    names = "".join(row(cells, is_head=True) for cells in named)
    rows = "".join(map(row, table.body))
    return (
        '<div class="table" tabindex="0" role="group" aria-label="Table"><table>'
        f"{f'<thead>{names}</thead>' if names else ''}<tbody>{rows}</tbody></table></div>"
    )


def _cell(inner: str, is_head: bool) -> str:
    """A cell; an empty one names no column."""
    return f'<th scope="col">{inner}</th>' if is_head and inner else f"<td>{inner}</td>"


def _head(text: str, lines: Sequence[Line], spans: Spans) -> str:
    """The header lines of a message, set apart."""
    entries = []
    for line in lines:
        name, end = line.text.partition(":")[0], line.start + len(line.text)
        value = marked(text, spans, line.start + len(name) + 2, end)
        entries.append(f'<div><dt>{escape(name)}</dt><dd dir="auto">{value}</dd></div>')
    return f'<dl class="mail-head">{"".join(entries)}</dl>'
