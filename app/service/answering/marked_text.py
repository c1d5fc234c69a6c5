"""The text of an answer in runs, with the places where the marks of its passages belong.

The marks of a sentence are the passages that support it and that the answer cites, from the check
that is stored with the answer. A number that the model wrote itself, such as "[2]", becomes the
mark of that passage where it is. What a mark looks like is up to the caller, who shows the text on
a page or in a file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.service.answering.support import unsupported_text

MAX_SENTENCES = 2_000
"""Checked sentences of an answer that are looked for in its text."""
MAX_TRIES = 20
"""Places in words that are passed over before a sentence is taken for missing."""
_NUMBER = re.compile(r"\[(\d{1,2})\]")
_NUMBERS_BEHIND = re.compile(r"(?:\s*\[\d{1,2}\])+")


@dataclass(frozen=True)
class TextRun:
    """A part of an answer's text.

    Args:
        pieces: in their order: texts, and the numbers of passages whose marks are there.
        is_sentence: it is one checked sentence; else it is what is between two of them.
        why_unsupported: a sentence that says that no passage supports it; empty if one does, or if
            it was not checked.
    """

    pieces: tuple[str | int, ...]
    is_sentence: bool = False
    why_unsupported: str = ""


@dataclass(frozen=True)
class _Span:
    """A checked sentence in the text, from `start` up to `end`; see `CheckedSentence`."""

    start: int
    end: int
    sentence: Mapping[str, Any]


def marked_runs(
    text: str, sentences: Sequence[Mapping[str, Any]], numbers: Collection[int]
) -> list[TextRun]:
    """The text of an answer with its marks; all runs together have the whole text.

    Args:
        sentences: checked, as `stored_sentences` returns them; empty: only the numbers that the
            text itself has become marks.
        numbers: of the answer's passages; other numbers in the text stay text.
    """
    runs, end = [], 0
    for span in _spans(text, sentences):
        runs.append(TextRun(_pieces(text[end : span.start], numbers)))
        runs.append(_sentence(text, span, numbers))
        end = span.end
    runs.append(TextRun(_pieces(text[end:], numbers)))
    return [run for run in runs if run.pieces]


def _spans(text: str, sentences: Sequence[Mapping[str, Any]]) -> Iterator[_Span]:
    """Where the sentences stand, in their order; those that are not found are left out."""
    end = 0
    for sentence in sentences[:MAX_SENTENCES]:
        said = sentence["text"]
        start = _find(text, said, end) if isinstance(said, str) and said else -1
        if start >= 0:
            end = start + len(said)
            yield _Span(start, end, sentence)


def _find(text: str, said: str, start: int) -> int:
    """Where a sentence stands and is no part of a word; -1: nowhere."""
    for _ in range(MAX_TRIES):
        start = text.find(said, start)
        if start < 0:
            break
        end = start + len(said)
        before, behind = text[max(0, start - 1) : start], text[end : end + 1]
        if not (_in_word(before, said[0]) or _in_word(said[-1], behind)):
            return start
        start += 1
    return -1


def _in_word(left: str, right: str) -> bool:
    return left.isalnum() and right.isalnum()


def _sentence(text: str, span: _Span, numbers: Collection[int]) -> TextRun:
    said = text[span.start : span.end]
    pieces = _pieces(said, numbers)
    supported_by = span.sentence["supported_by"]
    if not supported_by:
        return TextRun(pieces, True, unsupported_text(span.sentence))
    behind = _NUMBERS_BEHIND.match(text, span.end)
    written = {int(n) for n in _NUMBER.findall(said + (behind[0] if behind else ""))}
    marks = span.sentence.get("marks")
    shown = _whole_numbers(supported_by if marks is None else marks)
    missing = [n for n in shown if n in numbers and n not in written]
    return TextRun((*pieces, *missing), True)


def _pieces(text: str, numbers: Collection[int]) -> tuple[str | int, ...]:
    parts: list[str | int] = []
    for at, part in enumerate(_NUMBER.split(text)):
        is_mark = at % 2 and int(part) in numbers
        parts.append(int(part) if is_mark else f"[{part}]" if at % 2 else part)
    return tuple(part for part in parts if part != "")


def _whole_numbers(stored: Any) -> list[int]:
    items = stored if isinstance(stored, list | tuple) else []
    return list(dict.fromkeys(item for item in items if isinstance(item, int)))
