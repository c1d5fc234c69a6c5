"""The style and the file format of figures: SVG, identical on every machine and in every run."""

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
    """Write a figure as SVG and close it; equal figures give equal files.

    Raises:
        OSError: the file cannot be written.
    """
    with plt.rc_context({"svg.hashsalt": "ammon"}):  # read while the figure is written
        figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)
