"""Counts the paragraphs of a Word document as Word does: the numbers of its clauses and lists.

No number is stored with its paragraph: the paragraph names a numbering and a level, and the part
`numbering.xml` says how that level is counted and written.

Source: ECMA-376 part 1, 17.9 (numbering).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ingest.markup.docx_styles import Styles, small_number
from ingest.markup.numerals import numeral
from ingest.markup.xml import BrokenXml, attribute, local_name, parse_tree

BULLET = "- "
_LEVELS = 9
_MAX_TEXT_CHARS = 100
_PLACE = re.compile("%([1-9])")
_OFF = frozenset({"0", "false", "off"})


@dataclass(frozen=True)
class Level:
    """How one level of a numbering is counted and written.

    `restart` is the number of the level after which it begins again, 0 for never, None for any
    higher level. `is_legal` writes all its numbers as decimal.
    """

    start: int = 1
    number_format: str = "decimal"
    text: str = ""
    suffix: str = "tab"
    is_legal: bool = False
    restart: int | None = None
    style: str = ""


@dataclass
class _Abstract:
    """A definition on which numberings are based, or which names a style that has one."""

    levels: dict[int, Level] = field(default_factory=dict)
    style_link: str = ""


@dataclass
class _Numbering:
    """A numbering: its definition, and what it has otherwise."""

    abstract: str = ""
    levels: dict[int, Level] = field(default_factory=dict)
    starts: dict[int, int] = field(default_factory=dict)


class Numbering:
    """The numberings of a document, and how far each is counted.

    Args:
        abstracts: the definitions by their ids.
        numberings: the numberings by their ids.
        styles: of the document; a definition may be that of a style.
    """

    def __init__(
        self,
        abstracts: Mapping[str, _Abstract] | None = None,
        numberings: Mapping[str, _Numbering] | None = None,
        styles: Styles | None = None,
    ) -> None:
        self._abstracts = dict(abstracts or {})
        self._numberings = dict(numberings or {})
        self._styles = styles or Styles()
        self._counts: dict[str, list[int | None]] = {}
        self._begun: set[str] = set()

    def level_of_style(self, numbering: str, style: str) -> int:
        """Return the level of a numbering that belongs to a style, else the first."""
        found = self._numberings.get(numbering)
        if found is not None and style:
            for index in range(_LEVELS):
                if self._level(found, index).style == style:
                    return index
        return 0

    def label(self, numbering: str, level: int) -> str:
        """Count a paragraph and return what stands before it, with the space behind it.

        Returns:
            "2.1 ", or "- " for a bullet, or "" if the level shows nothing.
        """
        found = self._numberings.get(numbering)
        if found is None:
            return BULLET
        level = min(max(level, 0), _LEVELS - 1)
        counts = self._count(numbering, found, level)
        shape = self._level(found, level)
        if shape.number_format == "bullet":
            return BULLET
        text = _PLACE.sub(lambda match: self._numeral(found, shape, counts, match[1]), shape.text)
        text = text.strip()
        is_close = shape.suffix == "nothing" and not text[-1:].isalnum()
        return text + " " * (bool(text) and not is_close)

    def _count(self, numbering: str, found: _Numbering, level: int) -> list[int | None]:
        """Count one paragraph; numberings of one definition continue each other's numbers."""
        counts = self._counts.setdefault(self._definition(found), [None] * _LEVELS)
        if numbering not in self._begun:
            self._begun.add(numbering)
            for index in found.starts:
                counts[index] = None
        before = counts[level]
        counts[level] = self._start(found, level) if before is None else before + 1
        for deeper in range(level + 1, _LEVELS):
            restart = self._level(found, deeper).restart
            if restart is None or level < restart:
                counts[deeper] = None
        return counts

    def _numeral(
        self, found: _Numbering, shape: Level, counts: list[int | None], place: str
    ) -> str:
        index = int(place) - 1
        count = counts[index]
        number = self._start(found, index) if count is None else count
        number_format = self._level(found, index).number_format
        if number_format in {"none", "bullet"}:
            return ""
        return numeral(number, "decimal" if shape.is_legal else number_format)

    def _start(self, found: _Numbering, level: int) -> int:
        return found.starts.get(level, self._level(found, level).start)

    def _level(self, found: _Numbering, level: int) -> Level:
        if level in found.levels:
            return found.levels[level]
        abstract = self._abstracts.get(self._definition(found), _Abstract())
        return abstract.levels.get(level, Level(number_format="none"))

    def _definition(self, found: _Numbering) -> str:
        """Return the id of a numbering's definition; it may be that of a style's numbering."""
        abstract = self._abstracts.get(found.abstract)
        if abstract is None or not abstract.style_link or abstract.levels:
            return found.abstract
        linked = self._numberings.get(self._styles.numbering(abstract.style_link)[0])
        return linked.abstract if linked is not None else found.abstract


def read_numbering(data: bytes, styles: Styles) -> Numbering:
    """Return the numberings of the part of a document that lists them; none if it is broken."""
    try:
        root = parse_tree(data)
    except BrokenXml:
        return Numbering()
    abstracts: dict[str, _Abstract] = {}
    numberings: dict[str, _Numbering] = {}
    for child in root.iterchildren("{*}*"):
        if local_name(child.tag) == "abstractNum":
            abstracts[attribute(child.attrib, "abstractNumId")] = _abstract(child)
        elif local_name(child.tag) == "num":
            numberings[attribute(child.attrib, "numId")] = _numbering(child)
    return Numbering(abstracts, numberings, styles)


def _abstract(element: Any) -> _Abstract:
    abstract = _Abstract()
    for child in element.iterchildren("{*}*"):
        if local_name(child.tag) == "numStyleLink":
            abstract.style_link = attribute(child.attrib, "val")
        elif local_name(child.tag) == "lvl":
            index = small_number(attribute(child.attrib, "ilvl"))
            if index is not None and index < _LEVELS:
                abstract.levels[index] = _read_level(child)
    return abstract


def _numbering(element: Any) -> _Numbering:
    numbering = _Numbering()
    for child in element.iterchildren("{*}*"):
        if local_name(child.tag) == "abstractNumId":
            numbering.abstract = attribute(child.attrib, "val")
        elif local_name(child.tag) == "lvlOverride":
            index = small_number(attribute(child.attrib, "ilvl"))
            if index is not None and index < _LEVELS:
                _read_override(child, numbering, index)
    return numbering


def _read_override(element: Any, numbering: _Numbering, index: int) -> None:
    for child in element.iterchildren("{*}*"):
        if local_name(child.tag) == "startOverride":
            start = small_number(attribute(child.attrib, "val"))
            numbering.starts[index] = 1 if start is None else start
        elif local_name(child.tag) == "lvl":
            numbering.levels[index] = _read_level(child)


def _read_level(element: Any) -> Level:
    level = Level()
    for child in element.iterchildren("{*}*"):
        name, value = local_name(child.tag), attribute(child.attrib, "val")
        if name == "start":
            level = replace(level, start=small_number(value) or 0)
        elif name == "numFmt":
            level = replace(level, number_format=value)
        elif name == "lvlText":
            level = replace(level, text=value[:_MAX_TEXT_CHARS])
        elif name == "suff":
            level = replace(level, suffix=value)
        elif name == "isLgl":
            level = replace(level, is_legal=value not in _OFF)
        elif name == "lvlRestart":
            level = replace(level, restart=small_number(value))
        elif name == "pStyle":
            level = replace(level, style=value)
    return level
