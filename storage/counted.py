"""How far long work of the store is: what a caller may have itself told."""

from __future__ import annotations

from collections.abc import Callable

Counted = Callable[[int, int], None]
"""Is told how much is done and how much there is, of what the caller's function says."""


def uncounted(done: int, total: int) -> None:
    """Tells nobody."""
