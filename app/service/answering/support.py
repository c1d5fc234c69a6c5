"""Checks an answer against its passages: which of them support each of its sentences, if any does.

Words are compared as the search compares them, by folded stems, so that only the wording may
differ. Numbers and names are compared one by one: a sentence with a number or a name that neither
a passage nor the question has is not supported, however much of the rest it shares.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import storage
from app.service.answering.citations import Citation
from app.service.answering.numbers import all_numbers, worded_numbers, written_numbers
from app.service.answering.words import content_words, folded_name, names_in

MIN_SHARE = 0.6
"""Passages support a sentence if they have at least this share of its content words."""
MAX_SUPPORTING = 3
_ABBREVIATED = "".join(rf"(?<!\b{word}\.)" for word in "Mr Mrs Ms Dr St No vs [A-Z]".split())
_SENTENCE_END = re.compile(
    rf"(?:{_ABBREVIATED}(?<=[.!?…])|(?<=[.!?…][\"'”’)\]]))\s+(?![a-z])|\n+|(?<=[。！？])"
)
_LIST_MARK = re.compile(r"^[ \t]*(?:[-*•–]|\d{1,3}[.)])[ \t]+", re.MULTILINE)
_PASSAGE_NUMBER = re.compile(r"\s*\[\d{1,2}\]")
_SAYS_NOTHING = frozenset("yes nope yeah okay sure ja nein oui non si".split())
_TITLES = frozenset("mr mrs ms miss dr sir lady lord madam prof".split())


@dataclass(frozen=True)
class CheckedSentence:
    """A sentence of an answer, and what supports it.

    Args:
        supported_by: numbers of the passages that do, the best first; empty if none does.
        unknown: its numbers and names that are in no passage and not in the question.
    """

    text: str
    supported_by: tuple[int, ...]
    unknown: tuple[str, ...] = ()


_SENTENCE_KEYS = {field.name for field in fields(CheckedSentence)}


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
    sources = [_Source(f"{p.document} {p.locator}\n{p.text}", languages) for p in passages]
    asked = _Source(known, languages)
    checked = (_check(sentence, passages, sources, asked) for sentence in sentences(answer))
    return tuple(sentence for sentence in checked if sentence is not None)


def sentences(text: str) -> list[str]:
    """The sentences and lines of a text, without list marks and numbers of passages."""
    parts = _SENTENCE_END.split(_LIST_MARK.sub("", text))
    return [part.strip() for part in parts if _PASSAGE_NUMBER.sub("", part).strip()]


def unknown_in(checked: Iterable[CheckedSentence]) -> tuple[str, ...]:
    """The numbers and names of an answer that neither a passage nor the question has, each once."""
    return tuple(dict.fromkeys(word for sentence in checked for word in sentence.unknown))


def support_notes(details: Mapping[str, Any]) -> list[str]:
    """Sentences about what of an answer no passage supports.

    Args:
        details: of an answer, as `Answer.as_dict`. An answer that declines, or that begins by
            saying that no passage was found, has none: it says so itself.
    """
    if details.get("declined") or details.get("found_nothing"):
        return []
    notes = []
    for sentence in _readable_sentences(details.get("sentences")):
        if sentence["supported_by"]:
            continue
        unknown = ", ".join(map(str, _items(sentence["unknown"])))
        why = f" (in no passage: {unknown})" if unknown else ""
        notes.append(f"No passage supports “{sentence['text']}”{why}.")
    return notes


def left_out_notes(details: Mapping[str, Any]) -> list[str]:
    """Sentences about what an answer did not look at, or does not show; see `support_notes`."""
    return [str(note) for note in _items(details.get("left_out"))]


def _readable_sentences(stored: Any) -> list[Mapping[str, Any]]:
    """The checked sentences among what may be damaged, so that no damage hides a conversation."""
    found = _items(stored)
    return [each for each in found if isinstance(each, Mapping) and each.keys() >= _SENTENCE_KEYS]


def _items(stored: Any) -> Sequence[Any]:
    """A stored list; nothing if it is damaged."""
    return stored if isinstance(stored, list | tuple) else ()


class _Source:
    """The words, numbers and stems of a text that an answer may rest on."""

    def __init__(self, text: str, languages: Iterable[str]) -> None:
        others = storage.two_lettered_words(text)
        self.words = {*storage.folded_words(text, storage.STOP_WORDS), *others.values()}
        self.numbers = all_numbers(text)
        self._languages = tuple(languages) or (storage.DEFAULT_LANGUAGE,)
        self.stems = {stem for word in self.words for stem in storage.stems(word, self._languages)}

    def has_word(self, word: str, other: str) -> bool:
        """Whether a folded word is there, in any form of it; `other` has two letters for one."""
        if word in self.words or other in self.words:
            return True
        forms = {*storage.stems(word, self._languages), *storage.stems(other, self._languages)}
        return not forms.isdisjoint(self.stems)

    def has_name(self, name: str) -> bool:
        """Whether a name is there, whole or declined."""
        forms = folded_name(name)
        if name.isupper():
            return not forms.isdisjoint(self.words)
        is_begun = any(word.startswith(tuple(forms)) for word in self.words)
        return is_begun or any(self.has_word(form, form) for form in forms)


def _check(
    sentence: str,
    passages: Sequence[Citation],
    sources: Sequence[_Source],
    asked: _Source,
) -> CheckedSentence | None:
    said = _PASSAGE_NUMBER.sub("", sentence)
    unknown = _unknown(said, [*sources, asked])
    numbers = worded_numbers(said)
    of_numbers = {part for text in numbers for part in storage.folded_words(text)}
    without = of_numbers | _SAYS_NOTHING | _TITLES
    words = {w: other for w, other in content_words(said).items() if w not in without}
    digits = set(numbers.values())
    # What the question has already is no evidence, unless the answer has nothing else.
    fresh = {w: other for w, other in words.items() if not asked.has_word(w, other)}
    fresh_digits = digits - asked.numbers
    if fresh or fresh_digits:
        words, digits = fresh, fresh_digits
    total = len(words) + len(digits)
    if not total:
        return None
    if unknown:
        return CheckedSentence(sentence, (), unknown)
    found = [
        {w for w, other in words.items() if source.has_word(w, other)} | (digits & source.numbers)
        for source in sources
    ]
    return CheckedSentence(sentence, _supporting(found, total, passages))


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


def _unknown(sentence: str, sources: Sequence[_Source]) -> tuple[str, ...]:
    """The numbers and names of a sentence that no source has, in its spelling."""
    numbers = {**written_numbers(sentence), **worded_numbers(sentence)}
    unknown = [
        text
        for text, digits in numbers.items()
        if not any({digits, digits.lstrip("0")} & source.numbers for source in sources)
    ]
    unknown += [
        name
        for name in _names(sentence)
        if not any(character.isdigit() for character in name)
        and not any(source.has_name(name) for source in sources)
    ]
    return tuple(dict.fromkeys(unknown))


def _names(sentence: str) -> list[str]:
    """The names in a sentence. In German, where every noun has a capital letter, there are none."""
    if storage.guess_language(storage.folded_words(sentence)) == "german":
        return []
    return [name for name in names_in(sentence) if name.lower().strip(".") not in _TITLES]
