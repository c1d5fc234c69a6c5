"""Turns a question into search terms and scores how well texts match them.

This file knows the tokens of texts, not the store. User text reaches FTS5 only as quoted tokens.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from storage.languages import DEFAULT_LANGUAGE, stems
from storage.stop_words import STOP_WORDS, STOP_WORDS_OF
from storage.tokens import (
    CAPITAL,
    MAX_TOKEN_CHARACTERS,
    TWO_LETTERED,
    Chunk,
    capital_names,
    chunks,
    group_size,
    groups,
    has_letter_pair,
    is_unspaced,
)

MAX_TERMS = 32
"""The most words of a question that are searched for, and the most groups of characters."""
_MAX_QUESTION_CHARACTERS = 10_000
_NEAR_WORDS = 3  # two query words with at most this many words between them are adjacent
_MIN_PART_CHARACTERS = 3  # a part of a compound that is searched for on its own, too

Phrase = tuple[str, ...]
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")
_HAN_PARTICLES = frozenset(
    "的了是在有和与及或就都而着也不这那哪谁何什么吗呢吧啊多少几怎样為为之其被把從从到對对"
)


@dataclass(frozen=True)
class Term:
    """A word of a question, in each form in which a text may have it.

    Args:
        phrases: tokens that follow each other in a text; one of the phrases is enough.
        is_prefix: whether the last token may go on: a character of a script without spaces.
        is_optional: not a word of the question as it was written, but how it may be meant.
    """

    phrases: tuple[Phrase, ...]
    is_prefix: bool = False
    is_optional: bool = False


def question_terms(question: str, languages: Iterable[str] = (DEFAULT_LANGUAGE,)) -> list[Term]:
    """Return the words of a question to search for, each once, in the order of the question.

    Stop words are left out, unless there are no other words ("Who is he?") or the question writes
    them in capitals ("the WHO"). At most ``MAX_TERMS`` words and as many groups of characters of
    scripts without spaces are returned; optional terms come last.

    Args:
        languages: of the texts to search, by whose stems their words are stored.
    """
    question = question[:_MAX_QUESTION_CHARACTERS]
    languages = sorted(set(languages) or {DEFAULT_LANGUAGE})
    found = [chunk for chunk in chunks(question) if _is_storable(chunk)]
    names = set(capital_names(question, STOP_WORDS))
    stop_words = STOP_WORDS.union(*(STOP_WORDS_OF.get(name, ()) for name in languages)) - names
    wanted = [chunk for chunk in found if not stop_words.issuperset(chunk.parts)] or found
    words: dict[Term, None] = {}
    characters: dict[Term, None] = {}
    for chunk in wanted:
        if is_unspaced(chunk.parts[0]):
            characters.update(dict.fromkeys(_group_terms(chunk.parts[0])))
            continue
        terms = [_term(chunk, languages, names)]
        if len(chunk.parts) > 1:
            terms += [_term(part, languages, names) for part in chunk.each_part()
                      if len(part.parts[0]) >= _MIN_PART_CHARACTERS
                      and part.parts[0] not in stop_words]  # fmt: skip
        words.update(dict.fromkeys(terms))
    optional = _compounds(wanted, languages)
    return [*list(words)[:MAX_TERMS], *list(characters)[:MAX_TERMS], *optional[:MAX_TERMS]]


def required_terms(question: str, languages: Iterable[str] = (DEFAULT_LANGUAGE,)) -> list[Term]:
    """Return the words of a question that a text has to contain to match all of it.

    They are those of `question_terms`, without parts of compounds and without what may be meant.
    """
    terms = question_terms(question, languages)
    whole = [chunk for chunk in chunks(question) if len(chunk.parts) > 1]
    parts = {part for chunk in whole for part in chunk.parts}
    alone = {chunk.parts[0] for chunk in chunks(question) if len(chunk.parts) == 1}
    optional = {stem for part in parts - alone for stem in stems(part, languages)}
    return [
        term
        for term in terms
        if not term.is_optional
        and not optional.issuperset(p for (p, *_) in term.phrases)
        or len(terms) == 1
    ]


def single_characters(question: str) -> list[Term]:
    """Return the Chinese characters of a question as terms, for when no two of them are found."""
    found = _HAN.findall(question[:_MAX_QUESTION_CHARACTERS])
    wanted = [character for character in found if character not in _HAN_PARTICLES]
    return [Term(((character,),), is_prefix=True) for character in dict.fromkeys(wanted)][
        :MAX_TERMS
    ]


def _is_storable(chunk: Chunk) -> bool:
    return is_unspaced(chunk.parts[0]) or all(
        len(part) <= MAX_TOKEN_CHARACTERS for part in chunk.parts
    )


def _group_terms(run: str) -> list[Term]:
    """The groups of characters of a run; a run shorter than a group is the beginning of one."""
    size = group_size(run)
    if len(run) < size:
        return [Term(((run,),), is_prefix=True)]
    return [Term(((group,),)) for group in groups(run) if len(group) == size]


def _term(chunk: Chunk, languages: Sequence[str], names: set[str]) -> Term:
    """A word with its stems in each language; a compound as one word and as several."""
    phrases = _phrases(chunk, languages)
    one_word = chunk.words if len(chunk.parts) == 1 else chunk.whole
    for word in filter(has_letter_pair, one_word):
        phrases += [(TWO_LETTERED + stem,) for stem in stems(word, languages)]
    if chunk.two_lettered:
        phrases += _phrases(chunk.two_lettered, languages)
    if names.issuperset(chunk.parts):
        phrases.append((CAPITAL + chunk.parts[0],))
    return Term(tuple(dict.fromkeys(phrases)))


def _phrases(chunk: Chunk, languages: Sequence[str]) -> list[Phrase]:
    phrases: list[Phrase] = [(stem,) for word in chunk.whole for stem in stems(word, languages)]
    phrases += [tuple(stems(part, [language])[0] for part in chunk.parts) for language in languages]
    return phrases


def _compounds(wanted: Sequence[Chunk], languages: Sequence[str]) -> list[Term]:
    """Two words of a question that follow each other, as one word: "wi fi", "light house"."""
    terms: dict[Term, None] = {}
    for first, second in pairwise(wanted):
        words = (*first.parts, *second.parts)
        if len(words) == 2 and "".join(words).isalpha() and not any(map(is_unspaced, words)):
            term = _term(_joined(first, second), languages, set())
            terms[replace(term, is_optional=True)] = None
    return list(terms)


def _joined(first: Chunk, second: Chunk) -> Chunk:
    """Two chunks of one word each as one word."""
    word = first.parts[0] + second.parts[0]
    others = (first.two_lettered, second.two_lettered)
    if others == (None, None):
        return Chunk((word,))
    return Chunk((word,), two_lettered=_joined(others[0] or first, others[1] or second))


def quoted(phrase: Phrase, is_prefix: bool = False) -> str:
    """Return a phrase as an FTS5 string, in which no character is syntax."""
    text = '"' + " ".join(phrase).replace('"', '""') + '"'
    return f"{text} *" if is_prefix else text


def any_of(terms: Sequence[Term]) -> str:
    """Return the FTS5 query for texts that contain at least one of the terms."""
    phrases = (quoted(phrase, term.is_prefix) for term in terms for phrase in term.phrases)
    return " OR ".join(dict.fromkeys(phrases))


def all_of(terms: Sequence[Term]) -> str:
    """Return the FTS5 query for texts that contain each of the terms."""
    return " AND ".join(f"({any_of([term])})" for term in terms)


def count_terms(tokens: str, terms: Sequence[Term]) -> list[int]:
    """Return how many times a text contains each of the terms.

    Args:
        tokens: of the text, as `index_tokens` returns them.
    """
    # A compound is stored in parts and as a whole: that is one time, not two.
    spellings = [
        [Term((phrase,), term.is_prefix) for phrase in term.phrases]
        if any(len(phrase) > 1 for phrase in term.phrases)
        else [term]
        for term in terms
    ]
    return [max(map(len, _places(tokens, each))) for each in spellings]


def match_bonus(texts: Sequence[str], terms: Sequence[Term]) -> list[float]:
    """Return for each text how much of the question it matches, from 0 to 1.5.

    The first part, up to 1, is the share of the terms that the text contains, each weighted by how
    rare it is among these texts. The second, up to 0.5, is the share of adjacent terms of the
    question that are adjacent in the text, too. With bm25 alone, a text that repeats one rare word
    can rank above a text that contains all of the terms.

    Args:
        texts: the texts to score, as the tokens of `index_tokens`.
        terms: of the question, in its order; see `question_terms`.
    """
    bonus = [0.0] * len(texts)
    places = [_places(text, terms) for text in texts]
    hits = [[i for i, found in enumerate(places) if found[n]] for n in range(len(terms))]
    _add_share(bonus, hits, worth=1.0)
    written = [n for n, term in enumerate(terms) if not term.is_optional]
    together = [
        [i for i, found in enumerate(places) if _is_near(found[a], found[b])]
        for a, b in pairwise(written)
    ]
    _add_share(bonus, together, worth=0.5)
    return bonus


def _places(text: str, terms: Sequence[Term]) -> list[list[int]]:
    """Where each term begins in a text, counted in tokens."""
    at: dict[str, list[int]] = defaultdict(list)
    tokens: list[str] = []
    for token in text.split():
        if not token.startswith(TWO_LETTERED):  # such a token is another form of the one before
            tokens.append(token)
        at[token].append(len(tokens) - 1)
    found = []
    for term in terms:
        starts = {start for phrase in term.phrases for start in _starts(phrase, tokens, at)}
        if term.is_prefix:
            begins = tuple(phrase[0] for phrase in term.phrases)
            starts.update(i for token, hits in at.items() if token.startswith(begins) for i in hits)
        found.append(sorted(starts))
    return found


def _starts(phrase: Phrase, tokens: Sequence[str], at: dict[str, list[int]]) -> list[int]:
    starts = at.get(phrase[0], [])
    if len(phrase) == 1:
        return starts
    return [i for i in starts if tuple(tokens[i : i + len(phrase)]) == phrase]


def _is_near(first: Sequence[int], second: Sequence[int]) -> bool:
    return any(0 < abs(a - b) <= _NEAR_WORDS + 1 for a in first for b in second)


def _add_share(bonus: list[float], hits: Sequence[Sequence[int]], worth: float) -> None:
    """Add shares of ``worth`` to the bonus of the texts in each list of hits, in place.

    A shorter list has a higher weight; an empty list has none.
    """
    weights = [math.log(1 + len(bonus) / len(found)) if found else 0.0 for found in hits]
    total = sum(weights)
    for found, weight in zip(hits, weights, strict=True):
        for i in found:
            bonus[i] += worth * weight / total
