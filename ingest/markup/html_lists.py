"""Numbers the items of HTML lists as browsers show them.

Source: the HTML standard, the elements `ol` and `li`; CSS Counter Styles for the kinds of numbers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ingest.markup.html_style import declarations
from ingest.markup.numerals import numeral
from ingest.markup.paragraphs import Block

BULLET = "- "
LISTS = frozenset({"ol", "ul", "menu", "dir"})
_TYPES = {
    "1": "decimal",
    "a": "countedLetters",
    "A": "upperCountedLetters",
    "i": "lowerRoman",
    "I": "upperRoman",
    "decimal": "decimal",
    "decimal-leading-zero": "decimalZero",
    "lower-alpha": "countedLetters",
    "lower-latin": "countedLetters",
    "upper-alpha": "upperCountedLetters",
    "upper-latin": "upperCountedLetters",
    "lower-roman": "lowerRoman",
    "upper-roman": "upperRoman",
    "lower-greek": "lowerGreek",
}
_BULLETS = frozenset({"disc", "circle", "square"})
_NUMBER = re.compile(r"\s*([+-]?\d{1,9})")
_INDENT = "  "
_MAX_INDENTS = 8
# Stands for a number that is known only at the end of its list. Text has no control characters.
_UNKNOWN = "\0{}:{}\0"


@dataclass
class _List:
    """A list that is open: the kind of its numbers, the next one, and the step between them.

    `first_block` is the index of the first block after its start if it counts down from the number
    of its items, which is not known before its end; then `number` counts up from 1.
    """

    number_format: str
    number: int = 1
    step: int = 1
    first_block: int | None = None


class ListNumbers:
    """The lists that are open at a place of a page."""

    def __init__(self) -> None:
        self._lists: list[_List] = []

    @property
    def has_unknown_number(self) -> bool:
        """Whether a number in the blocks so far is not known yet."""
        return any(one.first_block is not None for one in self._lists)

    def start(self, tag: str, attributes: Mapping[str, str], block_count: int) -> None:
        """Open a list; `block_count` is how many blocks are before it."""
        kind = _kind(attributes, "decimal" if tag == "ol" else "disc")
        opened = _List(kind)
        start = _integer(attributes.get("start"))
        if start is not None:
            opened.number = start
        if "reversed" in attributes:
            opened.step = -1 if start is not None else 1
            opened.first_block = block_count if start is None else None
        self._lists.append(opened)

    def label(self, attributes: Mapping[str, str]) -> str:
        """Return what stands before the next item of the innermost list, with its indentation."""
        if not self._lists:
            return BULLET
        opened = self._lists[-1]
        value = _integer(attributes.get("value"))
        if value is not None and opened.first_block is None:
            opened.number = value
        number, opened.number = opened.number, opened.number + opened.step
        indent = _INDENT * min(len(self._lists) - 1, _MAX_INDENTS)
        kind = _kind(attributes, opened.number_format)
        if kind in _BULLETS or kind == "none":
            return indent + (BULLET if kind in _BULLETS else "")
        if opened.first_block is not None:
            return f"{indent}{_UNKNOWN.format(len(self._lists), number)}. "
        return f"{indent}{numeral(number, kind)}. "

    def end(self, blocks: list[Block]) -> None:
        """Close the innermost list, and write the numbers that were not known in its blocks."""
        if not self._lists:
            return
        depth, closed = len(self._lists), self._lists.pop()
        if closed.first_block is None:
            return
        unknown = re.compile(_UNKNOWN.format(depth, r"(\d+)"))
        for index in range(closed.first_block, len(blocks)):
            text = unknown.sub(
                lambda match: numeral(closed.number - int(match[1]), closed.number_format),
                blocks[index].text,
            )
            blocks[index] = blocks[index]._replace(text=text)


def _kind(attributes: Mapping[str, str], otherwise: str) -> str:
    """Return the format of the numbers that a list or an item asks for, "disc" or "none"."""
    style = declarations(attributes)
    words = f"{style.get('list-style-type', '')} {style.get('list-style', '')}".split()
    for word in [*words, attributes.get("type", "")]:
        if word in _BULLETS or word == "none":
            return word
        if word in _TYPES:
            return _TYPES[word]
    return otherwise


def _integer(text: str | None) -> int | None:
    match = _NUMBER.match(text or "")
    return int(match[1]) if match else None
