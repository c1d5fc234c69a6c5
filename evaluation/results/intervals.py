"""95 % confidence intervals of a mean."""

from __future__ import annotations

import math
from collections.abc import Sequence

from evaluation.scoring import NORMAL_QUANTILE, half_interval, mean


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of a mean of values from 0 to 1.

    For scores that are all 0 or 1 it is Wilson's, which stays sensible where all are equal; for
    others Student's t, cut to 0 and 1. One other value alone: everything from 0 to 1.

    Source: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference",
    JASA 22 (1927).
    """
    if set(values) <= {0.0, 1.0}:
        return _wilson(sum(values), len(values))
    half = half_interval(values)
    if half is None:
        return 0.0, 1.0
    return max(0.0, mean(values) - half), min(1.0, mean(values) + half)


def _wilson(hits: float, count: int) -> tuple[float, float]:
    z = NORMAL_QUANTILE**2 / count
    centre = (hits / count + z / 2) / (1 + z)
    half = math.sqrt(z * hits / count * (1 - hits / count) + z**2 / 4) / (1 + z)
    return max(0.0, centre - half), min(1.0, centre + half)
