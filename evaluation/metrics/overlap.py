"""How many words or characters an answer shares with a reference; exact and contained answers.

Source: SQuAD (arXiv 1606.05250) for the F1 score and the exact match.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from evaluation.metrics.words import (
    Cut,
    chinese_words,
    jieba_cut,
    normalised,
    normalised_chinese,
    words,
)


def f1(given: Sequence[str], right: Sequence[str]) -> float:
    """The harmonic mean of precision and recall of an answer's tokens, 0 to 1.

    Two empty sequences agree: 1, as in SQuAD 2.0.
    """
    if not given or not right:
        return float(not given and not right)
    shared = sum((Counter(given) & Counter(right)).values())
    return 2 * shared / (len(given) + len(right))


def token_f1(answer: str, references: Sequence[str]) -> float:
    """F1 of the words against the closest reference."""
    given = words(answer)
    return max(f1(given, words(right)) for right in references)


def character_f1(answer: str, references: Sequence[str]) -> float:
    """F1 of the characters against the closest reference, for Chinese."""
    given = normalised_chinese(answer)
    return max(f1(given, normalised_chinese(right)) for right in references)


def word_f1_chinese(answer: str, references: Sequence[str], cut: Cut = jieba_cut) -> float:
    """F1 of Chinese words against the closest reference.

    Raises:
        ValueError: jieba is not installed.
    """
    given = chinese_words(answer, cut)
    return max(f1(given, chinese_words(right, cut)) for right in references)


def exact_match(answer: str, references: Sequence[str]) -> float:
    """1 if the answer is a reference, but for case, punctuation and articles."""
    return float(normalised(answer) in map(normalised, references))


def substring_match(answer: str, references: Sequence[str]) -> float:
    """1 if the words of a reference occur in the answer, in order and side by side."""
    given = f" {normalised(answer)} "
    return float(any(f" {normalised(right)} " in given for right in references))
