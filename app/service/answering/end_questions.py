"""Questions about the beginning or the end of a text: "How does the story end?"

Only what asks how a document as such begins or ends, or what happens there, is such a question.
"How does the war end?" and "What is at the end of the rope?" are about what a text tells of.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.service.answering.overview_questions import (
    MAX_CHARS,
    TITLE,
    is_about_the_whole,
    with_marked_titles,
)
from app.service.answering.patterns import any_of

Which = Literal["beginning", "end"]


@dataclass(frozen=True)
class AskedEnd:
    """What is asked about.

    Args:
        is_literal: the very last or first lines are meant, whatever they are; else what is told.
        is_pronoun: the text is only called "it".
    """

    which: Which
    is_literal: bool = False
    is_pronoun: bool = False


_BOOK = (
    r"(?:story|tale|novel|book|e-?book|fable|narrative|memoirs?|chronicle|document|text|manual|"
    r"paper|article|thesis|pdf|epub|transcript|recording|file|log(?: file)?|plot)"
)
# A novel may have these in it; they are the document if its title says so, or "this".
_IN_A_BOOK = (
    r"(?:play|poem|report|letter|speech|meeting|conversation|discussion|interview|call|lecture|"
    r"diary|essay|song|sitzung|besprechung|gespräch|brief|bericht|gedicht|tagebuch|rede|"
    r"lettre|réunion|poème|rapport|discours|entretien)"
)
_WHOLE = r"(?:(?:whole|entire|full)\s+)?"
_WORK = rf"(?:(?:the|this|that|my|our)\s+{_WHOLE}{_BOOK}|{TITLE})"
_IT = r"(?:it(?:\s+all)?|everything)"
_OF_WORK = rf"(?:\s+(?:of|in|from|to)\s+{_WORK})"
_ENDS = r"(?:ends?|ended|finish(?:es|ed)?|conclude[sd]?|turns? out|turned out|wraps? up)"
_BEGINS = r"(?:begins?|began|starts?|started|commences?)"
_OPENS, _CLOSES = r"(?:opens?|opened)", r"(?:closes?|closed)"
_END = r"(?:end|ending|finale|close|very last)"
_BEGINNING = r"(?:beginning|start|opening|outset)"
_PERSON = (
    r"(?:(?-i:(?:Mr|Mrs|Ms|Dr|St)\.?\s+)?(?-i:[A-ZÄÖÜÉ])[\w’'\-]*"
    r"(?:\s+(?:and\s+)?(?-i:[A-ZÄÖÜÉ])[\w’'\-]*){0,3}|him|her|them|he|she|they|everyone|everybody|"
    r"the (?:main )?(?:hero(?:ine)?|protagonist|narrator|villain|characters?))"
)
_LEAD = (
    r"^\W*(?:(?:please|now|then|so|and|but|ok(?:ay)?)\W+){0,2}"
    r"(?:(?:can|could|would|will) you (?:please\s+)?|i (?:want|would like) to know\s+|"
    r"do you know\s+)?"
)
_TELL = r"(?:(?:tell me|describe|explain|summari[sz]e|recount|say|show me)\s+(?:about\s+)?)"
_STOP = (
    r"(?:[\s,]+(?:please|briefly|exactly|again|for me|in (?:short|brief|detail)|"
    r"in (?:a|one|two|three|a few|\d+) (?:words?|sentences?)|and why|so far|then|"
    r"in your own words))*\W*$"
)
_FATE = (
    r"(?:dies?|died|survives?|survived|lives?|wins?|won|loses?|lost|marr(?:y|ies|ied)(?: \w+)?|"
    r"(?:is|are|was|were) (?:left|alive|dead|killed|caught|arrested|saved|happy)|"
    r"remains?|escapes?|escaped)"
)
_AT = r"(?:at|in|by|towards?|near|right at)"


def _told(verbs: str, noun: str, closing: str) -> str:
    """English patterns of a question about what is told at one end.

    Args:
        verbs, noun: for this end.
        closing: a verb that other things than stories do, too, as doors open.
    """
    place = rf"{_AT} (?:the )?(?:very )?{noun}{_OF_WORK}?"
    return "|".join(
        [
            rf"{_LEAD}how (?:exactly )?(?:do|does|did|will)\s+(?:{_WORK}\s+(?:really |actually )?"
            rf"(?:{verbs}|{closing})|{_IT}\s+(?:really |actually )?{verbs})(?: for {_PERSON})?"
            + _STOP,
            rf"{_LEAD}{_TELL}?how (?:{_WORK}|{_IT}) {verbs}{_STOP}",
            rf"{_LEAD}{_TELL}?what(?: all| exactly| else)? (?:happens|happened|occurs|takes place|"
            rf"goes on|becomes|became)(?: (?:to|with|of) {_PERSON})? {place}{_STOP}",
            rf"{_LEAD}{place},? what (?:happens|happened)(?: to {_PERSON})?{_STOP}",
            rf"{_LEAD}what (?:does|do|did) {_PERSON} do {place}{_STOP}",
            rf"{_LEAD}(?:where|who|what) (?:is|are|was|were) {_PERSON} {place}{_STOP}",
            rf"{_LEAD}(?:{_TELL}|(?:what|how)(?: is|'s|’s| was)\s+)"
            rf"(?:(?:the |its )(?:very )?{noun}{_OF_WORK}|{_WORK}['’]s {noun})"
            rf"(?: like)?{_STOP}",
            rf"{_LEAD}where (?:does|did) {_WORK} {verbs}{_STOP}",
        ]
    )


_END_TOLD = any_of(
    _told(_ENDS, _END, _CLOSES),
    rf"{_LEAD}(?:{_TELL}|(?:what|how)(?: is|'s|’s| was)\s+)(?:the |its )ending(?: like)?{_STOP}",
    rf"{_LEAD}what (?:finally|eventually) (?:happens|happened)(?: to {_PERSON})?(?:{_OF_WORK})?"
    + _STOP,
    rf"{_LEAD}what (?:happens|happened) (?:last|finally)(?:{_OF_WORK})?{_STOP}",
    rf"{_LEAD}what(?: is|'s|’s| was) the (?:outcome|conclusion)(?: of {_WORK}){_STOP}",
    rf"{_LEAD}(?:who|which (?:of them|characters?)) (?:\w+ly )?{_FATE} {_AT} the (?:very )?{_END}"
    rf"(?:{_OF_WORK})?{_STOP}",
    rf"{_LEAD}(?:does|did|is|was|has|have) (?:there |(?:{_WORK}|{_IT})(?: have)? )?(?:a|an|the) "
    rf"(?:\w+ )?(?:ending|happy end)(?:{_OF_WORK})?(?: (?:a )?(?:happy|sad|good|bad|tragic|open)"
    rf"(?: one)?)?{_STOP}",
    rf"{_LEAD}(?:does|did) (?:{_WORK}|{_IT}) end (?:well|badly|happily|sadly|in \w+|with [^?]+)"
    + _STOP,
)
_BEGINNING_TOLD = any_of(_told(_BEGINS, _BEGINNING, _OPENS))
_FEW = r"(?:(?:few|couple of|two|three|four|five|\d{1,2})\s+)"
_LINES = r"(?:paragraphs?|lines?|sentences?|words|passages?|entry|entries|messages?)"
_SAID = r"(?:stands|says?|said|is written|is|are|was|were)"


def _literal(verbs: str, noun: str, adjective: str) -> str:
    """English patterns of a question about the lines at one end, as they are."""
    of_work = rf"(?:\s+(?:of|in)\s+{_WORK})"
    outer = rf"(?:very )?{adjective} (?:{_FEW}(?:{_LINES}|pages)|{_LINES})"
    return "|".join(
        [
            rf"{_LEAD}what {_SAID} (?:written )?at the (?:very )?{noun}{of_work}{_STOP}",
            rf"{_LEAD}(?:{_TELL}|(?:read|quote|give me|show(?: me)?)\s+|"
            rf"what (?:{_SAID}|do|does)\s+)(?:on |in )?the {outer}{of_work}(?: say| about)?{_STOP}",
            rf"{_LEAD}what {_SAID} (?:on|in) the {outer}{of_work}?{_STOP}",
            rf"{_LEAD}with (?:what|which) (?:words?|sentence|line) (?:does|did) {_WORK} "
            rf"{verbs}{_STOP}",
        ]
    )


_END_LITERAL = any_of(_literal(_ENDS, "end", "(?:last|final|closing)"))
_BEGINNING_LITERAL = any_of(_literal(_BEGINS, "(?:beginning|start)", "(?:first|opening)"))

_WERK = (
    r"(?:(?:de[rmns]|die|das|diese[rmns]?)\s+(?:ganzen?\s+)?(?:geschichte|romans?|erzählung|"
    r"märchens?|buch(?:e?s)?|textes|text|dokument(?:e?s)?|sage|fabel|handbuch(?:e?s)?|artikels?|"
    rf"datei|protokolls?|handlung)|{TITLE})"
)
_ES = r"(?:es|das ganze|alles)"
_BITTE = r"^\W*(?:(?:bitte|und|also)\W+)?"
_ERZÄHL = (
    r"(?:(?:erzähle?n?|beschreibe?n?|schildere?|erkläre?|sag|sage)\s+(?:sie\s+)?(?:mir\b)?"
    r"(?:\s*bitte\b)?[,\s]*)"
)


def _erzählt(verb: str, parts: str, am: str, das: str, subordinate: str) -> str:
    """German patterns: "Wie endet ...", "Wie geht ... aus", "Was passiert am Ende ..."."""
    des = rf"(?:\s+(?:von\s+|vo[nm]\s+)?{_WERK})"
    return "|".join(
        [
            rf"{_BITTE}wie {verb}\s+(?:{_WERK}|{_ES})\W*$",
            rf"{_BITTE}wie (?:geht|ging|hört|hörte|fängt|fing)\s+(?:{_WERK}|{_ES})\s+{parts}\W*$",
            rf"{_BITTE}{_ERZÄHL}?wie (?:{_WERK}|{_ES})\s+{subordinate}\W*$",
            rf"{_BITTE}was (?:passiert|passierte|geschieht|geschah)(?: mit {_PERSON})?\s+"
            rf"(?:ganz\s+)?{am}{des}?\W*$",
            rf"{_BITTE}(?:wie|was) (?:ist|war|lautet)\s+{das}{des}\W*$",
            rf"{_BITTE}{_ERZÄHL}{das}{des}?\W*$",
        ]
    )


_ENDE = any_of(
    _erzählt(
        r"(?:endet|endete|schließt|schloss)",
        r"(?:aus|zu ende|auf)",
        r"(?:(?:am|zum) (?:ende|schluss)|zuletzt)",
        r"(?:das ende|de[rn] schluss)",
        r"(?:endet|endete|ausgeht|ausging|aufhört|zu ende geht)",
    ),
    rf"{_BITTE}(?:geht|ging)\s+(?:{_WERK}|{_ES})\s+(?:gut|schlecht|glücklich)\s+aus\W*$",
)
_ANFANG = any_of(
    _erzählt(
        r"(?:beginnt|begann|startet)",
        r"(?:an|los)",
        r"(?:am anfang|zu(?:m)? beginn|zu anfang)",
        r"(?:de[rn] (?:anfang|beginn))",
        r"(?:beginnt|begann|anfängt|anfing|losgeht)",
    )
)
_LIVRE = (
    r"(?:histoire|livre|roman|récit|conte|texte|document|article|nouvelle|fable|manuel|fichier)"
)
_OUVRAGE = rf"(?:(?:l[ea]|l['’]|cet|cette|ce)\s*{_LIVRE}|{TITLE})"
_DE = (
    rf"(?:\s+(?:du|de la|de l['’]|de ce|de cet|de cette|dans l[ea]|dans l['’])\s*{_LIVRE}|"
    rf"\s+(?:de|d['’])\s*{TITLE})"
)
_RACONTE = r"(?:(?:raconte|décris|décrivez|explique|résume)[rz]?(?:[- ]moi)?\s+)"


def _raconté(verb: str, at: str, noun: str) -> str:
    """French patterns: "Comment finit ...", "Que se passe-t-il à la fin ..."."""
    return "|".join(
        [
            rf"^\W*comment\s+{verb}(?:(?:-t)?-(?:il|elle)|\s+{_OUVRAGE})\W*$",
            rf"^\W*comment\s+(?:{_OUVRAGE}|ça|cela|tout cela)\s+{verb}(?:(?:-t)?-(?:il|elle))?\W*$",
            rf"^\W*{_RACONTE}comment\s+{verb}\s+{_OUVRAGE}\W*$",
            r"^\W*(?:que se passe-t-il|qu['’]est-ce qui se passe|qu['’]arrive-t-il)"
            rf"(?:\s+à {_PERSON})?\s+{at}{_DE}?\W*$",
            rf"^\W*quelle? est {noun}{_DE}\W*$",
            rf"^\W*{_RACONTE}{noun}{_DE}?\W*$",
        ]
    )


_FIN = any_of(
    _raconté(
        r"(?:finit|se finit|termine|se termine|s['’]achève|se conclut)",
        r"à la (?:toute )?fin",
        r"(?:la fin|le dénouement|la conclusion)",
    )
)
_DÉBUT = any_of(
    _raconté(
        r"(?:commence|débute|s['’]ouvre)",
        r"au (?:tout )?(?:début|commencement)",
        r"(?:le début|le commencement)",
    )
)
_CALLS_IT = any_of(
    r"\b(?:it|everything)(?: all)?\b(?!['’])", r"\b(?:es|alles)\b", r"-(?:il|elle)\b", r"\bça\b"
)
_A_WORK = any_of(_WORK, _WERK, _OUVRAGE, _DE)
_DOCUMENT_IN_A_BOOK = re.compile(
    rf"\b(?P<the>the|this|our|my|diese[rmns]?|die|de[rs]|das|cet(?:te)?|ce|la|le|l['’])\s*"
    rf"(?P<what>{_IN_A_BOOK}(?:e?s)?)\b",
    re.IGNORECASE,
)
_THIS = frozenset("this our my dieser diese dieses diesem diesen cette cet ce".split())


_PATTERNS: tuple[tuple[Which, tuple[re.Pattern[str], ...], re.Pattern[str]], ...] = (
    ("end", (_END_TOLD, _ENDE, _FIN), _END_LITERAL),
    ("beginning", (_BEGINNING_TOLD, _ANFANG, _DÉBUT), _BEGINNING_LITERAL),
)


def asked_end(question: str, titles: Sequence[str] = ()) -> AskedEnd | None:
    """Which end of a text a question asks about; None if it asks about neither.

    Args:
        titles: of the documents, which a question may name instead of "the book".

    >>> asked_end("How does the story end?")
    AskedEnd(which='end', is_literal=False, is_pronoun=False)
    >>> asked_end("How does the war end?")
    """
    text = " ".join(question.split())
    if len(text) > MAX_CHARS:
        return None
    said = _marked(text, titles)
    for which, told, literal in _PATTERNS:
        # "What happens to Emma at the end of Emma?" has a name and a title.
        readings = (said, said.replace(TITLE, "Emma", 1)) if TITLE in said else (said,)
        for each in readings:
            if literal.search(each):
                return AskedEnd(which, is_literal=True)
            if any(pattern.search(each) for pattern in told):
                is_pronoun = not _A_WORK.search(each) and bool(_CALLS_IT.search(each))
                return AskedEnd(which, is_pronoun=is_pronoun)
    return None


def speaks_of_a_text(question: str, titles: Sequence[str] = ()) -> bool:
    """Whether "it" in the next question may be a text, because this question speaks of one."""
    text = " ".join(question.split())[:MAX_CHARS]
    return is_about_the_whole(text, titles) or bool(_A_WORK.search(_marked(text, titles)))


def _marked(text: str, titles: Sequence[str]) -> str:
    """A question with `TITLE` for titles, and for "the meeting" if a document is one."""
    marked, _ = with_marked_titles(text, titles)

    def document(match: re.Match[str]) -> str:
        what = match["what"].casefold()
        is_one = match["the"].casefold() in _THIS or any(what in t.casefold() for t in titles)
        return TITLE if is_one else match[0]

    return _DOCUMENT_IN_A_BOOK.sub(document, marked)


_LEFT_OUT = r"\s*(?:,|\band\b|&|und|et)?\s*"
_PLACE_ENDS = any_of(
    rf"{_LEAD}{_TELL}?how\s+(?:(?:do|does|did)\s+)?(?:it|they|the)?\s*(?:{_ENDS}|{_CLOSES}){_STOP}",
    rf"\b{_AT} the (?:very )?{_END} (?:of|from)(?:\s+the)?\s*(?:\W*$|\s{{2,}})",
    rf"\bthe (?:{_END}|(?:last|final) {_LINES}) of(?:\s+the)?\s*(?:\W*$|\s{{2,}})",
    rf"{_BITTE}wie (?:endet|schließt|hört|geht)(?:\s+(?:es|aus|auf|zu ende))*\W*$",
    r"\bam (?:ende|schluss) (?:von|des|der|vom)\b",
    r"^\W*comment (?:finit|se termine|s['’]achève)(?:-t-il)?(?:\s+l[ea])?\W*$",
    r"\bà la fin (?:du|de)\b",
)
_PLACE_BEGINS = any_of(
    rf"{_LEAD}{_TELL}?how\s+(?:(?:do|does|did)\s+)?(?:it|they|the)?\s*(?:{_BEGINS}|{_OPENS}){_STOP}",
    rf"\b{_AT} the (?:very )?{_BEGINNING} (?:of|from)(?:\s+the)?\s*(?:\W*$|\s{{2,}})",
    rf"\bthe (?:{_BEGINNING}|(?:first|opening) {_LINES}) of(?:\s+the)?\s*(?:\W*$|\s{{2,}})",
    rf"{_BITTE}wie (?:beginnt|fängt|geht)(?:\s+(?:es|an|los))*\W*$",
    r"\b(?:am anfang|zu beginn) (?:von|des|der|vom)\b",
    r"^\W*comment (?:commence|débute)(?:-t-il)?(?:\s+l[ea])?\W*$",
    r"\bau début (?:du|de)\b",
)


def asked_end_of_place(rest: str) -> Which | None:
    """Which end of a place, such as a chapter, a question asks about.

    Args:
        rest: the question without the place, as `places_in` returns it.

    >>> asked_end_of_place("How does   end?"), asked_end_of_place("Who dies in  ?")
    ('end', None)
    """
    if _PLACE_ENDS.search(rest):
        return "end"
    return "beginning" if _PLACE_BEGINS.search(rest) else None
