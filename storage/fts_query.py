"""From a question in plain words to search terms, and how well texts answer to them.

Knows words and FTS5's tokenizer, not the store: what it measures texts with is a database of its
own, in memory, that lives for one call. User text reaches FTS5 only as quoted words.
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
_NEAR_WORDS = 3  # between two query words that still stand together

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

# Scripts written without spaces (or, Hangul, with particles stuck on): unicode61 takes a whole
# run for one word. Thai, Lao, Myanmar, Khmer; kana, Han, Hangul; the rarer Han of planes 2 and 3.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff]+"
)


def question_terms(question: str) -> list[str]:
    """The words worth searching for, each once, in the question's order.

    Stop words are dropped, unless nothing else is left ("Who is he?").
    """
    words = re.findall(r"\w+", question[:_MAX_QUESTION_CHARACTERS].casefold())
    words = [word for word in words if word.strip("_") and len(word) <= _MAX_TERM_CHARACTERS]
    wanted = [word for word in words if word not in STOP_WORDS] or words
    return list(dict.fromkeys(wanted))[:MAX_TERMS]


def unspaced_bigrams(question: str) -> list[str]:
    """Pairs of neighbouring characters of the scripts without spaces; a lone one counts too."""
    runs = _UNSPACED.findall(question[:_MAX_QUESTION_CHARACTERS])
    pieces = [run[i : i + 2] for run in runs for i in range(max(1, len(run) - 1))]
    return list(dict.fromkeys(pieces))[:MAX_TERMS]


def quoted(word: str) -> str:
    """The word as an FTS5 string: whatever is in it, it is no syntax."""
    return '"' + word.replace('"', '""') + '"'


def any_of(terms: Sequence[str]) -> str:
    """The FTS5 query for texts that hold any of the terms."""
    return " OR ".join(quoted(term) for term in terms)


def match_bonus(texts: Sequence[str], terms: Sequence[str]) -> list[float]:
    """How much of the question each text answers to, from 0 to 1.5.

    Up to 1 for the share of the terms found, each weighted by how rare it is among these texts;
    up to 0.5 for neighbours in the question that stand together in the text as well. bm25 alone
    lets a text that repeats one rare word beat one that holds them all.
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
    """Spread ``worth`` over the hit lists, the shorter ones weighing more; empty ones count not."""
    weights = [math.log(1 + len(bonus) / len(found)) if found else 0.0 for found in hits]
    total = sum(weights)
    for found, weight in zip(hits, weights, strict=True):
        for i in found:
            bonus[i] += worth * weight / total
