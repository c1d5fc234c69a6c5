"""Durations, sizes and counts as people write them, plain or as HTML."""

from __future__ import annotations

import re
from datetime import datetime
from html import escape

_NUMBER = re.compile(r"(?<![\w.,&#])(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+)(?![\w]|[.,]\d)")
"""A number with a separator, as English writes it; no part of a word, an address or a version."""


def duration(seconds: float) -> str:
    """Seconds in the two largest units that fit: "1 h 5 min", "2 min 3 s"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def time_left(seconds: float) -> str:
    """Seconds that are left, about, in words: "about 3 minutes left"."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute left"
    if minutes < 60:
        return f"about {counted(minutes, 'minute')} left"
    tens = round(minutes / 10) * 10
    hours, rest = divmod(tens, 60)
    beyond = f" {rest} minutes" if rest and hours < 10 else ""
    return f"about {counted(hours, 'hour')}{beyond} left"


def bar_html(name: str, share: float) -> str:
    """A bar that says how far something is, from 0 to 1, by this name."""
    percent = 100 * share
    return (
        f'<div class="bar" role="progressbar" aria-label="{escape(name)}" '
        f'aria-valuenow="{percent:.0f}" aria-valuemin="0" aria-valuemax="100">'
        f'<span style="width:{percent:.1f}%"></span></div>'
    )


def number(value: float, digits: int = 0) -> str:
    """A number as HTML, which the page's script writes as the browser's language does.

    A number that all languages write alike is not marked.

    >>> number(1616), number(12)
    ('<data value="1616">1,616</data>', '12')
    """
    return with_numbers(f"{value:,.{digits}f}")


def with_numbers(text: str) -> str:
    """A sentence of the page's own as escaped HTML, its numbers marked as `number` marks them.

    Not for text from documents or people: "1,000" in a title is to stay as it is.

    >>> with_numbers("5.1 s for 2 & 1,616")
    '<data value="5.1">5.1</data> s for 2 &amp; <data value="1616">1,616</data>'
    """
    return _NUMBER.sub(_marked, escape(text))


def _marked(found: re.Match[str]) -> str:
    return f'<data value="{found[0].replace(",", "")}">{found[0]}</data>'


def moment(iso: str) -> str:
    """A stored time as HTML, which the page's script writes as the browser's language does.

    >>> moment("2031-01-25T06:12:00.000000+00:00")
    '<time datetime="2031-01-25T06:12:00+00:00">2031-01-25 06:12 UTC</time>'
    """
    try:
        time = datetime.fromisoformat(iso)
    except ValueError:  # damaged
        return escape(iso)
    plain = f"{time:%Y-%m-%d %H:%M} UTC"
    return f'<time datetime="{escape(time.isoformat(timespec="seconds"))}">{plain}</time>'


def size(count: int) -> str:
    """A number of bytes in the largest decimal unit that fits: "64.8 MB"."""
    if count < 1_000:
        return f"{count} bytes"
    for unit, unit_bytes in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= unit_bytes:
            value = count / unit_bytes
            return f"{value:,.1f} {unit}" if value < 100 else f"{value:,.0f} {unit}"
    raise AssertionError("every count is in one of the units")


def counted(count: int, noun: str) -> str:
    """A count with its noun, in the plural unless it is one: "1 page", "2 pages"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
