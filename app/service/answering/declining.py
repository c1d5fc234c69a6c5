"""Whether an answer says that the material does not hold what was asked."""

from __future__ import annotations

import re

_MATERIAL = (
    r"(?:the|these|this|those|any|all|given|provided)\s+(?:\w+\s+){0,2}?(?:passage|text|document|"
    r"material|context|excerpt|information|source|story|book)s?"
)
_SAY = (
    r"(?:\w+ly\s+)?(?:mention|state|say|said|specif|give|giv|provide|find|found|name|describe|"
    r"contain|include|answer|explain|indicate|tell|address|discuss|cover)\w*"
)
_NOT = r"(?:\s?n[o']t|\s+not|\s+never)\s+"
_DECLINES = (
    # "I could not find it" is what the system prompt asks for; "he could not find his hat" is none.
    r"(?:^|\bI\s+)(?:could|can|did|was|am)" + _NOT + r"(?:able to\s+)?"
    r"(?:find|answer|determine|tell|locate|say)\b",
    r"\bI (?:do not|don't) (?:know|have (?:any |enough |the )?information)\b",
    rf"\b{_MATERIAL}\s+(?:\w+\s+){{0,3}}?(?:do|does|did){_NOT}{_SAY}",
    rf"\b(?:is|are|was|were){_NOT}{_SAY}(?:\s+\w+){{0,3}}?\s+(?:in|by|from|within)\s+{_MATERIAL}",
    rf"\b(?:is|are|was|were){_NOT}(?:\w+ly\s+)?(?:mentioned|stated|specified)\b",
    r"^\W*not (?:\w+ly )?(?:mentioned|stated|given|found|specified|provided)\b",
    r"\bthere (?:is|was|are) no (?:\w+\s+){0,2}(?:mention|information|passage)\b",
    rf"\bno (?:passage|text|document)s? (?:\w+\s+){{0,2}}?{_SAY}",
    r"\b(?:cannot|can't|can not) be (?:determined|answered|found|inferred)\b",
    r"^\W*(?:unknown|n/a|no answer|unanswerable)\W*$",
    r"\b(?:wird|werden|ist|sind) (?:\w+ )?nicht (?:erwähnt|genannt|angegeben|gesagt)\b",
    r"\bich (?:konnte|kann) (?:\w+ )?(?:nicht|nichts) finden\b",
)
_PATTERN = re.compile("|".join(f"(?:{pattern})" for pattern in _DECLINES), re.IGNORECASE)
_FIRST_SENTENCES = 2
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


def says_not_found(answer: str) -> bool:
    """True if an answer says, in its first sentences, that the material does not hold it.

    >>> says_not_found("I could not find it."), says_not_found("He could not find his hat.")
    (True, False)
    """
    sentences = _SENTENCE_END.split(answer.replace("’", "'").strip())
    return any(_PATTERN.search(sentence) for sentence in sentences[:_FIRST_SENTENCES])
