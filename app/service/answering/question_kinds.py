"""Kinds of questions that no single passage answers, recognised by their words.

"List all ..." and "how many ... are mentioned" are answered by going through every passage that
matches, "the contents of the book" from the chapters. Both are made by code, without the model. A
question that only sounds so ("How many sons did she have?") is answered from passages, like others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["passages", "place", "list", "count", "contents"]

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
_OCCUR = r"(?:occurs?|appears?|comes? up|crops? up)"
_PLEASE = r"^\W*(?:please\s+|bitte\s+|(?:can|could|would) you (?:please\s+)?|i (?:want|need) )?"
_ALL = r"(?:all|every|each|any and all|a complete list of|the complete list of)"
_UNITS = (
    r"(?:passages?|pages?|lines?|entries|messages?|rows?|chapters?|paragraphs?|sentences?|slides?|"
    r"cells?|times|places)"
)


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


_CONTENTS = _any(
    r"\btable of contents\b",
    r"\b(?:the\s+)?contents of (?:the|this|my|that) (?:whole |entire )?" + _WHOLE + r"\b",
    _PLEASE + r"(?:list|show|give|name|print|what are|which are)\s+(?:me\s+)?(?:all\s+)?(?:of\s+)?"
    r"(?:the\s+)?(?:titles of (?:all )?(?:the )?)?(?:chapters?|chapter titles|headings)"
    rf"(?:\s+(?:there|{_HERE}))?\W*$",
    r"\b(?:which|what|how many) chapters (?:are there|does \w+(?: \w+){0,3} have|are in)\b",
    r"\boutline of (?:the|this|that) " + _WHOLE + r"\b",
    r"\binhaltsverzeichnis\b|\btable des matières\b|\bíndice del libro\b",
    r"\b(?:welche|wie viele) kapitel (?:gibt es|hat)\b",
)
_LIST = _any(
    _PLEASE + r"(?:list|name|enumerate|show|give|find|collect|quote|print)\s+(?:me\s+)?"
    rf"(?:{_ALL})\b(?!\s+about\b)",
    _PLEASE + r"tell me (?:all|every|each)\b(?!\s+(?:about|you|of it)\b)",
    r"\b(?:which|what)\b(?:\s+\S+){1,6}?\s+(?:are|is|were|was)\s+(?:\w+ly\s+)?"
    r"(?:mentioned|named|listed|recorded|logged|referred to)\b",
    r"\bwhat are all (?:of )?(?:the )?\w+(?: \w+){0,2}\W*$",
    r"\bwhere (?:exactly )?(?:is|are|does|do)\b(?:\s+\S+){1,6}?\s+"
    rf"(?:{_OCCUR}|mentioned|named|referred to)\b",
    r"\b(?:all|every) (?:the )?"
    r"(?:mentions?|occurrences?|references?|passages? (?:about|on|with))\b",
    r"^\W*(?:bitte\s+)?(?:nenne?|liste?|zeige?|finde)\s+(?:mir\s+)?(?:alle|jede[nrs]?|sämtliche)\b",
    r"^\W*(?:liste|énumère|donne)[rz]?(?:-moi)?\s+(?:tous les|toutes les)\b",
)
_COUNT = _any(
    r"\bhow (?:many times|often)\s+(?:is|are|was|were)\b.*\b" + _MENTIONED,
    rf"\bhow (?:many times|often)\s+(?:does|do|did)\b.*\b{_OCCUR}\b",
    rf"\bhow many (?!times|places){_UNITS}\s+(?:\w+\s+)?(?:mentions?|contains?|have|has|"
    r"names?|speaks? of|talks? about|(?:are|is) about|says?|refers? to|match)\b",
    r"\bhow many\b.*\b(?:are|is|were|was)\s+(?:there\s+)?(?:\w+ly\s+)?" + _MENTIONED + r"\b",
    rf"\bhow many\b.*\b(?:are|is|were|was) there\s+{_HERE}",
    rf"\bhow many\b.*\b(?:are|is|were|was)\s+{_HERE}",
    rf"\bhow many\b.*\b{_OCCUR}\b(?:\s+{_HERE})?\W*$",
    rf"\bhow many\b.*\b(?:does|do) (?:the|this) (?:\w+\s+){{0,2}}?{_WHOLE}\s+"
    r"(?:contain|have|list|mention|name|show|record|include)\W*$",
    _PLEASE + r"count\s+(?:all\s+|every\s+|the\s+)",
    rf"\b(?:what is|give|tell me|find)?\s*(?:me\s+)?the number of\b.*{_HERE}",
    r"\bwie oft\b.*\b(?:erwähnt|genannt|vor)\b",
    r"\bwie viele\b.*\b(?:erwähnt|genannt|aufgeführt)\b|\bwie viele\b.*\bkommen\b.*\bvor\b",
    r"\bcombien de fois\b.*\b(?:mentionnée?|citée?|apparaît)\b",
)
_COUNT_IN_RECORDS = _any(r"^\W*how many\b", r"^\W*wie viele\b", r"^\W*combien d")
_LIST_IN_RECORDS = _any(_PLEASE + r"(?:list|show|print)\s+(?:me\s+)?the\b")
# What only says that all are wanted, and where; the rest is what is looked for.
_FRAME = _any(
    _PLEASE
    + r"(?:list|name|enumerate|show|give|find|collect|quote|print|count|tell)\b(?:\s+me\b)?",
    r"^\W*(?:nenne?|liste?|zeige?|finde)\b(?:\s+mir\b)?|\bauf\W*$",
    rf"\bhow many {_UNITS}\b|\bhow (?:many|often)\b|\bnumber of\b",
    r"\bwie (?:viele|oft)\b|\bcombien de(?: fois)?\b",
    r"\b(?:what|which|where|was|welche|wo)\b",
    r"\b(?:complete list of|any and all|all|every|each|alle|jede[nrs]?|sämtliche|tous|toutes)\b",
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
    if _CONTENTS.search(text) or _is_contents_of(text, titles):
        return Asked("contents")
    is_count = _COUNT.search(text) or (is_records and _COUNT_IN_RECORDS.search(text))
    is_list = _LIST.search(text) or (is_records and _LIST_IN_RECORDS.search(text))
    if not (is_count or is_list):
        return Asked("passages")
    subject = _subject(text)
    if not subject:
        return Asked("passages")
    return Asked("count" if is_count else "list", subject)


def _is_contents_of(text: str, titles: Sequence[str]) -> bool:
    match = re.search(r"\bcontents of (?:the )?[\"“'«]?(.+?)[\"”'»]?\W*$", text, re.IGNORECASE)
    return match is not None and match[1].casefold() in {title.casefold() for title in titles}


def _subject(text: str) -> str:
    """The question without its frame: what every passage is looked through for."""
    quoted = re.findall(r"[\"“«„]([^\"”»“]+)[\"”»“]", text)
    if quoted:
        return " ".join(quoted)
    bare = _FRAME.sub(" ", text)
    words = re.sub(r"[?!.:;,]+(?=\s|$)", " ", bare).split()
    while words and words[0].lower() in _EDGES:
        words.pop(0)
    while words and words[-1].lower() in _EDGES:
        words.pop()
    return " ".join(words)


_EDGES = frozenset(
    """
    a an and are be been by did do does for had has have in is it of on or that the their there
    these this those to was were who with me der die das den ein eine sind ist im in les des de la
    le
    """.split()
)
