"""The words of a text that carry its meaning: proper names, and words that are not stop words."""

from __future__ import annotations

import re

STOP_WORDS = frozenset(
    "the a an and or but if of to in on at by for with from as is are was were be been "
    "being it its this that these those he she they his her their him them i you we not no "
    "do does did has have had will would can could should may might there here what which "
    "who whom whose why when where how than then so such into about over after before up "
    "down out only also very".split()
)
_CAPITALIZED = re.compile(r"(?<=[^.?!:]\s)[^\W\d_a-zß-öø-ÿ]\w+")


def names_in(text: str) -> list[str]:
    """The words with a capital letter that do not begin a sentence."""
    return _CAPITALIZED.findall(text)


def content_words(text: str) -> set[str]:
    """The words of a text in lower case, without stop words."""
    return {word for word in re.findall(r"\w+", text.lower()) if word not in STOP_WORDS}
