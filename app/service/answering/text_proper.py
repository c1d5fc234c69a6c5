"""Where the text of a book begins and ends: without a licence, an index or advertisements.

Only what can be told from a heading, or from having no sentence at all, is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.service.answering.patterns import any_of
from app.service.answering.places_in_question import CARDINAL, ORDINAL
from app.service.answering.support import sentences
from storage import Passage

AT_MOST = 0.25
"""Of a document, at either end, is looked through for what is not its text."""
MIN_WORDS = 5
"""Of a sentence."""
_MARKS = r"^(?:[^\w\n]|_){0,4}"
_LICENCE_BEGINS = re.compile(
    r"\*{3}\s*END OF (?:THE |THIS )?PROJECT GUTENBERG|"
    r"^\W{0,4}End of (?:the |this )?Project Gutenberg|"
    r"^\W{0,4}(?:START: FULL|THE FULL PROJECT GUTENBERG) LICEN[SC]E",
    re.IGNORECASE | re.MULTILINE,
)
_LICENCE_ENDS = re.compile(
    r"\*{3}\s*START OF (?:THE |THIS )?PROJECT GUTENBERG[^*]{0,300}\*{3}|"
    r"\*END\*?THE SMALL PRINT[^*\n]{0,200}\*END\*",
    re.IGNORECASE,
)
_AFTER_IT = (
    r"(?:(?:general |subject )?index(?: of \w+)?|notes|foot-?notes|end-?notes|bibliography|"
    r"works cited|references|further reading|glossary|appendix(?: [a-z0-9]{1,3})?|appendices|"
    r"acknowledge?ments|about the authors?|about the publisher|also by[^\n]{0,60}|"
    r"(?:other )?(?:books|works) by[^\n]{0,60}|by the same author|advertisements?|"
    r"transcriber[’']?s?[’']? notes?|colophon|credits|copyright|licen[sc]e|"
    r"anmerkungen|fußnoten|endnoten|(?:personen|sach|stichwort)?register|stichwortverzeichnis|"
    r"literatur(?:verzeichnis)?|quellen(?:verzeichnis)?|glossar|anhang|danksagung|"
    r"über (?:den autor|die autorin)|anzeigen?|impressum|"
    r"bibliographie|glossaire|annexes?|remerciements|à propos de l[’']aut(?:eur|rice)|"
    r"du même auteur|table des matières)"
)
_HEADING_AFTER = re.compile(
    rf"{_MARKS}(?P<title>{_AFTER_IT})[ \t]*[.:*_#=-]{{0,4}}[ \t]*$", re.IGNORECASE | re.MULTILINE
)
_HEADING_WITHIN = re.compile(
    rf"{_MARKS}(?:(?:chapter|kapitel|chapitre|part|teil|partie|book|letter|act|scene|akt)\s+"
    rf"(?:the\s+)?(?:\d{{1,4}}|[ivxlcdm]{{1,8}}|{ORDINAL}|{CARDINAL})|"
    r"epilogue?|epilog|prologue?|prolog)\b[^\n]{0,80}$",
    re.IGNORECASE | re.MULTILINE,
)
_PREFACE = re.compile(
    rf"{_MARKS}(?:preface|foreword|dedication|acknowledge?ments|vorwort|widmung|préface|"
    r"avant-propos|transcriber[’']?s?[’']? notes?)[ \t]*[.:*_#]{0,4}[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_NO_TELLING = any_of(
    r"\bproduced by\b",
    r"\ball rights reserved\b",
    r"\bcopyright\b",
    r"\bisbn\b",
    r"\be-?text (?:was )?prepared\b",
    r"\bproject gutenberg\b",
)


@dataclass(frozen=True)
class TextProper:
    """The passages of a document's text.

    Args:
        passages: in reading order, the outermost one cut if need be.
        left_out: what begins what was left out, such as "Index"; empty if nothing was.
        where: the place of that.
    """

    passages: tuple[Passage, ...]
    left_out: str = ""
    where: str = ""


def follows_text(title: str) -> bool:
    """Whether a chapter's title says that it is a licence, an index or another part behind a text.

    >>> follows_text("Index"), follows_text("THE FULL PROJECT GUTENBERG LICENSE")
    (True, True)
    >>> follows_text("The Index Card")
    False
    """
    return bool(_HEADING_AFTER.search(title) or _LICENCE_BEGINS.search(title))


def without_what_follows(passages: Sequence[Passage]) -> TextProper:
    """The last passages of a document without what follows its text.

    That is a licence, what stands under the heading of an index, of notes or the like without a
    chapter behind it, and passages at the end without a sentence.

    Args:
        passages: the last ones of a document, up to its end.
    """
    if not passages:
        return TextProper(())
    from_token = (1 - AT_MOST) * (passages[-1].token_start + passages[-1].token_count)
    late = [i for i, p in enumerate(passages) if p.token_start + p.token_count > from_token]
    found = TextProper(tuple(passages))
    for i in late:
        if licence := _LICENCE_BEGINS.search(passages[i].text):
            name = "the licence of Project Gutenberg"
            found = _up_to(passages, i, licence.start(), name)
            break
    kept = found.passages
    last_chapter = max((i for i in late if _has_chapter(kept, i)), default=-1)
    for i in late:
        if i >= len(kept):
            break
        for heading in _HEADING_AFTER.finditer(kept[i].text):
            behind = kept[i].text[heading.end() :]
            if i >= last_chapter and not _HEADING_WITHIN.search(behind):
                cut = _up_to(kept, i, heading.start(), f"“{heading['title'].strip()}”")
                return cut if cut.passages else found
    end = _last_telling(kept, min(late))
    if end < len(kept):
        where = found.where or kept[end].locator
        found = TextProper(kept[:end], found.left_out or "what has no sentences", where)
    return found if found.passages else TextProper(tuple(passages))


def without_what_precedes(passages: Sequence[Passage], tokens: int) -> TextProper:
    """The first passages of a document without a licence, title pages, contents and a preface.

    Args:
        passages: the first ones of a document.
        tokens: of the whole document.
    """
    kept = list(passages)
    early = [i for i, p in enumerate(kept) if p.token_start < AT_MOST * tokens]
    for i in early:
        if licence := _LICENCE_ENDS.search(kept[i].text):
            rest = replace(kept[i], text=kept[i].text[licence.end() :])
            kept = [*([rest] if rest.text.strip() else []), *kept[i + 1 :]]
            early = early[: len(kept)]
            break
    for i in early:
        if i < len(kept) and (preface := _PREFACE.search(kept[i].text)):
            begins = _heading_behind(kept, i, preface.end(), len(early))
            if begins is not None:
                at, start = begins
                kept = [replace(kept[at], text=kept[at].text[start:]), *kept[at + 1 :]]
            break
    telling = (i for i in range(min(len(kept), len(early))) if tells(kept[i].text))
    kept = kept[next(telling, 0) :]
    is_less = bool(kept) and kept[0] != passages[0]
    return TextProper(tuple(kept or passages), "what precedes the text" if is_less else "")


def tells(text: str) -> bool:
    """Whether a text has a sentence that is no note about its making."""
    lines = (" ".join(part.split()) for part in sentences(re.sub(r"(?<!\n)\n(?!\n)", " ", text)))
    return any(
        len(line.split()) >= MIN_WORDS
        and line.rstrip("\"'”’»)")[-1:] in tuple(".!?…。！？")
        and not _NO_TELLING.search(line)
        for line in lines
    )


def _up_to(passages: Sequence[Passage], i: int, characters: int, name: str) -> TextProper:
    text = passages[i].text[:characters].rstrip()
    last = (replace(passages[i], text=text),) if text.strip(" \t\n*_=-") else ()
    return TextProper((*passages[:i], *last), name, passages[i].locator)


def _has_chapter(passages: Sequence[Passage], i: int) -> bool:
    return i < len(passages) and _HEADING_WITHIN.search(passages[i].text) is not None


def _last_telling(passages: Sequence[Passage], first: int) -> int:
    """The number of passages up to the last one that tells; all of them if none does."""
    telling = (i for i in range(len(passages) - 1, first - 1, -1) if tells(passages[i].text))
    return next(telling, len(passages) - 1) + 1


def _heading_behind(
    passages: Sequence[Passage], i: int, characters: int, end: int
) -> tuple[int, int] | None:
    """The first heading of a chapter behind a point: its passage, and where it is there."""
    for at in range(i, min(end, len(passages))):
        heading = _HEADING_WITHIN.search(passages[at].text, characters if at == i else 0)
        if heading is not None:
            return at, heading.start()
    return None
