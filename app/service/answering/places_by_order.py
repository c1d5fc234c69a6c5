"""Places that a question counts from an end, or in German and French words: "the last chapter".

They are written as numbers, which `places_in_question.py` reads: "the last three pages" of a
document with 80 pages become "pages 78 to 80", "im dritten Kapitel" becomes "im chapter 3". Lines,
paragraphs and sentences at an end are quoted instead; see `end_questions.py`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from app.service.answering.numbers import CARDINALS
from app.service.answering.places_in_question import is_of_document, number_of, words_for

KINDS = ("page", "chapter", "slide", "row")
"""What is counted from the end of a document."""
_COUNTS = {
    **{word: number for word, number in CARDINALS.items() if 2 <= number <= 10},
    "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6, "sieben": 7, "acht": 8,
    "neun": 9, "zehn": 10, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "sept": 7, "huit": 8,
    "neuf": 9, "dix": 10,
}  # fmt: skip
_COUNT = rf"(?:\d{{1,3}}|{'|'.join(_COUNTS)})"
_BEFORE_LAST = (
    r"second[- ]to[- ]last|next[- ]to[- ]last|penultimate|last but one|vorletzte[nrsm]?|"
    r"avant-derni(?:er|ère)|pénultième"
)
_LAST = r"(?:very\s+)?last|final|closing|(?:aller)?letzte[nrsm]?|(?:toute\s+)?derni(?:er|ère)s?"
_FIRST = r"(?:very\s+)?first|opening|(?:aller)?erste[nrsm]?|premi(?:er|ère)s?"
_GERMAN = (
    "erste zweite dritte vierte fünfte sechste siebte achte neunte zehnte elfte zwölfte".split()
)
_FRENCH = (
    "premi(?:er|ère) (?:deuxième|seconde?) troisième quatrième cinquième sixième septième huitième "
    "neuvième dixième onzième douzième"
).split()
_ORDINALS = [rf"(?:{g}[nrsm]?|{f})" for g, f in zip(_GERMAN, _FRENCH, strict=True)]
_ARTICLE = r"(?:\b(?:the|its|this|der|die|das|den|dem|des|le|la|les)\s+|\bl['’])?"
_WORDS_OF = {kind: set(words_for(kind)) - set(words_for("line")) for kind in KINDS}
_WORDS = "|".join(sorted({re.escape(word) for words in _WORDS_OF.values() for word in words}))
_IN_ORDER = re.compile(
    rf"\b(?:{_BEFORE_LAST}|{_LAST}|{_FIRST}|{'|'.join(_ORDINALS)})\s+(?:\w+\s+)?(?:{_WORDS})\b",
    re.IGNORECASE,
)
# "Das dritte Kapitel des Berichts" is the document's; "die letzte Seite des Briefes" need not be.
_OF = re.compile(
    r"\s+(?:des|der|vom|von(?:\s+der)?|du|de(?:\s+la)?|dans\s+(?:le|la))\s+", re.IGNORECASE
)
_DOCUMENT = re.compile(
    r"(?:l['’])?(?:buch(?:e?s)?|romans?|dokument(?:e?s)?|datei|texte?s?|berichte?s?|"
    r"handbuch(?:e?s)?|werke?s?|geschichte|erzählung|livre|document|fichier|rapport|manuel|histoire|récit|œuvre)\b",
    re.IGNORECASE,
)
_OF_A_PLACE = r"\s+(?:of|in|from|des|von|de|du)\s+(?:the\s+)?(?:{kinds})\b"


def names_by_order(question: str) -> bool:
    """Whether a question may name a place from an end; most do not, which costs no search."""
    return _IN_ORDER.search(question) is not None


def numbered_by_order(question: str, last: Mapping[str, int], titles: Collection[str]) -> str:
    """A question with such places written as numbers; others are left as they are.

    Args:
        last: the number of the last page, chapter or other unit of the document.
        titles: of the document, which may follow "of".

    >>> numbered_by_order("Summarise the last two chapters.", {"chapter": 12}, [])
    'Summarise chapters 11 to 12.'
    >>> numbered_by_order("What is the last chapter of his life about?", {"chapter": 12}, [])
    'What is the last chapter of his life about?'
    """
    kind_of = {word: kind for kind in last if kind in KINDS for word in _WORDS_OF[kind]}
    if not kind_of:
        return question
    kinds = "|".join(sorted(map(re.escape, kind_of), key=len, reverse=True))
    pattern = re.compile(
        rf"{_ARTICLE}(?:(?P<count>{_COUNT})\s+)?\b(?:(?P<before_last>{_BEFORE_LAST})|(?P<last>{_LAST})|"
        rf"(?P<first>{_FIRST})|(?P<ordinal>{'|'.join(_ORDINALS)}))\s+(?:(?P<count2>{_COUNT})\s+)?"
        rf"(?P<kind>{kinds})\b",
        re.IGNORECASE,
    )
    both = re.compile(
        rf"{_ARTICLE}\b(?:{_FIRST})\s+(?:and|und|et)\s+(?P<last>{_ARTICLE}(?:{_LAST})\s+"
        rf"(?P<kind>{kinds})\b)",
        re.IGNORECASE,
    )
    of_a_place = re.compile(_OF_A_PLACE.format(kinds=kinds), re.IGNORECASE)

    def written(found: re.Match[str]) -> str:
        kind = kind_of[found["kind"].lower()]
        after = question[found.end() :]
        if of_a_place.match(after) or not _is_of_document(after, kind, titles):
            return found[0]
        count = _count(found["count"] or found["count2"])
        end = last[kind]
        if found["before_last"]:
            return f"{kind} {end - 1}" if end > 1 and count == 1 else found[0]
        if found["last"]:
            return _range(kind, max(1, end - count + 1), end)
        if count > 1:
            return _range(kind, 1, count) if found["first"] else found[0]
        number = next((i for i, o in enumerate(_ORDINALS, 1) if _is(o, found)), 0)
        return f"{kind} {number}" if number else found[0]  # English ones are read as they are

    return pattern.sub(
        written,
        both.sub(lambda found: f"{kind_of[found['kind'].lower()]} 1 and {found['last']}", question),
    )


def _is(ordinal: str, found: re.Match[str]) -> bool:
    return re.fullmatch(ordinal, found["first"] or found["ordinal"], re.IGNORECASE) is not None


def _count(text: str | None) -> int:
    if not text:
        return 1
    return _COUNTS.get(text.lower()) or max(1, number_of(text)[0])


def _range(kind: str, first: int, last: int) -> str:
    return f"{kind} {last}" if first == last else f"{kind}s {first} to {last}"


def _is_of_document(after: str, kind: str, titles: Collection[str]) -> bool:
    """Whether a place is one of the document as a whole.

    Args:
        after: the question from behind the place on.
    """
    of = _OF.match(after)
    if of is None:
        return is_of_document(after, kind, titles)
    what = after[of.end() :]
    folded = what.casefold().lstrip("\"“«„'‘")
    return bool(_DOCUMENT.match(what)) or any(t and folded.startswith(t) for t in titles)
