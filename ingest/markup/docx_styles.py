"""Reads the styles of a Word document: headings, numbering, and how the text of a style is set.

A style has what it says itself, else what the style says on which it is based.

Source: ECMA-376 part 1, 17.7 (styles).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ingest.markup.inline import Script
from ingest.markup.symbol_fonts import is_symbol_font
from ingest.markup.xml import BrokenXml, attribute, elements, local_name, parse_tree

MAX_XML_BYTES = 8 * 1024 * 1024
# Styles may be based on each other in a circle.
_MAX_BASES = 30
_OFF = frozenset({"0", "false", "off", "none"})
FORMAT_PROPERTIES = frozenset({"strike", "dstrike", "vanish", "vertAlign", "rFonts"})
"""The elements of `w:rPr` that `RunFormat` knows."""
_SCRIPTS: dict[str, Script] = {"superscript": "sup", "subscript": "sub"}


@dataclass(frozen=True)
class RunFormat:
    """How a run is set; None where nothing is said. `font` is named if it is one of symbols."""

    script: Script | None = None
    is_struck: bool | None = None
    is_hidden: bool | None = None
    font: str | None = None

    def with_property(self, name: str, attributes: Mapping[str, str]) -> "RunFormat":
        """Return the format after an element of `w:rPr` of that name."""
        if name not in FORMAT_PROPERTIES:
            return self
        if name == "rFonts":  # the most frequent; few name a font of symbols
            font = attribute(attributes, "ascii")
            return replace(self, font=font) if is_symbol_font(font) else self
        value = attribute(attributes, "val")
        if name in {"strike", "dstrike"}:
            # A run may say that it is struck out once and that it is not struck out twice.
            is_on = value not in _OFF
            return replace(self, is_struck=is_on or (name == "dstrike" and bool(self.is_struck)))
        if name == "vanish":
            return replace(self, is_hidden=value not in _OFF)
        return replace(self, script=_SCRIPTS.get(value, ""))

    def over(self, base: "RunFormat") -> "RunFormat":
        """Return this format, with what it does not say from `base`."""
        if self is PLAIN or base is PLAIN:
            return base if self is PLAIN else self
        return RunFormat(
            base.script if self.script is None else self.script,
            base.is_struck if self.is_struck is None else self.is_struck,
            base.is_hidden if self.is_hidden is None else self.is_hidden,
            base.font if self.font is None else self.font,
        )


PLAIN = RunFormat()


@dataclass(frozen=True)
class Style:
    """One style. `level` is 1 to 6 for a heading and 0 for another text, None if it says nothing.

    `numbering` is the id of a numbering and `numbering_level` the level in it, from 0 on.
    """

    name: str = ""
    base: str = ""
    level: int | None = None
    numbering: str | None = None
    numbering_level: int | None = None
    run_format: RunFormat = PLAIN


class Styles:
    """The styles of a document by their ids.

    Args:
        styles: those of the document; the headings of English versions of Word are there without.
    """

    def __init__(self, styles: Mapping[str, Style] | None = None) -> None:
        defaults = {f"Heading{level}": Style(level=level) for level in range(1, 7)}
        self._styles = {"Title": Style(level=1), **defaults, **(styles or {})}

    def level(self, style: str) -> int:
        """Return the level of a heading, 0 for other text."""
        levels = (found.level for _, found in self._chain(style) if found.level is not None)
        return next(levels, 0)

    def numbering(self, style: str) -> tuple[str, int | None, str]:
        """Return the id of the style's numbering, its level, and the style that says so.

        The id is "" if there is none; the level is None if no style says it.
        """
        level: int | None = None
        for name, found in self._chain(style):
            level = found.numbering_level if level is None else level
            if found.numbering is not None:
                return found.numbering, level, name
        return "", level, style

    def run_format(self, style: str) -> RunFormat:
        """Return how text of a style is set."""
        run_format = PLAIN
        for _, found in self._chain(style):
            run_format = run_format.over(found.run_format)
        return run_format

    def is_caption(self, style: str) -> bool:
        """Return whether text of a style is the caption of a table or figure."""
        return any(found.name == "caption" for _, found in self._chain(style))

    def _chain(self, style: str) -> Iterator[tuple[str, Style]]:
        """Yield the style, and those on which it is based, with their ids."""
        for _ in range(_MAX_BASES):
            found = self._styles.get(style)
            if found is None:
                return
            yield style, found
            style = found.base


def read_styles(data: bytes) -> Styles:
    """Return the styles of the part of a document that lists them; none if it cannot be read."""
    try:
        root = parse_tree(data)
    except BrokenXml:
        return Styles()
    return Styles({attribute(e.attrib, "styleId"): _style(e) for e in elements(root, "style")})


def small_number(text: str) -> int | None:
    """Return a number of at most six digits, None for other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else None


def _style(element: Any) -> Style:
    style = Style()
    for child in element.iter("{*}*"):
        name, value = local_name(child.tag), attribute(child.attrib, "val")
        if name == "name":
            style = replace(style, name=value.lower())
        elif name == "basedOn":
            style = replace(style, base=value)
        elif name == "outlineLvl" and style.level is None:
            level = small_number(value)
            style = replace(style, level=level + 1 if level is not None and level < 6 else 0)
        elif name == "numId":
            style = replace(style, numbering=value)
        elif name == "ilvl":
            style = replace(style, numbering_level=small_number(value))
        else:
            run_format = style.run_format.with_property(name, child.attrib)
            style = replace(style, run_format=run_format)
    named = _named_level(style.name)
    return replace(style, level=named) if named is not None else style


def _named_level(name: str) -> int | None:
    """Return the level of a heading by the style's name, which is English in every language.

    The id depends on the language of the program that wrote the file: "berschrift1" has the name
    "heading 1".
    """
    words = name.split()
    if words == ["title"]:
        return 1
    if len(words) == 2 and words[0] == "heading" and words[1] in {"1", "2", "3", "4", "5", "6"}:
        return int(words[1])
    return None
