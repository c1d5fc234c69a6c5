"""How far the text of a page can be trusted: a number that a person can check.

A PDF may draw letters well and yet not say which letters they are: its font has no map to
characters, or a wrong one. What is extracted then shows it, and `legibility`
is what remains of 1 after the worst of these:

- **lost characters**: replacement characters, control and private-use characters, and names of
  glyphs (`/g43`, `(cid:43)`), as a share of all characters. What decorates a line, such as a bullet
  from a symbol font, is not counted.
- **unlikely letter pairs**: of the pairs of neighbouring Latin letters, the share that no common
  language has (`wk`, `hq`, `xd`). Of real text in any of 11 languages at most 5 % of the pairs are
  unlikely; if each letter is exchanged for another one, 27 % to 70 % are. Of few pairs, less is
  concluded: twice the standard error is subtracted.
- **signs**: brackets, `$`, `+`, `*` and their like, as a share of all characters; nonsense if they
  are more than a third. Program code has a fifth.
- **accented words**: letters of the Latin script beyond A to Z, as a share of its letters. Half of
  them and more is Cyrillic or Greek read as Latin.

The letter pairs were counted in the Universal Declaration of Human Rights, in each of the 11
languages apart: a pair is likely if it is at least 0.2 % of the pairs of one of them. A few
of Welsh were added; Czech, Hungarian, Croatian, Lithuanian, Icelandic and Albanian need none.
"""

import math
import re
import unicodedata
from collections import Counter
from operator import add

SOUND = 0.9
"""A page of at least this legibility, and without lost characters, is taken as it is."""
READABLE = 0.75
"""A page below this is nonsense: its text is worth nothing."""

_LOST = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufffd\ue000-\uf8ff\U000f0000-\U0010ffff]")
# A lone sign between spaces, of a symbol font also at an end of a line: it decorates.
_BULLET = re.compile(
    rf"(?:^|(?<=\s)){_LOST.pattern}(?=\s|$)|^[ \t]*[\ue000-\uf8ff](?=\w)|(?<=\w)[\ue000-\uf8ff]$",
    re.MULTILINE,
)
_GLYPH_NAMES = re.compile(r"(?:/[A-Za-z]{1,7}_?\d[0-9A-Fa-f]{0,4}){3,}|(?:\(cid:\d{1,5}\)){2,}")
_MIN_GLYPH_NAMES = 3
_LOST_WORD = re.compile(rf"\S{{0,40}}{_LOST.pattern}\S{{0,40}}")
_MIN_KNOWN = 3
# Words with digits, and abbreviations: letters in them follow no language.
_CODE = re.compile(r"\b(?:[^\W\d_]*+[\d_]\w*|[A-Z]{1,3}\b)")
_LETTERS = re.compile("[a-z]+")
_ACCENT = re.compile("[\u0300-\u036f]")
_ACCENTED = re.compile("[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f]")
_PLAIN = re.compile("[A-Za-z]")
_SIGN = re.compile(r"[!\"#$%&'()*+/:;<=>?@\[\\\]^`{|}~]")
_MAX_SIGNS = 1 / 3
# From the middle of the page; more would not change the result.
_SAMPLE_CHARS = 800
_MIN_PAIRS = 30
_MIN_LETTERS = 40
_MAX_SOUND_ACCENTS = 0.5
# The share of unlikely pairs from which on a page is not sound, and at which it is nonsense.
_SOUND_PAIRS, _NONSENSE_PAIRS = 0.1, 0.2
_OTHER_LATIN = str.maketrans("ıłđøßæœðþ", "ildosaodt")
_FOLLOWERS = {
    "a": "abcdeghijklmnoprstuvwyz",
    "b": "aeiloruy",
    "c": "acehijklortuyz",
    "d": "adeilnoruwyz",
    "e": "abcdefgijklmnpqrstuvwyz",
    "f": "aeiortu",
    "g": "aehilnoru",
    "h": "adeimostuy",
    "i": "abcdeghijklmnoqrstvyz",
    "j": "aehknou",
    "k": "aehiklorstu",
    "l": "adehiklmnoqstuy",
    "m": "abeimopsu",
    "n": "acdeghiklmnostuvyz",
    "o": "abcdefgiklmnoprstuwz",
    "p": "aehilopru",
    "q": "u",
    "r": "adehiklmnorstuvwyz",
    "s": "acehikmopstuwz",
    "t": "aehilmnorstuwy",
    "u": "abcdeiklmnorstuxy",
    "v": "aeilor",
    "w": "abehilnosy",
    "x": "au",
    "y": "acdehklmnosw",
    "z": "adeilnoyz",
}
_LIKELY = frozenset(first + second for first, all_of in _FOLLOWERS.items() for second in all_of)


