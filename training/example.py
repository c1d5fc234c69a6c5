"""One training sequence: its tokens, its window and its scored positions."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

ANSWER_SHARE = 0.5
"""Total weight of the answer's positions in a sequence with an answer; the rest is the text's."""


@dataclass(frozen=True)
class Example:
    """One training sequence.

    Args:
        ids: token ids, L of them.
        window, sinks, retain: W, S and R.
        positions: ascending positions at which the student's distribution is compared with the
            teacher's.
        weights: one for each position; they sum to 1.
        kind: "text", "question", or the kind of a recall task.
        answer_start: index in `ids` of the answer's first token; L if there is no answer.
        evidence: for recall tasks, the range (first, end) in `ids` that holds the answer.
    """

    ids: list[int]
    window: int
    sinks: int
    retain: int
    positions: list[int]
    weights: list[float]
    kind: str
    answer_start: int
    evidence: tuple[int, int] | None = None


def score(
    rng: Random, length: int, first: int, answer_start: int, wanted: int
) -> tuple[list[int], list[float]]:
    """Choose the scored positions of a sequence and their weights; the answer's come first.

    Args:
        length: L; the last position is never scored, because its next token is unknown.
        first: W + S + R, the first position that can be scored.
        answer_start: index of the answer's first token, or L; position t predicts token t + 1.
        wanted: maximum number of positions; 0 for all.

    Returns:
        Ascending positions, and their weights, which sum to 1.
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
