"""Questions for the first or last of many: "the last failed password", "Where is X first named?"

In logs and tables anything may be asked for so. In a text, what came first is told ("What did he do
first?"); only where it first or last speaks of something is a matter of order. "At first", "his
last words", "last year" and "How long did it last?" are no such questions, nor are the last page
and the last chapter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from app.service.answering.patterns import any_of
from app.service.answering.question_kinds import is_only_units, subject_of

Which = Literal["first", "last"]

MAX_CHARS = 300
"""A longer question asks for more than one of many."""

_EARLY = (
    r"(?:very\s+first|first|earliest|oldest|(?:aller)?erste[nrsm]?|früheste[nrsm]?|älteste[nrsm]?|"
    r"(?:toute?\s+)?premi(?:er|ère))"
)
_LATE = (
    r"(?:very\s+last|last|latest|most\s+recent|newest|final|(?:aller)?letzte[nrsm]?|"
    r"jüngste[nrsm]?|neue?ste[nrsm]?|aktuellste[nrsm]?|(?:toute?\s+)?derni(?:er|ère))"
)
_BY_TIME = re.compile(
    r"(?:earliest|oldest|latest|most\s+recent|newest|fr[üu]h|[äa]ltest|j[üu]ngst|neue?st|aktuellst|"
    r"plus)",
    re.IGNORECASE,
)
_PLEASE = (
    r"^\W*(?:(?:please|bitte|and|now|so)\W+)?(?:(?:can|could|would) you (?:please )?)?"
    r"(?:(?:show|give|find|tell|print|quote|zeige?|nenne?|finde|montre|donne|trouve)"
    r"(?:[\s-](?:me|us|mir|moi))?\s+)?"
)
# With an article or the name of whose it is; "his last words" and "at first" have neither.
_NOUN = re.compile(
    rf"(?P<before>^.*?)(?:\b(?:the|der|die|das|den|dem|des|la|le|du|au|zum|zur|vom|beim)\s+|"
    rf"(?P<owner>\b[\w.-]+)['’]s\s+|(?<![\s\w]){_PLEASE})(?:(?P<early>{_EARLY})|(?P<late>{_LATE}))"
    r"\s+(?P<rest>\w.*)$",
    re.IGNORECASE,
)
_NOUN_BEFORE = re.compile(
    r"(?P<before>^.*?)\b(?:(?:le|la)\s+|l['’])(?P<rest>\w[^?]*?)\s+(?:le|la)\s+plus\s+"
    r"(?:(?P<early>ancien(?:ne)?)|(?P<late>récente?))\b",
    re.IGNORECASE,
)
_ADVERB = re.compile(
    r"\b(?:the\s+(?:(?P<early1>(?:very\s+)?first)|(?P<late1>(?:very\s+)?last))\s+time"
    r"(?:\s+(?:that|when))?|for\s+the\s+(?:(?P<early6>first)|(?P<late6>last))\s+time|"
    r"(?P<early2>zuerst|erstmals|als\s+erste[rs]?|zum\s+(?:aller)?ersten\s+mal)|"
    r"(?P<late2>zuletzt|letztmals|als\s+letzte[rs]?|zum\s+(?:aller)?letzten\s+mal)|"
    r"(?P<early3>(?:pour\s+)?la\s+première\s+fois(?:\s+qu(?:e\b|['’]))?|en\s+premier(?:\s+lieu)?)|"
    r"(?P<late3>(?:pour\s+)?la\s+dernière\s+fois(?:\s+qu(?:e\b|['’]))?|en\s+dernier(?:\s+lieu)?)|"
    r"(?<!\bat )(?<!\bthe )(?<!\bvery )(?<!\bhis )(?<!\bher )(?<!\bits )(?<!\btheir )(?<!\bmy )"
    r"(?<!\byour )(?<!\bour )(?<!\ba )(?<!['’]s )(?<!\bthis )(?<!\bthat )(?<!\bto )"
    r"(?:(?P<early4>first)|(?P<late4>last|most\s+recently)))(?![\w-])",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"^\W*(?:(?:and|tell me|show me|do you know)\s+)?(?:(?:at|on|in|from|by|to|under|an|auf|in|um|"
    r"von|seit|à|sur|dans|de)\s+)?(?:when|where|who|whose|what|which|wann|wo|wer|wen|was|"
    r"welche[nrsm]?|quand|où|qui|quel(?:le)?s?|the\s+(?:first|last)\s+time|la\s+\w+\s+fois)\b",
    re.IGNORECASE,
)
# "How long did it last?" and "What did he do first?"
_IS_VERB = re.compile(
    r"\b(?:do|does|did|didn['’]t|will|would|can|could|should|must|may|might|shall|to)\b", re.I
)
_UNIT = (
    r"(?:pages?|chapters?|lines?|paragraphs?|sentences?|words?|letters?|verses?|stanzas?|scenes?|"
    r"acts?|sections?|parts?|slides?|rows?|columns?|cells?|entry|entries|records?|books?|volumes?|"
    r"seiten?|kapitels?|zeilen?|abs[aä]tze?s?|s[aä]tze?s?|wort|wortes|worte[sn]?|abschnitte?s?|"
    r"pages?|chapitres?|lignes?|phrases?|mots?|paragraphes?|parties?)"
)
_SPAN = (
    r"(?:years?|quarters?|months?|weeks?|weekends?|days?|nights?|evenings?|mornings?|afternoons?|"
    r"hours?|minutes?|seconds?|decades?|century|centuries|spring|summer|autumn|winter|fall|"
    r"\w+days?|january|february|march|april|may|june|july|august|september|october|november|"
    r"december|times?|jahre?s?|monate?s?|wochen?|tage?s?|nächte?|nacht|stunden?|minuten?|sekunden?|"
    r"male?s?|zeit|ans?|années?|mois|semaines?|jours?|nuits?|heures?|fois)"
)
_COMPOUND = re.compile(
    rf"(?:{_UNIT}|{_SPAN}|names?|namens?|noms?|aid|class|floor|lad(?:y|ies)|person|place|resort|"
    r"will|man|woman|men|rites?|chance|supper|straw|stand|post|half|halves|thing|things|one|ones|"
    r"step|steps|impressions?|love|born|language|hand|degree|world|gear|edition|responders?|"
    r"minister|hilfe|klasse|stock|wille|willen|classe|étage|ministre|few|couple|several|"
    r"of|but|two|three|four|five|six|seven|eight|nine|ten|dozen|hundred|thousand|zwei|drei|vier|"
    r"fünf|deux|trois|quatre|cinq|\d+)(?!\w)",
    re.IGNORECASE,
)
# Of a part of a text, or of all but some, the first is not the first of all.
_NARROWED = any_of(
    r"\b(?:after|before|since|until|till|between|during|prior to|earlier than|later than|nach|vor|"
    r"seit|bis|zwischen|während|après|avant|depuis|jusqu\w*|entre|pendant)\b",
    r"\b(?:not|no|without|except|besides|other than|never|ohne|nicht|kein\w*|außer|sans|sauf|"
    r"pas)\b|n['’]t\b",
    r"\bat (?:first|last|long last)\b|\bfirst of all\b|"
    r"\b(?:second|next|third)[- ](?:to[- ])?last\b|\blast but\b|\bvorletzte|"
    r"\bavant-derni|\bpénultième|\bpenultimate\b",
    r"\b(?:each|every|all|how many|how often|how much|compare|difference|jede[nrsm]?|alle[nr]?|"
    r"wie (?:viele|oft)|chaque|tous|toutes|combien)\b",
    r"^\W*(?:why|warum|wieso|weshalb|pourquoi|summari[sz]e|explain|describe|translate)\b",
)
# Where a text speaks of something, and not what it tells of it.
_SAID = (
    r"(?:mentioned|named|referred to|introduced|spoken of|cited|erwähnt|genannt|mentionnée?s?|"
    r"citée?s?|nommée?s?)"
)
_SPEAKS = r"(?:appears?|occurs?|comes? up|crops? up|mentions?|names?|refers? to|speaks? of)"
_MENTION = (
    r"(?:mentions?|occurrences?|references?|appearances?|citations?|erwähnung|nennung|"
    r"vorkommen|auftauchen)"
)
_IS_ABOUT_MENTIONS = any_of(
    rf"\b(?:{_EARLY}|{_LATE})\s+(?:\w+\s+)?{_MENTION}\b",
    rf"\b{_MENTION}\s+la\s+plus\b",
    rf"\b(?:is|are|was|were|gets?|est|sont|wird|werden|wurden?|ist)\b.{{0,120}}\b{_SAID}\b",
    rf"\b(?:does|do)\b.{{0,120}}\b{_SPEAKS}\b|\bwhich (?:\w+\s+)?(?:first|last)\s+{_SPEAKS}\b",
    rf"\b(?:first|last) time (?:\w+\s+){{0,4}}?{_SPEAKS}\b",
)
_END = re.compile(
    r"[,;?!]|\.(?=\s|$)|\s(?:and|but|und|aber|et|mais)\s+(?:who|what|when|where|why|how|which|wer|"
    r"was|wann|wo|warum|wie|qui|quand|où|pourquoi|comment)\b",
    re.IGNORECASE,
)
_WHICH = r"(?:what|which|whose|welche[nrsm]?|quel(?:le)?s?)"
# "From which address", "on which page", "which page": where it is, not what is looked for.
_WHERE = re.compile(
    r"\b(?:at|on|in|from|by|to|of|for|with|under|an|auf|um|von|aus|zu|bei|à|sur|dans|de)\s+"
    rf"{_WHICH}\s+(?:exact\s+)?\w+|\b{_WHICH}\s+{_UNIT}\b",
    re.IGNORECASE,
)
_WHICH_NOUN = re.compile(rf"\b{_WHICH}\s+(?:exact\s+)?\w+", re.IGNORECASE)
_WH = re.compile(
    rf"\b(?:how (?:long|far)|wie lange|{_WHICH}|when|where|who|whom|how|wann|wo|wer|wen|wem|was|"
    r"wie|quand|où|qui|que|tell me|do you know|show me)\b",
    re.IGNORECASE,
)
# What only says that something was there; more of it before the noun than behind.
_LIGHT = re.compile(
    r"\b(?:was|is|were|are|did|does|do|has|have|had|been|there|ever|so far|yet|today|overall|seen|"
    r"happen(?:ed|s)?|occurr?(?:ed|s)?|took place|take place|time|it|that|to|"
    r"introduced|appearances?|citations?|names?|"
    r"war|waren|ist|sind|hat|haben|hatte|wurden?|wird|werden|sich|gab|es|bisher|überhaupt|"
    r"erwähnung|nennung|vorkommen|stelle|"
    r"est|était|sont|ont|été|il|elle|mention|nommée?s?)\b|\b(?:[sc]['’]|a(?=-t-)|-t(?=-))|-(?=il|elle)"
    r"|\b(?:of|in|im|am|des|du|de la|from) (?:the |this |that |der )?(?:(?:whole|entire) )?"
    r"(?:days?|nights?|weeks?|months?|hours?|tag(?:es)?|jour(?:née)?|logs?|log ?files?|protokolls?|"
    r"journal|table|tabelle|tableau|records?)\b",
    re.IGNORECASE,
)
_LIGHT_BEFORE = re.compile(
    r"\b(?:came|come|comes|got|gets?|caused|made|produced|triggered|gave|sent|raised|wrote|"
    r"kam|kamen|trat|auf|kommt|verursachte|vient|venait|provient|causé|provoqué)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class OrderAsked:
    """What is asked for: the first or the last passage with all words of the subject.

    Args:
        by_time: "latest", "oldest": in a table that is no matter of the order of its rows.
        phrase: the word of order with what follows it, such as "last login": where a text has
            these words side by side, they are a name.
    """

    which: Which
    subject: str
    by_time: bool = False
    phrase: str = ""


def asked_order(question: str, in_records: bool = False) -> OrderAsked | None:
    """Which first or last of many a question asks for; None if it asks for none.

    Args:
        in_records: some documents are logs or tables, in which anything may be the last.

    >>> asked_order("What was the first error?", in_records=True)
    OrderAsked(which='first', subject='error', by_time=False, phrase='first error')
    >>> asked_order("What was the first error?")
    """
    text = " ".join(question.split())
    if len(text) > MAX_CHARS or _NARROWED.search(text):
        return None
    if not in_records and not _IS_ABOUT_MENTIONS.search(text):
        return None
    # "Logged" alone says where something is written.
    text = re.sub(r"\blogged (?=(?:in|on|out|off)\b)", "log ", text, flags=re.IGNORECASE)
    return _by_noun(text) or _by_adverb(text)


def _by_noun(text: str) -> OrderAsked | None:
    """The order of "the last failed password"."""
    found = _NOUN.match(text) or _NOUN_BEFORE.match(text)
    if found is None or _COMPOUND.match(found["rest"]) or _ORDERS.search(found["rest"]):
        return None
    order = found["early"] or found["late"]
    rest = _END.split(found["rest"])[0]
    if order[0].isupper() and rest[:1].isupper() and order.isascii():  # the saloon "Last Chance"
        return None
    owner = found.groupdict().get("owner") or ""
    before = _LIGHT_BEFORE.sub(" ", _last_part(found["before"]))
    before = _WH.sub(" ", _WHICH_NOUN.sub(" ", _WHERE.sub(" ", before)))
    subject = _subject(f"{before} {owner} {_without_last(rest)}")
    phrase = " ".join([order, *rest.split()[:1]])
    return _asked(bool(found["early"]), subject, bool(_BY_TIME.match(order)), phrase)


def _by_adverb(text: str) -> OrderAsked | None:
    """The order of "When was disk0 last full?"."""
    found = _ADVERB.search(text)
    if found is None or not _ASKS.match(text):
        return None
    before, after = text[: found.start()], text[found.end() :]
    if _ORDERS.search(after) or _ORDERS.search(before):
        return None
    is_plain = found["early4"] or found["late4"]
    if is_plain and _COMPOUND.match(after.lstrip()):
        return None
    is_at_end = not _END.split(after)[0].strip()
    if is_plain and is_at_end and (_IS_VERB.search(before) or not before.strip()):
        return None
    asked = _WH.sub(" ", _WHERE.sub(" ", _END.split(f"{before} {after}")[0]))
    asked = _LIGHT_BEFORE.sub(" ", asked)
    is_early = any(value for name, value in found.groupdict().items() if name.startswith("early"))
    return _asked(is_early, _subject(asked), False, "")


def _asked(is_early: bool, subject: str, by_time: bool, phrase: str) -> OrderAsked | None:
    if not subject or is_only_units(subject):
        return None
    return OrderAsked("first" if is_early else "last", subject, by_time, phrase)


def _last_part(before: str) -> str:
    """What is before the noun, without an earlier sentence: "I look at the log. What was the"."""
    return re.split(r"[.;!?:]\s", before)[-1]


def _without_last(rest: str) -> str:
    """ "The last session last" ends with a verb."""
    return re.sub(r"\s+last\W*$", "", rest, flags=re.IGNORECASE)


def _subject(text: str) -> str:
    return subject_of(_LIGHT.sub(" ", text))


_ORDERS = re.compile(rf"\b(?:{_EARLY}|{_LATE})\s+\w", re.IGNORECASE)
