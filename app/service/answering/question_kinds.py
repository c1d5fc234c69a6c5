"""Kinds of questions that no single passage answers, recognised by their words.

"List all ..." and "how many ... are mentioned" are answered by going through every passage that
matches, "the contents of the book" from the chapters. Both are made by code, without the model. An
overview ("Summarise the book", "How does she change?") is made from all parts of the documents. A
question that only sounds so ("How many sons did she have?", "How many people are in the story?") is
answered from passages, like others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.service.answering.overview_questions import is_about_the_whole
from app.service.answering.patterns import any_of
from storage import STOP_WORDS

MAX_CHARS = 1000
"""A longer question is of no such kind; a pattern would look at it for minutes."""

Kind = Literal["passages", "place", "list", "count", "first", "last", "contents", "overview"]

_WHOLE = (
    r"(?:book|document|documents|file|files|novel|text|texts|manual|report|paper|material|session|"
    r"pdf|epub|library|log|logs|list|table|story|tale|passages|buch|dokument|text|protokoll|datei|"
    r"livre|document|texte)"
)
_HERE = (
    r"(?:\b(?:in|of|from|within|throughout|across|im|des|der|dans|du)\s+"
    rf"(?:\w+\s+){{0,3}}?{_WHOLE}\b)"
)
_MENTIONED = (
    r"(?:mentioned|named|listed|described|recorded|logged|reported|written|referred to|found|"
    r"counted|erwähnt|genannt|aufgeführt|verzeichnet|mentionnée?s?|citée?s?)"
)
# In a tale things are "found" and letters "written": that is told, not counted.
_SPOKEN_OF = r"(?:mentioned|referred to|erwähnt|genannt|mentionnée?s?|citée?s?)"
_WRITTEN_DOWN = r"(?:named|listed|described|recorded|logged|counted|aufgeführt|verzeichnet)"
_IS_SAID_HERE = (
    rf"(?:{_SPOKEN_OF}\b|{_WRITTEN_DOWN}(?:\s+{_HERE})?\W*$|"
    rf"(?:found|written|reported)\s+{_HERE}\W*$)"
)
_OCCUR = r"(?:occurs?|appears?|comes? up|crops? up)"
_PLEASE = r"^\W*(?:please\s+|bitte\s+|(?:can|could|would) you (?:please\s+)?|i (?:want|need) )?"
_ALL = r"(?:all|every|each|any and all|a complete list of|the complete list of)"
_UNITS = (
    r"(?:passages?|pages?|lines?|entries|messages?|rows?|chapters?|paragraphs?|sentences?|slides?|"
    r"cells?|times|places)"
)

_CONTENTS = any_of(
    r"\btable of contents\b",
    r"\b(?:the\s+)?contents of (?:the|this|my|that) (?:whole |entire )?" + _WHOLE + r"\b",
    _PLEASE + r"(?:list|show|give|name|print|what are|which are)\s+(?:me\s+)?(?:all\s+)?(?:of\s+)?"
    r"(?:the\s+)?(?:titles of (?:all )?(?:the )?)?(?:chapters?|chapter titles|headings)"
    rf"(?:\s+(?:there|{_HERE}))?\W*$",
    _PLEASE + r"(?:list|show|give|name|print)\s+(?:me\s+)?(?:every|each) chapter"
    rf"(?:\s+{_HERE})?\W*$",
    r"\b(?:which|what|how many) chapters (?:are there|does \w+(?: \w+){0,3} have|are in)\b"
    r"(?!.*\b(?:which|where|that|who|whose|about|with|mention\w*)\b)",
    r"\boutline of (?:the|this|that) " + _WHOLE + r"\b",
    r"\binhaltsverzeichnis\b|\btable des matières\b|\bíndice del libro\b",
    r"\b(?:welche|wie viele) kapitel (?:gibt es|hat)\b",
)
_DOCUMENTS = any_of(
    _PLEASE + r"(?:list|show|name|print|what are|which are)\s+(?:me\s+)?(?:all\s+)?(?:of\s+)?"
    r"(?:(?:the|my)\s+)?(?:documents|files)"
    r"(?:\s+(?:here|there|(?:in|of) (?:the|this|my) (?:session|library)))?\W*$",
    r"^\W*how many (?:documents|files) (?:are|do) (?:there |i have )?"
    r"(?:here|(?:in|of) (?:the|this|my) (?:session|library))\W*$",
)
# What is to be made of the passages, or whether and why something is so, is no list of them.
_TO_EXPLAIN = any_of(
    _PLEASE + r"(?:summari[sz]e|explain|describe|compare|discuss|analy[sz]e|translate|rewrite)\b",
    r"^\W*(?:why|warum|wieso|weshalb|pourquoi)\b",
)
_TO_ANSWER = any_of(
    r"^\W*(?:do|does|did|is|are|was|were|has|have|had)\b",
    r"^\W*how\s+(?:do|does|did|is|are|was|were|has|have|had|can|could|should|would|come)\b",
    r"\b(?:and|or|but)\s+(?:who|whom|whose|what|when|where|why|how|which)\b",
    rf"\b(?:first|last|most(?: often)?|earliest|latest)\s+(?:{_MENTIONED}|{_OCCUR})\b",
    rf"\b(?:{_MENTIONED}|{_OCCUR})\b.{{0,40}}\b(?:first|last|most|the \w+ time)\b",
)
_LITERAL = rf"(?:{_UNITS}\b|words?\b|mentions?\b|occurrences?\b|references?\b)"
_ALL_OF = (
    r"\b(?:all|every|each|how many|number of|count|alle[rn]?|jede[nrs]?|sämtliche|wie viele|"
    r"combien de|tous|toutes)\s+(?:of\s+)?(?:(?:the|all|these|those|les)\s+)*"
)
_BETWEEN = (
    rf"(?:(?!{_LITERAL}|(?:of|with|in|and|or|from|for|by|on|to|at|that|which|who)\b)"
    r"\w+\s+){0,2}?"
)
# A text seldom calls them so: "He left, for he was poor" is a reason without the word, and the
# people of a story have names.
_SELDOM_CALLED_SO = (
    r"(?:reasons?|details?|facts?|information|things?|ideas?|events?|arguments?|contradictions?|steps?|"
    r"differences|similarities|(?:dis)?advantages|causes|consequences|conclusions?|topics?|themes?|"
    r"people|persons?|characters?|protagonists?|heroes|heroines?|villains?|narrators?|"
    r"men|women|boys|girls|children|animals?|creatures|beings|names|locations?|countries|"
    r"cities|towns|dates|numbers|amounts|quotes|quotations|clues|mistakes|problems?|scenes?|"
    r"deaths?|murders?|feelings|emotions|adjectives|verbs|nouns|metaphors|similes|lessons|"
    r"gründe?|einzelheiten|fakten|informationen|widersprüche|schritte|personen|menschen|leute|"
    r"figuren|tiere|namen|orte|zahlen|daten|ereignisse|"
    r"raisons|étapes|personnes|personnages|animaux|noms|lieux)"
)
_UNNAMED = any_of(
    rf"{_ALL_OF}{_BETWEEN}{_SELDOM_CALLED_SO}\b",
    rf"^\W*(?:which|what)\s+(?:\w+\s+)?{_SELDOM_CALLED_SO}\s+(?:are|is|were|was)\b",
)
_TALE = r"(?:book|novel|text|story|tale|play|poem|fable|epub|buch|roman|märchen|livre|texte|conte)"
_IN_A_TALE = (
    r"(?:in|of|from|within|throughout|across|im|des|der|dans|du|le)\s+"
    rf"(?:\w+\s+){{0,3}}?{_TALE}s?\b"
)
# How many wolves a story has is not how many of its sentences have the word.
_TOLD_IN_A_TALE = any_of(
    rf"\bhow many\s+(?!{_LITERAL}).{{0,200}}\b(?:are|is|were|was)(?: there)?\s+{_IN_A_TALE}",
    rf"\bhow many\s+(?!{_LITERAL}).{{0,200}}\b{_OCCUR}(?:\s+{_IN_A_TALE})?\W*$",
    rf"\bnumber of\s+(?!{_LITERAL}).{{0,200}}\b{_IN_A_TALE}",
    rf"\bwie viele\s+(?!zeilen|seiten|stellen|sätze).{{0,200}}\b{_IN_A_TALE}",
    r"\bwie viele\s+(?!zeilen|seiten|stellen|sätze).{0,200}\bkommen vor\W*$",
)
_LIST = any_of(
    _PLEASE + r"(?:list|name|enumerate|show|give|find|collect|quote|print)\s+(?:me\s+)?"
    rf"(?:{_ALL})\b(?!\s+about\b)",
    _PLEASE + r"tell me (?:all|every|each)\b(?!\s+(?:about|you|of it)\b)",
    r"\b(?:which|what)\b(?:\s+\S+){1,6}?\s+(?:are|is|were|was)\s+(?:\w+ly\s+)?"
    rf"(?:(?:mentioned|recorded|logged|referred to)\b|(?:named|listed)(?:\s+{_HERE})?\W*$)",
    r"\bwhat are all (?:of )?(?:the )?\w+(?: \w+){0,2}\W*$",
    r"\bwhere (?:exactly )?(?:is|are|does|do)\b(?:\s+\S+){1,6}?\s+"
    rf"(?:{_OCCUR}|mentioned|named|referred to)\b",
    r"\b(?:all|every) (?:the )?"
    r"(?:mentions?|occurrences?|references?|passages? (?:about|on|with))\b",
    r"^\W*(?:bitte\s+)?(?:nenne?|liste?|zeige?|finde)\s+(?:mir\s+)?(?:alle|jede[nrs]?|sämtliche)\b",
    r"^\W*(?:liste|énumère|donne)[rz]?(?:-moi)?\s+(?:tous les|toutes les)\b",
)
_COUNT = any_of(
    r"\bhow (?:many times|often)\s+(?:is|are|was|were)\b.*\b" + _IS_SAID_HERE,
    rf"\bhow (?:many times|often)\s+(?:does|do|did)\b.*\b{_OCCUR}\b",
    rf"\bhow many (?!times|places){_UNITS}\s+(?:\w+\s+)?(?:mentions?|contains?|"
    r"(?:have|has)(?!\s+(?:to|been|you|i|we|he|she|it|they|the|this|that)\b)|"
    r"names?|speaks? of|talks? about|(?:are|is) about|says?|refers? to|match)\b",
    r"\bhow many\b.*\b(?:are|is|were|was)\s+(?:there\s+)?(?:\w+ly\s+)?" + _IS_SAID_HERE,
    rf"\bhow many\b.*\b(?:are|is|were|was) there\s+{_HERE}",
    rf"\bhow many\b.*\b(?:are|is|were|was)\s+{_HERE}",
    rf"\bhow many\b.*\b{_OCCUR}\b(?:\s+{_HERE})?\W*$",
    rf"\bhow many\b.*\b(?:does|do) (?:the|this) (?:\w+\s+){{0,2}}?{_WHOLE}\s+"
    r"(?:contain|have|list|mention|name|show|record|include)\W*$",
    _PLEASE + r"count\s+(?:all\s+|every\s+|the\s+)",
    _PLEASE + r"(?:what(?: is|'s|’s)|give|tell|find|show)\s+(?:me\s+)?the (?:total )?number of\s+"
    rf"(?!(?:the|a|an|this|that|his|her|its|their|my)\b).*{_HERE}",
    r"\bwie oft\b.*\b(?:erwähnt|genannt|vor)\b",
    r"\bwie viele\b.*\b(?:erwähnt|genannt|aufgeführt)\b|\bwie viele\b.*\bkommen\b.{0,200}\bvor\b",
    r"\bcombien de fois\b.*\b(?:mentionnée?|citée?|apparaît)\b",
)
# How long something took, or how much it was, is written in a line; lines are not counted for it.
_MEASURES = (
    r"(?:years?|months?|weeks?|days?|hours?|minutes?|(?:milli)?seconds?|ms|(?:kilo|mega|giga)?bytes?|"
    r"[kmg]i?b|percent|degrees|euros?|dollars?|jahre|monate|wochen|tage|stunden|minuten|sekunden|"
    r"ans|années|mois|semaines|jours|heures|secondes)"
)
_COUNT_IN_RECORDS = any_of(
    rf"^\W*(?:how many\s|wie viele\s|combien d(?:e\s|['’]))(?!{_MEASURES}\b)"
)
_LIST_IN_RECORDS = any_of(
    _PLEASE + r"(?:list|show|print)\s+(?:me\s+)?the\b(?!\s+(?:first|last|most|latest|earliest|"
    r"newest|oldest|biggest|largest|smallest|highest|lowest|longest|shortest|fastest|slowest)\b)"
)
_ONLY_UNITS = re.compile(rf"(?:{_UNITS}|words?|tokens?)", re.IGNORECASE)
# What only says that all are wanted, and where; the rest is what is looked for.
_FRAME = any_of(
    _PLEASE
    + r"(?:list|name|enumerate|show|give|find|collect|quote|print|count|tell)\b(?:\s+me\b)?",
    r"^\W*(?:nenne?|liste?|zeige?|finde)\b(?:\s+mir\b)?|\bauf\W*$",
    rf"\bhow many {_UNITS}\b|\bhow (?:many|often)\b|\bnumber of\b",
    r"\bwie (?:viele|oft)\b|\bcombien de(?: fois)?\b",
    r"\b(?:what|which|where|was|welche|wo)\b",
    r"\b(?:complete list of|any and all|all|every|each|alle|jede[nrs]?|sämtliche|tous|toutes)\b",
    r"\bthe (?:word|name|term|phrase)s?(?=\s+(?!(?:of|for|in|is|are|was|were|that|which|"
    rf"{_MENTIONED}|{_OCCUR})\b)\w)",
    _HERE,
    rf"\b(?:the|this) (?:\w+\s+)?{_WHOLE}\b",
    rf"\b{_MENTIONED}|\b{_OCCUR}\b",
    r"\b(?:mentions?|occurrences?|references?|contains?|there|gibt es)\b",
    r"\b(?:passages?|sentences?|places?|times|lines?|entries)\b"
    r"(?=\s+(?:about|on|with|that|which|where))",
    r"\b(?:speaks? of|talks? about|refers? to|(?:kommt|kommen|wird|werden)\b)|\bvor\W*$",
    r"\b(?:list|show|record|include|have|has|match)\W*$",
)


@dataclass(frozen=True)
class Asked:
    """What kind of question it is, and what is looked for in every passage."""

    kind: Kind
    subject: str = ""


def recognise(question: str, is_records: bool = False, titles: Sequence[str] = ()) -> Asked:
    """The kind of a question.

    Args:
        is_records: all documents are logs or tables, in which things are counted, not told: then
            "How many errors were there on 3 May?" is a count.
        titles: of the documents; "the contents of TITLE" are a document's, too.

    >>> recognise("List all the lighthouses.")
    Asked(kind='list', subject='lighthouses')
    >>> recognise("How many sons did she have?")
    Asked(kind='passages', subject='')
    """
    text = " ".join(question.split())
    if len(text) > MAX_CHARS:
        return Asked("passages")
    is_to_explain = bool(_TO_EXPLAIN.search(text))
    if not is_to_explain and _is_contents(text, is_records, titles):
        return Asked("contents")
    if is_about_the_whole(text, titles):
        return Asked("overview")
    if is_to_explain:
        return Asked("passages")
    if _TO_ANSWER.search(text) or (not is_records and _is_told(text)):
        return Asked("passages")
    is_count = _COUNT.search(text) or (is_records and _COUNT_IN_RECORDS.search(text))
    is_list = _LIST.search(text) or (is_records and _LIST_IN_RECORDS.search(text))
    if not (is_count or is_list):
        return Asked("passages")
    subject = subject_of(text)
    if not subject or is_only_units(subject):
        return Asked("passages")
    return Asked("count" if is_count else "list", subject)


def _is_contents(text: str, is_records: bool, titles: Sequence[str]) -> bool:
    """Whether the contents of the documents, or a list of these, are asked for."""
    if _CONTENTS.search(text) and not re.search(r"\babout\W*$", text, re.IGNORECASE):
        return True
    if not is_records and _DOCUMENTS.search(text):
        return True
    return _is_contents_of(text, titles)


def _is_told(text: str) -> bool:
    """Whether it is asked for things that a text tells of, mostly without the word for them."""
    return not _QUOTED.search(text) and bool(_UNNAMED.search(text) or _TOLD_IN_A_TALE.search(text))


def _is_contents_of(text: str, titles: Sequence[str]) -> bool:
    match = re.search(r"\bcontents of (?:the )?[\"“'«]?(.+?)[\"”'»]?\W*$", text, re.IGNORECASE)
    return match is not None and match[1].casefold() in {title.casefold() for title in titles}


def subject_of(text: str) -> str:
    """The question without its frame: what every passage is looked through for."""
    quoted = _QUOTED.findall(text)
    if quoted:
        return " ".join(double or single for double, single in quoted)
    bare = _FRAME.sub(" ", text)
    words = re.sub(r"[?!.:;,]+(?=\s|$)", " ", bare).split()
    while words and _is_edge(words[0]):
        words.pop(0)
    while words and _is_edge(words[-1]):
        words.pop()
    return " ".join(words)


def is_only_units(subject: str) -> bool:
    """Whether a subject, as "lines" or "them", says nothing alone."""
    if _ONLY_UNITS.fullmatch(subject):
        return True
    return all(word.lower() in STOP_WORDS and not _is_acronym(word) for word in subject.split())


def _is_edge(word: str) -> bool:
    return word.lower() in _EDGES and not _is_acronym(word)


def _is_acronym(word: str) -> bool:
    """Whether a word that is else a pronoun is a name, as in "the WHO"."""
    return len(word) > 1 and word.isupper()


_QUOTED = re.compile(r"[\"“«„]([^\"”»“]+)[\"”»“]|(?<!\w)['‘]([^'’]+)['’](?!\w)")
_EDGES = frozenset(
    """
    a an and are be been by did do does for had has have in is it of on or that the their there
    these this those to was were who with me der die das den ein eine sind ist im in les des de la
    le
    """.split()
)
