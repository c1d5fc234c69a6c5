"""Checks an answer against its passages: which of them support each of its sentences, if any does.

Words are compared as the search compares them, by folded stems, so that only the wording may
differ. Numbers and names are compared one by one: a sentence with a number or a name that neither
a passage nor the question has is not supported, however much of the rest it shares.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import storage
from app.service.answering.citations import Citation
from app.service.answering.irregular_forms import base_form
from app.service.answering.numbers import all_numbers, worded_numbers, written_numbers
from app.service.answering.words import (
    SHORT_TITLES,
    TITLES,
    content_words,
    folded_name,
    names_in,
)

MIN_SHARE = 0.6
"""Passages support a sentence if they have at least this share of its content words."""
MAX_SUPPORTING = 3
REPEATS_QUESTION = "This only repeats the question; the passages may not tell the answer."
_ABBREVIATED = "".join(rf"(?<!\b{word}\.)" for word in (*SHORT_TITLES, "St", "No", "vs", "[A-Z]"))
_SENTENCE_END = re.compile(
    rf"(?:{_ABBREVIATED}(?<=[.!?…])|(?<=[.!?…][\"'”’)\]]))\s+(?![a-z])|\n+|(?<=[。！？])"
)
_LIST_MARK = re.compile(r"^[ \t]*(?:[-*•–]|\d{1,3}[.)])[ \t]+", re.MULTILINE)
_PASSAGE_NUMBER = re.compile(r"\s*\[\d{1,2}\]")
_SAYS_NOTHING = frozenset("yes nope yeah okay sure ja nein oui non si".split())


@dataclass(frozen=True)
class CheckedSentence:
    """A sentence of an answer, and what supports it.

    Args:
        supported_by: numbers of the passages that do, the best first; empty if none does.
        unknown: its numbers and names that are in no passage and not in the question.
        marks: those of the passages that the answer cites: one may have the words of a sentence
            and not say what was asked. None: not known, of a sentence checked before that was told.
    """

    text: str
    supported_by: tuple[int, ...]
    unknown: tuple[str, ...] = ()
    marks: tuple[int, ...] | None = None


_SENTENCE_KEYS = {each.name for each in fields(CheckedSentence)} - {"marks"}


def check_support(
    answer: str,
    passages: Sequence[Citation],
    known: str,
    languages: Iterable[str] = (),
) -> tuple[CheckedSentence, ...]:
    """Check each sentence of an answer that says something.

    Sentences without any word to compare ("Yes.") are left out.

    Args:
        passages: that the model had before it.
        known: the question, and what else the model was told.
        languages: of the texts, as `storage.session_languages` returns them.
    """
    sources = [SourceWords(f"{p.document} {p.locator}\n{p.text}", languages) for p in passages]
    asked = SourceWords(known, languages)
    checked = (_check(sentence, passages, sources, asked) for sentence in sentences(answer))
    return tuple(sentence for sentence in checked if sentence is not None)


def sentences(text: str) -> list[str]:
    """The sentences and lines of a text, without list marks and numbers of passages."""
    parts = _SENTENCE_END.split(_LIST_MARK.sub("", text))
    return [part.strip() for part in parts if _PASSAGE_NUMBER.sub("", part).strip()]


def with_marks(
    checked: Sequence[CheckedSentence], passages: Sequence[Citation]
) -> tuple[CheckedSentence, ...]:
    """Checked sentences with the numbers of those supporting passages that the answer cites."""
    cited = {passage.number for passage in passages if passage.cited}
    return tuple(
        replace(each, marks=tuple(n for n in each.supported_by if n in cited)) for each in checked
    )


def has_support(checked: Sequence[CheckedSentence]) -> bool:
    """Whether passages support a sentence of an answer, or it has none that could be checked."""
    return not checked or any(sentence.supported_by for sentence in checked)


def unknown_in(checked: Iterable[CheckedSentence]) -> tuple[str, ...]:
    """The numbers and names of an answer that neither a passage nor the question has, each once."""
    return tuple(dict.fromkeys(word for sentence in checked for word in sentence.unknown))


def support_notes(details: Mapping[str, Any]) -> list[str]:
    """Sentences about what of an answer no passage supports.

    Args:
        details: of an answer, as `Answer.as_dict`. An answer that declines, or that begins by
            saying that no passage was found, has none: it says so itself.
    """
    says_itself = details.get("declined") or details.get("found_nothing")
    if details.get("repeats_question") and not says_itself:
        return [REPEATS_QUESTION]
    unsupported = (s for s in stored_sentences(details) if not s["supported_by"])
    return [f"No passage supports “{s['text']}”{_why(s)}." for s in unsupported]


def stored_sentences(details: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The checked sentences of a stored answer, as `CheckedSentence` has them.

    Those that are damaged are left out. So are those that nothing supports, if the answer says
    itself that it found nothing, and all of an answer that only repeats its question.
    """
    sentences = _readable_sentences(details.get("sentences"))
    if details.get("declined") or details.get("found_nothing"):
        return [sentence for sentence in sentences if sentence["supported_by"]]
    return [] if details.get("repeats_question") else sentences


