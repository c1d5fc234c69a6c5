"""The loss over the steps as an SVG, written by hand: no library is worth one curve."""

from __future__ import annotations

from collections.abc import Sequence

WIDTH, HEIGHT = 720, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 32, 40
GRID_LINES = 4


def loss_svg(losses: Sequence[float], steps: Sequence[int], title: str) -> str:
    """An SVG document: each step's loss in grey, its running mean over a tenth of them in blue.

    Args:
        losses: 0 or more each.
        steps: of the losses, ascending.
    """
    highest = max(losses, default=0.0) or 1.0
    last = max(steps, default=1)

    def place(step: float, loss: float) -> str:
        x = LEFT + (WIDTH - LEFT - RIGHT) * step / last
        y = HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * loss / highest
        return f"{x:.1f},{y:.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="20" font-size="14">{_escaped(title)}</text>',
    ]
    for line in range(GRID_LINES + 1):
        value = highest * line / GRID_LINES
        x, y = place(0, value).split(",")
        parts.append(f'<path d="M{x},{y}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y}" text-anchor="end">{value:.3g}</text>')
    parts.append(
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 14}" text-anchor="end">step {last:,}</text>'
    )
    for values, colour, width in ((losses, "#bbb", 1), (running_mean(losses), "#1f6feb", 2)):
        points = " ".join(map(place, steps, values))
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}"/>'
        )
    return "\n".join((*parts, "</svg>", ""))


def running_mean(values: Sequence[float]) -> list[float]:
    """Mean of each value and those before it, over a tenth of them all (at least 1)."""
    size = max(1, len(values) // 10)
    means = []
    for end in range(1, len(values) + 1):
        part = values[max(0, end - size) : end]
        means.append(sum(part) / len(part))
    return means


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
