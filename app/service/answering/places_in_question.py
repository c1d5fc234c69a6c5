"""Places in a question: "What is on page 3?" is answered from page 3, not from where "page" is.

`named_places.py` finds what the session has there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import storage
from app.service.reading.titles import file_title, own_title, spaced, title_pattern
from storage import DocumentKey

MAX_PLACES = 3
_OTHER_WORDS = {
    "page": "p pp pg seite seiten página páginas pagina",
    "chapter": "ch chap kapitel chapitre chapitres capítulo capítulos capitolo",
    "line": "ln zeile zeilen ligne lignes entry entries record records",
    "row": "reihe reihen zeile zeilen ligne lignes line lines entry entries record records",
    "paragraph": "para absatz absätze paragraphe paragraphes",
}
_CARDINALS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_NUMBERS = {
    **{word: i for words in (_CARDINALS, _ORDINALS) for i, word in enumerate(words, 1)},
    **{word: 10 * i for i, word in enumerate(_TENS, 2)},
    **{f"{word[:-1]}ieth": 10 * i for i, word in enumerate(_TENS, 2)},
    **{
        f"{tens} {word}": 10 * i + j
        for i, tens in enumerate(_TENS, 2)
        for words in (_CARDINALS[:9], _ORDINALS[:9])
        for j, word in enumerate(words, 1)
    },
}
_TENS_BEFORE = rf"(?:(?:{'|'.join(_TENS)})[- ])?"
CARDINAL = rf"{_TENS_BEFORE}(?:{'|'.join(_CARDINALS)})|{'|'.join(_TENS)}"
"""A number in words, up to ninety-nine, as a pattern."""
ORDINAL = rf"{_TENS_BEFORE}(?:{'|'.join(_ORDINALS)})|(?:{'|'.join(t[:-1] for t in _TENS)})ieth"
"""A place in an order in words, up to the ninety-ninth, as a pattern."""
_NUMBER = r"[a-z]-\d{1,4}|\d{1,3}(?:,\d{3}){1,2}(?!\d)|\d{1,9}|[ivxlcdm]{1,8}(?!['’]\w)|" + CARDINAL
_ORDINAL = r"\d{1,9}(?:st|nd|rd|th)|" + ORDINAL
_HAS_ORDINAL = re.compile(rf"\b(?:{_ORDINAL})\b", re.IGNORECASE)
# "On what page did he die?", "la pagina di Anna", "the chapter I like" name no number.
_NO_ROMAN = frozenset("c d l m di li mi mix".split())
_BEFORE_I = re.compile(
    r"\b(?:an?|the|this|that|which|what|every|each|any|some|last|next|same|only|whole|no)\s+$",
    re.IGNORECASE,
)
_ROMAN = re.compile(r"m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})")
_ROMAN_DIGITS = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
# "After chapter 3" is not chapter 3, and "up to chapter 3" is all before it, too.
_ELSEWHERE = re.compile(
    r"\b(?:after|before|since|beyond|than|except|besides|apart from|nach|vor|seit|après|avant)"
    r"\s+(?:the\s+|der\s+|dem\s+)?$",
    re.IGNORECASE,
)
_UP_TO = re.compile(
    r"\b(?:up to|until|bis(?: zu)?|jusqu'à)\s+(?:the\s+|end of\s+)*$", re.IGNORECASE
)

# "The third page of the report" is page 3; "the third page of the letter", "the first line of the
# poem" and "the second chapter of his life" are told of in a text, wherever that is in it.
_DOCUMENT = (
    r"(?:books?|documents?|files?|novels?|texts?|manuals?|reports?|papers?|pdf|epub|volumes?|logs?|"
    r"story|stories|tales?|transcripts?|articles?|theses|thesis|material|it|them|these|each|both)"
)
_THE = r"(?:(?:the|this|that|these|my|our|your|both|all|each)\s+)?"
_OF_DOCUMENT = re.compile(rf"{_THE}(?:[\w-]+\s+){{0,2}}?{_DOCUMENT}\b", re.IGNORECASE)
_OF = re.compile(r"\s+(?:of|from)\s+", re.IGNORECASE)
_IN_SOMETHING_TOLD = re.compile(
    r"\s+(?:in|on)\s+(?:(?:his|her|its|their)\b(?!\s+own\b)|\w+['’]s\b|(?:the|this|that|a|an)\s+"
    r"(?:poem|letter|song|note|message|diary|will|verse|stanza|rhyme|hymn|prayer|speech|telegram)\b)",
    re.IGNORECASE,
)
_IN_A_COMPOUND = re.compile(
    r"(?:-|\s+)(?:boys?|girls?|managers?|workers?|troops|soldiers?|regiments?|infantry|treatments?|"
    r"therapy|therapies|drugs?|defen[cs]es?|news|headlines?|advertisements?)\b",
    re.IGNORECASE,
)
_TITLE_LIKE = re.compile(rf"{_THE}[\"“«„]?[^\W\d_a-z][\w-]*(?!['’]s\b|[\w-])")


@dataclass(frozen=True)
class Place:
    """A range of pages, chapters, lines or other units that a question names.

    Args:
        label: what may be printed on a page instead of its number, such as "iii".
    """

    kind: str
    first: int
    last: int
    label: str = ""


def places_in(
    question: str,
    kinds: Iterable[str],
    ordinals: bool = True,
    titles: Collection[str] = (),
) -> tuple[list[Place], str]:
    """The places that a question names, and the question without them.

    Args:
        kinds: of the session's locators, such as 'page'.
        ordinals: whether "the third page" counts beside "page 3".
        titles: of the session's documents, or words of them, which "of" may stand before.

    >>> places_in("Compare pages 3 to 5 with this.", ["page"])
    ([Place(kind='page', first=3, last=5, label='')], 'Compare   with this.')
    """
    # Where there are lines and rows, a "line" is none of the latter.
    kind_of = {w: kind for kind in sorted(kinds, key="row".__ne__) for w in words_for(kind)}
    if not kind_of:
        return [], question
    words = "|".join(sorted(map(re.escape, kind_of), key=len, reverse=True))
    after = (
        rf"\b(?P<kind>{words})\b\.?\s*(?:no\.|number|nr\.|#)?\s*(?P<first>{_NUMBER})\b"
        r"(?![-\s]+(?:hundred|thousand|million)\b)"
        rf"(?:\s*(?:[-–]|to|through|until|bis)\s*(?P<last>{_NUMBER})\b)?"
        rf"(?:\s*(?:and|&|,)\s*(?P<other>\d{{1,9}})\b)?"
    )
    before = rf"\b(?P<ordinal>{_ORDINAL})\s+(?P<kind2>{words})\b"
    pattern = re.compile(
        f"{after}|{before}" if ordinals else f"{after}|(?P<kind2>(?P<ordinal>(?!)))", re.IGNORECASE
    )
    places: list[Place] = []
    rest, end = "", 0
    for match in pattern.finditer(question):
        before_it = question[: match.start()]
        if _ELSEWHERE.search(before_it) or not _is_number(match["first"] or "1", before_it):
            continue
        if match["ordinal"] and not is_of_document(
            question[match.end() :], kind_of[match["kind2"].lower()], titles, pattern
        ):
            continue
        rest, end = f"{rest}{question[end : match.start()]} ", match.end()
        kind = kind_of[(match["kind"] or match["kind2"]).lower()]
        first, label = number_of(match["first"] or match["ordinal"])
        if match["last"]:
            last, label = number_of(match["last"])[0], ""
        else:
            last = first
        if _UP_TO.search(before_it):
            first, label = 1, ""
        places.append(Place(kind, first, max(first, last), label))
        if match["other"]:
            places.append(Place(kind, int(match["other"]), int(match["other"])))
    return places[:MAX_PLACES], rest + question[end:]


def is_of_document(
    after: str, kind: str, titles: Collection[str], place: re.Pattern[str] | None = None
) -> bool:
    """Whether an ordinal with a unit, such as "third page", counts in a document as a whole.

    Args:
        after: the question from behind the unit on.
        place: another place, as in "the first page of chapter 3".
    """
    if _IN_SOMETHING_TOLD.match(after) or _IN_A_COMPOUND.match(after):
        return False
    of = _OF.match(after)
    if of is None:
        return True
    what = after[of.end() :]
    bare = re.sub(rf"^{_THE}[\"“«„'‘]?", "", what, flags=re.IGNORECASE)
    if (place and place.match(bare)) or _OF_DOCUMENT.match(what):
        return True
    for title in filter(None, titles):
        begins = re.compile(rf"{re.escape(title)}(?!\w|['’]s\b)", re.IGNORECASE)
        if begins.match(bare) or begins.match(what):
            return True
    # A title may be named in part; lines are those of a poem as often.
    return kind != "line" and _TITLE_LIKE.match(what) is not None


def _is_number(text: str, before: str) -> bool:
    """Whether what follows "page" is its number, and no word in letters of Roman numerals."""
    text = text.lower()
    if text == "i":
        return not _BEFORE_I.search(before)
    return text not in _NO_ROMAN and (number_of(text)[0] > 0 or any(map(str.isdigit, text)))


def words_for(kind: str) -> list[str]:
    """The words for a kind of place, in lower case."""
    return [kind, f"{kind}s", *_OTHER_WORDS.get(kind, "").split()]


def number_of(text: str) -> tuple[int, str]:
    """The number that a text stands for, 0 for none, and the text if it may be a page's label."""
    text = text.lower()
    digits = re.sub(r"(?<=\d)(?:st|nd|rd|th)$", "", text)
    digits = re.sub(r"(?<=\d),(?=\d{3})", "", digits)
    if digits.isdecimal():
        return int(digits), digits
    words = re.sub(r"[-\s]+", " ", text)
    if words in _NUMBERS:
        return _NUMBERS[words], ""
    if not _ROMAN.fullmatch(text):
        return 0, text
    values = [_ROMAN_DIGITS[letter] for letter in text]
    following = [*values[1:], 0]
    number = sum(-v if v < after else v for v, after in zip(values, following, strict=True))
    return number, text


