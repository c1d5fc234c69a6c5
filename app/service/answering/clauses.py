"""Clauses in a question: "What does clause 2.2 say?" is answered by the clause that is called so.

Other clauses that refer to it contain the same words, often more of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import storage
from storage import Database, Passage

MAX_CANDIDATES = 200
"""Passages that contain a label and are looked through for a line that begins with it."""
MAX_CLAUSE_PASSAGES = 20
MAX_BESIDE = 30
"""Clauses that are looked for beside one that is not there."""
MIN_SECTION_CHARS = 80
"""A line that is shorter may be one of a table of contents."""
MAX_GAPS = 2
"""Numbers among them that may be missing."""

_WORDS = (
    "clause clauses section sections article articles step steps item items rule rules point "
    "points question questions exercise exercises figure figures table tables art sec no nr "
    "klausel abschnitt artikel schritt punkt ziffer absatz satz étape alinéa"
)
_WORD = rf"(?:\b(?:{'|'.join(_WORDS.split())})\b\.?|§§?)"
# A letter alone is a label only in brackets: "the rule a man follows".
_LABEL = r"\d{1,4}(?:\.\d{1,4}){0,5}[a-z]?|[a-z]{1,3}-?\d{1,3}|(?<=\()[a-z]{1,4}(?=\))"
_NAMED = re.compile(rf"{_WORD}\s*\(?(?P<label>{_LABEL})(?!\w)", re.IGNORECASE)
_PARTED = re.compile(r"\d{1,4}(?:\.\d{1,4}){1,5}")
# "2.5 percent" and "$2.50" are amounts.
_UNIT = (
    r"\s*(?:[%‰°$€£¥]|(?:percent|per cent|prozent|pour cent|hundred|thousand|million|billion|times|"
    r"degrees?|euros?|dollars?|pounds?|cents?|years?|months?|weeks?|days?|hours?|minutes?|seconds?|"
    r"metres?|meters?|miles?|inches|feet|litres?|liters?|tons?|tonnes?|[kmgt]i?b|[kmc]?m|[km]?g)\b)"
)
_NUMBERED = re.compile(
    rf"(?<![\w.,$€£¥])\d{{1,4}}(?:\.\d{{1,4}}){{1,5}}(?!\w|[.,]\d|{_UNIT})", re.IGNORECASE
)


def clause_labels(question: str) -> list[str]:
    """The labels of clauses, sections, steps and the like that a question names, each once.

    >>> clause_labels("Does clause 2.2 refer to section 4, or to 7.1.3?")
    ['2.2', '4', '7.1.3']
    """
    found = [m["label"] for m in _NAMED.finditer(question)] + _NUMBERED.findall(question)
    return list(dict.fromkeys(found))


def numbered_clauses(question: str) -> list[str]:
    """Those labels of `clause_labels` that are numbers of two or more parts.

    Others, such as "step 4", are too often no label of a line.
    """
    return [label for label in clause_labels(question) if _PARTED.fullmatch(label)]


def is_called_a_clause(question: str, label: str) -> bool:
    """Whether a question has a word such as "clause" before a label: alone, it may be an amount."""
    return any(match["label"] == label for match in _NAMED.finditer(question))


def without_label(question: str, label: str) -> str:
    """A question without a label, and without the word before it, such as "clause"."""
    pattern = rf"(?:{_WORD}\s*\(?)?(?<![\w.]){re.escape(label)}(?![\w])\)?"
    return re.sub(pattern, " ", question, flags=re.IGNORECASE)


def clause_text(
    db: Database,
    session_id: int,
    label: str,
    document_ids: Sequence[int],
    before_position: int | None,
) -> tuple[list[Passage], list[str]]:
    """The text of a clause, from the line that begins with its label to the next clause.

    Args:
        label: one of `numbered_clauses`.
        document_ids: look into these documents.
        before_position: only passages that end at or before this token of the stream; None: all.

    Returns:
        The passages in reading order, cut at both ends; if there are none, the labels of the
        clauses beside it.
    """
    found: list[Passage] = []
    for passage, line in _lines_of(db, session_id, label, document_ids, before_position):
        start = (passage.segment_id, line.start())
        following = storage.passages_between(db, start, None, before_position)
        found += _up_to_next(following[:MAX_CLAUSE_PASSAGES], label)
    if found:
        return found, []
    parent = label.rpartition(".")[0]
    beside: list[str] = []
    for number in range(1, MAX_BESIDE + 1):
        other = f"{parent}.{number}"
        if any(_lines_of(db, session_id, other, document_ids, before_position)):
            beside.append(other)
        elif number - len(beside) > MAX_GAPS:
            break
    return [], beside


def single_clause(
    db: Database,
    session_id: int,
    label: str,
    document_ids: Sequence[int],
    before_position: int | None,
) -> list[Passage]:
    """The text of a section or article with a label of one part, if just one is called so.

    Its line begins with a word such as "Section" before the label, or the label ends with a full
    stop or bracket and a capital letter follows. A line of a table of contents is none.

    Args:
        label: one of `clause_labels`; the others are as those of `clause_text`.
    """
    found: list[list[Passage]] = []
    begins = re.compile(_heading_pattern(re.escape(label)), re.MULTILINE)
    for passage, line in _lines_of(db, session_id, label, document_ids, before_position):
        if not begins.match(passage.text, line.start()):
            continue
        start = (passage.segment_id, line.start())
        following = storage.passages_between(db, start, None, before_position)
        text = _up_to_next(following[:MAX_CLAUSE_PASSAGES], label)
        if len(text) >= MAX_CLAUSE_PASSAGES:  # where it ends is not known
            return []
        found.append(text)
    told = [text for text in found if not _is_only_a_line(text)] or found
    return told[0] if len(told) == 1 else []


def _is_only_a_line(passages: Sequence[Passage]) -> bool:
    lines = [line for p in passages for line in p.text.split("\n") if line.strip()]
    return len(lines) <= 1 and len("".join(lines)) < MIN_SECTION_CHARS


def _lines_of(
    db: Database,
    session_id: int,
    label: str,
    document_ids: Sequence[int],
    before_position: int | None,
) -> Iterator[tuple[Passage, re.Match[str]]]:
    """The lines that begin with a label, and the passages that they are in."""
    matches = storage.match_all(
        db,
        session_id,
        label,
        limit=MAX_CANDIDATES,
        document_ids=document_ids,
        before_position=before_position,
    )
    begins = re.compile(_line_pattern(re.escape(label)), re.IGNORECASE | re.MULTILINE)
    for passage in storage.passages_by_id(db, matches.segment_ids):
        for line in begins.finditer(passage.text):
            yield passage, line


def _up_to_next(passages: Sequence[Passage], label: str) -> list[Passage]:
    """The passages up to the next line with another label that is not a part of this one."""
    chosen: list[Passage] = []
    for number, passage in enumerate(passages):
        for line in _ANY_LABEL.finditer(passage.text, 1 if number == 0 else 0):
            other = line["label"]
            if other != label and not other.startswith(f"{label}."):
                text = passage.text[: line.start()]
                return [*chosen, replace(passage, text=text)] if text.strip() else chosen
        chosen.append(passage)
    return chosen


def _line_pattern(label: str) -> str:
    # Before a label are at most the marks of a heading or a list, and a word such as "Step".
    return rf"^[\s#*_>•–-]*(?:{_WORD}\s*)?\(?(?:{label})(?:[.):](?!\d)|(?=\s))"


def _heading_pattern(label: str) -> str:
    mark = r"[\s#*_>•–-]*"
    word = rf"(?i:{_WORD})\s*\(?(?:{label})\)?(?=[.:)\s]|$)"
    return rf"{mark}(?:{word}|\(?(?:{label})[.)]\s+[\"“«„]?[^\W\d_a-z])"


_ANY_LABEL = re.compile(
    _line_pattern(r"(?P<label>\d{1,3}(?:\.\d{1,4}){1,5}|\d{1,2}(?=[.)]?\s+[A-Z]))"),
    re.IGNORECASE | re.MULTILINE,
)


def clauses_first(labels: Sequence[str], passages: Sequence[Passage]) -> list[Passage]:
    """The passages with those first, and rated as the best, in which a line begins with a label.

    Args:
        labels: from `clause_labels`.
        passages: the best first.
    """
    if not labels or not passages:
        return list(passages)
    pattern = _line_pattern("|".join(map(re.escape, labels)))
    begins = re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    best = passages[0].score
    called = [replace(p, score=best) for p in passages if begins.search(p.text)]
    return [*called, *(p for p in passages if not begins.search(p.text))]
