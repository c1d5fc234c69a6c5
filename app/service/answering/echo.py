"""Recognises answers that only repeat their question: "Why was she sad?" "Because she was sad."

A small model often does so where the passages do not tell it, or tell it in other words. Only a
question that asks for something counts: one that can be answered with yes or no, or that offers
what to choose from ("... or ..."), is rightly answered in its own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from app.service.answering.numbers import all_numbers
from app.service.answering.patterns import any_of
from app.service.answering.support import share_in_text
from app.service.answering.words import content_words
from storage import STOP_WORDS_OF

_BEFORE = r"^\W*(?:(?:and|but|so|then|und|aber|et|mais)\s+)?(?:\w+\s+)?"
_ASKS_FOR_SOMETHING = any_of(
    _BEFORE + r"(?:who|whom|whose|what|when|where|why|how|which)\b",
    _BEFORE + r"(?:wer|wen|wem|wessen|was|wann|wo|wohin|woher|warum|weshalb|wieso|wie|womit|wodurch"
    r"|welche[rsnm]?)\b",
    _BEFORE + r"(?:qui|que|quoi|quand|où|pourquoi|comment|combien|quel(?:le)?s?)\b",
)
_OFFERS_A_CHOICE = any_of(r"\b(?:or|oder|ou)\b")
_SAYS_YES_OR_NO = any_of(r"^\W*(?:yes|no|yeah|nope|ja|nein|doch|oui|non|si)\b")
_BECAUSE = frozenset("weil denn damit parce car puisque porque pues poiche omdat want".split())
_PASSAGE_NUMBER = re.compile(r"\[\d{1,2}\]")


def repeats_question(answer: str, question: str, languages: Iterable[str] = ()) -> bool:
    """Whether an answer has no word, number or name that its question does not have.

    Args:
        answer: without the notice that nothing was found.
        languages: of the texts, whose endings of words do not matter.
    """
    said = _PASSAGE_NUMBER.sub("", answer)
    if not said.strip() or _SAYS_YES_OR_NO.search(said):
        return False
    if not _ASKS_FOR_SOMETHING.search(question) or _OFFERS_A_CHOICE.search(question):
        return False
    if not all_numbers(said) <= all_numbers(question):
        return False
    languages = tuple(languages)
    _, unknown = share_in_text(said, question, languages)
    says_nothing = _BECAUSE.union(*(STOP_WORDS_OF.get(name, ()) for name in languages))
    words = " ".join(content_words(said).keys() - says_nothing)
    return not unknown and (not words or share_in_text(words, question, languages)[0] == 1)
