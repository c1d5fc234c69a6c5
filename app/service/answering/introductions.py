"""Who somebody is: the passages in which a text introduces the name that a question asks about.

A name stands in hundreds of passages of a novel, and none of the words of "Who is Joe Gargery?"
tells which of them says who he is. A text says so where it gives the name to a person ("a boy named
Joe"), or beside the name ("Joe, the blacksmith, ...").
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import storage
from app.service.answering.support import sentences
from app.service.answering.words import TITLES, names_in
from storage import Passage

MAX_NAMED = 1_000
"""So many passages with words of the name are looked through."""
MAX_INTRODUCING = 2
"""So many that introduce a name are read again, and no others: they lead a small model astray."""
GIVES_NAME, SAYS_WHAT, HAS_APPOSITION = 3, 2, 1
"""How surely a sentence introduces a name: the name is given, followed by a verb, or by a noun."""
MAX_QUESTION_CHARS = 120
MAX_NAME_WORDS = 6
MAX_WORD_CHARS = 40
BESIDE_CHARS = 160
"""Of a text before and after a name, where it may be introduced."""

_ASKED = re.compile(
    r"^\W*(?:who(?:\s+on\s+earth)?(?:['’](?=s)|\s+(?:exactly\s+)?)|wer\s+|qui\s+)"
    r"(?P<verb>is|was|are|were|s|ist|war|sind|waren|est|était|sont|étaient)\s+"
    r"[\"“„«‘']?\s*(?P<name>[^\W\d_][\w.'’-]*(?:\s+[^\W\d_][\w.'’-]*)*)[\s?!.…\"”“»’']*$",
    re.IGNORECASE,
)
_PARTICLES = frozenset("of the de du des la le von van der den al ibn d' l'".split())
_NO_SURNAMES = TITLES | frozenset(
    "mme mlle hr fr king queen prince princess captain colonel major general count countess duke "
    "duchess inspector professor rev father mother aunt uncle saint st herr frau fräulein könig "
    "königin prinz prinzessin monsieur madame mademoiselle roi reine old young little".split()
)
_KIN = (
    r"(?:son|daughter|child|boy|girl|man|woman|lady|brother|sister|twin|wife|husband|widow|father|"
    r"mother|uncle|aunt|cousin|nephew|niece|friend|companion|servant|maid|nurse|housekeeper|"
    r"king|queen|prince|princess|duke|earl|knight|lord|captain|officer|soldier|sailor|doctor|"
    r"physician|lawyer|clerk|teacher|master|priest|witch|wizard|giant|dwarf|fairy|farmer|smith|"
    r"blacksmith|hunter|fisherman|merchant|neighbou?r|leader|chief|head|editor|engineer|"
    r"sohn|tochter|bruder|schwester|frau|mann|könig|königin|freund|diener|"
    r"fils|fille|frère|sœur|soeur|femme|homme|mari|roi|reine|ami|amie)s?"
)
_ARTICLE = (
    r"(?:a|an|the|one|two|three|his|her|its|their|my|our|ein|eine|der|die|das|sein|seine|ihr|ihre|"
    r"un|une|le|la|son|sa)"
)
_WHAT = (
    r"(?!(?:a|an|one)\s+(?:little|few|bit|long|good|great|moment)\b|ein\s+(?:paar|wenig|bisschen)\b)"
    r"(?:(?:a|an|one|his|her|my|our|ein|eine|un|une|the\s+(?:[\w-]+\s+){0,2}(?:of|son|daughter))|"
    r"born|geboren|née?)\b"
)
_CALLED = (  # "a woman called Nelly", but not "I called Nelly" and "Catherine called Nelly"
    r"\b(?!(?:he|she|they|we|you|it|to|and|or|then|who|that|again|have|had|has|not|never|could|"
    r"would|should|will|once|also|just|so|even)\b)[a-zà-ÿ]{2,},?\s+called"
)
_BEFORE_GIVEN = re.compile(
    rf"(?:{_CALLED}|(?i:\b(?:named|known\s+as|by\s+the\s+name\s+of|by\s+name|names?\s+(?:was|is)|"
    r"christened|namens|genannt|hieß|heißt|nommée?|appelée?|s['’]appelait)))\s+[\"“‘'«„]?$"
)
_AFTER_WHAT = re.compile(
    rf"(?:\s+|,[^,.;]{{1,60}},\s+)(?i:was|is|war|ist|était|est)(?:,[^,.;]{{1,60}},)?\s+(?i:{_WHAT})"
)
_AFTER_NOUN = re.compile(rf",\s+(?i:{_ARTICLE})\s+(?:[\w'’-]+\s+){{0,3}}?(?i:{_KIN})\b")
_BEFORE_NOUN = re.compile(
    rf"\b(?i:{_ARTICLE})\s+(?:[\w'’-]+\s+){{0,3}}?(?i:{_KIN}),?\s+(?:[\w'’-]+(?:,|\s+and)\s+){{0,3}}$"
)
_WORD_BEFORE = re.compile(r"([^\W\d_][\w'’-]*\.?)\s+$")
_WORD_AFTER = re.compile(r"\s+([^\W\d_][\w'’-]*)")


@dataclass(frozen=True)
class NameAsked:
    """The name in a question that asks for nothing but who somebody is.

    Args:
        name: as the question has it; in a question in small letters, with capitals.
        answer: how an answer to it begins: asked who Joe is, a small model says "Joe".
        is_sure: it has its capitals in the question. Else it may be none ("who is responsible").
    """

    name: str
    answer: str
    is_sure: bool = True

    @property
    def proper(self) -> list[str]:
        """The words of the name without titles and particles, if anything is left."""
        words = self.name.split()
        return [word for word in words if _folded(word) not in _PARTICLES | _NO_SURNAMES] or words


def name_asked_about(question: str) -> NameAsked | None:
    """The name that a question asks about; None if it asks for anything else.

    Nor is a role a name ("Who is the CEO?"): a text says who has it, not what it is.

    >>> name_asked_about("Who was Joe Gargery?")
    NameAsked(name='Joe Gargery', answer='Joe Gargery was', is_sure=True)
    >>> name_asked_about("Who is Joe afraid of?")
    """
    question = question.strip()
    found = _ASKED.match(question) if len(question) <= MAX_QUESTION_CHARS else None
    words = found["name"].rstrip(".'’").split() if found else []
    if found is None or len(words) > MAX_NAME_WORDS or re.search(r"['’]s?\b\s*$", found["name"]):
        return None
    folded = [_folded(word) for word in words]
    named = [word for word, plain in zip(words, folded, strict=True) if plain not in _PARTICLES]
    if folded[0] in _PARTICLES or any(storage.STOP_WORDS.issuperset([w.lower()]) for w in named):
        return None
    is_sure = all(word[0].isupper() for word in named)
    if not is_sure and any(word[0].isupper() for word in named):
        return None
    if len(words) == 1 and words[0].isupper():
        return None
    if not is_sure:
        words = [w if w in _PARTICLES else w[:1].upper() + w[1:] for w in words]
    name, verb = " ".join(words), found["verb"].lower()
    return NameAsked(name, f"{name} {'is' if verb == 's' else verb}", is_sure)


def is_named_in(who: NameAsked, text: str) -> bool:
    """Whether a text speaks of somebody: by the whole name, the surname or the only word of it."""
    if not who.is_sure and not set(who.name.split()) <= {*names_in(text), *_PARTICLES}:
        return False
    last = who.proper[-1]
    return any(word in (who.name, last) for word, _, _ in _mentions(who, _flowing(text)))


def introducing(passages: Sequence[Passage], who: NameAsked) -> list[Passage]:
    """The passages that introduce a name, the best first.

    The whole name comes before a part of it, then the surer before the less sure, then a document
    that matches better, then the earlier in it. If none introduces the whole name surely, the
    passage that names it first comes with the best: there a text says it in its own way.

    Args:
        passages: that have words of the name, the best first. Rows of tables introduce nobody.

    Returns:
        At most `MAX_INTRODUCING`, with the best score of all; none if nothing introduces it.
    """
    best: dict[int, float] = defaultdict(float)
    for p in passages:
        best[p.document_id] = max(best[p.document_id], p.score)
    # A row of a table introduces nobody.
    looked_at = ((p, *_sureness(p.text, who)) for p in passages if p.locator_kind != "row")
    found = [each for each in looked_at if each[2]]
    if not found:
        return []

    def order(each: tuple[Passage, bool, int]) -> tuple[float, ...]:
        p, is_whole, sureness = each
        return not is_whole, -sureness, -best[p.document_id], p.document_id, p.token_start

    found.sort(key=order)
    chosen = [p for p, _, _ in found[:MAX_INTRODUCING]]
    _, is_whole, sureness = found[0]
    if not is_whole or sureness < SAYS_WHAT:
        first = first_named(passages, who)
        chosen = [*chosen[:1], *(p for p in first if p != chosen[0])]
    return [replace(p, score=max(best.values())) for p in chosen]


def first_named(passages: Sequence[Passage], who: NameAsked) -> list[Passage]:
    """The first passage with the whole name, or, where there is none, with one of its words."""
    named = []
    for p in passages:
        words = {word for word, _, _ in _mentions(who, _flowing(p.text))}
        if words:
            named.append((who.name not in words, p.document_id, p.token_start, p))
    return [min(named, key=lambda each: each[:3])[3]] if named else []


def around(who: NameAsked, text: str) -> str:
    """The sentence of a text that introduces a name, with the one before it and the one after it.

    If none does, the first sentence with the name is taken so; a text without it stays whole.
    """
    parts = sentences(text)
    having = [i for i, part in enumerate(parts) if any(_mentions(who, _flowing(part)))]
    if not having:
        return text
    at = max(having, key=lambda i: (_sureness(parts[i], who)[1], -i))
    first, last = parts[max(0, at - 1)], parts[min(len(parts) - 1, at + 1)]
    start = text.find(first)
    end = text.find(last, start)
    return text[start : end + len(last)] if 0 <= start <= end else text


def _sureness(text: str, who: NameAsked) -> tuple[bool, int]:
    """Whether a text has the whole name where it introduces it best, and how surely it does."""
    flowing = _flowing(text)
    found = [
        (word == who.name or len(who.proper) == 1, _sureness_at(flowing, start, end))
        for word, start, end in _mentions(who, flowing)
    ]
    return max(found, key=lambda each: (each[1], each[0]), default=(False, 0))


def _sureness_at(text: str, start: int, end: int) -> int:
    """How surely a text introduces the name at text[start:end]; 0: it does not."""
    # A name may be part of a longer one: "an outlaw named Idzumo Takeru".
    for _ in range(3):
        before = _capital_before(text, start)
        if before is None:
            break
        start -= len(before[0])
    for _ in range(2):
        after = _capital_after(text, end)
        if after is None:
            break
        end += len(after[0])
    left, right = text[max(0, start - BESIDE_CHARS) : start], text[end : end + BESIDE_CHARS]
    if _BEFORE_GIVEN.search(left):
        return GIVES_NAME
    if _AFTER_WHAT.match(right):
        return SAYS_WHAT
    return HAS_APPOSITION if _AFTER_NOUN.match(right) or _BEFORE_NOUN.search(left) else 0


def _mentions(who: NameAsked, text: str) -> Iterator[tuple[str, int, int]]:
    """Where a text has the name or a word of it that is not another one's: word, start, end."""
    proper = who.proper
    words = sorted({who.name, *proper}, key=len, reverse=True)
    pattern = rf"(?<![\w'’-])(?:{'|'.join(map(re.escape, words))})(?![\w-]|['’]s)"
    own = {_folded(word) for word in who.name.split()}
    for found in re.finditer(pattern, text):
        start, end = found.span()
        is_part = found[0] != who.name and len(proper) > 1
        if not (is_part and _is_of_another(text, start, end, own)):
            yield found[0], start, end


def _is_of_another(text: str, start: int, end: int, own: Iterable[str]) -> bool:
    """Whether the part of a name at text[start:end] stands beside a part of another name."""
    found = (_capital_before(text, start), _capital_after(text, end))
    beside = [each[1] for each in found if each is not None]
    known = _NO_SURNAMES.union(own)
    return any(
        _folded(word) not in known and not storage.STOP_WORDS.issuperset([word.lower()])
        for word in beside
    )


def _capital_before(text: str, at: int) -> re.Match[str] | None:
    """The word with a capital letter right before a place, and the space behind it."""
    found = _WORD_BEFORE.search(text[max(0, at - MAX_WORD_CHARS) : at])
    return found if found and found[1][0].isupper() else None


def _capital_after(text: str, at: int) -> re.Match[str] | None:
    """The word with a capital letter right after a place, and the space before it."""
    found = _WORD_AFTER.match(text[at : at + MAX_WORD_CHARS])
    return found if found and found[1][0].isupper() else None


def _flowing(text: str) -> str:
    return " ".join(text.split())


def _folded(word: str) -> str:
    return word.rstrip(".").lower()