def legibility(text: str) -> float:
    """Return how far a page's text looks like text, from 0 (nonsense) to 1.

    Args:
        text: of a page as an extractor gives it, with its control characters.
    """
    middle = max(0, (len(text) - _SAMPLE_CHARS) // 2)
    sample = text[middle : middle + _SAMPLE_CHARS]
    return 1.0 - max(lost_share(text), _unlikely_pairs(sample), _signs(sample), _accents(sample))


def lost_share(text: str) -> float:
    """Return the share of characters that stand for none; 0.0 for a text without characters."""
    lost = lost_count(text)
    return lost / max(1, len("".join(text.split()))) if lost else 0.0


def lost_count(text: str) -> int:
    """Return how many characters of a text stand for none."""
    lost = len(_LOST.findall(_BULLET.sub("", text))) if _LOST.search(text) else 0
    if text.count("/") < _MIN_GLYPH_NAMES and "(cid:" not in text:
        return lost
    return lost + sum(len(found[0]) for found in _GLYPH_NAMES.finditer(text))


def fill_lost(text: str, picture: str) -> str:
    """Return the text with lost characters from the words of its picture, else U+FFFD.

    Args:
        text: with lost characters inside its words.
        picture: the words that were recognised on the picture of the page.

    >>> fill_lost("a con\x00dent \x00sherman", "A confident man")
    'a confident \ufffdsherman'
    """
    words = dict.fromkeys(picture.split())

    def filled(match: re.Match[str]) -> str:
        parts = _LOST.split(match[0])
        if max(map(len, parts)) < _MIN_KNOWN:
            return _LOST.sub("\ufffd", match[0])
        pattern = re.compile(r"[^\W\d_]{1,3}".join(map(re.escape, parts)))
        return next(filter(pattern.fullmatch, words), None) or _LOST.sub("\ufffd", match[0])

    return _LOST_WORD.sub(filled, _BULLET.sub("", text))


def _unlikely_pairs(text: str) -> float:
    """Return 0.0 up to the share that sound text may have, 1.0 from that of nonsense on."""
    # Each word once: a strange name that is on every page says nothing.
    letters = " ".join(dict.fromkeys(_latin_words(text)))
    counts = Counter(map(add, letters, letters[1:]))
    pairs = {pair: count for pair, count in counts.items() if " " not in pair}
    total = sum(pairs.values())
    if total < _MIN_PAIRS:
        return 0.0
    unlikely = sum(count for pair, count in pairs.items() if pair not in _LIKELY) / total
    unlikely -= 2 * math.sqrt(unlikely * (1 - unlikely) / total)
    return min(1.0, max(0.0, (unlikely - _SOUND_PAIRS) / (_NONSENSE_PAIRS - _SOUND_PAIRS)))


def _signs(text: str) -> float:
    signs, size = len(_SIGN.findall(text)), len("".join(text.split()))
    return 1.0 if size >= _MIN_LETTERS and signs > _MAX_SIGNS * size else 0.0


def _latin_words(text: str) -> list[str]:
    """Return words in small letters without accents; codes and abbreviations are left out."""
    text = _CODE.sub(" ", text).lower()
    if not text.isascii():
        text = _ACCENT.sub("", unicodedata.normalize("NFKD", text))
    return _LETTERS.findall(text)


def _accents(text: str) -> float:
    if text.isascii():
        return 0.0
    accented, plain = len(_ACCENTED.findall(text)), len(_PLAIN.findall(text))
    share = accented / max(1, accented + plain)
    return share if accented + plain >= _MIN_LETTERS and share > _MAX_SOUND_ACCENTS else 0.0
