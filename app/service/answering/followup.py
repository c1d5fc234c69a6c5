"""Whether a question refers to the one before it ("Why did he leave?")."""

from __future__ import annotations

import re

from app.service.answering.words import names_in
from storage import count_words

MAX_BARE_WORDS = 3
"""A question of at most this many words ("And then?") is taken for a follow-up."""
_PRONOUN = re.compile(
    r"\b(he|she|it|they|him|her|his|hers|its|their|them|this|that|these|those|there|then)\b",
    re.IGNORECASE,
)


def follows_up(question: str) -> bool:
    """True if a question can only be understood together with the previous one.

    Only follow-ups are answered with the conversation in the prompt: a small model tends to repeat
    what it sees there.
    """
    if count_words(question) <= MAX_BARE_WORDS:
        return True
    return bool(_PRONOUN.search(question)) and not names_in(question)
