"""A race as a table with ratios, as JSON and as figures."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

from benchmarks.interleaved import Mark
from evaluation.figures import STYLE, save


def table(marks: Sequence[Mark], ours: str) -> str:
    """Markdown; each rate with how many times it is that of `ours`, or the other way round."""
    lines = [
        "| tokens read | read with | reading, tokens/s | ours is | answering, tokens/s | ours is "
        "| cache | process, peak |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    own = {mark.tokens: mark for mark in marks if mark.name == ours}
    for mark in marks:
        best = own[mark.tokens]
        ratios = [
            "" if mark.name == ours else f"{mine / theirs:.2f} ×"
            for mine, theirs in (
                (best.read_rate, mark.read_rate),
                (best.answer_rate, mark.answer_rate),
            )
        ]
        lines.append(
            f"| {mark.tokens:,} | {mark.name} | {mark.read_rate:.0f} | {ratios[0]} "
            f"| {mark.answer_rate:.1f} | {ratios[1]} | {mark.cache / 1e6:.0f} MB "
            f"| {mark.peak / 1e9:.2f} GB |"
        )
    return "\n".join(lines) + "\n"


def as_dict(marks: Sequence[Mark], options: dict[str, Any]) -> dict[str, Any]:
    """For JSON, with the machine it ran on."""
    machine = {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
    }
    return {"options": options, "machine": machine, "marks": [mark.as_dict() for mark in marks]}


def write(marks: Sequence[Mark], options: dict[str, Any], ours: str, folder: Path) -> None:
    """`speed.json`, `speed.md` and the figures."""
    folder.mkdir(parents=True, exist_ok=True)
    data = json.dumps(as_dict(marks, options), indent=1)
    (folder / "speed.json").write_text(data + "\n", encoding="utf-8")
    (folder / "speed.md").write_text(table(marks, ours), encoding="utf-8")
    panels = {
        "reading": ("recent_rate", "tokens/s at that point", 1.0),
        "answering": ("answer_rate", "tokens/s", 1.0),
        "cache": ("cache", "MB", 1e-6),
    }
    for name, (field, unit, scale) in panels.items():
        with plt.rc_context(STYLE):
            figure, axis = plt.subplots(figsize=(6, 3.4))
            for who in dict.fromkeys(mark.name for mark in marks):
                points = [mark for mark in marks if mark.name == who]
                values = [scale * getattr(mark, field) for mark in points]
                axis.plot([mark.tokens for mark in points], values, marker=".", label=who)
            axis.set(xlabel="tokens read", ylabel=unit, title=name)
            axis.set_ylim(bottom=0)
            axis.legend(frameon=False)
            save(figure, folder / f"speed_{name}.svg")


def processor() -> str:
    """Model name of this machine's processor, "unknown" where the system does not tell."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"
