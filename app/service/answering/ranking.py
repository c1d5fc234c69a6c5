"""Ranks found passages again, by what the search cannot see, and leaves out copies.

The search judges each passage alone, as one bag of words. Here it also counts whether the words of
the question are together in one sentence, whether the passages before and after have the rest of
them (what is asked about is often named in one passage and told in the next), whether the document
matches in several places, and whether the passage has the kind of thing that is asked for.

The weights are those of a linear ranking fitted to the questions of FairytaleQA's training part
(the loss is the likelihood of the passages with an answer among all hits), rounded. Fitted to three
libraries of 40 tales and judged on the fourth, it puts a passage with the answer among the first
six for 87.0 % of 2,131 questions, and first for 64.0 %, where neighbours and documents alone gave
85.2 and 61.9 %.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import storage
from app.service.answering.numbers import CARDINALS
from app.service.answering.patterns import any_of
from app.service.answering.support import sentences
from storage import Passage, QuestionWords

RANKED = 40
"""Hits that are ranked again; the others stay behind them."""
DOCUMENT_WEIGHT = 1.8
"""What a passage of the best document gets; one of another document gets less."""
HITS_PER_DOCUMENT = 4
"""The best hits of a document decide how good it is, so that length alone is no merit."""
AROUND_WEIGHT = 1.6
"""For all words of the question in a passage and the hits beside it, each weighted by rarity."""
SENTENCE_WEIGHT = 1.2
"""For all words of the question in one sentence, each weighted by rarity."""
WORDS_WEIGHT = 1.2
"""For all words of the question in a passage."""
NUMBER_WEIGHT = 2.5
"""For a number near the best sentence where one is asked for."""
FEELING_WEIGHT = 1.2
"""For words of feeling where a feeling is asked for."""
FULL_FEELING = 3
"""So many words of feeling get all of that weight."""

_ASKS_NUMBER = any_of(
    r"\bhow (?:many|much|long|old|far|often|tall|high|deep|big|large)\b",
    r"\bwie (?:viele?|lange|alt|weit|oft|groß|hoch|tief)\b",
    r"\bcombien\b|\bquel âge\b",
)
_NUMBER = re.compile(
    rf"\d|\b(?:{'|'.join(word for word in CARDINALS if word != 'one')}|"
    r"once|twice|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|hundert|tausend|"
    r"deux|trois|quatre|cinq|sept|huit|neuf|dix|douze|vingt|cent|mille)\b",
    re.IGNORECASE,
)
_ASKS_FEELING = any_of(
    r"\b(?:feel|felt|feels|feeling|feelings|mood)\b", r"\bfühl\w*\b", r"\b(?:sent|senti\w*)\b"
)
_FEELING = re.compile(
    r"\b(?:glad|sad|sadly|happy|happily|unhappy|angry|angrily|anger|sorry|sorrow|sorrowful|"
    r"delighted|delight|frightened|fright|afraid|fear|pleased|joy|joyful|grief|grieved|ashamed|"
    r"shame|wept|weeping|cried|surprised|astonished|troubled|lonely|jealous|envy|proud|anxious|"
    r"disappointed|excited|worried|miserable|furious|rage|heart|"
    r"froh|traurig|glücklich|unglücklich|zornig|wütend|angst|freude|trauer|stolz|einsam|"
    r"heureu\w*|triste|tristesse|colère|peur|joie|fi[eè]re?|honte)\b",
    re.IGNORECASE,
)


def rank_again(found: Sequence[Passage], question: str) -> list[Passage]:
    """Hits with new scores, the best first; equal scores keep their order.

    Args:
        found: hits of one search, the best first.
        question: they were searched for with it.
    """
    ranked = found[:RANKED]
    if not ranked:
        return list(found)
    asked = storage.question_words(question, ranked[0].languages)
    hits = _Hits(ranked, asked)
    of_document = _document_scores(ranked)
    best = max(of_document.values())
    asks_number = bool(_ASKS_NUMBER.search(question))
    asks_feeling = bool(_ASKS_FEELING.search(question))
    again = [
        replace(
            passage,
            score=passage.score
            + (DOCUMENT_WEIGHT * of_document[passage.document_id] / best if best > 0 else 0.0)
            + hits.bonus(i)
            + (NUMBER_WEIGHT if asks_number and _NUMBER.search(hits.near_best(i)) else 0.0)
            + (_feeling_bonus(passage.text) if asks_feeling else 0.0),
        )
        for i, passage in enumerate(ranked)
    ]
    again.sort(key=lambda p: -p.score)
    return [*again, *found[RANKED:]]


def without_copies(found: Sequence[Passage]) -> list[Passage]:
    """Passages without those whose words are the same as of a better one, wherever they are."""
    first: dict[str, Passage] = {}
    for passage in found:
        first.setdefault(" ".join(passage.text.casefold().split()), passage)
    return list(first.values())


class _Hits:
    """Which words of a question hits have, in which sentences, and beside which other hits."""

    def __init__(self, hits: Sequence[Passage], asked: QuestionWords) -> None:
        self._terms = len(asked.terms)
        self._sentences = [sentences(p.text) or [p.text] for p in hits]
        # For each hit and sentence, the numbers of the words that the sentence has.
        self._in_sentences: list[list[set[int]]] = [
            [_indices(asked.count_in(s)) for s in parts] if asked.terms else [set() for _ in parts]
            for parts in self._sentences
        ]
        self._words = [set[int]().union(*parts) for parts in self._in_sentences]
        having = [sum(n in words for words in self._words) for n in range(self._terms)]
        self._rarity = [math.log(1 + len(hits) / (n + 0.5)) if n else 0.0 for n in having]
        self._all_rarity = sum(self._rarity) or 1.0
        # For each hit the number of the sentence with most of the question.
        self._best = [self._best_of(parts) for parts in self._in_sentences]
        starts = {_start(p): i for i, p in enumerate(hits)}
        ends = {_end(p): i for i, p in enumerate(hits)}
        self._beside = [
            [n for n in (ends.get(_start(p)), starts.get(_end(p))) if n is not None] for p in hits
        ]

    def bonus(self, i: int) -> float:
        """What a hit gets for the words of the question in it, in a sentence and beside it."""
        if not self._terms:
            return 0.0
        around = self._words[i].union(*(self._words[n] for n in self._beside[i]))
        in_best = self._in_sentences[i][self._best[i]]
        return (
            AROUND_WEIGHT * self._share(around)
            + SENTENCE_WEIGHT * self._share(in_best)
            + WORDS_WEIGHT * len(self._words[i]) / self._terms
        )

    def near_best(self, i: int) -> str:
        """The sentence of a hit with most of the question, and the one behind it."""
        best = self._best[i]
        return " ".join(self._sentences[i][best : best + 2])

    def _best_of(self, in_sentences: Sequence[set[int]]) -> int:
        shares = [self._share(words) for words in in_sentences]
        return shares.index(max(shares))

    def _share(self, words: set[int]) -> float:
        """The share of the question that some of its words are, each weighted by its rarity."""
        return sum(self._rarity[n] for n in words) / self._all_rarity


def _indices(counts: Sequence[int]) -> set[int]:
    return {i for i, count in enumerate(counts) if count}


def _feeling_bonus(text: str) -> float:
    """What a hit gets for its words of feeling."""
    return FEELING_WEIGHT * min(1.0, len(_FEELING.findall(text)) / FULL_FEELING)


def _document_scores(ranked: Sequence[Passage]) -> dict[int, float]:
    """For each document the sum of its best scores squared: a few good hits beat many weak ones."""
    hits: dict[int, list[float]] = defaultdict(list)
    for passage in ranked:
        hits[passage.document_id].append(passage.score)
    return {
        document_id: sum(score**2 for score in scores[:HITS_PER_DOCUMENT])
        for document_id, scores in hits.items()
    }


def _start(passage: Passage) -> tuple[int, int]:
    return passage.document_id, passage.token_start


def _end(passage: Passage) -> tuple[int, int]:
    return passage.document_id, passage.token_start + passage.token_count
