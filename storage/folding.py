"""Folds text, so that spellings which readers take for the same become the same characters.

The search index, questions, and names in answers are compared in this form. It is never shown: what
people read and what citations show is the text itself.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache, lru_cache

# Between an ASCII character, on which a mark may sit, and the next one.
_NOT_ASCII = re.compile(r"[\x00-\x7f]?[^\x00-\x7f]+")
_SOFT_LINE_BREAK = re.compile("\u00ad[ \t]*\r?\n\\s*")
_HYPHENATED_LINE_BREAK = re.compile("(?<=[^\\W_])([-\u2010\u2011])[ \t]*\r?\n\\s*(?=[^\\W_])")
_HYPHEN_AT_END = re.compile("[-\u2010\u2011][ \t]*\r?\n")
_ASCII_HYPHEN_AT_END = re.compile("-[ \t]*\r?\n")  # found faster than one of three signs
_HEBREW_ACRONYM = re.compile('(?<=[\u05d0-\u05ea])"(?=[\u05d0-\u05ea])')
_SUPERSCRIPT = re.compile("[\u00b2\u00b3\u00b9\u2070\u2074-\u2079]+")
# Fractions and digits in circles are numbers of their own, which touch what is before them.
_SET_APART = re.compile("[\u00bc-\u00be\u2150-\u215f\u2189\u2460-\u249b\u24ea-\u24ff\u2776-\u2793]")
_DIGIT = re.compile(r"(?![0-9])\d")
_MARKED = re.compile("(.?)([\u0300-\u036f]+)", re.DOTALL)
_TWO_LETTERS = {
    **dict(zip(("a\u0308", "o\u0308", "u\u0308"), ("ae", "oe", "ue"), strict=True)),
    **dict(zip(("a\u030a", "ø", "đ"), ("aa", "oe", "dj"), strict=True)),
}
_WRITTEN_AS_TWO = re.compile("|".join(_TWO_LETTERS), re.IGNORECASE)
LETTER_PAIRS = tuple(sorted({"ae", *_TWO_LETTERS.values()}))
"""What is written for a letter with a mark where there is no such letter; "ae" is also æ."""
_KEPT_ON_CYRILLIC = "\u0306\u0308"  # of й, ў and ї, which are letters; ё is the exception

_APOSTROPHES = (
    "\u2018\u2019\u201a\u201b\u2032\u02b9\u02bb\u02bc\u02bd\u02c8\u00b4\u05f3\u05f4\uff07\ua78c"
)
_QUOTES = "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\u2039\u203a"
_HYPHENS = "\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d\u05be\u058a\u2043"
_SPACES = "\u2014\u2015\u2122\u00ae\u00a9\u2120"  # long dashes, and signs that follow a name
_POINTS = (
    *range(0x0591, 0x05BE),  # Hebrew
    *(0x05BF, 0x05C1, 0x05C2, 0x05C4, 0x05C5, 0x05C7),
    *range(0x0610, 0x061B),  # Arabic
    *range(0x064B, 0x0660),
    0x0670,
    *range(0x06D6, 0x06ED + 1),
    0x0640,  # the tatweel, which only makes a word longer
    0x093C,  # the nukta, which Hindi is often written without
)
_INVISIBLE = (  # the format characters: soft hyphen, zero width, direction, tags
    *(0x00AD, 0x061C, 0x06DD, 0x070F, 0x08E2, 0x180E, 0xFEFF, 0xE0001),
    *range(0x0600, 0x0606),
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xFFF9, 0xFFFC),
    *range(0xE0020, 0xE01F0),
)
_FILLERS = (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10))
_LETTERS = {
    **dict(zip("łđħŧøıðŋĸƀɓɗƙƴ", "ldhtoidnkbbdky", strict=True)),
    **dict(zip("əǝɛɔɨʉɖƒȷȼɇɉƚɍɏⱥⱦƶǥɠ", "eeeoiudfjcejlryatzgg", strict=True)),
    **dict(zip(("æ", "œ", "þ"), ("ae", "oe", "th"), strict=True)),
    **dict(zip("ٱىیکڪةہھۃە", "اييككههههه", strict=True)),
    "\u0901": "\u0902",  # two signs for a nasal vowel that Hindi writes in place of each other
    "\u2044": "/",
    "\u066b": ".",
    "\u066c": ",",
}


@cache
def _table() -> dict[int, str | None]:
    """What single characters become; None: they are left out."""
    table: dict[int, str | None] = dict.fromkeys((*_INVISIBLE, *_POINTS, *_FILLERS))
    for characters, folded in (
        *((_APOSTROPHES, "'"), (_QUOTES, '"'), (_HYPHENS, "-"), (_SPACES, " ")),
        *_LETTERS.items(),
    ):
        table.update(dict.fromkeys(map(ord, characters), folded))
    return table


def fold(text: str) -> str:
    """Fold case, accents, digits, quotation marks, dashes and signs that nobody sees.

    Accents go where readers leave them out (Latin, Greek, stress on Cyrillic), as do the vowel
    points of Arabic and Hebrew; signs that are letters stay (Indic and Thai vowels). A raised
    number is set apart from what it is raised on. Folding twice changes nothing more.
    """
    text = join_lines(text)
    if not text.isascii():
        text = _NOT_ASCII.sub(_folded_match, text)
        text = _HEBREW_ACRONYM.sub("'", text)
    return text.lower()


def with_letter_pairs(text: str) -> str:
    """Write two letters for each letter that has a mark and is also written so: Mueller, Aarhus.

    `fold` only takes the marks away. It writes æ, œ and ß as two letters by itself, for these are
    written in no other way without them.
    """
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFD", text)
    spelled, count = _WRITTEN_AS_TWO.subn(lambda m: _TWO_LETTERS[m[0].lower()], decomposed)
    return spelled if count else text


def join_lines(text: str) -> str:
    """Join words that a line break parts after a hyphen; a hyphen that is no soft one stays."""
    if "\n" not in text:
        return text
    if "\u00ad" in text:
        text = _SOFT_LINE_BREAK.sub("", text)
    hyphen = _ASCII_HYPHEN_AT_END if text.isascii() else _HYPHEN_AT_END
    return _HYPHENATED_LINE_BREAK.sub(r"\1", text) if hyphen.search(text) else text


def _folded_match(match: re.Match[str]) -> str:
    run = match[0]
    return _fold_short(run) if len(run) <= _MAX_KEPT_CHARACTERS else _fold_run(run)


_MAX_KEPT_CHARACTERS = 16


@lru_cache(maxsize=1 << 15)
def _fold_short(run: str) -> str:
    return sys.intern(_fold_run(run))


def _fold_run(run: str) -> str:
    table = _table()
    run = _SUPERSCRIPT.sub(lambda m: f" {unicodedata.normalize('NFKC', m[0])} ", run)
    run = _SET_APART.sub(lambda m: f" {m[0]} ", run).translate(table)
    for _ in range(2):  # to fold case can bring new marks
        run = _MARKED.sub(_without_accents, unicodedata.normalize("NFKD", run))
        run = run.casefold().lower().translate(table)
    run = unicodedata.normalize("NFC", unicodedata.normalize("NFKD", run))
    return _DIGIT.sub(lambda m: str(unicodedata.decimal(m[0])), run)


def _without_accents(match: re.Match[str]) -> str:
    base, marks = match.groups()
    if "\u0400" <= base <= "\u052f" and base not in "еЕ":
        return base + "".join(mark for mark in marks if mark in _KEPT_ON_CYRILLIC)
    return base
