"""LV-Eval's scores: an answer without the keywords of the right one counts nothing.

An F1 score also rewards words such as "the" or "is". So first the recall of the answer's keywords
is taken, without words that say little; only if it reaches a threshold is the F1 score computed.

Source: arXiv 2402.05136, section 3.4; word lists and thresholds from infinigence/LVEval.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from evaluation.metrics.overlap import f1
from evaluation.metrics.rouge import rouge_l_of_distinct_words
from evaluation.metrics.words import Cut, chinese_words, jieba_cut, normalised_chinese, words

MIN_RECALL, MIN_RECALL_CHINESE = 0.2, 0.4

STOP_WORDS = frozenset(
    "and to of in her was with for it from is that his he by she they or at because be on are "
    "their what as had were about being this who but have has when which does".split()
)
CHINESE_STOP_WORDS = frozenset(
    "的 和 是 等 在 年 可以 为 与 ‰ 了 或 一种 月 c 至 日 有 进行 于 不 中 × 根据 小 "
    "由 亩 也 要 指 法 会 元 主要 以及 通过 首先 对 然后 号 以 所 后 丁 包括 无 将 用 能 "
    "形 方面 因素 位于 而 从 到 一定 用于 但 使用 让 具有 并 亿元 万元 上 类 基于 才 来 地 "
    "片 其他 个 或者 变得 时 给 你 使 条 受 已经 带 度".split()
)


def keyword_f1(answer: str, references: Sequence[str]) -> float:
    """F1 of the words if at least 20 % of the keywords were found, else 0.

    Args:
        references: the right answer; then its keywords, if it has any. Without, plain F1.
    """
    right, *keywords = references
    given = words(answer)
    if keywords and _recall(given, words(keywords[0]), STOP_WORDS) < MIN_RECALL:
        return 0.0
    return f1(given, words(right))


def keyword_f1_chinese(answer: str, references: Sequence[str], cut: Cut = jieba_cut) -> float:
    """F1 of Chinese words if at least 40 % of the keywords were found, else 0.

    Args:
        references: the right answer; then its keywords, if it has any. Without, the keywords are
            the words of the answer.

    Raises:
        ValueError: jieba is not installed.
    """
    right, keywords = references[0], references[-1]
    given = chinese_words(answer, cut)
    if _recall(given, chinese_words(keywords, cut), CHINESE_STOP_WORDS) < MIN_RECALL_CHINESE:
        return 0.0
    return f1(given, chinese_words(right, cut))


def rouge_l_chinese(answer: str, references: Sequence[str], cut: Cut = jieba_cut) -> float:
    """ROUGE-L of distinct Chinese words without stop words, against the first reference.

    Raises:
        ValueError: jieba is not installed.
    """
    given, right = (_telling_words(text, cut) for text in (answer, references[0]))
    return rouge_l_of_distinct_words(given, [right])


def _recall(given: list[str], keywords: list[str], stop_words: frozenset[str]) -> float:
    """The share of all keywords that were given and are no stop words."""
    found = Counter(given) & Counter(keywords)
    hits = sum(times for word, times in found.items() if word not in stop_words)
    return hits / len(keywords) if keywords else 0.0


def _telling_words(text: str, cut: Cut) -> str:
    """Words but stop words, with spaces between; cut twice, as the published figures were."""
    cut_words = map(normalised_chinese, cut(" ".join(cut(text))))
    return " ".join(word for word in cut_words if word and word not in CHINESE_STOP_WORDS)
