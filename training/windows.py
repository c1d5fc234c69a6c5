"""Which window and sinks a sequence is trained with: drawn anew for each, so that the memory
learns no single W.

Source: AHN (arXiv 2510.07318), appendix: W from powers of two with L/8 < W < L, S from
{0, 32, 64, ...} up to W/2; we add the windows halfway between.
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
    """Draw (W, S) with W + S <= limit.

    Args:
        length: L of the sequence; windows of an eighth of it or less are left out.
        limit: the first position that must have a memory, 2 or more.
        windows: to draw from, instead of the default ones and without the eighth.
        sinks: to draw from, instead of the default ones; none where none fits.

    Returns:
        W and S; half of `limit` and no sinks where the sequence is too short for any.
    """
    choices = windows or [size for size in DEFAULT_WINDOWS if size > length // 8]
    fitting = [size for size in choices if size <= limit]
    if not fitting:
        return max(1, limit // 2), 0
    window = rng.choice(fitting)
    most = min(window // 2, limit - window)
    numbers = sinks or DEFAULT_SINKS
    return window, rng.choice([size for size in numbers if size <= most] or [0])
