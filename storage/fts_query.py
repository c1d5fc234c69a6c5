"""Turns a question into search terms and scores how well texts match them.

This file knows words and FTS5's tokenizer, not the store: texts are scored in a database in memory
that exists for one call. User text reaches FTS5 only as quoted words.
"""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from itertools import pairwise

TOKENIZER = "porter unicode61 remove_diacritics 2"  # as in the migrations

MAX_TERMS = 32
_MAX_QUESTION_CHARACTERS = 10_000
_MAX_TERM_CHARACTERS = 100
_NEAR_WORDS = 3  # two query words with at most this many words between them are adjacent

STOP_WORDS = frozenset(
    """
    a about after again all also am an and any are as at be because been before being both but
    by can could d did didn do does doesn doing during each else ever for from had has have
    having he her here hers him his how i if in into is isn it its itself just let ll m me more
    most much must my no nor not now of on once only or other our out please re s same say says
    shall she should show so some such t tell than that the their them then there these they
    this those through to too until up upon ve very was wasn we were weren what when where which
    while who whom whose why will with would you your
    """.split()
)
"""English words that say nothing about the subject of a text; also used to compare answers."""

# Scripts written without spaces (or, in Hangul, with particles attached): unicode61 takes a whole
# run for one word. Thai, Lao, Myanmar, Khmer; kana, Han, Hangul; the rarer Han of planes 2 and 3.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff]+"
)


def question_terms(question: str) -> list[str]:
    """Return the words of a question to search for, each once, in the order of the question.

    Stop words are left out, unless there are no other words ("Who is he?"). At most ``MAX_TERMS``
    words are returned.
    """
    words = re.findall(r"\w+", question[:_MAX_QUESTION_CHARACTERS].casefold())
    words = [word for word in words if word.strip("_") and len(word) <= _MAX_TERM_CHARACTERS]
    wanted = [word for word in words if word not in STOP_WORDS] or words
    return list(dict.fromkeys(wanted))[:MAX_TERMS]


def unspaced_bigrams(question: str) -> list[str]:
    """Return the pairs of adjacent characters in scripts without spaces, each pair once.

    A single character of such a script counts as a pair. At most ``MAX_TERMS`` are returned.
    """
    runs = _UNSPACED.findall(question[:_MAX_QUESTION_CHARACTERS])
    pieces = [run[i : i + 2] for run in runs for i in range(max(1, len(run) - 1))]
    return list(dict.fromkeys(pieces))[:MAX_TERMS]


def quoted(word: str) -> str:
    """Return the word as an FTS5 string, in which no character is syntax."""
    return '"' + word.replace('"', '""') + '"'


def any_of(terms: Sequence[str]) -> str:
    """Return the FTS5 query for texts that contain at least one of the terms."""
    return " OR ".join(quoted(term) for term in terms)


def match_bonus(texts: Sequence[str], terms: Sequence[str]) -> list[float]:
    """Return for each text how much of the question it matches, from 0 to 1.5.

    The first part, up to 1, is the share of the terms that the text contains, each weighted by how
    rare it is among these texts. The second, up to 0.5, is the share of adjacent terms of the
    question that are adjacent in the text, too. With bm25 alone, a text that repeats one rare word
    can rank above a text that contains all of the terms.

    Args:
        texts: the texts to score.
        terms: of the question, in its order; see `question_terms`.
    """
    bonus = [0.0] * len(texts)
    with closing(sqlite3.connect(":memory:")) as index:
        index.execute(f"CREATE VIRTUAL TABLE t USING fts5(text, tokenize = '{TOKENIZER}')")
        index.executemany("INSERT INTO t (rowid, text) VALUES (?, ?)", enumerate(texts))
        _add_share(bonus, [_matching(index, quoted(term)) for term in terms], worth=1.0)
        together = [f"NEAR({quoted(a)} {quoted(b)}, {_NEAR_WORDS})" for a, b in pairwise(terms)]
        _add_share(bonus, [_matching(index, query) for query in together], worth=0.5)
    return bonus


def _matching(index: sqlite3.Connection, query: str) -> list[int]:
    return [row[0] for row in index.execute("SELECT rowid FROM t WHERE t MATCH ?", [query])]


def _add_share(bonus: list[float], hits: Sequence[Sequence[int]], worth: float) -> None:
    """Add shares of ``worth`` to the bonus of the texts in each list of hits, in place.

    A shorter list has a higher weight; an empty list has none.
    """
    weights = [math.log(1 + len(bonus) / len(found)) if found else 0.0 for found in hits]
    total = sum(weights)
    for found, weight in zip(hits, weights, strict=True):
        for i in found:
            bonus[i] += worth * weight / total
