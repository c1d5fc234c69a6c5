"""Joins the lines of wrapped prose, so that a model reads a sentence as one, and copies it so."""

from __future__ import annotations

import re

MIN_WRAPPED_CHARS, MAX_WRAPPED_CHARS = 40, 110
"""Text is wrapped to lines whose longest is between these; a longer line is not wrapped."""
MIN_LINE_SHARE = 0.7
"""Inner lines of wrapped prose have at least this share of the longest one's length."""
_LINE_BREAK = re.compile(r"(?<![ \t\n])[ \t]*\n[ \t]*(?!\n)")
_PARAGRAPH_BREAK = re.compile(r"(\n[^\S\n]*\n\s*)")


def unwrapped(text: str) -> str:
    """A text with a space in place of each line break that only the width of the page made.

    Verse, lists and tables, whose lines have any length, stay as they are.
    """
    return "".join(
        part if _PARAGRAPH_BREAK.fullmatch(part) else _joined(part)
        for part in _PARAGRAPH_BREAK.split(text)
    )


def joined_lines(text: str) -> str:
    """A text with a space in place of each line break within a paragraph."""
    return _LINE_BREAK.sub(" ", text)


def _joined(paragraph: str) -> str:
    lines = [line.strip() for line in paragraph.split("\n")]
    lengths = [len(line) for line in lines]
    longest = max(lengths, default=0)
    # The first line may be the end of one: a passage begins at a sentence.
    shortest = min(lengths[1:-1], default=longest)
    is_wrapped = MIN_WRAPPED_CHARS <= longest <= MAX_WRAPPED_CHARS
    if not is_wrapped or shortest < MIN_LINE_SHARE * longest:
        return paragraph
    return " ".join(lines)
