"""What each step was like, one JSON object a line."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from training.atomic import write_atomically


@dataclass(frozen=True)
class StepMetrics:
    """One step; with a batch, means over its sequences, and the first one's window and kind.

    Args:
        step: from 1.
        loss: KL(teacher || student) in nats per scored position.
        student_loss, teacher_loss: cross-entropy of the text, in nats.
        learning_rate: of this step.
        gradient_norm: before clipping.
        window, sinks, kind: of the first sequence.
        positions: scored, in all sequences.
        seconds: the step took.
    """

    step: int
    loss: float
    student_loss: float
    teacher_loss: float
    learning_rate: float
    gradient_norm: float
    window: int
    sinks: int
    kind: str
    positions: int
    seconds: float


class MetricsFile:
    """A JSONL file of `StepMetrics`, cut back to the step from which a training goes on."""

    def __init__(self, path: Path, steps_done: int) -> None:
        self.path = path
        self.rows = [row for row in read_metrics(path) if row.step <= steps_done]
        text = "".join(map(_line, self.rows))
        write_atomically(path, text.encode())

    def add(self, row: StepMetrics) -> None:
        """Append a step."""
        self.rows.append(row)
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(_line(row))


def read_metrics(path: Path) -> list[StepMetrics]:
    """The steps of a file up to the first line that was not written to its end."""
    rows: list[StepMetrics] = []
    if not path.is_file():
        return rows
    names = {field.name for field in fields(StepMetrics)}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            raw = json.loads(line)
        except ValueError:
            break
        if not isinstance(raw, dict) or set(raw) != names:
            break
        rows.append(StepMetrics(**raw))
    return rows


def _line(row: StepMetrics) -> str:
    return json.dumps(asdict(row)) + "\n"
