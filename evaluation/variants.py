"""Ways to read that the measures compare: full attention, the window alone, and each memory.

Every part of a report names them alike, so that its tables and figures can be read side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ahn_runtime import Runtime

FULL, WINDOW = "full", "window"

Told = Callable[[str], None]
"""Told what a measure is doing, line by line."""


@dataclass(frozen=True)
class Way:
    """A way to read: its name, and its window (None for full attention)."""

    name: str
    window: int | None


def ways_to_read(
    plain: Runtime, memories: Mapping[str, Runtime], windows: Sequence[int], sinks: int
) -> dict[Way, Runtime]:
    """Full attention first, then for each window it alone and with each memory.

    Args:
        plain: the model without a memory.
        memories: the model with each memory, by the name it goes by.
    """
    ways = {Way(FULL, None): plain.with_stream(window=None, sinks=0)}
    for window in windows:
        for name, runtime in {WINDOW: plain, **memories}.items():
            ways[Way(name, window)] = runtime.with_stream(window=window, sinks=sinks)
    return ways