def searched_documents(
    documents: Sequence[DocumentKey],
    position: int | None,
    asked_of: Collection[int] | None = None,
) -> list[DocumentKey]:
    """The newest version of each file that was begun before a position and is asked.

    Args:
        documents: all documents of a session.
        asked_of: ids of the documents that are asked; None: all.
    """
    begun = [
        d
        for d in documents
        if position is None or (d.start_position is not None and d.start_position < position)
    ]
    chains = (asked_among(chain, asked_of) for chain in storage.version_chains(begun))
    return [chain[-1] for chain in chains if chain]


def asked_among(
    documents: Sequence[DocumentKey], asked_of: Collection[int] | None
) -> list[DocumentKey]:
    """Those of some documents that are asked, in the same order.

    Args:
        asked_of: ids of the documents that are asked; None: all.
    """
    return [d for d in documents if asked_of is None or d.id in asked_of]


def has_ordinal(question: str) -> bool:
    """Whether a question has a word such as "third" or "3rd"."""
    return _HAS_ORDINAL.search(question) is not None


def names_of(document: DocumentKey) -> set[str]:
    """What a document may be called: its titles, and the title and name of its file."""
    return {
        document.title,
        own_title(document),
        document.file_name,
        file_title(document.file_name),
    }


def is_named(document: DocumentKey, text: str, folded: str) -> bool:
    """Whether a text names a document by its title, or by the title or name of its file.

    Args:
        folded: the text without regard to case. Most names are not in it, and to look for one there
            takes much less time than to compile a pattern of it.
    """
    names = {spaced(name) for name in names_of(document)} - {""}
    likely = [name for name in names if name.casefold() in spaced(folded)]
    return any(re.search(title_pattern(name), text, re.IGNORECASE) for name in likely)
