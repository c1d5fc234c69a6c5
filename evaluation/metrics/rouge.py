"""ROUGE-L: the longest common subsequence of the words of a summary and of a reference.

`rouge_l` and `rouge_lsum` are those of the package rouge-score without stemming: words are runs of
a-z and 0-9, and sentences are lines. `rouge_l_of_distinct_words` is that of the package rouge,
which LongBench and LV-Eval use: sentences end at full stops, words at spaces, and every word counts
once.

Source: Lin, "ROUGE: A Package for Automatic Evaluation of Summaries" (2004), sections 3.1 and 3.2.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

NO_WORD = re.compile(r"[^a-z0-9]+")


def rouge_l(answer: str, references: Sequence[str]) -> float:
    """F-measure of the longest common subsequence with the closest reference, 0 to 1."""
    given = _plain_words(answer)
    return max(_rouge_l(given, _plain_words(right)) for right in references)


def rouge_lsum(answer: str, references: Sequence[str]) -> float:
    """The same at summary level: line by line of the reference, against all lines of the answer."""
    given = _plain_lines(answer)
    return max(_rouge_lsum(given, _plain_lines(right)) for right in references)


def rouge_l_of_distinct_words(answer: str, references: Sequence[str]) -> float:
    """At summary level with sentences that end at full stops; against the closest reference."""
    given = _sentences(answer)
    return max(_rouge_distinct(given, _sentences(right)) for right in references)


def common_subsequence(first: Sequence[str], second: Sequence[str]) -> list[int]:
    """Positions in `first` of a longest common subsequence, ascending.

    Where several are longest, rouge-score's choice: from the end, a word of `first` is given up
    before one of `second`.
    """
    width = len(second) + 1
    lengths = [[0] * width]  # lengths[i][j]: of the subsequence of first[:i] and second[:j]
    for word in first:
        above, row = lengths[-1], [0] * width
        for j, other in enumerate(second, start=1):
            row[j] = above[j - 1] + 1 if word == other else max(above[j], row[j - 1])
        lengths.append(row)
    found, i, j = [], len(first), len(second)
    while i and j:
        if first[i - 1] == second[j - 1]:
            i, j = i - 1, j - 1
            found.append(i)
        elif lengths[i][j - 1] > lengths[i - 1][j]:
            j -= 1
        else:
            i -= 1
    return found[::-1]


def _f_measure(hits: int, given: int, right: int) -> float:
    return 2 * hits / (given + right) if hits else 0.0


def _plain_words(text: str) -> list[str]:
    return NO_WORD.sub(" ", text.lower()).split()


def _plain_lines(text: str) -> list[list[str]]:
    return [_plain_words(line) for line in text.split("\n") if line]


def _rouge_l(given: list[str], right: list[str]) -> float:
    return _f_measure(len(common_subsequence(right, given)), len(given), len(right))


def _rouge_lsum(given: list[list[str]], right: list[list[str]]) -> float:
    """Each word of the reference counts as often as the answer has it, at most."""
    left = Counter(word for line in given for word in line)
    hits = 0
    for line in right:
        for at in sorted({i for other in given for i in common_subsequence(line, other)}):
            if left[line[at]] > 0:
                left[line[at]] -= 1
                hits += 1
    return _f_measure(hits, sum(map(len, given)), sum(map(len, right)))


def _sentences(text: str) -> list[list[str]]:
    """White space between two full stops is a sentence of one empty word, as in the package."""
    return [" ".join(part.split()).split(" ") for part in text.split(".") if part]


def _rouge_distinct(given: list[list[str]], right: list[list[str]]) -> float:
    """Of several longest subsequences the package takes the other one: hence the order here."""
    hits = {
        other[i]
        for sentence in right
        for other in given
        for i in common_subsequence(other, sentence)
    }
    given_words = {word for sentence in given for word in sentence}
    return _f_measure(len(hits), len(given_words), len(set().union(*right)))
