"""The text of HTML and XHTML as a stream of blocks. Knows no files, and builds no tree.

libxml2's HTML parser is forgiving, takes time in proportion to its input whatever that is, loads
nothing and knows no entities but HTML's own: `&e;` stays `&e;`, whatever a DTD says.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from lxml import etree  # type: ignore[import-untyped]

from ingest.characters import without_controls, without_surrogates
from ingest.markup.paragraphs import Block

# What is never text for a reader: scripts, form controls, the readings beside ruby characters.
NEVER_TEXT = frozenset(
    "script style template noscript title object iframe canvas audio video map select option "
    "datalist textarea button rt rp".split()
)
_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset "
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main menu nav ol p "
    "pre section summary table tbody tfoot thead ul text".split()
)
_CELLS = frozenset({"td", "th"})
_SPACE = re.compile(r"\s+")
# A document type with declarations of its own, which an HTML parser would show as text.
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]{0,2000}\[.*?\]\s*>", re.IGNORECASE | re.DOTALL)
# A row with more is no row of data: the table gives the page its layout.
_MAX_ROW_CHARS = 2000
# A file without any paragraphs is not collected to its end.
_MAX_INLINE_CHARS = 100_000

Attributes = Mapping[str, str]


class Target(Protocol):
    """What libxml2 tells of a file, in order."""

    def start(self, tag: str, attributes: Attributes) -> None: ...
    def end(self, tag: str) -> None: ...
    def data(self, text: str) -> None: ...
    def close(self) -> Any: ...


# Says of an element, with all that is in it, whether it is meant.
Choice = Callable[[str, Attributes], bool]


def markup_blocks(
    texts: Iterable[str],
    unwanted: Choice,
    within: Choice | None = None,
    anchors: frozenset[str] = frozenset(),
) -> Iterator[Block]:
    """Yield the blocks of a file that arrives in pieces.

    Args:
        unwanted: elements to leave out.
        within: elements outside which everything is left out.
        anchors: the ids to report with the block that follows them.
    """
    target = _BlockTarget(unwanted, anchors)
    for _ in fed(texts, _Within(target, within) if within else target):
        yield from target.taken()
    yield from target.taken()


def fed(texts: Iterable[str], target: Target) -> Iterator[None]:
    """Let a target hear a file that arrives in pieces; pause after each."""
    parser = etree.HTMLParser(target=target, huge_tree=True, remove_comments=True, remove_pis=True)
    first = True
    for text in texts:
        if first and text:
            text, first = _DOCTYPE.sub("", text, count=1), False
        parser.feed(text.replace("\0", ""))
        yield
    if not first:
        parser.close()


class _Within:
    """Passes on what lies inside the elements that are meant."""

    def __init__(self, inner: Target, meant: Choice) -> None:
        self._inner = inner
        self._meant = meant
        self._depth = 0

    def start(self, tag: str, attributes: Attributes) -> None:
        if self._depth or self._meant(tag, attributes):
            self._depth += 1
            self._inner.start(tag, attributes)

    def end(self, tag: str) -> None:
        if self._depth:
            self._depth -= 1
            self._inner.end(tag)

    def data(self, text: str) -> None:
        if self._depth:
            self._inner.data(text)

    def close(self) -> None:
        self._inner.close()


class _BlockTarget:
    """Turns what libxml2 tells into blocks."""

    def __init__(self, unwanted: Choice, anchors: frozenset[str]) -> None:
        self._unwanted = unwanted
        self._wanted_anchors = anchors
        self._blocks: list[Block] = []
        self._inline: list[str] = []
        self._anchors: list[str] = []
        self._inline_chars = 0
        self._skipped = 0  # elements open inside an unwanted one, itself included
        self._pre = 0
        self._level = 0
        self._bullet = False
        self._after_tight = False
        self._row: list[list[str]] | None = None

    def taken(self) -> list[Block]:
        blocks, self._blocks = self._blocks, []
        return blocks

    def start(self, tag: str, attributes: Attributes) -> None:
        for name in ("id", "name"):
            if attributes.get(name) in self._wanted_anchors:
                self._flush()
                self._anchors.append(attributes[name])
        if self._skipped or tag in NEVER_TEXT or self._unwanted(tag, attributes):
            self._skipped += 1
        elif tag == "br":
            self._inline.append("\n")
        elif tag in _CELLS or tag == "tr":
            self._start_cell(tag)
        elif tag in _BLOCKS:
            self._start_block(tag)

    def end(self, tag: str) -> None:
        if self._skipped:
            self._skipped -= 1
        elif tag == "tr":
            self._end_row()
        elif tag in _BLOCKS or tag in _CELLS:
            self._flush()
            self._pre = max(0, self._pre - (tag == "pre"))
            self._level = 0 if tag[1:].isdigit() else self._level

    def data(self, text: str) -> None:
        if self._skipped:
            return
        # Outside <pre> a newline comes from <br> alone.
        self._inline.append(text if self._pre else _SPACE.sub(" ", text))
        self._inline_chars += len(text)
        if self._inline_chars > _MAX_INLINE_CHARS:
            self._flush()

    def close(self) -> None:
        self._end_row()

    def _start_block(self, tag: str) -> None:
        self._flush()
        if tag == "table":
            self._spill_row()
        self._pre += tag == "pre"
        self._bullet = self._bullet or tag == "li"
        if tag[0] == "h" and tag[1:].isdigit():
            self._level = int(tag[1:])

    def _start_cell(self, tag: str) -> None:
        if tag == "tr":
            self._end_row()
            self._row = []
            return
        self._flush()
        if self._row is not None:
            self._row.append([])

    def _flush(self) -> None:
        """End the text that was collected, as a block of its own or a part of a row's cell."""
        text = self._text()
        if not text:
            return
        if self._row:
            self._row[-1].append(text)
            if sum(len(part) for cell in self._row for part in cell) > _MAX_ROW_CHARS:
                self._spill_row()
            return
        self._emit(f"- {text}" if self._bullet else text, self._level, tight=self._bullet)
        self._bullet = False

    def _text(self) -> str:
        text = "".join(self._inline)
        self._inline.clear()
        self._inline_chars = 0
        if not self._pre:
            lines = (" ".join(line.split()) for line in text.split("\n"))
            text = "\n".join(line for line in lines if line)
        return without_controls(without_surrogates(text)).strip("\n" if self._pre else None)

    def _end_row(self) -> None:
        self._flush()
        row, self._row = self._row, None
        cells = [_SPACE.sub(" ", " ".join(cell)) for cell in row or ()]
        if any(cells):
            self._emit("\t".join(cells).rstrip(), 0, tight=True)

    def _spill_row(self) -> None:
        """Let what was taken for a row of data be paragraphs."""
        row, self._row = self._row, None
        for text in (part for cell in row or () for part in cell):
            self._emit(text, 0, tight=False)

    def _emit(self, text: str, level: int, *, tight: bool) -> None:
        """Add a block; items of a list and rows of a table stand close together."""
        before = "\n" if self._after_tight and not tight else ""
        self._blocks.append(
            Block(f"{before}{text}\n" + "\n" * (not tight), level, tuple(self._anchors))
        )
        self._after_tight = tight
        self._anchors.clear()
