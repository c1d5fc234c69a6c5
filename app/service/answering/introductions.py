"""Who somebody is: the passages in which a text introduces the name that a question asks about.

A name stands in hundreds of passages of a novel, and none of the words of "Who is Joe Gargery?"
tells which of them says who he is. A text says so where it gives the name to a person ("a boy named
Joe"), or beside the name ("Joe, the blacksmith, ...").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import storage
from app.service.answering.line_wrapping import unwrapped
from app.service.answering.support import sentences
from storage import Passage

MAX_NAMED = 1_000
"""So many passages with the name are looked through."""
MAX_INTRODUCING = 2
"""Of them so many come before what the search ranks first."""
GIVES_NAME, SAYS_WHAT, HAS_APPOSITION = 3, 2, 1
"""How surely a sentence introduces a name: the name is given, followed by a verb, or by a noun."""

_CAPITAL = r"[^\W\d_a-zà-öø-ÿ][\w'’\-]*\.?"
_NAME = (
    rf"{_CAPITAL}(?:\s+(?:(?:of|the|de|du|des|la|le|von|van|der|den|al|ibn)\s+){{0,2}}{_CAPITAL})*"
)
_WHO = (
    r"^\W*(?i:(?:who(?:\s+on\s+earth)?(?:['’](?=s)|\s+(?:exactly\s+)?)|wer\s+|qui\s+))"
    r"(?P<verb>(?i:is|was|are|were|s|ist|war|sind|waren|est|était|sont|étaient))\s+"
    r"(?P<article>(?i:the|der|die|das|le|la|les)\s+)?"
)
_ASKED = re.compile(rf"{_WHO}(?P<name>{_NAME})\W*$")
_ASKED_IN_SMALL = re.compile(rf"{_WHO}(?P<name>[^\W\d_]{{2,}}\.?(?:\s+[^\W\d_]{{2,}}){{0,2}})\W*$")
_PARTICLES = frozenset("of the de du des la le von van der den al ibn".split())
_TITLES = frozenset(
    "mr mrs ms miss dr sir lady lord madam prof king queen prince princess captain aunt uncle "
    "saint st herr frau fräulein könig königin prinz prinzessin monsieur madame mademoiselle roi "
    "reine".split()
)
_MIN_PART = 3
_KIN = (
    r"(?:son|daughter|child|boy|girl|man|woman|lady|brother|sister|twin|wife|husband|widow|father|"
    r"mother|uncle|aunt|cousin|nephew|niece|friend|companion|servant|maid|nurse|housekeeper|"
    r"king|queen|prince|princess|duke|earl|knight|lord|captain|officer|soldier|sailor|doctor|"
    r"physician|lawyer|clerk|teacher|master|priest|witch|wizard|giant|dwarf|fairy|farmer|smith|"
    r"blacksmith|hunter|fisherman|merchant|neighbou?r|leader|chief|head|editor|engineer|"
    r"sohn|tochter|bruder|schwester|frau|mann|könig|königin|freund|diener|"
    r"fils|fille|frère|sœur|soeur|femme|homme|mari|roi|reine|ami|amie)"
)
_INDEFINITE = (
    r"(?:a|an|one|the\s+(?:[\w-]+\s+){0,2}(?:of|son|daughter)|his|her|my|our|ein|eine|un|une)"
)
_CALLED = (  # "a woman called Nelly", but not "I called Nelly" and "Catherine called Nelly"
    r"\b(?!(?:he|she|they|we|you|it|to|and|or|then|who|that|again|have|had|has|not|never|could|"
    r"would|should|will|once|also|just|so|even)\b)[a-zà-ÿ]{2,},?\s+called"
)
_ARTICLE = (
    r"(?:a|an|the|one|his|her|its|their|my|our|ein|eine|der|die|das|sein|seine|ihr|ihre|un|une|le|"
    r"la|son|sa)"
)


@dataclass(frozen=True)
class NameAsked:
    """The name in a question that asks for nothing but who somebody is.

    Args:
        answer: how an answer to it begins: asked who Joe is, a small model says "Joe".
    """

    name: str
    answer: str


def name_asked_about(question: str) -> NameAsked | None:
    """The name that a question asks about; None if it asks for anything else.

    A question in small letters may ask for none ("who is responsible?"): see `stands_in`.

    >>> name_asked_about("Who was Joe Gargery?")
    NameAsked(name='Joe Gargery', answer='Joe Gargery was')
    >>> name_asked_about("Who is Joe afraid of?")
    """
    question = question.strip()
    found = _ASKED.match(question)
    if found is None and question.islower():
        found = _ASKED_IN_SMALL.match(question)
    if found is None:
        return None
    name, verb = found["name"].rstrip("."), found["verb"].lower()
    if storage.STOP_WORDS.issuperset(storage.folded_words(name)):  # "who is she"
        return None
    if name.islower():
        name = name.title()
    article = (found["article"] or "").capitalize()
    return NameAsked(name, f"{article}{name} {'is' if verb == 's' else verb}")


def stands_in(name: str, text: str) -> bool:
    """Whether a text has a name, or one of its words, in these letters."""
    return name in " ".join(text.split()) or any(part in text for part in _proper(name))


def introducing(passages: Sequence[Passage], name: str) -> list[Passage]:
    """The passages that introduce a name, the surest and then the earliest first.

    A small model is led astray by others, so there are no others beside these. If none is sure, the
    passage that names it first comes beside it: there a text says it in its own way.

    Args:
        passages: that have words of the name, the best first.

    Returns:
        At most `MAX_INTRODUCING`, with the best score of all; none if nothing introduces it.
    """
    patterns = _patterns(name)
    sure = [(_sureness(p.text, patterns), p) for p in passages]
    found = sorted(
        ((sureness, p) for sureness, p in sure if sureness),
        key=lambda each: (-each[0], each[1].document_id, each[1].token_start),
    )
    chosen = [p for _, p in found[:MAX_INTRODUCING]]
    if found and found[0][0] < SAYS_WHAT:
        first = first_named(passages, name)
        chosen = [*chosen[:1], *(p for p in first if p not in chosen[:1])]
    best = max((p.score for p in passages), default=0.0)
    return [replace(p, score=best) for p in chosen]


def around(name: str, text: str) -> str:
    """The sentence of a text that introduces a name, with the one before it and the one after it.

    If none does, the first sentence with the name is taken so; a text without it stays whole.
    """
    parts, patterns = sentences(unwrapped(text)), _patterns(name)
    having = [i for i, part in enumerate(parts) if stands_in(name, part)]
    if not having:
        return text
    at = max(having, key=lambda i: (_sureness(parts[i], patterns), -i))
    return " ".join(parts[max(0, at - 1) : at + 2])


def first_named(passages: Iterable[Passage], name: str) -> list[Passage]:
    """The first passage with the whole name, or, where there is none, with one of its words."""
    whole = [p for p in passages if name in " ".join(p.text.split())]
    having = whole or [p for p in passages if stands_in(name, p.text)]
    first = min(having, key=lambda p: (p.document_id, p.token_start), default=None)
    return [first] if first is not None else []


def _proper(name: str) -> list[str]:
    """The words of a name without titles and particles, if anything is left."""
    parts = [part for part in name.split() if part.rstrip(".").casefold() not in _PARTICLES]
    proper = [p for p in parts if p.rstrip(".").casefold() not in _TITLES and len(p) >= _MIN_PART]
    return proper or parts


def _sureness(text: str, patterns: Iterable[tuple[int, re.Pattern[str]]]) -> int:
    flowing = " ".join(text.split())
    return next((sure for sure, pattern in patterns if pattern.search(flowing)), 0)


def _patterns(name: str) -> list[tuple[int, re.Pattern[str]]]:
    """What introduces a name, the surest first."""
    alternatives = sorted({name, *_proper(name)}, key=len, reverse=True)
    one = rf"(?<![\w'’-])(?:{'|'.join(map(re.escape, alternatives))})(?![\w-]|['’]s)"
    # What stands between "Prince" or "Yamato" and the rest of a name.
    named = rf"(?:(?:{_CAPITAL})\s+){{0,3}}{one}(?:\s+{_CAPITAL}){{0,2}}"
    return [
        (
            GIVES_NAME,
            re.compile(
                rf"(?:{_CALLED}|(?i:\b(?:named|known as|by the name of|by name|names? (?:was|is)|"
                rf"christened|namens|genannt|hieß|heißt|nommée?|appelée?|s['’]appelait)))"
                rf"\s+[\"“‘'«„]?{named}"
            ),
        ),
        (
            SAYS_WHAT,
            re.compile(
                rf"{one}(?:\s+{_CAPITAL}){{0,2}}\s+(?i:was|is|war|ist|était|est)(?:,[^,.;]{{1,60}},)?"
                rf"\s+(?i:{_INDEFINITE}\b|born\b|geboren\b|né)"
            ),
        ),
        (
            HAS_APPOSITION,
            re.compile(
                rf"{one}(?:\s+{_CAPITAL}){{0,2}},\s+(?i:{_ARTICLE})\s+(?:[\w'’-]+\s+){{0,3}}?(?i:{_KIN})\b|"
                rf"\b(?i:{_ARTICLE}|two|three)\s+(?:[\w'’-]+\s+){{0,3}}?(?i:{_KIN})s?,?\s+"
                rf"(?:{_CAPITAL}(?:,|\s+and)\s+){{0,3}}{named}"
            ),
        ),
    ]
