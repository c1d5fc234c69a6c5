"""The factor of what a memory adds to the attention output, by the size of the window.

The larger the window, the less of full attention's weight is on older tokens; a memory's gates see
the current token alone and cannot adapt. A memory trained for windows of many sizes suits the small
ones, where most is lost, and adds too much behind large ones. Its `config.json` may therefore hold
factors by window:

    "ahn_window_scale": {"512": 1.0, "2048": 0.45}

Between these windows the factor is linear in log2 W; beyond them it is that of the nearest. Without
the entry, as in the released memories, it is 1. The entry is Ammon's own extension. W is here the
number of all tokens behind the sinks that are held exactly, a retained set's included.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ahn_runtime.errors import WeightsError

CONFIG_KEY = "ahn_window_scale"


@dataclass(frozen=True)
class MemoryGain:
    """Factors by window in tokens, the smallest window first; without points, 1 everywhere."""

    points: tuple[tuple[int, float], ...] = ()

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> MemoryGain:
        """From a memory's `config.json`.

        Raises:
            WeightsError: the entry is not windows with factors.
        """
        raw = config.get(CONFIG_KEY, {})
        try:
            points = tuple(sorted((int(window), float(factor)) for window, factor in raw.items()))
            if not all(window > 0 and 0 <= factor < math.inf for window, factor in points):
                raise ValueError
        except (AttributeError, TypeError, ValueError):
            raise WeightsError(
                f"The memory's config.json has {CONFIG_KEY} {raw!r}; expected windows with factors "
                'of 0 or more, as {"512": 1.0, "2048": 0.5}.'
            ) from None
        return cls(points)

    def as_config(self) -> dict[str, float]:
        """The entry that `read` takes."""
        return {str(window): factor for window, factor in self.points}

    def at(self, window: int | None) -> float:
        """The factor for a window of W tokens."""
        if not self.points or window is None:
            return 1.0
        below = [point for point in self.points if point[0] <= window]
        above = [point for point in self.points if point[0] >= window]
        if not below or not above:
            return (below or above)[-1 if below else 0][1]
        (low, first), (high, last) = below[-1], above[0]
        if low == high:
            return first
        share = math.log2(window / low) / math.log2(high / low)
        return first + share * (last - first)


NO_GAIN_CHANGE = MemoryGain()
