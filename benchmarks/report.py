"""The report of an interleaved run: a table with ratios, JSON and figures."""

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


def table(marks: Sequence[Mark], reference: str) -> str:
    """The measurements as a Markdown table.

    Beside each rate of another engine is a ratio: the reference's rate divided by that rate.

    Args:
        marks: the measurements, with those of the reference at every mark.
        reference: name of the engine that the others are compared with.
    """
    ratio_head = f"{reference} / this"
    lines = [
        f"| tokens read | engine | reading, tokens/s | {ratio_head} | answering, tokens/s "
        f"| {ratio_head} | cache | process, peak |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    references = {mark.tokens: mark for mark in marks if mark.name == reference}
    for mark in marks:
        compared = references[mark.tokens]
        ratios = [
            "" if mark.name == reference else f"{reference_rate / rate:.2f} ×"
            for reference_rate, rate in (
                (compared.read_rate, mark.read_rate),
                (compared.answer_rate, mark.answer_rate),
            )
        ]
        lines.append(
            f"| {mark.tokens:,} | {mark.name} | {mark.read_rate:.0f} | {ratios[0]} "
            f"| {mark.answer_rate:.1f} | {ratios[1]} | {mark.cache / 1e6:.0f} MB "
            f"| {mark.peak / 1e9:.2f} GB |"
        )
    return "\n".join(lines) + "\n"


def as_dict(marks: Sequence[Mark], options: dict[str, Any]) -> dict[str, Any]:
    """The measurements for JSON, with the options of the run and a description of the machine."""
    machine = {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
    }
    return {"options": options, "machine": machine, "marks": [mark.as_dict() for mark in marks]}


def write(marks: Sequence[Mark], options: dict[str, Any], reference: str, folder: Path) -> None:
    """Write `speed.json`, `speed.md` and the figures.

    Args:
        marks: the measurements, with those of the reference at every mark.
        options: the options of the run, JSON-ready.
        reference: name of the engine that the others are compared with.
        folder: created if it does not exist.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    data = json.dumps(as_dict(marks, options), indent=1)
    (folder / "speed.json").write_text(data + "\n", encoding="utf-8")
    (folder / "speed.md").write_text(table(marks, reference), encoding="utf-8")
    panels = {
        "reading": ("recent_rate", "tokens/s at that point", 1.0),
        "answering": ("answer_rate", "tokens/s", 1.0),
        "cache": ("cache", "MB", 1e-6),
    }
    for name, (field, unit, scale) in panels.items():
        with plt.rc_context(STYLE):
            figure, axis = plt.subplots(figsize=(6, 3.4))
            for engine in dict.fromkeys(mark.name for mark in marks):
                points = [mark for mark in marks if mark.name == engine]
                values = [scale * getattr(mark, field) for mark in points]
                axis.plot([mark.tokens for mark in points], values, marker=".", label=engine)
            axis.set(xlabel="tokens read", ylabel=unit, title=name)
            axis.set_ylim(bottom=0)
            axis.legend(frameon=False)
            save(figure, folder / f"speed_{name}.svg")


def processor() -> str:
    """Model name of this machine's processor; "unknown" if the system does not report it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"
