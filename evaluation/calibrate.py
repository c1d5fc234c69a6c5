"""How loud a memory should be behind each window: the factors of `ahn_runtime.loading.memory_gain`.

KL(full || memory times f) is measured for a few factors f and for the window alone (f = 0). What a
memory adds is small against what attention finds, so the divergence is close to a parabola in f;
the lowest point of the one that fits best is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ahn_runtime import Runtime
from ahn_runtime.loading.memory_gain import MemoryGain
from evaluation import divergence
from evaluation.variants import FULL, WINDOW, Told


def calibrate(
    plain: Runtime,
    memory: Runtime,
    texts: Sequence[Path],
    windows: Sequence[int],
    factors: Sequence[float],
    length: int,
    told: Told = lambda line: None,
) -> tuple[MemoryGain, list[divergence.Row]]:
    """Measure and choose, window by window.

    Args:
        plain, memory: the model without and with the memory; sinks are those of `plain`.
        texts: not those a result will be shown on.
        factors: two or more above 0.
        length: tokens read of each text.

    Returns:
        The factors, and what was measured; a row's way is its factor.

    Raises:
        ValueError: too few factors, or no text is long enough.
    """
    if len(factors) < 2 or min(factors) <= 0:
        raise ValueError("A parabola needs two factors above 0, as 0.5,1.")
    scaled = {
        f"{factor:g}": memory.with_stream(memory_gain=MemoryGain(((1, factor),)))
        for factor in factors
    }
    measured = divergence.measure(plain, scaled, texts, windows, plain.stream.sinks, length, told)
    rows = divergence.summarise(list(measured))
    if not rows:
        raise ValueError(f"None of the texts has {length} tokens; take a smaller --length.")
    points = []
    for window in sorted(set(windows)):
        means = {
            0.0 if row.way == WINDOW else float(row.way): row.divergence
            for row in rows
            if row.window == window and row.way != FULL
        }
        points.append((window, round(lowest(means), 2)))
    return MemoryGain(tuple(points)), rows


def lowest(means: dict[float, float]) -> float:
    """Where the parabola through (or nearest to) these points is lowest, within their range."""
    factors, values = np.array(list(means)), np.array(list(means.values()))
    bend, slope, _ = np.polyfit(factors, values, 2)
    if bend <= 0:
        return float(factors[values.argmin()])
    return float(np.clip(-slope / (2 * bend), factors.min(), factors.max()))
