"""Clauses in a question: "What does clause 2.2 say?" is answered by the clause that is called so.

Other clauses that refer to it contain the same words, often more of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from storage import Passage

_WORDS = (
    "clause clauses section sections article articles step steps item items rule rules point "
    "points question questions exercise exercises figure figures table tables art sec no nr "
    "klausel abschnitt artikel schritt punkt ziffer absatz satz étape alinéa"
)
_WORD = rf"(?:\b(?:{'|'.join(_WORDS.split())})\b\.?|§§?)"
# A letter alone is a label only in brackets: "the rule a man follows".
_LABEL = r"\d{1,4}(?:\.\d{1,4}){0,5}[a-z]?|[a-z]{1,3}-?\d{1,3}|(?<=\()[a-z]{1,4}(?=\))"
_NAMED = re.compile(rf"{_WORD}\s*\(?(?P<label>{_LABEL})(?!\w)", re.IGNORECASE)
_NUMBERED = re.compile(r"(?<![\w.,])\d{1,4}(?:\.\d{1,4}){1,5}(?![\w]|[.,]\d)")


def clause_labels(question: str) -> list[str]:
    """The labels of clauses, sections, steps and the like that a question names, each once.

    >>> clause_labels("Does clause 2.2 refer to section 4, or to 7.1.3?")
    ['2.2', '4', '7.1.3']
    """
    found = [m["label"] for m in _NAMED.finditer(question)] + _NUMBERED.findall(question)
    return list(dict.fromkeys(found))


def clauses_first(labels: Sequence[str], passages: Sequence[Passage]) -> list[Passage]:
    """The passages with those first, and rated as the best, in which a line begins with a label.

    Args:
        labels: from `clause_labels`.
        passages: the best first.
    """
    if not labels or not passages:
        return list(passages)
    # Before a label are at most the marks of a heading or a list, and a word such as "Step".
    begins = re.compile(
        rf"^[\s#*_>•–-]*(?:{_WORD}\s*)?\(?(?:{'|'.join(map(re.escape, labels))})(?:[.):]|(?=\s))",
        re.IGNORECASE | re.MULTILINE,
    )
    best = passages[0].score
    called = [replace(p, score=best) for p in passages if begins.search(p.text)]
    return [*called, *(p for p in passages if not begins.search(p.text))]
