"""Question files: JSONL, each line an object with "text" or "context", "question" and "answer".

If several answers are correct, "answer" is a list of them, best first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.object_lines import BadLine, read_objects
from training.errors import TrainingError


@dataclass(frozen=True)
class Question:
    """A question about a text.

    Args:
        context: the text.
        question: the question, as it is asked.
        answers: the correct answers, best first; at least one.
    """

    context: str
    question: str
    answers: tuple[str, ...]

    @property
    def answer(self) -> str:
        """The best of the correct answers."""
        return self.answers[0]


def read_questions(path: Path) -> list[Question]:
    """Read a question file; empty lines are ignored.

    Raises:
        OSError: the file cannot be opened.
        TrainingError: the file is not UTF-8, or a line is malformed; the message names the line.
    """
    return list(_read(path))


def _read(path: Path) -> Iterator[Question]:
    try:
        for number, fields in read_objects(path):
            yield _question(fields, f"{path}, line {number}")
    except BadLine as error:
        raise TrainingError(f"{error}: each line is to be a JSON object, in UTF-8.") from error


def _question(fields: dict[str, Any], where: str) -> Question:
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
