"""Whether an answer says that the material does not hold what was asked.

What is told of people sounds alike: "She was never mentioned again", "He could not find his hat".
So a verb counts only with the material as its subject or place, with "I" as its subject, or at the
end of a sentence that has nothing else to say. What an answer quotes counts as told.
"""

from __future__ import annotations

import re

from app.service.answering.patterns import any_of

_WORD_OF_MATERIAL = (
    r"(?:passage|text|document|material|context|excerpt|information|source|story|book|tale|"
    r"section|content)s?"
)
_MATERIAL = (
    r"(?:(?:the|these|this|those|that|any|all|given|provided|your|my|any of the|none of the)\s+)"
    rf"(?:(?:given|provided|above|available|retrieved|supplied|following|\w+ed)\s+){{0,2}}"
    rf"{_WORD_OF_MATERIAL}(?:\s+(?:provided|given|above|available|itself))?\b(?!['’])"
)
_SHOWN = r"(?:given|provided|available|above)"
# Of people it is told that they "find" and "give"; a text that does so tells.
_TELL = (
    r"(?:mention|state|say|specif|name|describe|indicate|tell|address|discuss|cover|explain|"
    r"identif|clarif|reveal|detail|include|contain|provide|give|have|answer|offer|refer)\w*"
)
_TOLD = (
    r"(?:mentioned|stated|said|specified|named|described|indicated|told|addressed|discussed|"
    r"covered|explained|identified|clarified|revealed|detailed|included|contained|provided|"
    r"referred to|clear|known|present|available)"
)
_NOT = r"(?:\s?n[o']t|\s+not|\s+never)\s+"
_SURELY = r"(?:(?:\w+ly|actually|even|either|anywhere|be|been)\s+){0,2}?"
_IN = r"(?:\s+(?:\w+ly|anywhere|here))?\s+(?:in|by|from|within|anywhere in)\s+"
# "It is not mentioned in the story again" and "... until the end" tell something.
_NO_TIME = r"(?!\s+(?:again|until|till|before|after|any\s?more|any longer|for|first|twice)\b)"
_IN_MATERIAL = rf"{_IN}{_MATERIAL}{_NO_TIME}"
_ENDS = (
    r"(?:\s+(?:here|anywhere|explicitly|directly|at all))?"
    r"\s*(?:$|[.;:!?)]|,?\s+(?:so|but|and i|therefore|although|though|however)\b|"
    r",\s+(?:and|only)\b)"
)
_WHAT_WAS_ASKED = (
    r"(?:answer|information|detail|reason|name|question|exact \w+|specific \w+|it|this|that)s?"
)
_DECLINES = (
    # "I could not find it" is what the system prompt asks for; "he could not find his hat" is none.
    r"\bI\s+(?:could|can|did|was|am)" + _NOT + r"(?:able to\s+)?"
    r"(?:find|answer|determine|tell|locate|say|provide|identify|see)\b",
    r"^\W*(?:could|can)" + _NOT + r"(?:find|determine|answer|locate|tell)"
    rf"(?:\s+(?:it|this|that|any|an|the answer|information|the information|a passage)\b|{_ENDS})",
    r"\bI (?:do not|don't) (?:know|have (?:any |enough |the |sufficient )?"
    r"(?:information|details|context|knowledge)|have access)\b",
    rf"\b{_MATERIAL}\s+(?:\w+\s+){{0,3}}?(?:do|does)(?:{_NOT}){_SURELY}{_TELL}",
    rf"\b{_MATERIAL}\s+did(?:{_NOT}){_SURELY}(?:mention|state|specify|indicate)\b",
    rf"\b{_MATERIAL}\s+(?:gives?|contains?|provides?|makes?|offers?|ha[sv]e?)\s+no\b",
    rf"\b(?:none|neither|nothing)\b(?:\s+of)?(?:\s+in)?\s+(?:the\s+)?(?:\w+\s+){{0,2}}?"
    rf"{_WORD_OF_MATERIAL}\s+{_SURELY}{_TELL}",
    rf"\bno {_WORD_OF_MATERIAL}\s+(?!(?:is|are|was|were|of|for|to|that)\b)(?:\w+ly\s+)?{_TELL}",
    rf"\b(?:is|are|was|were|has|have|does|do)(?:{_NOT}){_SURELY}(?:{_TOLD}|appear|occur)"
    rf"{_IN_MATERIAL}",
    rf"\b(?:the|this|that|any)\s+{_WHAT_WAS_ASKED}\s+(?:\w+\s+){{0,4}}?(?:is|are|was|were|can|could)"
    rf"(?:{_NOT}){_SURELY}(?:found|given|answered|{_TOLD})(?:{_IN_MATERIAL}|{_ENDS})",
    rf"\b(?:is|are|was|were)(?:{_NOT}){_SURELY}(?:mentioned|stated|specified|indicated){_ENDS}",
    rf"\b(?:is|are|was|were)(?:{_NOT}){_SURELY}(?:given|found|told|answered|in)"
    rf"(?:{_IN}|\s+)(?:{_MATERIAL.replace('|story|book|tale', '')}){_NO_TIME}",
    rf"^\W*not (?:\w+ly )?(?:{_TOLD}|given|found)(?:{_IN_MATERIAL}|{_ENDS})",
    rf"^\W*not in {_MATERIAL}",
    r"\bthere(?: is| are|'s) no (?:(?!need\b)\w+\s+){0,2}?"
    r"(?:mention|information|details?|indication)\b",
    r"\bthere (?:was|were) no (?:\w+\s+){0,2}?(?:mention|information|details?|indication)"
    rf"\b.{{0,60}}?\b(?:in|from)\s+{_MATERIAL}",
    r"\bthere (?:is|are) no (?:\w+\s+){0,2}?passages?\s+(?:that|which|about|on|of|with|in)\b",
    rf"^\W*no (?:\w+\s+)?(?:information|mention|details?)"
    rf"(?:\s+(?:is|was|are|were))?(?:\s+(?:{_TOLD}|given|found))?"
    rf"(?:\s+(?:about|of|on)\b.{{0,60}})?(?:{_IN_MATERIAL}|{_ENDS})",
    r"\b(?:cannot|can't|can not|could not|couldn't) be (?:determined|answered|inferred)\b",
    rf"\b(?:cannot|can't|can not|could not|couldn't) be found{_IN_MATERIAL}",
    rf"^\W*(?:it is |it's )?(?:unclear|unspecified)(?:{_IN_MATERIAL}|{_ENDS})",
    # "Joe is unknown." is of the model; what a text tells, "His fate was unknown", is in the past.
    r"^\W*(?:[\w'-]+\s+){1,6}(?:is|are)\s+(?:still\s+)?(?:unknown|unclear|unspecified)\W*$",
    r"^\W*(?:unknown|n/a|no answer|unanswerable|none (?:given|mentioned|stated))\W*$",
    r"\b(?:wird|werden|ist|sind) (?:(?!nicht\b)\w+ ){0,3}nicht "
    r"(?:erwähnt|genannt|angegeben|gesagt)\b",
    r"\bich (?:konnte|kann) (?:\w+ )?(?:nicht|nichts) finden\b",
)
_PATTERN = any_of(*_DECLINES)
_DEPENDS = re.compile(
    r"\b(?:as long as|unless|lest|provided that|so that|whose|in case)\b[^,]*$", re.IGNORECASE
)
_QUOTED = re.compile(r"[\"“«„][^\"”»“]*[\"”»“]?")
_FIRST_SENTENCES = 2
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


def says_not_found(answer: str) -> bool:
    """True if an answer says, in its first sentences, that the material does not hold it.

    >>> says_not_found("I could not find it."), says_not_found("He could not find his hat.")
    (True, False)
    """
    plain = answer.replace("’", "'").strip()
    told = _QUOTED.sub(" “” ", plain)
    if not any(map(str.isalnum, told)):  # all of it is in quotation marks
        told = plain
    return any(map(_declines, _SENTENCE_END.split(told.strip())[:_FIRST_SENTENCES]))


def _declines(sentence: str) -> bool:
    found = _PATTERN.search(sentence)
    return found is not None and not _DEPENDS.search(sentence[: found.start()])
