"""Which passages an answer is based on: those that say it where they speak of what was asked.

A passage that has the words of an answer somewhere need not say it. So the answer's words have to
be in two neighbouring sentences of the passage, and most of the question's words in these or next
to them; names may be anywhere in the passage or its title, but each has to be there. An answer is
better without a citation than with a false one: the page shows what else was looked at.

What this cannot see is who did what to whom, and why: a wrong answer that is in the right place
("She pranced", where the mare did) is cited.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product

import storage
from app.service.answering.asking_words import without_asking_words
from app.service.answering.citations import Citation
from app.service.answering.declining import says_not_found
from app.service.answering.line_wrapping import unwrapped
from app.service.answering.support import (
    Sought,
    SourceWords,
    names_of,
    sentences,
    sought_in,
)

MIN_ANSWER_SHARE = 0.8
"""Of the words of an answer's sentence, in two neighbouring sentences of a passage."""
MIN_QUESTION_SHARE = 0.7
"""Of the words of a question, in these and the sentences next to them, and in the title."""
MIN_SHARE_BESIDE_ONE_WORD = 0.75
"""The same for an answer of one word, without the sentences next to it: such words are common."""
MAX_PER_SENTENCE = 2
"""An answer's sentence is based on at most this many passages, if they have as much of it."""
_NAMED = re.compile(r"\[(\d{1,2})\]")


@dataclass(frozen=True)
class Evidence:
    """What a passage has, in the place that has most: of an answer's words, of a question's."""

    answer_share: float
    question_share: float


def mark_cited(
    answer: str,
    passages: Sequence[Citation],
    question: str = "",
    languages: Iterable[str] = (),
    is_supported: bool = True,
) -> tuple[Citation, ...]:
    """Mark the passages that an answer is based on.

    If it names passages ("[2]"), it is based on no others. An answer which says that it found
    nothing is based on none, nor is one that nothing supports.

    Args:
        question: empty if the passages are what it asks about, such as a page that it names.
        languages: of the texts, as `storage.session_languages` returns them.
        is_supported: whether the passages support any of its sentences.
    """
    numbers = {int(number) for number in _NAMED.findall(answer)}
    named = [p for p in passages if p.number in numbers]
    if not is_supported or says_not_found(answer):
        return tuple(passages)
    told = _Told(question, tuple(languages) or (storage.DEFAULT_LANGUAGE,))
    said = [sought for text in sentences(answer) if (sought := sought_in(text, told.asked))]
    if said:
        cited = {n for each in said for n in told.best(each, named or passages)}
    else:  # "See [2]."
        cited = {p.number for p in named}
    return tuple(replace(passage, cited=passage.number in cited) for passage in passages)


class _Told:
    """Compares answers to a question with passages."""

    def __init__(self, question: str, languages: tuple[str, ...]) -> None:
        self._languages = languages
        self.asked = SourceWords(question, languages)
        guessed = storage.guess_language(storage.folded_words(question))
        # Words of another language than the texts' are not to be found there.
        is_comparable = not guessed or guessed in languages
        self._subject = sought_in(without_asking_words(question, languages)) or Sought()
        self._subject = self._subject if is_comparable else Sought()
        self._names = names_of(question)
        name_words = set(storage.folded_words(" ".join(self._names)))
        self._named = {word for word in self._subject.words if word in name_words}
        self._read: dict[int, tuple[list[SourceWords], set[str]] | None] = {}

    def best(self, said: Sought, passages: Sequence[Citation]) -> list[int]:
        """The numbers of the passages that say a sentence of an answer."""
        found = {p.number: evidence for p in passages if (evidence := self._evidence(said, p))}
        shares = [evidence.answer_share + evidence.question_share for evidence in found.values()]
        best = max(shares, default=0.0)
        chosen = [n for n, share in zip(found, shares, strict=True) if share == best]
        return chosen[:MAX_PER_SENTENCE]

    def _evidence(self, said: Sought, passage: Citation) -> Evidence | None:
        """What a passage has of a sentence and of the question, if that is enough."""
        if passage.number not in self._read:  # the same for all sentences of an answer
            self._read[passage.number] = self._words_of(passage)
        if (words := self._read[passage.number]) is None:
            return None
        parts, known = words
        beside = 0 if said.total == 1 else 1
        found: list[Evidence] = []
        for i, count in product(range(len(parts)), (1, 2)):
            share = said.share_in(parts[i : i + count])
            if share >= MIN_ANSWER_SHARE:
                near = parts[max(0, i - beside) : i + count + beside]
                found.append(Evidence(share, self._share(known | self._found_in(near))))
        least = MIN_QUESTION_SHARE if beside else MIN_SHARE_BESIDE_ONE_WORD
        enough = [evidence for evidence in found if evidence.question_share >= least]
        return max(enough, key=lambda e: (e.answer_share, e.question_share), default=None)

    def _words_of(self, passage: Citation) -> tuple[list[SourceWords], set[str]] | None:
        """The sentences of a passage, and what of the question is known in each of them.

        None if a name of the question is not there.
        """
        title = SourceWords(f"{passage.document} {passage.locator}", self._languages)
        texts = sentences(unwrapped(passage.text))
        parts = [SourceWords(text, self._languages) for text in texts]
        if any(not any(part.has_name(n) for part in [title, *parts]) for n in self._names):
            return None
        # A name is often given once, and "she" from then on.
        return parts, self._found_in([title]) | (self._found_in(parts) & self._named)

    def _found_in(self, sources: Sequence[SourceWords]) -> set[str]:
        return {word for source in sources for word in self._subject.found_in(source)}

    def _share(self, found: set[str]) -> float:
        return len(found) / self._subject.total if self._subject.total else 1.0
