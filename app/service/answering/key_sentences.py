"""Key sentences of a part of a text: by code, those that say most of what the part speaks of.

A word weighs by how many of them have it, and a name twice as much. The next sentence is the one
that adds most: words that those before it had count little, so that they do not say the same.

Source: the idea is that of SumBasic (Nenkova and Vanderwende, "The impact of frequency on
summarization", 2005).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import storage
from app.service.answering.support import sentences
from app.service.answering.words import content_words, names_in
from storage import Passage

MAX_RANKED = 16
"""Sentences of a part that are ranked; more of one part are hardly ever shown."""
MIN_WORDS, USUAL_WORDS, MAX_WORDS = 5, 14, 60
COMMON = 6
"""A word that more than one sentence in so many has counts less."""
SAID_SHARE = 0.2
"""What a word still counts that an earlier sentence had."""
FOCUS_GAIN = 2.0
"""How much more a sentence counts that has all of the words that are asked for."""
SPEECH_SHARE = 0.7
"""What a sentence counts in which somebody speaks: who that is, is seldom in it."""
# A line that is wrapped goes on in the next one; a line of a log, or of what somebody says, ends.
_WRAP = re.compile(r"(?<![.!?…:;\"”’)\]\n])[ \t]*\n[ \t]*(?=\S)(?![\w .]{1,24}: )")
_SPEECH = frozenset('"“”„«»')


@dataclass(frozen=True)
class KeySentence:
    """A sentence of a part, word for word.

    Args:
        place: its number among the sentences of the part; they are shown in this order.
        has_focus: whether it has a word that is asked for.
    """

    text: str
    place: int
    passage: Passage
    has_focus: bool = False


def stems_of(text: str, languages: Iterable[str]) -> set[str]:
    """The stems of the content words of a text."""
    languages = tuple(languages) or (storage.DEFAULT_LANGUAGE,)
    return {stem for word in content_words(text) for stem in storage.stems(word, languages)}


def rank_sentences(
    passages: Sequence[Passage], focus: set[str], languages: Sequence[str]
) -> tuple[KeySentence, ...]:
    """The sentences of a part that say most of it, the first one to take first.

    Args:
        passages: of the part, in reading order.
        focus: stems of the words that are asked for; empty: the part as it is.
        languages: of the text.
    """
    found = [
        (KeySentence(text, place, passage), stems_of(text, languages))
        for place, (text, passage) in enumerate(_sentences(passages))
    ]
    counts: Counter[str] = Counter()
    names: set[str] = set()
    for sentence, stems in found:
        counts.update(stems)
        names |= stems_of(" ".join(names_in(f"… {sentence.text}")), languages)
    weights = {
        stem: math.log(1 + count) * (2 if stem in names else 1) * _rarity(count, len(found))
        for stem, count in counts.items()
    }
    ranked: list[KeySentence] = []
    said: set[str] = set()
    while found and len(ranked) < MAX_RANKED:
        gains = [_gain(each, stems, weights, said, focus) for each, stems in found]
        best = max(range(len(found)), key=gains.__getitem__)
        # A part that says one thing over and over is told with it, once.
        if gains[best] <= 0 and ranked:
            break
        sentence, stems = found.pop(best)
        said |= stems
        ranked.append(
            KeySentence(
                sentence.text, sentence.place, sentence.passage, not focus.isdisjoint(stems)
            )
        )
    return tuple(ranked)


def _rarity(count: int, sentences: int) -> float:
    """Less than 1 for what is in very many of the sentences, as a speaker's name before each."""
    return min(1.0, math.log(sentences / count) / math.log(COMMON)) if sentences > COMMON else 1.0


def _gain(
    sentence: KeySentence,
    stems: set[str],
    weights: dict[str, float],
    said: set[str],
    focus: set[str],
) -> float:
    words = len(sentence.text.split())
    total = sum(weights[stem] * (SAID_SHARE if stem in said else 1.0) for stem in stems)
    if _SPEECH & set(sentence.text):
        total *= SPEECH_SHARE
    if focus:
        total *= 1 + FOCUS_GAIN * len(focus & stems) / len(focus)
    return total / math.sqrt(max(words, USUAL_WORDS))


def _sentences(passages: Sequence[Passage]) -> list[tuple[str, Passage]]:
    """The sentences with their passages; a text without any is one as a whole."""
    found: list[tuple[str, Passage]] = []
    short: list[tuple[str, Passage]] = []
    for passage in passages:
        for sentence in sentences(_WRAP.sub(" ", passage.text)):
            text = " ".join(sentence.split())
            words = text.split()
            if len(words) > MAX_WORDS:
                text = " ".join(words[:MAX_WORDS]) + "…"
            (found if len(words) >= MIN_WORDS else short).append((text, passage))
    return found or short