def unsupported_text(sentence: Mapping[str, Any]) -> str:
    """A sentence about a checked sentence that no passage supports, to be shown beside it."""
    return f"No passage supports this{_why(sentence)}."


def left_out_notes(details: Mapping[str, Any]) -> list[str]:
    """Sentences about what an answer did not look at, or does not show; see `support_notes`."""
    return [str(note) for note in _items(details.get("left_out"))]


def _why(sentence: Mapping[str, Any]) -> str:
    unknown = ", ".join(map(str, _items(sentence["unknown"])))
    return f" (in no passage: {unknown})" if unknown else ""


def _readable_sentences(stored: Any) -> list[Mapping[str, Any]]:
    """The checked sentences among what may be damaged, so that no damage hides a conversation."""
    found = _items(stored)
    return [each for each in found if isinstance(each, Mapping) and each.keys() >= _SENTENCE_KEYS]


def _items(stored: Any) -> Sequence[Any]:
    """A stored list; nothing if it is damaged."""
    return stored if isinstance(stored, list | tuple) else ()


def share_in_text(
    sentence: str, text: str, languages: Iterable[str] = ()
) -> tuple[float, tuple[str, ...]]:
    """How much of a sentence a text has: the share of its content words, from 0 to 1.

    Returns:
        That share, and the numbers and names of the sentence that the text does not have.
    """
    source = SourceWords(text, languages)
    words = content_words(sentence)
    found = sum(source.has_word(word, other) for word, other in words.items())
    return found / len(words) if words else 0.0, _unknown(sentence, [source])


class SourceWords:
    """The words, numbers and stems of a text that an answer may rest on.

    Args:
        languages: of the texts, as `storage.session_languages` returns them.
    """

    def __init__(self, text: str, languages: Iterable[str]) -> None:
        others = storage.two_lettered_words(text)
        self.words = {*storage.folded_words(text, storage.STOP_WORDS), *others.values()}
        self.numbers = all_numbers(text)
        self._languages = tuple(languages) or (storage.DEFAULT_LANGUAGE,)
        self.stems = {stem for word in self.words for stem in self._forms(word)}

    def _forms(self, word: str) -> set[str]:
        """What two forms of a word have in common."""
        is_english = "english" in self._languages
        return {base_form(word) if is_english else word, *storage.stems(word, self._languages)}

    def has_word(self, word: str, other: str) -> bool:
        """Whether a folded word is there, in any form of it; `other` has two letters for one."""
        if word in self.words or other in self.words:
            return True
        return not (self._forms(word) | self._forms(other)).isdisjoint(self.stems)

    def has_name(self, name: str) -> bool:
        """Whether a name is there, whole or declined."""
        forms = folded_name(name)
        if name.isupper():
            return not forms.isdisjoint(self.words)
        is_begun = any(word.startswith(tuple(forms)) for word in self.words)
        return is_begun or any(self.has_word(form, form) for form in forms)


