"""The figure of a training's loss."""

from __future__ import annotations

import io
from collections.abc import Sequence

import matplotlib

matplotlib.use("svg")  # no display, and the same on every machine

import matplotlib.pyplot as plt  # noqa: E402


def loss_svg(losses: Sequence[float], steps: Sequence[int], title: str) -> str:
    """Draw the loss over the steps: each step in grey, the running mean in blue.

    Args:
        losses: one loss a step, each 0 or more.
        steps: the ascending step numbers of the losses.

    Returns:
        An SVG document; equal arguments give equal text.
    """
    with plt.rc_context({"svg.hashsalt": "ammon", "axes.grid": True, "grid.alpha": 0.3}):
        figure, axis = plt.subplots(figsize=(7.2, 3.6))
        axis.plot(steps, losses, color="0.75", linewidth=1)
        axis.plot(steps, running_mean(losses), color="#1f6feb", linewidth=2)
        axis.set(title=title, xlabel="step", ylim=(0, None))
        file = io.StringIO()
        figure.savefig(file, bbox_inches="tight", metadata={"Date": None})
        plt.close(figure)
    return file.getvalue()


def running_mean(values: Sequence[float]) -> list[float]:
    """The running mean of the values, over the last tenth of their number (at least one value)."""
    size = max(1, len(values) // 10)
    means = []
    for end in range(1, len(values) + 1):
        part = values[max(0, end - size) : end]
        means.append(sum(part) / len(part))
    return means
