"""The words of a text that carry its meaning: proper names, and words that are not stop words."""

from __future__ import annotations

import re

from storage import STOP_WORDS

_CAPITALIZED = re.compile(r"(?<=[^.?!:]\s)[^\W\d_a-zß-öø-ÿ]\w+")


def names_in(text: str) -> list[str]:
    """The words with a capital letter that do not begin a sentence."""
    return _CAPITALIZED.findall(text)


def content_words(text: str) -> set[str]:
    """The words of a text in lower case, without stop words."""
    return {word for word in re.findall(r"\w+", text.lower()) if word not in STOP_WORDS}
