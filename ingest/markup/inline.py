"""Joins the runs of a paragraph to plain text in which raised and struck-out text stays apart.

Knows no format: the readers of HTML and Word provide the runs. Raised figures become Unicode's own
(10⁵), other raised text `^(…)`, lowered text `_(…)`, and struck-out text `~~…~~` as in Markdown.
"""

import itertools
from collections.abc import Iterable
from typing import Literal, NamedTuple

Script = Literal["", "sup", "sub"]

_FIGURES = "0123456789+-−=()"
_RAISED = str.maketrans(_FIGURES + "ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ")
_LOWERED = str.maketrans(_FIGURES, "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
# Letters that are raised by custom only: 1er, XIXe, Mr, 2a, no.
_RAISED_LETTERS = frozenset("eaords")
# Longer text is not an exponent or a mark: a whole passage is set in small type.
_MAX_SCRIPT_CHARS = 40


class Run(NamedTuple):
    """Text of a paragraph that is set in one way."""

    text: str
    script: Script = ""
    struck: bool = False


def joined_runs(runs: Iterable[Run]) -> str:
    """Return the text of a paragraph's runs, or of a part of it."""
    runs = list(runs)
    if not any(run.script or run.struck for run in runs):
        return "".join([run.text for run in runs])
    parts = []
    for struck, same in itertools.groupby(runs, key=lambda run: run.struck):
        text = "".join(
            _set_apart("".join(run.text for run in alike), script)
            for script, alike in itertools.groupby(same, key=lambda run: run.script)
        )
        parts.append(_struck_out(text) if struck else text)
    return "".join(parts)


def note_mark(text: str) -> str:
    """Return the mark of a footnote so that it is no part of the word or number before it.

    >>> note_mark("3"), note_mark("[3]"), note_mark("*")
    ('[3]', '[3]', '*')
    """
    mark = " ".join(text.split())
    return f"[{mark}]" if mark[:1].isalnum() else mark


def _set_apart(text: str, script: Script) -> str:
    core = text.strip()
    if not script or not core or len(core) > _MAX_SCRIPT_CHARS:
        return text
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return f"{before}{_raised(core) if script == 'sup' else _lowered(core)}{after}"


def _raised(text: str) -> str:
    is_word = "".join(text.split()).isalpha() and (len(text) > 1 or text in _RAISED_LETTERS)
    if is_word or _is_apart(text):
        return text
    if all(ord(character) in _RAISED for character in text):
        return text.translate(_RAISED)
    return f"^({text})"


def _lowered(text: str) -> str:
    if _is_apart(text):
        return text
    if all(ord(character) in _LOWERED for character in text):
        return text.translate(_LOWERED)
    return f"_({text})"


def _is_apart(text: str) -> bool:
    """Return whether a text cannot be taken for a part of the word or number before it."""
    return text[0] in "([" or not any(character.isalnum() for character in text)


def _struck_out(text: str) -> str:
    core = text.strip()
    if not core:
        return text
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return f"{before}~~{core}~~{after}"
