"""The factor on a memory's output for each window: the points of `MemoryGain`.

KL(full || memory times f) is measured for a few factors f, and for the window alone (f = 0). A
memory's output is small compared with that of attention, so the divergence is close to a parabola
in f. The factor is the minimum of the parabola that fits best.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ahn_runtime import Runtime
from ahn_runtime.loading.memory_gain import MemoryGain
from evaluation import divergence
from evaluation.variants import WINDOW, Log, retained_name, retained_tokens


def calibrate(
    plain: Runtime,
    memory: Runtime,
    texts: Sequence[Path],
    windows: Sequence[int],
    factors: Sequence[float],
    length: int,
    log: Log = lambda line: None,
    retained: int = 0,
    at_once: bool = False,
) -> tuple[MemoryGain, list[divergence.Row]]:
    """Measure the divergence at several factors and choose the best factor for each window.

    Args:
        plain, memory: the model without and with the memory; S is that of `plain`.
        texts: files to measure on; use other texts to evaluate the result.
        windows: values of W, in tokens.
        factors: factors to measure, two or more, each above 0.
        length: tokens read of each text.
        log: receives progress messages.
        retained: per cent of each window that a retained set takes.
        at_once: compute each text in one pass instead of reading it.

    Returns:
        The chosen factors, and the measurements; a row's variant is its factor.

    Raises:
        ValueError: too few factors, a retained set without a token, a window that does not fit
            `length`, or no text of `length` tokens.
        IngestError: a text cannot be read.
    """
    for window in windows if retained else ():
        retained_tokens(window, retained)
    if len(factors) < 2 or min(factors) <= 0:
        raise ValueError("A parabola needs two factors above 0, as 0.5,1.")
    scaled = {
        f"{factor:g}": memory.with_stream(memory_gain=MemoryGain(((1, factor),)))
        for factor in factors
    }
    shares, sinks = (retained,) if retained else (), plain.stream.sinks
    measured = divergence.measure(
        plain, scaled, texts, windows, sinks, length, log, shares, at_once
    )
    rows = divergence.summarise(list(measured))
    if not rows:
        raise ValueError(f"None of the texts has {length} tokens; choose a smaller --length.")
    names = {retained_name(WINDOW, retained): 0.0}
    names |= {retained_name(name, retained): float(name) for name in scaled}
    points = []
    for window in sorted(set(windows)):
        means = {
            names[row.variant]: row.divergence
            for row in rows
            if row.window == window and row.variant in names
        }
        points.append((window, round(lowest(means), 2)))
    return MemoryGain(tuple(points)), rows


def lowest(means: dict[float, float]) -> float:
    """The factor at the minimum of the least-squares parabola through some points.

    Args:
        means: mean divergence by factor; three points or more.

    Returns:
        A factor within the range of the given ones; without a minimum, the best given one.
    """
    factors, values = np.array(list(means)), np.array(list(means.values()))
    curvature, slope, _ = np.polyfit(factors, values, 2)
    if curvature <= 0:
        return float(factors[values.argmin()])
    return float(np.clip(-slope / (2 * curvature), factors.min(), factors.max()))
