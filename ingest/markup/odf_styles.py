"""What the styles of an OpenDocument file say about its text: raised, struck out, hidden, numbered.

Source: OASIS Open Document Format 1.3, part 3.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ingest.markup.inline import Script
from ingest.markup.numerals import numeral
from ingest.markup.xml import attribute, local_name

_MAX_STYLES = 50_000
_MAX_PARENTS = 20
# Their names are in English in the file, whatever the language of the program.
_CAPTION_STYLES = frozenset({"Table", "Caption", "caption"})
_FORMATS = {"i": "lowerRoman", "I": "upperRoman", "a": "lowerLetter", "A": "upperLetter"}


@dataclass
class TextStyle:
    """How text of a style looks."""

    script: Script = ""
    is_struck: bool = False
    is_hidden: bool = False


@dataclass(frozen=True)
class ListLevel:
    """How the items of one level of a list are numbered; the format is "" for bullets."""

    format: str = ""
    before: str = ""
    after: str = ""
    start: int = 1
    shown_levels: int = 1


@dataclass
class OdfStyles:
    """The styles of a file, collected while its XML is read."""

    texts: dict[str, TextStyle] = field(default_factory=dict)
    lists: dict[str, dict[int, ListLevel]] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    _name: str = ""
    _list: str = ""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take the start of an element inside the styles."""
        name = local_name(tag)
        if name == "style":
            self._name = attribute(attributes, "name")
            parent = attribute(attributes, "parent-style-name")
            if parent and len(self.parents) < _MAX_STYLES:
                self.parents[self._name] = parent
        elif name == "text-properties" and self._name:
            self._add_text_style(attributes)
        elif name == "list-style":
            self._list = attribute(attributes, "name")
        elif name in ("list-level-style-number", "outline-level-style") and self._list:
            self._add_level(attributes)

    def is_caption(self, style: str) -> bool:
        """Return whether paragraphs of a style are captions of tables."""
        for _ in range(_MAX_PARENTS):
            if style in _CAPTION_STYLES:
                return True
            style = self.parents.get(style, "")
        return False

    def _add_text_style(self, attributes: Mapping[str, str]) -> None:
        position = attribute(attributes, "text-position").split()
        raised: Script = ""
        if position and position[0] not in ("0", "0%"):
            raised = "sub" if position[0].startswith(("sub", "-")) else "sup"
        line = attribute(attributes, "text-line-through-style")
        kind = attribute(attributes, "text-line-through-type")
        is_struck = (line not in ("", "none")) or (kind not in ("", "none"))
        is_hidden = attribute(attributes, "display") == "none"
        if (raised or is_struck or is_hidden) and len(self.texts) < _MAX_STYLES:
            self.texts[self._name] = TextStyle(raised, is_struck, is_hidden)

    def _add_level(self, attributes: Mapping[str, str]) -> None:
        shown = attribute(attributes, "num-format")
        levels = self.lists.setdefault(self._list, {})
        if len(self.lists) < _MAX_STYLES and len(levels) < 20 and shown:
            levels[_number(attribute(attributes, "level"), 1)] = ListLevel(
                _FORMATS.get(shown, "decimal"),
                attribute(attributes, "num-prefix")[:20],
                attribute(attributes, "num-suffix")[:20],
                _number(attribute(attributes, "start-value"), 1),
                _number(attribute(attributes, "display-levels"), 1),
            )

    def item_label(self, style: str, counts: list[int]) -> str:
        """Return the number of a list item as people see it, "-" for a bullet.

        Args:
            style: the name of the list's style.
            counts: the numbers of the item and of those around it, outermost first.
        """
        levels = self.lists.get(style, {})
        own = levels.get(len(counts))
        if own is None:
            return "-"
        first = max(0, len(counts) - max(1, min(own.shown_levels, 10)))
        parts = [
            numeral(count, levels.get(level, own).format)
            for level, count in enumerate(counts[first:], start=first + 1)
        ]
        return f"{own.before}{'.'.join(parts)}{own.after}".strip() or "-"


def _number(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else default
