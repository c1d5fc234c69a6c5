"""Question files: JSONL, one object a line with "text" or "context", "question" and "answer".

Where several answers are right, "answer" is a list of them, the best first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.errors import TrainingError


@dataclass(frozen=True)
class Question:
    """A text, something asked about it, and the answers that are right, the best first."""

    context: str
    question: str
    answers: tuple[str, ...]

    @property
    def answer(self) -> str:
        """The best one."""
        return self.answers[0]


def read_questions(path: Path) -> list[Question]:
    """Read a question file.

    Raises:
        TrainingError: naming the line that is not as expected.
    """
    return list(_read(path))


def _read(path: Path) -> Iterator[Question]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise TrainingError(f"{path} is not UTF-8 text: save it as UTF-8.") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            raw = json.loads(line)
        except ValueError as error:
            raise TrainingError(f"{path}, line {number} is not JSON ({error}).") from error
        yield _question(raw, f"{path}, line {number}")


def _question(raw: Any, where: str) -> Question:
    fields = raw if isinstance(raw, dict) else {}
    context = fields.get("context", fields.get("text"))
    answers = fields.get("answer")
    answers = answers if isinstance(answers, list) and answers else [answers]
    found = (context, fields.get("question"), *answers)
    if not all(isinstance(field, str) and field.strip() for field in found):
        raise TrainingError(
            f'{where} needs "text" or "context", "question" and "answer", each a text that is '
            "not empty."
        )
    return Question(str(context), str(fields["question"]), tuple(map(str, answers)))
