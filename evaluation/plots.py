"""The figures of a memory report; one function for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from evaluation.divergence import BUCKET_TOKENS, Row
from evaluation.drift import ReadingStats
from evaluation.figures import STYLE, save
from evaluation.probe import Influence
from evaluation.retained import KINDS, Kept
from evaluation.variants import FULL

LINE_CHARACTERS = 92
SHOWN_TOKENS = 700
STRONGEST_SHARE = 0.95


def distance_figure(rows: Sequence[Row]) -> Figure:
    """KL(full || ·) in nats against the distance past the window, one panel per window."""
    windows = sorted({row.window for row in rows})
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(
            1, len(windows), figsize=(3.6 * len(windows), 3.2), squeeze=False
        )
        for axis, window in zip(axes[0], windows, strict=True):
            for row in rows:
                if row.window == window and row.variant != FULL:
                    distances = [BUCKET_TOKENS * (i + 0.5) for i in range(len(row.by_distance))]
                    axis.plot(distances, row.by_distance, marker=".", label=row.variant)
            axis.set(title=f"W = {window:,}", xlabel="tokens past the window")
            axis.set_ylim(bottom=0)
        axes[0][0].set_ylabel("KL(full || ·), nats")
        axes[0][0].legend(frameon=False)
    return figure


def drift_figure(history: Sequence[ReadingStats], title: str) -> Figure:
    """Loss, memory and retained set against tokens read: the median, and 5 % to 95 %.

    Args:
        history: in the order of reading.
    """
    fields = {
        "norm": "norm of a head's memory",
        "half_life": "half-life of a write, tokens",
        "write": "strength of a write",
        "age": "age of what is retained, tokens",
    }
    panels: dict[str, list[tuple[int, tuple[float, ...]]]] = {}
    for field, name in fields.items():
        points = [(s.tokens, v) for s in history if (v := getattr(s, field)) is not None]
        if points:
            panels[name] = points
    with plt.rc_context(STYLE):
        width = 4.2 * (1 + len(panels))
        figure, axes = plt.subplots(1, 1 + len(panels), figsize=(width, 3.2), squeeze=False)
        first, *others = axes[0]
        first.plot([stats.tokens for stats in history], [stats.loss for stats in history])
        first.set(xlabel="tokens read", ylabel="loss of the last tokens, nats")
        for axis, (name, points) in zip(others, panels.items(), strict=True):
            tokens = [at for at, _ in points]
            low, middle, high = zip(*(values for _, values in points), strict=True)
            axis.fill_between(tokens, low, high, alpha=0.2)
            axis.plot(tokens, middle)
            axis.set(xlabel="tokens read", ylabel=name, yscale="log")
        figure.suptitle(title)
        figure.tight_layout()
    return figure


def probe_figure(probe: Influence) -> Figure:
    """The passage as text; the darker a token's shade, the larger its influence."""
    ceiling = sorted(probe.influence)[int(STRONGEST_SHARE * (len(probe.influence) - 1))] or 1.0
    lines: list[list[tuple[str, float]]] = [[]]
    for token, influence in list(zip(probe.tokens, probe.influence, strict=True))[-SHOWN_TOKENS:]:
        text = token.replace("\n", " ")
        if sum(len(t) for t, _ in lines[-1]) + len(text) > LINE_CHARACTERS:
            lines.append([])
        lines[-1].append((text, min(1.0, influence / ceiling)))
    height = 0.22 * len(lines)
    figure = plt.figure(figsize=(9.2, height))
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set(xlim=(0, LINE_CHARACTERS), ylim=(len(lines), 0))
    axis.axis("off")
    shades = matplotlib.colormaps["Oranges"]
    for row, line in enumerate(lines):
        column = 0
        for text, strength in line:
            width = len(text)
            shade = shades(0.85 * strength)
            axis.add_patch(Rectangle((column, row), width, 1, color=shade, lw=0))
            at = (column, row + 0.7)
            axis.text(*at, text.replace("$", r"\$"), family="monospace", fontsize=9)
            column += width
    return figure


def retained_figure(kept: Kept) -> Figure:
    """Kinds of tokens in the text and among the retained ones, and for how long those stay."""
    with plt.rc_context(STYLE):
        figure, (bars, curve) = plt.subplots(1, 2, figsize=(9.2, 3.2))
        rows = range(len(KINDS))
        for shift, label, shares in (
            (-0.2, "left the window", kept.of_text),
            (0.2, "retained", kept.of_retained),
        ):
            at = [row + shift for row in rows]
            bars.barh(at, [100 * shares[kind] for kind in KINDS], height=0.38, label=label)
        bars.set(yticks=list(rows), yticklabels=KINDS, xlabel="per cent of the tokens")
        bars.invert_yaxis()
        bars.legend(frameon=False)
        low, middle, high = zip(*kept.stays.values(), strict=True)
        curve.fill_between(list(kept.stays), low, high, alpha=0.2)
        curve.plot(list(kept.stays), middle, marker=".")
        curve.set(xscale="log", xlabel="tokens later", ylabel="share still retained", ylim=(0, 1))
        curve.set_xticks(list(kept.stays), [f"{tokens:,}" for tokens in kept.stays])
        curve.minorticks_off()
        figure.suptitle(f"W = {kept.window:,}, R = {kept.retain:,}, {kept.tokens:,} tokens")
        figure.tight_layout()
    return figure


def write_all(figures: Mapping[str, Figure], folder: Path) -> None:
    """Write each figure to `{name}.svg` in an existing folder, and close it."""
    for name, figure in figures.items():
        save(figure, folder / f"{name}.svg")
