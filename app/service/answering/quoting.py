"""Quotes a place word for word, by code: "What is on line 100?", "Quote section 4", "Show page 20".

A small model retells a line badly. So a line, a row or a clause is quoted where nothing else is
asked about it; a longer place, such as a page, only where the words themselves are asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from app.service.answering.patterns import any_of
from storage import Passage

MAX_SMALL_CHARS = 2_000
"""A place with more text than this is not small."""
MAX_QUOTED_CHARS = 6_000
"""Of a longer place its beginning is quoted, which is said."""

Wanted = Literal["words", "text", "other"]

_PLEASE = (
    r"^\W*(?:(?:please|bitte|and|now|then|so|ok(?:ay)?|s['’]il (?:te|vous) pla[iî]t)\W+){0,2}"
    r"(?:(?:can|could|would|will) you (?:please )?|(?:i (?:want|need|would like)|i['’]d like) "
    r"you to |"
    r"(?:kannst du|können sie|peux-tu|pouvez-vous) (?:mir |me )?)?"
)
_WORDS = any_of(
    r"^\W*(?:please )?(?:(?:i (?:want|need|would like)|i['’]d like) to|let me) (?:see|read)\b",
    _PLEASE + r"(?:show|quote|print|display|cite|copy|recite|repeat|reproduce|list|"
    r"read(?: it)?(?: out| aloud| me| to me)?|give (?:me|us)|zeige?n?|zitiere?n?|lies|lesen sie|"
    r"gib|geben sie|drucke?|montre[rz]?|cite[rz]?|affiche[rz]?|lis(?:ez)?|donne[rz]?|"
    r"recopie[rz]?)\b",
    r"\b(?:exact|original|very|full|actual|precise) (?:words?|wording|text)\b|\bwording\b|"
    r"\bverbatim\b|\bword[- ]for[- ]word\b|\bliterally\b|\bim wortlaut\b|\bwortwörtlich\b|"
    r"\bwörtlich\b|\bgenaue[nr]? (?:wortlaut|text)\b|\bmot (?:pour|à) mot\b|\btextuellement\b|"
    r"\b(?:texte|mots) exacts?\b",
)
# Words that ask for nothing but what is written at a place, and where it is.
_ASKS_FOR_TEXT = frozenset(
    """
    what whats which is s re are was does do did say says said tell tells read reads reading stand
    stands standing written state states stated contain contains there on in at of from to out it
    aloud me us you we a an and the this that these those my our please can could would will i want
    need like see let have know then now so ok okay for with
    full whole entire complete text texts content contents wording word words exact exactly original
    actual precise precisely very verbatim literally literal
    show quote print display cite copy recite repeat reproduce list give
    line lines row rows entry entries record records document documents file files log logs table
    book manual report contract agreement novel story tale chapter section page number no
    was wie steht stehen stand sagt sagen lautet lauten heißt der die das den dem des im in auf
    aus von zu mir bitte ist sind genau genaue genauen genauer wortlaut wörtlich
    wortwörtlich text inhalt
    zeige zeig zeigen zitiere zitier zitieren lies lesen sie gib geben drucke vor kannst du können
    datei dokument protokoll buch tabelle
    que qu quoi dit disent est ce qui il y t se trouve lit écrit contient la le les l d de du des
    dans sur à au moi te vous plaît plait peux tu pouvez quel quelle texte exact exacts mots mot
    pour textuellement contenu montre montrez montrer cite citez citer affiche affichez afficher lis
    lisez donne donnez recopie document fichier journal livre tableau
    """.split()
)
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Quoted:
    """A place, word for word.

    Args:
        passages: that are quoted, the first one with the number 1.
        left_out: a sentence about what is not quoted; may be empty.
    """

    text: str
    passages: tuple[Passage, ...]
    left_out: str = ""


def wanted_of(question: str, rest: str, other_words: Iterable[str] = ()) -> Wanted:
    """What is asked about a place: its very words, what is written there, or something else.

    Args:
        rest: the question without the name of the place.
        other_words: folded words that say where it is, such as those of the documents' names.

    >>> wanted_of("What is on line 5?", "What is on ?"), wanted_of("Quote page 5", "Quote ")
    ('text', 'words')
    >>> wanted_of("Which user is named on line 5?", "Which user is named on ?")
    'other'
    """
    words = {word.casefold() for word in _WORD.findall(rest)}
    if not words <= _ASKS_FOR_TEXT.union(other_words):
        return "other"
    return "words" if _WORDS.search(question) else "text"


def may_ask_for_words(question: str) -> bool:
    """Whether a question begins or goes on like one for the very words of a place."""
    return _WORDS.search(question) is not None


def is_quoted(passages: Sequence[Passage], wanted: Wanted, is_small: bool) -> bool:
    """Whether a place is quoted, not retold.

    Args:
        passages: all of it.
        is_small: it is of a kind that is mostly short, such as a line.
    """
    if not passages or wanted == "other":
        return False
    chars = sum(len(passage.text.strip()) for passage in passages)
    return wanted == "words" or (is_small and chars <= MAX_SMALL_CHARS)


def quote(passages: Sequence[Passage], name: str) -> Quoted:
    """Quote the text of a place.

    Args:
        passages: all of it, in reading order.
        name: what it is called, such as "page 20 of Moby Dick".
    """
    lengths = [len(passage.text.strip("\n")) for passage in passages]
    total, room = sum(lengths), MAX_QUOTED_CHARS
    is_several = len({passage.document_id for passage in passages}) > 1
    blocks: list[str] = []
    quoted: list[Passage] = []
    for passage, length in zip(passages, lengths, strict=True):
        if room <= 0:
            break
        text = passage.text.strip("\n")
        if length > room:
            text = f"{text[:room].rstrip()}…"
        room -= length
        quoted.append(passage)
        head = f"{passage.document_title}, {passage.locator}:\n" if is_several else ""
        blocks.append(f"{head}{text.rstrip()} [{len(quoted)}]")
    left_out = ""
    if total > MAX_QUOTED_CHARS:
        left_out = (
            f"Only the first {MAX_QUOTED_CHARS:,} of {total:,} characters of {name} are quoted."
        )
    separator = "\n\n" if is_several else "\n"
    return Quoted(separator.join(blocks), tuple(quoted), left_out)
