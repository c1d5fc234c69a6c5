"""Durations, sizes and counts as people write them."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """Seconds in the two largest units that fit: "1 h 5 min", "2 min 3 s"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


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
