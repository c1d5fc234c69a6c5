"""Places in a question: "What is on page 3?" is answered from page 3, not from where "page" is.

A place counts only if the session has something there: otherwise its words are words like others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import storage
from app.service.answering.words import content_words, count_shared
from app.service.reading.titles import file_title, list_shown_keys
from storage import Database, DocumentKey, Passage

MAX_PLACES = 3
_OTHER_WORDS = {
    "page": "p pp pg seite seiten página páginas pagina",
    "chapter": "ch chap kapitel chapitre chapitres capítulo capítulos capitolo",
    "line": "ln zeile zeilen ligne lignes",
}
_NUMBER_WORDS = (
    "one two three four five six seven eight nine ten eleven twelve",
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth",
)
_NUMBERS = {word: i for words in _NUMBER_WORDS for i, word in enumerate(words.split(), 1)}
_NUMBER = r"[a-z]-\d{1,4}|\d{1,9}|[ivxlcdm]{1,8}|" + "|".join(_NUMBER_WORDS[0].split())
_ORDINAL = r"\d{1,9}(?:st|nd|rd|th)|" + "|".join(_NUMBER_WORDS[1].split())
_ROMAN = re.compile(r"m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})")
_ROMAN_DIGITS = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
# What is asked about a place as a whole; other words say what is looked for there.
_ABOUT_ALL = frozenset(
    """
    content contents contain contains describe explain give happen happened happens in list on read
    state stated states summarise summarize summary summaries talk talks tell text there within
    written wrote document book file section part
    """.split()
)


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


def places_in(question: str, kinds: Iterable[str]) -> tuple[list[Place], str]:
    """The places that a question names, and the question without them.

    Args:
        kinds: of the session's locators, such as 'page'.

    >>> places_in("Compare pages 3 to 5 with this.", ["page"])
    ([Place(kind='page', first=3, last=5, label='')], 'Compare   with this.')
    """
    kind_of = {word: kind for kind in kinds for word in _words_for(kind)}
    if not kind_of:
        return [], question
    words = "|".join(sorted(map(re.escape, kind_of), key=len, reverse=True))
    after = (
        rf"\b(?P<kind>{words})\b\.?\s*(?:no\.|number|nr\.|#)?\s*(?P<first>{_NUMBER})\b"
        rf"(?:\s*(?:[-–]|to|through|until|bis)\s*(?P<last>{_NUMBER})\b)?"
        rf"(?:\s*(?:and|&|,)\s*(?P<other>\d{{1,9}})\b)?"
    )
    before = rf"\b(?P<ordinal>{_ORDINAL})\s+(?P<kind2>{words})\b"
    pattern = re.compile(f"{after}|{before}", re.IGNORECASE)
    places: list[Place] = []
    for match in pattern.finditer(question):
        kind = kind_of[(match["kind"] or match["kind2"]).lower()]
        first, label = _number(match["first"] or match["ordinal"])
        if match["last"]:
            last, label = _number(match["last"])[0], ""
        else:
            last = first
        places.append(Place(kind, first, max(first, last), label))
        if match["other"]:
            places.append(Place(kind, int(match["other"]), int(match["other"])))
    return places[:MAX_PLACES], pattern.sub(" ", question) if places else question


def passages_of_places(
    db: Database, session_id: int, question: str, limit: int, before_position: int | None
) -> tuple[list[Passage], int, bool]:
    """The passages of the places that a question names.

    Args:
        limit: the maximum number of passages.
        before_position: only passages that end at or before this token of the stream; None: all.

    Returns:
        The passages, the best first; how many there are in all; and whether nothing else is asked
        for, so that passages of other places would mislead.
    """
    places, rest = places_in(question, storage.locator_kinds(db, session_id))
    if not places:
        return [], 0, False
    documents = _searched(list_shown_keys(db, session_id), before_position)
    folded = rest.casefold()
    named = [d for d in documents if _is_named(d, rest, folded)]
    without = _ABOUT_ALL | _words_of(named)
    words = {w: form for w, form in content_words(rest).items() if w not in without}
    total, chosen = 0, []
    for place in places:
        found, count = _passages(db, session_id, place, named or documents, before_position)
        total += count
        chosen.append(_chosen(found, words, max(1, limit // len(places))))
    mixed = [p for rank in range(limit) for c in chosen for p in c[rank : rank + 1]]
    once = list({p.segment_id: p for p in mixed}.values())  # places may overlap
    return once[:limit], total, not words


def _passages(
    db: Database,
    session_id: int,
    place: Place,
    documents: Sequence[DocumentKey],
    before_position: int | None,
) -> tuple[list[Passage], int]:
    return storage.passages_at(
        db,
        session_id,
        place.kind,
        place.first,
        place.last,
        label=place.label,
        document_ids=[document.id for document in documents],
        before_position=before_position,
    )


def _words_for(kind: str) -> list[str]:
    return [kind, f"{kind}s", *_OTHER_WORDS.get(kind, "").split()]


def _number(text: str) -> tuple[int, str]:
    """The number that a text stands for, 0 for none, and the text if it may be a page's label."""
    text = text.lower()
    digits = re.sub(r"(?<=\d)(?:st|nd|rd|th)$", "", text)
    if digits.isdecimal():
        return int(digits), digits
    if text in _NUMBERS:
        return _NUMBERS[text], ""
    if not _ROMAN.fullmatch(text):
        return 0, text
    values = [_ROMAN_DIGITS[letter] for letter in text]
    following = [*values[1:], 0]
    number = sum(-v if v < after else v for v, after in zip(values, following, strict=True))
    return number, text


def _searched(documents: Sequence[DocumentKey], position: int | None) -> list[DocumentKey]:
    """The newest version of each file that was begun before a position."""
    begun = [
        d
        for d in documents
        if position is None or (d.start_position is not None and d.start_position < position)
    ]
    return [chain[-1] for chain in storage.version_chains(begun)]


def _is_named(document: DocumentKey, text: str, folded: str) -> bool:
    """Whether a text names a document by its title, or by the title or name of its file.

    Args:
        folded: the text without regard to case. Most names are not in it, and to look for one there
            takes much less time than to compile a pattern of it.
    """
    names = {document.title, document.file_name, file_title(document.file_name)}
    likely = [name for name in names if name and name.casefold() in folded]
    return any(re.search(rf"(?<!\w){re.escape(n)}(?!\w)", text, re.IGNORECASE) for n in likely)


def _words_of(documents: Iterable[DocumentKey]) -> set[str]:
    return {w for d in documents for w in content_words(f"{d.title} {d.file_name}")}


def _chosen(found: Sequence[Passage], words: dict[str, str], limit: int) -> list[Passage]:
    """The passages with most of the words; without such, the first and some between it and the end.

    They are in reading order where they have equally many of the words.
    """
    shared = {p.segment_id: count_shared(words, content_words(p.text)) for p in found}
    if any(shared.values()):
        ranked = sorted(found, key=lambda p: -shared[p.segment_id])
        return [p for p in ranked if shared[p.segment_id]][:limit]
    step = max(1, -(-len(found) // limit))
    return list(found[::step])
