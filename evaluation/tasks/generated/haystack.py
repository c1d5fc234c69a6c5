"""Texts of a given length in tokens, with needles at given depths.

A text is a list of lines whose tokens are counted one by one. The tokenizer splits at line ends,
so the sum is the length of the whole text but for a few tokens.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from random import Random

from evaluation.tasks.options import Encode

NOISE = (
    "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again.\n"
)
"""The noise of "Landmark Attention" (arXiv 2305.16300), InfiniteBench and RULER."""

_NOUNS = (
    *("lamp", "river", "miller", "garden", "letter", "harbour", "window", "orchard", "bridge"),
    *("teacher", "kettle", "market", "sailor", "valley", "clock", "pigeon", "village", "carpenter"),
    *("meadow", "station", "neighbour", "piano", "forest", "baker", "cellar", "ferry", "painter"),
)
_ADJECTIVES = (
    *("old", "quiet", "narrow", "patient", "crooked", "bright", "dusty", "gentle", "distant"),
    *("heavy", "careful", "hollow", "early", "foreign", "humble", "wooden", "restless", "pale"),
)
_VERBS = (
    *("watched", "followed", "repaired", "remembered", "passed", "left", "described", "painted"),
    *("expected", "visited", "forgot", "carried", "mistook", "admired", "crossed", "answered"),
)
_TIMES = (
    *("before dawn", "in the rain", "on market day", "after the harvest", "late in the evening"),
    *("without a word", "for the second time", "at the end of winter", "as usual", "by mistake"),
)


def noise_lines(rng: Random) -> Iterator[str]:
    """The same line of noise, without end."""
    return itertools.repeat(NOISE)


def prose_lines(rng: Random) -> Iterator[str]:
    """Made-up sentences, without end; no number occurs in them."""
    while True:
        sentences = (
            f"The {rng.choice(_ADJECTIVES)} {rng.choice(_NOUNS)} {rng.choice(_VERBS)} the "
            f"{rng.choice(_ADJECTIVES)} {rng.choice(_NOUNS)} {rng.choice(_TIMES)}."
            for _ in range(4)
        )
        yield " ".join(sentences) + "\n"


Lines = Callable[[Random], Iterator[str]]


def take_lines(lines: Iterator[str], tokens: int, encode: Encode) -> list[str]:
    """As many lines as have at most `tokens` tokens."""
    taken: list[str] = []
    cost: dict[str, int] = {}
    while True:
        line = next(lines)
        if line not in cost:
            cost[line] = len(encode(line))
        tokens -= cost[line]
        if tokens < 0:
            return taken
        taken.append(line)


def hide(
    needles: Sequence[tuple[str, float]],
    haystack: Lines,
    tokens: int,
    encode: Encode,
    rng: Random,
) -> str:
    """A text of about `tokens` tokens, with needles between its lines.

    Args:
        needles: (line, depth) pairs; a depth of 0 is the beginning of the text, 1 its end. Those
            of the same depth follow one another in their order.
        haystack: makes the other lines.

    Raises:
        ValueError: the needles alone are longer.
    """
    left = tokens - sum(len(encode(line)) for line, _ in needles)
    if left < 0:
        raise ValueError(
            f"A text of {tokens:,} tokens has no room for {len(needles)} needles; choose a greater "
            "--length."
        )
    lines = take_lines(haystack(rng), left, encode)
    by_depth = sorted(needles, key=lambda needle: needle[1])
    for line, depth in reversed(by_depth):
        lines.insert(round(depth * len(lines)), line)
    return "".join(lines)
