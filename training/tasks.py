"""Recall tasks made from a text: something far back, asked for at the end.

What is asked for lies between the sinks and the window of the answer's first token, so that only
the memory can have it. Three kinds: `copy` repeats a passage from its first words; `pairs` plants
names with numbers and asks for the numbers; `entity` asks for the name left out of a sentence.
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
    """A text with something to recall.

    Args:
        before, evidence, after: the text, cut around what the answer needs.
        question: what is asked after it.
        answer: the right answer's tokens.
    """

    before: list[int]
    evidence: list[int]
    after: list[int]
    question: str
    answer: list[int]


@dataclass(frozen=True)
class Made:
    """A finished task: tokens, where the answer starts, and where its evidence stands."""

    ids: list[int]
    answer_start: int
    evidence: tuple[int, int]


Maker = Callable[[Random, Tokenizer, list[int], int, int], "Recall | None"]


def make_task(
    kind: str, rng: Random, tokenizer: Tokenizer, text: list[int], window: int, sinks: int
) -> Made | None:
    """Make a task of len(text) tokens, or None where the text or the room does not allow it.

    Args:
        kind: a key of `TASKS`.
        text: as many tokens as the sequence has.
        window, sinks: what the task is made for; the evidence lies in neither.
    """
    opening = chat.opening(tokenizer)
    # The text is cut to what question and answer leave; a first try tells how much that is.
    room = len(text) - len(opening)
    for _ in range(4):
        earliest = max(0, sinks - len(opening))
        recall = TASKS[kind](rng, tokenizer, text[:room], earliest, max(0, room - window))
        if recall is None:
            return None
        closing = chat.closing(tokenizer, recall.question)
        made = _assemble(recall, opening, closing, chat.answered(tokenizer, recall.answer))
        excess = len(made.ids) - len(text)
        if excess <= 0:
            return made if _is_hidden(made, window, sinks) else None
        room -= excess + CUE_TOKENS
    return None


def _assemble(recall: Recall, opening: list[int], closing: list[int], answer: list[int]) -> Made:
    start = len(opening) + len(recall.before)
    end = start + len(recall.evidence)
    asked = [*opening, *recall.before, *recall.evidence, *recall.after, *closing]
    return Made([*asked, *answer], len(asked), (start, end))


def _is_hidden(made: Made, window: int, sinks: int) -> bool:
    """Whether no query that predicts the answer sees the evidence."""
    first, end = made.evidence
    return first >= sinks and end - 1 <= made.answer_start - 1 - window


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
    # Cut at tokens, then decoded: a character split at the edge only spoils its own sentence.
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
    """A name of the sentence that the text after it does not hold."""
    rest = text[sentence.end() :] + later
    names = [found.group() for found in NAME.finditer(sentence.group())]
    return next((name for name in names if name not in rest), None)


TASKS: dict[str, Maker] = {"copy": _copy, "pairs": _pairs, "entity": _entity}
