"""Removes characters that no segment may contain: surrogates, controls, and signs of typesetting.

All readers use it. Knows no format.
"""

import re
from collections.abc import Iterable, Iterator

# C0 and C1 controls except tab and newline. NUL ends a string in SQLite; escapes control terminals.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# South-East Asian scripts have a zero-width space between words, where others have a space.
_SEPARATED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff"
_JOINED = "0-9A-Za-z\u00c0-\u02af\u0370-\u052f\u1e00-\u1fff"
_TYPESETTING = re.compile(rf"[\u00ad\u2060\ufeff]+|(?<![{_SEPARATED}])\u200b+")
# They keep letters apart that a font would draw as one, where no spelling needs them.
_JOINERS = re.compile(rf"(?<=[{_JOINED}])[\u200c\u200d]+(?=[{_JOINED}])")
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
# At a line's end a soft hyphen is a hyphen that is seen.
_SEEN_HYPHEN = re.compile("(?<=[^\\W\\d_])\u00ad(?=\n)")
# Longer rows of such signs are not held until their end arrives.
_MAX_HELD_CHARS = 4096


def without_surrogates(text: str) -> str:
    """Return text that can be encoded: surrogate pairs become one character, lone ones U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def without_controls(text: str) -> str:
    """Return the text without control characters; tabs and newlines stay."""
    return _CONTROLS.sub("", text)


def without_typesetting(text: str) -> str:
    """Return the text without the signs that only say where a word may or may not be broken.

    Soft hyphens, zero-width spaces, word joiners and byte order marks are removed, and joiners
    between letters of Latin, Greek and Cyrillic. A soft hyphen at the end of a line becomes a
    hyphen. Joiners stay in scripts that need them and in emoji, zero-width spaces between words of
    scripts that have no others, and so do the marks of the writing direction: they say in which
    order a line is shown.

    >>> without_typesetting("light\\u00adhouse, tele\\u200bgraph, Auf\\u200clage")
    'lighthouse, telegraph, Auflage'
    """
    if text.isascii() or not any(sign in text for sign in _INVISIBLE):
        return text
    return _JOINERS.sub("", _TYPESETTING.sub("", _SEEN_HYPHEN.sub("-", text)))


def blocks_without_typesetting(blocks: Iterable[str]) -> Iterator[str]:
    """Yield a text that arrives in blocks as `without_typesetting` returns the whole text.

    The neighbours of a sign decide about it: signs at the end of a block are held, together with
    the character before them, until the next one arrives.
    """
    before, held = "", ""
    for block in blocks:
        text = held + block
        end = len(text.rstrip(_INVISIBLE))
        if end == len(text):
            held = ""
            yield without_typesetting(before + text)[len(before) :]
            before = text[-1:] or before
        elif end:
            held = text[end - 1 :]
            yield without_typesetting(before + text[:end])[len(before) : -1]
            before = ""
        else:
            held = text
        if len(held) > _MAX_HELD_CHARS:
            yield without_typesetting(before + held)[len(before) :]
            before, held = "", ""
    yield without_typesetting(before + held)[len(before) :]
