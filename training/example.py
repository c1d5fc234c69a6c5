"""What one sequence of a training is: tokens, a window, and where it is scored."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

ANSWER_SHARE = 0.5
"""Weight of an answer's positions where there is one; the rest of the weight is the text's."""


@dataclass(frozen=True)
class Example:
    """One sequence.

    Args:
        ids: token ids, L of them.
        window, sinks: W and S.
        positions: ascending; the student's distribution at each is compared with the teacher's.
        weights: of the positions; they sum to 1.
        kind: "text", "question", or the name of a made task.
        answer_start: index in `ids` of the answer's first token; L where there is no answer.
        evidence: where the answer was read, as (first, end), for made tasks.
    """

    ids: list[int]
    window: int
    sinks: int
    positions: list[int]
    weights: list[float]
    kind: str
    answer_start: int
    evidence: tuple[int, int] | None = None


def score(
    rng: Random, length: int, first: int, answer_start: int, wanted: int
) -> tuple[list[int], list[float]]:
    """Choose scored positions and their weights.

    Args:
        length: L; the last position predicts nothing that is known and is left out.
        first: W + S.
        answer_start: index of the answer's first token, or L; position t predicts token t + 1.
        wanted: positions at most; 0 for all.
    """
    answer = list(range(max(first, answer_start - 1), length - 1))
    text = list(range(first, min(answer_start, length) - 1))
    wanted = wanted or length
    answer = sorted(rng.sample(answer, min(wanted, len(answer))))
    text = sorted(rng.sample(text, min(wanted - len(answer), len(text))))
    share = ANSWER_SHARE if answer and text else 1.0
    of_text = [(1 - share if answer else 1.0) / len(text)] * len(text) if text else []
    of_answer = [share / len(answer)] * len(answer) if answer else []
    return text + answer, of_text + of_answer
