"""Listings: the rows of one screen of a list, so that a long list is never fetched whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """Some rows of a list.

    ``rows`` are those from number ``offset`` on, counted from 0. ``total`` is how many rows the
    whole list has.
    """

    rows: list[Row]
    offset: int
    total: int


def first_of_screen(offset: int, size: int, total: int) -> int:
    """Return the number of the first row of the screen to show: that of the last one at most.

    Args:
        offset: the wanted number, counted from 0; the list may have shrunk since.
        size: how many rows a screen has.
        total: how many rows the list has.
    """
    last = max(0, total - 1) // size * size
    return min(max(0, offset), last)
