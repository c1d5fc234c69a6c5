"""Figures as a person says them."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """Seconds in the two largest units that fit."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def size(count: int) -> str:
    """Bytes in the unit that leaves few digits."""
    if count < 1_000:
        return f"{count} bytes"
    for unit, least in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= least:
            value = count / least
            return f"{value:,.1f} {unit}" if value < 100 else f"{value:,.0f} {unit}"
    raise AssertionError("every count is in one of the units")


def counted(count: int, one: str) -> str:
    """A number of things: "1 page", "2 pages"."""
    return f"{count:,} {one}" if count == 1 else f"{count:,} {one}s"
