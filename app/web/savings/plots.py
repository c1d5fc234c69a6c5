"""The data of the savings plots as long tables (a row per point and curve), and their labels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, pairwise

import pandas as pd

from app.service import Report

AS_RUN, PAPER = "As run here", "By the paper's formulas"
AMMON, FULL = "Ammon", "full attention"
# Each has a contrast of at least 3:1 with the light background and with the dark one.
COLORS = {AMMON: "#0d9488", FULL: "#d97706"}
TOKENS, TIME, KIND = "tokens read", "time of reading", "kind"
CACHE, FLOPS, SPEED = "cache", "FLOPs", "speed"
READ_AT = "read at"
TITLES = {
    CACHE: "Cache held over tokens read",
    FLOPS: "Computing over tokens read",
    SPEED: "Reading speed over time",
}
_UNITS = (("hours", 3600), ("minutes", 60), ("seconds", 1))


@dataclass(frozen=True)
class Plot:
    """One plot.

    Args:
        x, y: columns of `data`.
        data: with the columns `x`, `y` and KIND (the curve); a plot without rows is not drawn.
        y_limits: range of the y axis; None: fitted to the data.
    """

    x: str
    y: str
    x_title: str
    y_title: str
    data: pd.DataFrame
    y_limits: tuple[float, float] | None = None

    @property
    def title(self) -> str:
        """What the plot shows, for a heading."""
        return TITLES[self.y]


def plots(report: Report, convention: str) -> tuple[Plot, Plot, Plot]:
    """Cache and FLOPs over tokens read, Ammon's and full attention's, and speed over time.

    Args:
        convention: AS_RUN, with the cache in MB, or PAPER, with the cache in millions of elements.
            FLOPs are in units of 10^12 in both.
    """
    if convention == PAPER:
        unit = "million elements"
        cache = (report.curve_paper_cache_elements, report.curve_paper_cache_elements_full)
        flops = (report.curve_paper_flops, report.curve_paper_flops_full)
        counted_at = report.curve_tokens
    else:
        unit = "MB"
        cache = (report.curve_cache_bytes, report.curve_cache_bytes_full)
        flops = (report.counted_flops, report.counted_flops_full)
        counted_at = report.counted_tokens
    cache_data = _long(report.curve_tokens, cache, CACHE, 1e6)
    flops_data = _long(counted_at, flops, FLOPS, 1e12)
    return (
        Plot(TOKENS, CACHE, TOKENS, f"cache in {unit}", cache_data),
        Plot(TOKENS, FLOPS, TOKENS, "FLOPs in 10¹²", flops_data),
        _speed(report),
    )


def _long(
    tokens: list[int], kinds: tuple[list[int], list[int]], name: str, unit: float
) -> pd.DataFrame:
    rows = [
        {TOKENS: at, name: value / unit, KIND: kind}
        for kind, values in zip((AMMON, FULL), kinds, strict=True)
        for at, value in zip(tokens, values, strict=True)
    ]
    return pd.DataFrame(rows, columns=[TOKENS, name, KIND])


def _speed(report: Report) -> Plot:
    """The speed between each two checkpoints, as a level line over the time spent reading.

    Time of day would leave a session that was read on two evenings as two strokes far apart.
    """
    unit, unit_s = next(
        ((name, s) for name, s in _UNITS if report.reading_seconds >= 2 * s), _UNITS[-1]
    )
    marks = accumulate((speed.seconds for speed in report.speeds), initial=0.0)
    rows = [
        {
            TIME: round(at / unit_s, 3),
            SPEED: round(speed.tokens_per_second, 1),
            KIND: AMMON,
            TOKENS: f"{speed.position:,}",
            READ_AT: f"{datetime.fromisoformat(speed.read_at):%Y-%m-%d %H:%M} UTC",
        }
        for interval, speed in zip(pairwise(marks), report.speeds, strict=True)
        for at in interval
    ]
    data = pd.DataFrame(rows, columns=[TIME, SPEED, KIND, TOKENS, READ_AT])
    limits = (0.0, 1.1 * data[SPEED].max()) if rows else None
    return Plot(TIME, SPEED, f"{unit} of reading", "tokens per second", data, limits)
