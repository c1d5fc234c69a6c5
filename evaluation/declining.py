"""Whether an answer declines: it says that the material does not tell what was asked."""

from __future__ import annotations

import re

_DECLINES = re.compile(
    r"(?:could|can|did|do|does|is|are|was|were)(?:\s+not|n['’]?t)\s+"
    r"(?:be\s+)?(?:able\s+to\s+)?"
    r"(?:find|found|know|say|tell|mention|mentioned|specif\w+|stated?|given|provided?|answer\w*"
    r"|determined?|named?|described?|contain|explicitly\s+\w+|directly\s+\w+)\b"
    r"|\bno\s+(?:information|mention|passage|answer|such)\b"
    r"|\bnot\s+(?:mentioned|specified|stated|given|provided|found|in\s+the\s+(?:text|passages?"
    r"|material|story|document))\b"
    r"|\bunanswerable\b|\bunable\s+to\s+(?:find|answer|determine)\b",
    re.IGNORECASE,
)
LONGEST = 400
"""Characters of an answer's beginning that are looked at: later sentences only qualify it."""


def declines(answer: str) -> bool:
    """True if an answer says that it was not found, or if it is empty."""
    return not answer.strip() or _DECLINES.search(answer[:LONGEST]) is not None
