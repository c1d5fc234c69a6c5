"""Hebrew and Arabic in reading order, whichever way a PDF draws it.

Most PDFs draw a right-to-left line as it looks, from left to right; some piece after piece in
reading order; a few draw the very letters in reading order from left to right, so that the text
looks backwards. The places of the pieces tell the first two apart, the letters and the small words
the third: some letters stand only at the end of a word, and some words are on every page.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

# Hebrew final kaf, mem, nun, pe, tsadi; Arabic teh marbuta and alef maksura.
_FINAL_ONLY = frozenset("ךםןףץةى")
# None is another word backwards. Arabic, Persian, Urdu, Hebrew.
_COMMON = frozenset("في على إلى من از در که را این است به میں کے ہے اور של".split())
_RTL = "\u0590-\u05ff\u0600-\u065f\u066a-\u06ef\u06fa-\u06ff\u0750-\u077f\ufb1d-\ufdff\ufe70-\ufefc"
_LETTER = re.compile(f"[{_RTL}]")
# pypdf turns the digits of these scripts with their letters.
_TURNED_BY_PYPDF = re.compile(f"[{_RTL}\u0660-\u0669\u06f0-\u06f9]")
_WORD = re.compile(f"[{_RTL}]{{2,}}")
_MIN_SIGNS = 2
# What is read from left to right within a line: a number with its separators, or words of another
# script with all between them.
_OTHER_WORD = rf"[^\W{_RTL}]+"
_OTHER_LETTER = rf"[^\W\d_{_RTL}]"
_LTR_RUN = re.compile(
    rf"\d*{_OTHER_LETTER}[^\W{_RTL}]*(?:[^\w\n{_RTL}]+{_OTHER_WORD})*|[%٪]?\d+(?:[.,:/٫٬]\d+)*[%٪]?"
)
_BRACKETS = str.maketrans("()[]{}<>«»", ")(][}{><»«")


@dataclass(frozen=True)
class Piece:
    """A piece of a line as pypdf gives it, its right-to-left letters turned already.

    Args:
        along: where it begins on the line.
    """

    text: str
    along: float


def line_in_order(pieces: Sequence[Piece]) -> str:
    """Return the text of a line's pieces, which come in the order of their drawing."""
    texts = [piece.text for piece in pieces]
    as_they_come = "".join(texts)
    if not is_mostly_rtl(as_they_come):
        return as_they_come
    places = [piece.along for piece in pieces if piece.text.strip()]
    if places == sorted(places):
        return _turned("".join(map(_as_drawn, texts)))
    return "".join(
        _turned(_as_drawn(text)) if _TURNED_BY_PYPDF.search(text) else text for text in texts
    )


def restore_reading_order(text: str) -> str:
    """Return the text, its right-to-left lines turned round if they are backwards."""
    forwards, backwards = 0, 0
    for match in _WORD.finditer(text):
        word = match[0]
        forwards += (word[-1] in _FINAL_ONLY) + (word in _COMMON)
        backwards += (word[0] in _FINAL_ONLY) + (word[::-1] in _COMMON)
    if backwards < _MIN_SIGNS or backwards <= 2 * forwards:
        return text
    return "\n".join(_turned(line) if is_mostly_rtl(line) else line for line in text.split("\n"))


def is_mostly_rtl(text: str) -> bool:
    """Return whether more than half of a text's letters are read from right to left."""
    if _LETTER.search(text) is None:
        return False
    return 2 * len(_LETTER.findall(text)) > sum(map(str.isalpha, text))


def _as_drawn(text: str) -> str:
    return text[::-1] if _TURNED_BY_PYPDF.search(text) else text


def _turned(line: str) -> str:
    """Turn a line round, but for what is read from left to right in it; twice is as before."""
    parts, at = [], 0
    for run in _LTR_RUN.finditer(line):
        parts += [line[at : run.start()][::-1].translate(_BRACKETS), run[0]]
        at = run.end()
    parts.append(line[at:][::-1].translate(_BRACKETS))
    return "".join(reversed(parts))
