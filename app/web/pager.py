"""The line below a long list: which part of it is shown, and buttons to the parts beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from typing import Any, Protocol

from app.web.formatting import with_numbers


class Screen(Protocol):
    """One screen of a list: its rows, the number of the first from 0, and how many there are."""

    @property
    def rows(self) -> Sized:
        """The rows that are shown."""

    @property
    def offset(self) -> int:
        """The number of the first of them."""

    @property
    def total(self) -> int:
        """How many rows the list has."""


def pager_html(screen: Screen, size: int, noun: str, is_searched: bool = False) -> str:
    """The line as HTML, whose buttons name the action "screen" and the first row to show.

    Args:
        size: how many rows a screen has.
        noun: what the rows are, in the plural.
        is_searched: the list is narrowed to a search, so the line is shown for a short list, too.

    Returns:
        The line; empty for a list that is shown whole.
    """
    if screen.total <= size and not is_searched:
        return ""
    first, end = screen.offset, screen.offset + len(screen.rows)
    which = f"{first + 1:,}–{end:,} of {screen.total:,}" if screen.total else "None"
    where = with_numbers(which)
    back = _button("Previous", noun, first - size if first else None)
    on = _button("Next", noun, end if end < screen.total else None)
    return f'<nav class="pager" aria-label="More {noun}">{back}<span>{where}</span>{on}</nav>'


def wanted_number(data: Any) -> int | None:
    """The number of a row or an object that a click names; None if the browser sent no number.

    Args:
        data: of the click, as `javascript.BUTTONS` sends it; any browser may send anything.
    """
    number = data.get("id") if isinstance(data, Mapping) else None
    return max(0, number) if isinstance(number, int) else None


def _button(label: str, noun: str, to: int | None) -> str:
    where = "disabled" if to is None else f'data-do="screen" data-id="{max(0, to)}"'
    return f'<button class="chip" {where} aria-label="{label} {noun}">{label}</button>'
