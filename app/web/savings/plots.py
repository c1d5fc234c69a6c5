"""What the plots of the savings show: tables, long as plots want them, and words at the axes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, pairwise

import pandas as pd

from app.service import Report

AS_RUN, PAPER = "As run here", "By the paper's formulas"
OURS, FULL = "Ammon", "full attention"
COLORS = {OURS: "#0d9488", FULL: "#d97706"}  # 3:1 and more on the light ground and the dark
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
        data: by the columns `x`, `y` and KIND; without rows there is nothing to draw.
        y_limits: of the axis; None for what fits the data.
    """

    x: str
    y: str
    x_title: str
    y_title: str
    data: pd.DataFrame
    y_limits: tuple[float, float] | None = None

    @property
    def title(self) -> str:
        return TITLES[self.y]


def plots(report: Report, convention: str) -> tuple[Plot, Plot, Plot]:
    """Cache and FLOPs over tokens read, ours and full attention's; then the speed over time.

    As run, the cache is in MB; the paper counts elements, here in millions. FLOPs are in 10^12.
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
    held = _long(report.curve_tokens, cache, CACHE, 1e6)
    done = _long(counted_at, flops, FLOPS, 1e12)
    return (
        Plot(TOKENS, CACHE, TOKENS, f"cache in {unit}", held),
        Plot(TOKENS, FLOPS, TOKENS, "FLOPs in 10¹²", done),
        _speed(report),
    )


def _long(
    tokens: list[int], kinds: tuple[list[int], list[int]], name: str, unit: float
) -> pd.DataFrame:
    rows = [
        {TOKENS: at, name: value / unit, KIND: kind}
        for kind, values in zip((OURS, FULL), kinds, strict=True)
        for at, value in zip(tokens, values, strict=True)
    ]
    return pd.DataFrame(rows, columns=[TOKENS, name, KIND])


def _speed(report: Report) -> Plot:
    """A level for each stretch between two checkpoints, over the time of reading.

    Over the time of day, a session read on two evenings would be two strokes with nothing between.
    """
    unit, unit_s = next(
        ((name, s) for name, s in _UNITS if report.reading_seconds >= 2 * s), _UNITS[-1]
    )
    marks = accumulate((speed.seconds for speed in report.speeds), initial=0.0)
    rows = [
        {
            TIME: round(at / unit_s, 3),
            SPEED: round(speed.tokens_per_second, 1),
            KIND: OURS,
            TOKENS: f"{speed.position:,}",
            READ_AT: f"{datetime.fromisoformat(speed.read_at):%Y-%m-%d %H:%M} UTC",
        }
        for stretch, speed in zip(pairwise(marks), report.speeds, strict=True)
        for at in stretch
    ]
    data = pd.DataFrame(rows, columns=[TIME, SPEED, KIND, TOKENS, READ_AT])
    limits = (0.0, 1.1 * data[SPEED].max()) if rows else None
    return Plot(TIME, SPEED, f"{unit} of reading", "tokens per second", data, limits)
