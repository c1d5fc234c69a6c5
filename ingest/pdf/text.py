"""One page's extracted text made readable: words and paragraphs put together again.

Knows no PDF: it takes the lines that an extractor found. Order and columns are the extractor's.
"""

import re
import unicodedata

from ingest.characters import without_controls, without_surrogates
from ingest.pdf.bidi import restore_reading_order

# Latin ligatures (fi, ffl...), and the Arabic letters in the shapes that they take inside words:
# a search for the word must find them.
_SHAPES = (*range(0xFB00, 0xFB07), *range(0xFB50, 0xFBB2), *range(0xFBD3, 0xFD3E))
_LETTERS = str.maketrans(
    {
        code: unicodedata.normalize("NFKC", chr(code))
        for code in (*_SHAPES, *range(0xFE80, 0xFEFD))
        if unicodedata.category(chr(code)).startswith("L")
    }
)
_NEWLINES = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_TRAILING_SPACE = re.compile(r"[^\S\n]+(?=\n|\Z)")
# Hyphen-minus and the Unicode hyphen; the dashes are punctuation and stay.
_HYPHENATED = re.compile(r"(?<=([^\W\d_]))[-\u2010]\n(?=([^\W\d_]))")
_SOFT_HYPHEN = re.compile("\u00ad\n?")
_SENTENCE_END = re.compile(r"[.!?:;…。！？][\"'”’»)\]]*$")
_CLOSING = frozenset(",.;:!?)，。、；：！？）」』》】")
_MIN_FULL_LINE_CHARS = 24


def clean_page(text: str) -> str:
    """Return the page's text with whole words, one line for each paragraph where that is clear.

    Lines of a table, headings and verse stay lines: only a line that looks cut off is joined to
    the next one.
    """
    text = _NEWLINES.sub("\n", without_surrogates(text))
    text = restore_reading_order(without_controls(text).translate(_LETTERS))
    text = _TRAILING_SPACE.sub("", text)
    text = _SOFT_HYPHEN.sub("", text)
    # Measured before words are put together again, which makes some lines longer.
    full = _full_line_chars(text.split("\n"))
    text = _HYPHENATED.sub(_joined_word, text)
    return _join_lines(text.split("\n"), full).strip("\n")


def _joined_word(match: re.Match[str]) -> str:
    return "" if match[1].islower() and match[2].islower() else match[0]


def _full_line_chars(lines: list[str]) -> float:
    """Return from which length on a line seems to have run to the margin."""
    lengths = sorted(len(line) for line in lines if line)
    if not lengths:
        return _MIN_FULL_LINE_CHARS
    # The longest tenth is left out: one overlong line must not make all others look short.
    return max(_MIN_FULL_LINE_CHARS, 0.75 * lengths[(9 * (len(lengths) - 1)) // 10])


def _join_lines(lines: list[str], full: float) -> str:
    parts: list[str] = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        parts.append(line)
        parts.append(_joint(line, following, full))
    return "".join(parts)


def _joint(line: str, following: str, full: float) -> str:
    """Return what stands between two lines: newline, space, or nothing inside CJK text."""
    # A line that begins with white space is indented, and that is how a paragraph begins.
    if not line or not following or following[0].isspace():
        return "\n"
    if "\t" in line or "\t" in following:  # rows of a table
        return "\n"
    if _is_wide(line[-1]) and following[0] in _CLOSING:
        return ""  # what was pushed out of a full line
    if _is_wide(line[-1]) and _is_wide(following[0]):
        return "" if 2 * len(line) >= full and not _SENTENCE_END.search(line[-4:]) else "\n"
    if following[0].islower() and line[-1].isalpha() | (line[-1] in ",;-–—"):
        return " "
    cut_off = line[-1].isalpha() or line[-1] in ",–—"
    return " " if cut_off and len(line) >= full and following[0].isalpha() else "\n"


def _is_wide(character: str) -> bool:
    # Hangul is wide too, but Korean puts spaces between its words.
    wide = unicodedata.east_asian_width(character) in "WF"
    return wide and not "\uac00" <= character <= "\ud7a3"
