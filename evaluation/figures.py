"""How figures look and are kept: one style, as SVG, the same on every machine and every time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

matplotlib.use("svg")  # no display, and the same on every machine

STYLE: Any = {
    "font.size": 10,
    "axes.grid": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.alpha": 0.3,
}


def save(figure: Figure, path: Path) -> None:
    """Write a figure and forget it; the same figure gives the same file."""
    with plt.rc_context({"svg.hashsalt": "ammon"}):  # asked for while it is written, not before
        figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)