@dataclass(frozen=True)
class Sought:
    """What of a sentence is looked for in texts: its content words, and its numbers in digits."""

    words: Mapping[str, str] = field(default_factory=dict)
    digits: frozenset[str] = frozenset()

    @property
    def total(self) -> int:
        """How much is looked for."""
        return len(self.words) + len(self.digits)

    def found_in(self, source: SourceWords) -> set[str]:
        """Those of its words and numbers that a text has."""
        words = {
            word
            for word, other in self.words.items()
            if word in source.numbers or source.has_word(word, other)
        }
        return words | (self.digits & source.numbers)

    def share_in(self, sources: Sequence[SourceWords]) -> float:
        """The share that some texts have together, from 0 to 1; 1 if nothing is looked for."""
        found = {each for source in sources for each in self.found_in(source)}
        return len(found) / self.total if self.total else 1.0


def sought_in(sentence: str, asked: SourceWords | None = None) -> Sought | None:
    """What of a sentence is to be looked for in passages; None if there is nothing.

    Args:
        asked: the question. What it has already is no evidence, unless the sentence has nothing
            else.
    """
    said = _PASSAGE_NUMBER.sub("", sentence)
    numbers = worded_numbers(said)
    of_numbers = {part for text in numbers for part in storage.folded_words(text)}
    without = of_numbers | _SAYS_NOTHING | TITLES
    words = {w: other for w, other in content_words(said).items() if w not in without}
    digits = frozenset(numbers.values())
    if asked is not None:
        fresh = {w: other for w, other in words.items() if not asked.has_word(w, other)}
        fresh_digits = digits - asked.numbers
        if fresh or fresh_digits:
            words, digits = fresh, fresh_digits
    return Sought(words, digits) if words or digits else None


def _check(
    sentence: str,
    passages: Sequence[Citation],
    sources: Sequence[SourceWords],
    asked: SourceWords,
) -> CheckedSentence | None:
    sought = sought_in(sentence, asked)
    if sought is None:
        return None
    unknown = _unknown(_PASSAGE_NUMBER.sub("", sentence), [*sources, asked])
    if unknown:
        return CheckedSentence(sentence, (), unknown)
    found = [sought.found_in(source) for source in sources]
    return CheckedSentence(sentence, _supporting(found, sought.total, passages))


def _supporting(
    found: Sequence[set[str]], total: int, passages: Sequence[Citation]
) -> tuple[int, ...]:
    """The passages that together have most of the words; empty if they have too few.

    Args:
        found: for each passage, what it has of the sentence.
        total: how much the sentence has.
    """
    covered: set[str] = set()
    chosen: list[int] = []
    while found and len(chosen) < MAX_SUPPORTING:
        best = max(range(len(found)), key=lambda i: len(found[i] - covered))
        gain, missing = len(found[best] - covered), total - len(covered)
        is_enough = len(covered) >= MIN_SHARE * total
        if gain == 0 or (is_enough and gain < MIN_SHARE * missing):
            break
        covered |= found[best]
        chosen.append(passages[best].number)
    return tuple(chosen) if len(covered) >= MIN_SHARE * total else ()


def _unknown(sentence: str, sources: Sequence[SourceWords]) -> tuple[str, ...]:
    """The numbers and names of a sentence that no source has, in its spelling."""
    numbers = {**written_numbers(sentence), **worded_numbers(sentence)}
    unknown = [
        text
        for text, digits in numbers.items()
        if not any({digits, digits.lstrip("0")} & source.numbers for source in sources)
    ]
    unknown += [
        name
        for name in names_of(sentence)
        if not any(character.isdigit() for character in name)
        and not any(source.has_name(name) for source in sources)
    ]
    return tuple(dict.fromkeys(unknown))


def names_of(sentence: str) -> list[str]:
    """The names in a sentence. In German, where every noun has a capital letter, there are none."""
    if storage.guess_language(storage.folded_words(sentence)) == "german":
        return []
    return [name for name in names_in(sentence) if name.lower().strip(".") not in TITLES]
