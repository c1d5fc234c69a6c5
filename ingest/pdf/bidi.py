"""Puts Hebrew and Arabic into reading order, however a PDF draws it.

Most PDFs draw a right-to-left line as it looks, from left to right. Some draw one piece after the
other in reading order. A few draw the letters themselves in reading order from left to right, so
that the text looks reversed. The positions of the pieces distinguish the first two cases. Letters
and common words show the third: some letters occur only at the end of a word, and some words occur
on every page.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

# Hebrew final kaf, mem, nun, pe, tsadi; Arabic teh marbuta and alef maksura.
_FINAL_ONLY = frozenset("ךםןףץةى")
# Arabic, Persian, Urdu, Hebrew. None of them is another word when reversed.
_COMMON = frozenset("في على إلى من از در که را این است به میں کے ہے اور של".split())
_RTL = "\u0590-\u05ff\u0600-\u065f\u066a-\u06ef\u06fa-\u06ff\u0750-\u077f\ufb1d-\ufdff\ufe70-\ufefc"
_LETTER = re.compile(f"[{_RTL}]")
# pypdf reverses the digits of these scripts with their letters.
_REVERSED_BY_PYPDF = re.compile(f"[{_RTL}\u0660-\u0669\u06f0-\u06f9]")
_WORD = re.compile(f"[{_RTL}]{{2,}}")
_MIN_SIGNS = 2
# Left-to-right text within a line: a number with its separators, or words of another script with
# everything between them.
_OTHER_WORD = rf"[^\W{_RTL}]+"
_OTHER_LETTER = rf"[^\W\d_{_RTL}]"
_LTR_RUN = re.compile(
    rf"\d*{_OTHER_LETTER}[^\W{_RTL}]*(?:[^\w\n{_RTL}]+{_OTHER_WORD})*|[%٪]?\d+(?:[.,:/٫٬]\d+)*[%٪]?"
)
_BRACKETS = str.maketrans("()[]{}<>«»", ")(][}{><»«")


@dataclass(frozen=True)
class Piece:
    """A piece of a line as pypdf gives it: with its right-to-left letters already reversed.

    Args:
        text: of the piece.
        along: its start, measured along the line.
    """

    text: str
    along: float


def line_in_order(pieces: Sequence[Piece]) -> str:
    """Return a line's text in reading order.

    Args:
        pieces: of the line, in the order of their drawing.
    """
    texts = [piece.text for piece in pieces]
    as_they_come = "".join(texts)
    if not is_mostly_rtl(as_they_come):
        return as_they_come
    starts = [piece.along for piece in pieces if piece.text.strip()]
    if starts == sorted(starts):
        return _reversed("".join(map(_as_drawn, texts)))
    return "".join(
        _reversed(_as_drawn(text)) if _REVERSED_BY_PYPDF.search(text) else text for text in texts
    )


def restore_reading_order(text: str) -> str:
    """Return the text; if its right-to-left lines look reversed, they are reversed again."""
    forwards, backwards = 0, 0
    for match in _WORD.finditer(text):
        word = match[0]
        forwards += (word[-1] in _FINAL_ONLY) + (word in _COMMON)
        backwards += (word[0] in _FINAL_ONLY) + (word[::-1] in _COMMON)
    if backwards < _MIN_SIGNS or backwards <= 2 * forwards:
        return text
    return "\n".join(_reversed(line) if is_mostly_rtl(line) else line for line in text.split("\n"))


def is_mostly_rtl(text: str) -> bool:
    """Return whether more than half of a text's letters are right-to-left letters."""
    if _LETTER.search(text) is None:
        return False
    return 2 * len(_LETTER.findall(text)) > sum(map(str.isalpha, text))


def _as_drawn(text: str) -> str:
    """Return a piece's text as the PDF draws it: undo what pypdf reversed."""
    return text[::-1] if _REVERSED_BY_PYPDF.search(text) else text


def _reversed(line: str) -> str:
    """Reverse a line, except the left-to-right text in it; doing it twice restores the line."""
    parts, at = [], 0
    for run in _LTR_RUN.finditer(line):
        parts += [line[at : run.start()][::-1].translate(_BRACKETS), run[0]]
        at = run.end()
    parts.append(line[at:][::-1].translate(_BRACKETS))
    return "".join(reversed(parts))
