"""How many items a generated task has, and the length, depth and seed of each."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from evaluation.tasks.options import TaskOptions

DEFAULT_LENGTHS = (4096,)
DEFAULT_ITEMS = 10


def cells(options: TaskOptions) -> Iterator[tuple[int, int, str, Random]]:
    """Length in tokens, depth in per cent, id and random numbers of each generated item."""
    for length in options.lengths or DEFAULT_LENGTHS:
        for i in range(options.items or DEFAULT_ITEMS):
            depth = options.depths[i % len(options.depths)]
            yield length, depth, f"{length}/{depth}%/{i}", Random(f"{options.seed}/{length}/{i}")
