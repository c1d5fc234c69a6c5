"""The savings plots as one PNG picture, drawn without matplotlib's global state (pyplot)."""

from __future__ import annotations

import io
import textwrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from app.service import Report
from app.web.savings.plots import COLORS, KIND, PAPER, TOKENS, Plot, plots

DPI = 150
PANEL_INCHES, HEIGHT_INCHES, HEAD_INCHES = 4.6, 4.6, 0.75
LINE_INCHES = 0.3
NAME_CHARACTERS = 36  # per line and panel
FONT = "DejaVu Sans"  # comes with matplotlib
INK, QUIET, GRID = "#0f172a", "#475569", "#e2e8f0"


def as_png(report: Report, session: str, convention: str) -> bytes:
    """The plots that have data, in a row below the session's name, as the bytes of a PNG file."""
    shown = [plot for plot in plots(report, convention) if len(plot.data)]
    name = textwrap.wrap(_drawable(session), NAME_CHARACTERS * len(shown))
    head = HEAD_INCHES + LINE_INCHES * (len(name) - 1)
    height = HEIGHT_INCHES + head - HEAD_INCHES
    figure = Figure(figsize=(PANEL_INCHES * len(shown), height), dpi=DPI, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    for axes, plot in zip(figure.subplots(1, len(shown)), shown, strict=True):
        _draw(axes, plot)
    _entitle(figure, "\n".join(name), _facts(report, convention), height)
    figure.tight_layout(rect=(0, 0, 1, 1 - head / height), w_pad=2.5)
    file = io.BytesIO()
    canvas.print_png(file)
    return file.getvalue()


def _draw(axes: Axes, plot: Plot) -> None:
    for kind, line in plot.data.groupby(KIND, sort=False):
        axes.plot(line[plot.x], line[plot.y], color=COLORS[kind], linewidth=2, label=kind)
    axes.set_title(plot.title, loc="left", fontsize=11, color=INK, fontfamily=FONT)
    axes.set_xlabel(plot.x_title, color=QUIET, fontfamily=FONT)
    axes.set_ylabel(plot.y_title, color=QUIET, fontfamily=FONT)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    for axis, intervals in ((axes.xaxis, 4), (axes.yaxis, 5)):
        axis.set_major_locator(MaxNLocator(intervals, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(StrMethodFormatter("{x:,.10g}"))
    if plot.x == TOKENS:
        axes.legend(loc="upper left", frameon=False, labelcolor=INK)
    axes.grid(color=GRID)
    axes.set_axisbelow(True)
    axes.tick_params(colors=QUIET, length=0)
    axes.spines[:].set_visible(False)


def _entitle(figure: Figure, name: str, facts: str, height: float) -> None:
    """Write the session's name and the facts; dollar signs in a name do not start a formula."""
    left, top = 0.15 / figure.get_figwidth(), 1 - 0.15 / height
    style: dict[str, Any] = {"ha": "left", "fontfamily": FONT, "parse_math": False}
    figure.text(left, top, name, va="top", fontsize=15, fontweight="bold", color=INK, **style)
    below = top - (0.35 + LINE_INCHES * name.count("\n")) / height
    figure.text(left, below, facts, va="top", fontsize=10, color=QUIET, **style)


def _facts(report: Report, convention: str) -> str:
    if convention == PAPER:
        cache, flops = report.paper_cache_saved, report.paper_flops_saved
    else:
        cache, flops = report.run_cache_saved, report.run_flops_saved
    window = "none" if report.window is None else f"{report.window:,}"
    chosen = f", R = {report.retain:,}" if report.retain else ""
    return (
        f"{report.tokens:,} tokens read; W = {window}, S = {report.sinks:,}{chosen}; "
        f"saved {convention.lower()}: {cache:.1%} of the cache, {flops:.1%} of the FLOPs"
    )


def _drawable(text: str) -> str:
    """The text with a replacement character for each one that the font lacks."""
    known = get_font(findfont(FONT)).get_charmap()
    return "".join(c if ord(c) in known else "\N{REPLACEMENT CHARACTER}" for c in text)
