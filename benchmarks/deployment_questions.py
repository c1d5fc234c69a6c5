"""The documents and questions of a deployment test, read from JSON, and how answers are judged.

{"documents": [{"file": "manual.html", "session": "Manual", "questions": [
    {"question": "What is the limit?", "answers": ["72 MHz"], "at": ["paragraph 60"]},
    {"question": "How many failures are logged?", "kind": "count", "answers": ["82"]},
    {"question": "Who paid for it?", "declined": true}]}]}
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from app.service.answering.question_kinds import Kind

KINDS = get_args(Kind)
_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-"})
_RANGE = r"(\d+)(?:[–-](\d+))?"
_PLACE = re.compile(rf"([a-z]+?)s? {_RANGE}", re.IGNORECASE)
# The number of a page comes after the one printed on it: "page xii (12)", "page 4 (12, The Pool)".
_LABELLED_PAGE = re.compile(rf"page (?:\S+) \({_RANGE}(?:,.*)?\)", re.IGNORECASE)


@dataclass(frozen=True)
class AskedQuestion:
    """A question, and what makes its answer right.

    Args:
        answers: alternatives, of which an answer has one; of an alternative, it has each string.
        at: places that hold the answer, such as "page 12", or a part of the locator's words.
        declined: the material does not hold the answer, and a right answer says so.
        kind: how it is to be answered, such as "count"; empty if that does not matter.
    """

    text: str
    answers: tuple[tuple[str, ...], ...] = ()
    at: tuple[str, ...] = ()
    declined: bool = False
    kind: str = ""

    def is_right(self, text: str, declined: bool, kind: str) -> bool:
        """Judge an answer.

        Args:
            declined, kind: as `Answer` has them.
        """
        if self.kind and kind != self.kind:
            return False
        if self.declined or declined:
            return self.declined and declined
        said = _plain(text)
        alternatives = self.answers or ((),)
        return any(all(_has(said, _plain(each)) for each in parts) for parts in alternatives)

    def is_cited(self, locators: Iterable[str]) -> bool | None:
        """Whether one of the places is among the cited ones; None if no place was given."""
        if not self.at:
            return None
        return any(is_at(place, locator) for locator in locators for place in self.at)


@dataclass(frozen=True)
class AskedDocument:
    """A document, the session it is read into, and its questions."""

    path: Path
    session: str
    questions: tuple[AskedQuestion, ...]


def is_at(place: str, locator: str) -> bool:
    """Whether a place is in the range of a citation's locator.

    >>> is_at("line 125", "lines 120–131 (Jan 25 06:00:01)"), is_at("page 2", "page 12")
    (True, False)
    >>> is_at("page 12", "page xii (12)"), is_at("The Pool", "chapter 2 (The Pool of Tears)")
    (True, True)
    """
    wanted = _PLACE.fullmatch(place.strip())
    if wanted is None:
        return _plain(place) in _plain(locator)
    labelled, found = _LABELLED_PAGE.fullmatch(locator), _PLACE.match(locator)
    if labelled is not None and wanted[1].lower() == "page":
        bounds = labelled[1], labelled[2]
    elif found is not None and found[1].lower() == wanted[1].lower():
        bounds = found[2], found[3]
    else:
        return False
    first, last = int(bounds[0]), int(bounds[1] or bounds[0])
    return first <= int(wanted[3] or wanted[2]) and int(wanted[2]) <= last


def _plain(text: str) -> str:
    """Text in one case, with plain quotation marks and dashes, and numbers without commas."""
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text.translate(_QUOTES).casefold())
    return " ".join(text.split())


def _has(text: str, part: str) -> bool:
    """Whether a text has a part that neither begins nor ends inside a word or number."""
    return re.search(rf"(?<![\w])(?<!\d\.){re.escape(part)}(?!\w|\.\d)", text) is not None


def read_plan(path: Path, folder: Path | None = None) -> tuple[AskedDocument, ...]:
    """Read the JSON file of a deployment test.

    Args:
        folder: that the files are in; None: that of the JSON file.

    Raises:
        ValueError: the file is damaged, or lacks something; the message says what and where.
        OSError: the file, or a document that it names, cannot be read.
    """
    try:
        plan = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(
            f"{path} is not JSON ({error}); docs/deployment.md shows how it is written."
        ) from error
    listed = plan.get("documents") if isinstance(plan, dict) else None
    if not isinstance(listed, list) or not listed:
        raise ValueError(
            f'{path} lists no "documents"; docs/deployment.md shows how it is written.'
        )
    documents = [
        _document(each, folder or path.parent, f"{path}, document {number}")
        for number, each in enumerate(listed, 1)
    ]
    names = [document.session for document in documents]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"{path} has two documents for the session {twice!r}; name one otherwise.")
    return tuple(documents)


def _document(value: Any, folder: Path, where: str) -> AskedDocument:
    if not isinstance(value, dict):
        raise ValueError(f'{where} is no object with "file", "session" and "questions".')
    file, session = _text(value, "file", where), _text(value, "session", where)
    listed = value.get("questions")
    if not isinstance(listed, list) or not listed:
        raise ValueError(f'{where} ({file}) has no "questions"; add at least one.')
    questions = tuple(
        _question(each, f"{where}, question {number}") for number, each in enumerate(listed, 1)
    )
    path = folder / file
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} does not exist: put it there, or name its folder (--documents FOLDER)."
        )
    return AskedDocument(path, session, questions)


def _question(value: Any, where: str) -> AskedQuestion:
    if not isinstance(value, dict):
        raise ValueError(f'{where} is no object with "question" and "answers".')
    unknown = sorted(value.keys() - {"question", "answers", "at", "declined", "kind"})
    if unknown:
        raise ValueError(f"{where} has {unknown[0]!r}, which no question has.")
    text, kind = _text(value, "question", where), value.get("kind", "")
    if kind and kind not in KINDS:
        raise ValueError(f'{where}: "kind" is one of {", ".join(KINDS)}; got {kind!r}.')
    declined = value.get("declined", False)
    if not isinstance(declined, bool):
        raise ValueError(f'{where}: "declined" is true or false; got {declined!r}.')
    answers = tuple(_alternative(each, where) for each in _list(value, "answers", where))
    at = _list(value, "at", where)
    if not all(isinstance(each, str) and each.strip() for each in at):
        raise ValueError(f'{where}: "at" is a list of places, such as "page 12".')
    if declined == bool(answers) and not (kind and not declined):
        raise ValueError(f'{where} needs either "answers" or "declined": true.')
    return AskedQuestion(text, answers, tuple(at), declined, kind)


def _alternative(value: Any, where: str) -> tuple[str, ...]:
    parts = (value,) if isinstance(value, str) else value
    if isinstance(parts, (list, tuple)) and parts:
        if all(isinstance(part, str) and part.strip() for part in parts):
            return tuple(parts)
    raise ValueError(f'{where}: "answers" is a list of texts, or of lists of texts; got {value!r}.')


def _list(value: dict[str, Any], name: str, where: str) -> list[Any]:
    found = value.get(name, [])
    if not isinstance(found, list):
        raise ValueError(f'{where}: "{name}" is a list; got {found!r}.')
    return found


def _text(value: dict[str, Any], name: str, where: str) -> str:
    found = value.get(name)
    if not isinstance(found, str) or not found.strip():
        raise ValueError(f'{where} has no text "{name}".')
    return found.strip()
