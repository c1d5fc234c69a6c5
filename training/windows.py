"""The window, the sinks and the retained set of each training sequence.

They are drawn at random for every sequence, so that the memory does not adapt to a single W.

Source: "Artificial Hippocampus Networks" (arXiv 2510.07318), appendix: W from powers of two with
L/8 < W < L, S from {0, 32, 64, ...} up to W/2. The windows halfway between are an addition, and
retained sets are.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

DEFAULT_WINDOWS = tuple(size for power in range(5, 14) for size in (2**power, 3 * 2 ** (power - 1)))
DEFAULT_SINKS = (0, *(2**power for power in range(5, 13)))


def draw_window(
    rng: Random,
    length: int,
    limit: int,
    windows: Sequence[int] | None = None,
    sinks: Sequence[int] | None = None,
) -> tuple[int, int]:
    """Draw (W, S) with W + S <= limit and S <= W/2.

    Args:
        length: L of the sequence; default windows of L/8 or less are excluded.
        limit: maximum of W + S, 2 or more.
        windows: values of W to draw from instead of the default ones.
        sinks: values of S to draw from instead of the default ones.

    Returns:
        W and S. If no window fits, half of `limit` and no sinks; if no number of sinks fits, S = 0.
    """
    choices = windows or [size for size in DEFAULT_WINDOWS if size > length // 8]
    fitting = [size for size in choices if size <= limit]
    if not fitting:
        return max(1, limit // 2), 0
    window = rng.choice(fitting)
    max_sinks = min(window // 2, limit - window)
    numbers = sinks or DEFAULT_SINKS
    return window, rng.choice([size for size in numbers if size <= max_sinks] or [0])


def draw_retained(rng: Random, window: int, shares: Sequence[int]) -> int:
    """Draw R, which takes that many tokens of a window.

    Args:
        window: W, tokens of window and retained set together.
        shares: per cent of W to draw from; nothing is drawn without any.

    Returns:
        R, less than W.
    """
    return window * rng.choice(shares) // 100 if shares else 0
