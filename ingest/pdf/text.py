"""Repairs the extracted text of a page: joins hyphenated words and the lines of paragraphs.

Knows no PDF: it takes the lines of an extractor and keeps their order.
"""

import re
import unicodedata

from ingest.characters import without_controls, without_surrogates, without_typesetting
from ingest.pdf.bidi import restore_reading_order

# Latin ligatures (fi, ffl...), and Arabic letters in the shapes that they have inside words: they
# become plain letters, so that a search finds the word.
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
# Hyphen-minus and the Unicode hyphen; dashes are punctuation and are kept.
_HYPHENATED = re.compile(r"(?<=([^\W\d_]))[-\u2010]\n(?=([^\W\d_]))")
_SOFT_HYPHEN = re.compile("\u00ad\n?")
_SENTENCE_END = re.compile(r"[.!?:;…。！？][\"'”’»)\]]*$")
_CLOSING = frozenset(",.;:!?)，。、；：！？）」』》】")
_MIN_FULL_LINE_CHARS = 24


def clean_page(text: str) -> str:
    """Return a page's text with whole words, and one line a paragraph where paragraphs are clear.

    Rows of a table, headings and verse are kept as lines: only a line that looks cut off is joined
    to the next one.

    Args:
        text: the lines of the page as an extractor found them.
    """
    text = _NEWLINES.sub("\n", without_surrogates(text))
    text = restore_reading_order(without_controls(text).translate(_LETTERS))
    text = _TRAILING_SPACE.sub("", text)
    text = without_typesetting(_SOFT_HYPHEN.sub("", text))
    # Measured before words are joined, which makes some lines longer.
    full = _full_line_chars(text.split("\n"))
    text = _HYPHENATED.sub(_joined_word, text)
    return _join_lines(text.split("\n"), full).strip("\n")


def _joined_word(match: re.Match[str]) -> str:
    return "" if match[1].islower() and match[2].islower() else match[0]


def _full_line_chars(lines: list[str]) -> float:
    """Return the length from which on a line seems to reach the margin."""
    lengths = sorted(len(line) for line in lines if line)
    if not lengths:
        return _MIN_FULL_LINE_CHARS
    # The longest tenth is ignored: one very long line must not make all others look short.
    return max(_MIN_FULL_LINE_CHARS, 0.75 * lengths[(9 * (len(lengths) - 1)) // 10])


def _join_lines(lines: list[str], full: float) -> str:
    parts: list[str] = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        parts.append(line)
        parts.append(_separator(line, following, full))
    return "".join(parts)


def _separator(line: str, following: str, full: float) -> str:
    """Return what to put between two lines: a newline, a space, or nothing inside CJK text."""
    # A line that begins with white space is indented, so it begins a paragraph.
    if not line or not following or following[0].isspace():
        return "\n"
    if "\t" in line or "\t" in following:  # rows of a table
        return "\n"
    if _is_wide(line[-1]) and following[0] in _CLOSING:
        return ""  # punctuation that did not fit on a full line
    if _is_wide(line[-1]) and _is_wide(following[0]):
        return "" if 2 * len(line) >= full and not _SENTENCE_END.search(line[-4:]) else "\n"
    if following[0].islower() and line[-1].isalpha() | (line[-1] in ",;-–—"):
        return " "
    cut_off = line[-1].isalpha() or line[-1] in ",–—"
    return " " if cut_off and len(line) >= full and following[0].isalpha() else "\n"


def _is_wide(character: str) -> bool:
    # Hangul is wide, too, but Korean has spaces between words.
    wide = unicodedata.east_asian_width(character) in "WF"
    return wide and not "\uac00" <= character <= "\ud7a3"
