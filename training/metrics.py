"""The figures of each training step, in a JSONL file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from training.atomic import write_atomically


@dataclass(frozen=True)
class StepMetrics:
    """The figures of one step; losses are means over the sequences of the batch.

    Args:
        step: number of the step, from 1.
        loss: KL(teacher || student) in nats per scored position.
        student_loss, teacher_loss: cross-entropy of the true next token, in nats.
        learning_rate: the learning rate of this step.
        gradient_norm: norm of the gradient before clipping.
        window, sinks, kind, retain: W, S, kind and R of the first sequence.
        positions: number of scored positions in all sequences.
        seconds: duration of the step.
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
    retain: int = 0


class MetricsFile:
    """A JSONL file of `StepMetrics`.

    Attributes:
        rows: the steps in the file.

    Args:
        steps_done: steps completed in the saved state; later steps are removed from the file.
    """

    def __init__(self, path: Path, steps_done: int) -> None:
        self.path = path
        self.rows = [row for row in read_metrics(path) if row.step <= steps_done]
        text = "".join(map(_line, self.rows))
        write_atomically(path, text.encode())

    def add(self, row: StepMetrics) -> None:
        """Append one step to the file and to `rows`."""
        self.rows.append(row)
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(_line(row))


def read_metrics(path: Path) -> list[StepMetrics]:
    """Read the steps of a metrics file.

    Reading stops at the first malformed line: a crash can leave the last line incomplete.

    Returns:
        The steps in order; an empty list if there is no file.
    """
    rows: list[StepMetrics] = []
    if not path.is_file():
        return rows
    names = {field.name for field in fields(StepMetrics)}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            raw = json.loads(line)
        except ValueError:
            break
        # Rows of older versions have no retain.
        if not isinstance(raw, dict) or {"retain", *raw} != names:
            break
        rows.append(StepMetrics(**raw))
    return rows


def _line(row: StepMetrics) -> str:
    return json.dumps(asdict(row)) + "\n"
