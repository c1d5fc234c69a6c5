"""Recall tasks made from a text: a question at the end about a passage far back.

The passage with the answer (the evidence) is after the sinks and before the window of the answer's
first token, so only the memory can contain it. There are three kinds of task: `copy` asks for a
passage that begins with given words; `pairs` inserts names with numbers and asks for the numbers;
`entity` asks for the name that is left out of a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from ahn_runtime.tokenizer import Tokenizer
from training import chat

COPY_TOKENS = (12, 48)
CUE_TOKENS = 6
MAX_PAIRS = 4
PAIR_NAMES = tuple(
    "amber anchor basket beacon candle canyon copper cotton desert dragon ember falcon feather "
    "garden ginger harbor hollow island ivory jasmine ladder lantern marble meadow mirror needle "
    "orchard oyster pepper pillow quarry ribbon saddle silver temple thistle tunnel velvet walnut "
    "willow".split()
)
SENTENCE = re.compile(r"[^.!?\n]+(?:\n[^.!?\n]+)*[.!?]")
NAME = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]{3,}\b")


@dataclass(frozen=True)
class Recall:
    """A text, and a question about a passage of it.

    Args:
        before, evidence, after: token ids of the text, split around the passage with the answer.
        question: the question that follows the text.
        answer: token ids of the correct answer.
    """

    before: list[int]
    evidence: list[int]
    after: list[int]
    question: str
    answer: list[int]


@dataclass(frozen=True)
class RecallTask:
    """A finished recall task.

    Args:
        ids: token ids of prompt and answer.
        answer_start: index in `ids` of the answer's first token.
        evidence: range (first, end) in `ids` of the passage with the answer.
    """

    ids: list[int]
    answer_start: int
    evidence: tuple[int, int]


Maker = Callable[[Random, Tokenizer, list[int], int, int], "Recall | None"]


def make_task(
    kind: str, rng: Random, tokenizer: Tokenizer, text: list[int], window: int, sinks: int
) -> RecallTask | None:
    """Make a recall task of at most len(text) tokens.

    Args:
        kind: a key of `TASKS`.
        text: token ids of a whole training sequence.
        window, sinks: W and S; the evidence is outside both.

    Returns:
        The task, or None if the text has no suitable passage or the room is too small.
    """
    opening = chat.opening(tokenizer)
    # Each attempt shortens the text by as much as question and answer exceeded the sequence.
    room = len(text) - len(opening)
    for _ in range(4):
        earliest = max(0, sinks - len(opening))
        recall = TASKS[kind](rng, tokenizer, text[:room], earliest, max(0, room - window))
        if recall is None:
            return None
        closing = chat.closing(tokenizer, recall.question)
        task = _assemble(recall, opening, closing, chat.end_answer(tokenizer, recall.answer))
        excess = len(task.ids) - len(text)
        if excess <= 0:
            return task if _is_hidden(task, window, sinks) else None
        room -= excess + CUE_TOKENS
    return None


def _assemble(
    recall: Recall, opening: list[int], closing: list[int], answer: list[int]
) -> RecallTask:
    start = len(opening) + len(recall.before)
    end = start + len(recall.evidence)
    asked = [*opening, *recall.before, *recall.evidence, *recall.after, *closing]
    return RecallTask([*asked, *answer], len(asked), (start, end))


def _is_hidden(task: RecallTask, window: int, sinks: int) -> bool:
    """Whether no query that predicts the answer has the evidence in its sinks or window."""
    first, end = task.evidence
    return first >= sinks and end - 1 <= task.answer_start - 1 - window


def _copy(
    rng: Random, tokenizer: Tokenizer, text: list[int], earliest: int, latest: int
) -> Recall | None:
    room = latest - earliest
    if room < COPY_TOKENS[0]:
        return None
    size = rng.randint(COPY_TOKENS[0], min(COPY_TOKENS[1], room))
    start = rng.randint(earliest, latest - size)
    passage = text[start : start + size]
    cue = tokenizer.decode(passage[:CUE_TOKENS]).strip("\ufffd")
    question = f'Repeat the passage that begins "{cue}", word for word.'
    return Recall(text[:start], passage, text[start + size :], question, passage)


def _pairs(
    rng: Random, tokenizer: Tokenizer, text: list[int], earliest: int, latest: int
) -> Recall | None:
    names = rng.sample(PAIR_NAMES, rng.randint(1, MAX_PAIRS))
    numbers = {name: str(rng.randint(1000, 99999)) for name in names}
    planted = tokenizer.encode("".join(f"\nThe number of {n} is {numbers[n]}.\n" for n in names))
    if latest - earliest < len(planted):
        return None
    start = rng.randint(earliest, latest - len(planted))
    asked = rng.sample(names, len(names))
    answer = tokenizer.encode(", ".join(numbers[name] for name in asked))
    question = f"What is the number of {', of '.join(asked)}? Give only the numbers."
    return Recall(text[:start], planted, text[start : len(text) - len(planted)], question, answer)


def _entity(
    rng: Random, tokenizer: Tokenizer, text: list[int], earliest: int, latest: int
) -> Recall | None:
    # Cut at token boundaries: a character split there damages only the sentence it is in.
    early, middle = text[:earliest], tokenizer.decode(text[earliest:latest])
    later = tokenizer.decode(text[latest:])
    sentences = [s for s in SENTENCE.finditer(middle) if _hidden_name(s, middle, later)]
    if not sentences:
        return None
    chosen = rng.choice(sentences)
    name = _hidden_name(chosen, middle, later)
    assert name is not None
    gap = " ".join(chosen.group().replace(name, "____").split())
    return Recall(
        early + tokenizer.encode(middle[: chosen.start()]),
        tokenizer.encode(chosen.group()),
        tokenizer.encode(middle[chosen.end() :]) + text[latest:],
        f'Which name stands in the gap? "{gap}"',
        tokenizer.encode(name),
    )


def _hidden_name(sentence: re.Match[str], text: str, later: str) -> str | None:
    """A name in the sentence that occurs neither later in `text` nor in `later`, or None."""
    rest = text[sentence.end() :] + later
    names = [found.group() for found in NAME.finditer(sentence.group())]
    return next((name for name in names if name not in rest), None)


TASKS: dict[str, Maker] = {"copy": _copy, "pairs": _pairs, "entity": _entity}
