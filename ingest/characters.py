"""Removes characters that no segment may contain: surrogates and control characters.

The readers of JSON Lines, HTML, Word and PDF use it. Knows no format.
"""

import re

# C0 and C1 controls except tab and newline. NUL ends a string in SQLite; escapes control terminals.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def without_surrogates(text: str) -> str:
    """Return text that can be encoded: surrogate pairs become one character, lone ones U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def without_controls(text: str) -> str:
    """Return the text without control characters; tabs and newlines stay."""
    return _CONTROLS.sub("", text)
