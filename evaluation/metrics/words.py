"""Texts as the metrics compare them: case, punctuation and articles removed, then cut into words.

Source: the official script of SQuAD (arXiv 1606.05250) for English; for Chinese the same steps with
Chinese punctuation and without articles, as LongBench (arXiv 2308.14508) and InfiniteBench
(arXiv 2402.13718) define them.
"""

from __future__ import annotations

import logging
import re
import string
from collections.abc import Callable, Iterable

ARTICLES = re.compile(r"\b(a|an|the)\b")
CHINESE_PUNCTUATION = (
    "！？｡。＂＃＄％＆＇（）＊＋，－／：；＜＝＞＠［＼］＾＿｀｛｜｝～｟｠｢｣､、〃》「」『』【】〔〕〖〗"
    "〘〙〚〛〜〝〞〟〰〾〿–—‘’‛“”„‟…‧﹏."
)
WITHOUT_PUNCTUATION = str.maketrans("", "", string.punctuation)
WITHOUT_CHINESE_PUNCTUATION = str.maketrans("", "", string.punctuation + CHINESE_PUNCTUATION)

Cut = Callable[[str], Iterable[str]]
"""Cuts a text into words that together are the text."""


def normalised(text: str) -> str:
    """An English text in lower case, without punctuation and articles, one space between words."""
    bare = text.lower().translate(WITHOUT_PUNCTUATION)
    return " ".join(ARTICLES.sub(" ", bare).split())


def words(text: str) -> list[str]:
    """The words of a normalised English text."""
    return normalised(text).split()


def normalised_chinese(text: str) -> str:
    """A Chinese text in lower case, without punctuation and white space."""
    return "".join(text.lower().translate(WITHOUT_CHINESE_PUNCTUATION).split())


def chinese_words(text: str, cut: Cut) -> list[str]:
    """The words of a Chinese text, each normalised; what is only punctuation is left out."""
    return [word for word in map(normalised_chinese, cut(text)) if word]


def jieba_cut(text: str) -> list[str]:
    """Cut a Chinese text into words with jieba, which the published figures were made with.

    Raises:
        ValueError: jieba is not installed.
    """
    try:
        import jieba
    except ImportError as error:
        raise ValueError(
            "These Chinese answers are scored by words, which needs the package jieba (MIT): "
            "run `pip install jieba` and start again."
        ) from error
    jieba.setLogLevel(logging.WARNING)
    return list(jieba.cut(text))
