"""The scores of LongBench's tasks that are not plain word overlap.

Source: arXiv 2308.14508, table 1, and the rules of its repository (THUDM/LongBench).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher

from evaluation.metrics.rouge import rouge_l_of_distinct_words
from evaluation.metrics.words import Cut, jieba_cut

NUMBER = re.compile(r"\d+")
NOT_CODE = ("`", "#", "//")


def of_first_line(
    metric: Callable[[str, Sequence[str]], float],
) -> Callable[[str, Sequence[str]], float]:
    """A metric that looks at an answer's first line only: for tasks with examples in the prompt,
    after which a model goes on with more examples."""

    def score(answer: str, references: Sequence[str]) -> float:
        return metric(first_line(answer), references)

    return score


def first_line(answer: str) -> str:
    """The first line that is not empty."""
    return answer.lstrip("\n").split("\n")[0]


def rouge_l_chinese(answer: str, references: Sequence[str], cut: Cut = jieba_cut) -> float:
    """ROUGE-L of distinct Chinese words.

    Raises:
        ValueError: jieba is not installed.
    """
    spaced = [" ".join(cut(text)) for text in (answer, *references)]
    return rouge_l_of_distinct_words(spaced[0], spaced[1:])


def classification(answer: str, references: Sequence[str]) -> float:
    """1 over the number of classes that the answer names, if the right one is among them.

    Args:
        references: the right class, then all classes.
    """
    right, *classes = references
    named = _without_parts([name for name in classes if name in answer], right)
    return 1 / len(named) if right in named else 0.0


def _without_parts(named: list[str], right: str) -> list[str]:
    """Leave out classes whose name is a part of the right one's, as "Number" of "Other Number".

    LongBench removes them from the list that it walks through, so that the class after a removed
    one is kept untested. Published figures contain this, so it is done here too.
    """
    kept, is_after_removed = [], False
    for name in named:
        is_removed = not is_after_removed and name in right and name != right
        if not is_removed:
            kept.append(name)
        is_after_removed = is_removed
    return kept


def count(answer: str, references: Sequence[str]) -> float:
    """The share of the answer's numbers that are the reference; 0 without numbers."""
    return _share_of_numbers(answer, references[0])


def retrieval(answer: str, references: Sequence[str]) -> float:
    """The share of the answer's numbers that are the paragraph's, for "Paragraph 7" or "段落7".

    Raises:
        ValueError: the reference has no number.
    """
    number = NUMBER.search(references[0])
    if number is None:
        raise ValueError(f"The reference {references[0]!r} names no paragraph by its number.")
    return _share_of_numbers(answer, number.group())


def _share_of_numbers(answer: str, right: str) -> float:
    found = NUMBER.findall(answer)
    return found.count(right) / len(found) if found else 0.0


def code_similarity(answer: str, references: Sequence[str]) -> float:
    """Likeness of the first line of code with the closest reference, in steps of 1 %.

    It is difflib's ratio, twice the matching characters by all characters, as the package
    fuzzywuzzy computes it without its optional extension. Comments and code fences are passed over.
    """
    lines = answer.lstrip("\n").split("\n")
    code = next((line for line in lines if not any(sign in line for sign in NOT_CODE)), "")
    return max(_ratio(code, right) for right in references)


def _ratio(given: str, right: str) -> float:
    return round(100 * SequenceMatcher(None, given, right).ratio()) / 100
