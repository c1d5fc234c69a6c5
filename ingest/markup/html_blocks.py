"""Turns HTML and XHTML into a stream of blocks of text. Knows no files and builds no tree.

libxml2's HTML parser accepts errors, takes time in proportion to its input, loads nothing, and
knows only HTML's own entities: `&e;` stays `&e;`, even if a DTD defines it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from lxml import etree  # type: ignore[import-untyped]

from ingest.characters import without_controls, without_surrogates
from ingest.markup.paragraphs import Block

# Elements that are never text: scripts, form controls, pronunciations beside ruby characters.
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
# A longer row is not a row of data: the table is there for the layout of the page.
_MAX_ROW_CHARS = 2000
# A paragraph of more is cut, so that a file without paragraphs is not held as a whole.
_MAX_INLINE_CHARS = 100_000

Attributes = Mapping[str, str]


class Target(Protocol):
    """Receives the tags and the text of a file from libxml2, in order."""

    def start(self, tag: str, attributes: Attributes) -> None:
        """Take the start of an element."""

    def end(self, tag: str) -> None:
        """Take the end of an element."""

    def data(self, text: str) -> None:
        """Take text."""

    def close(self) -> Any:
        """Take the end of the file; the result is ignored by libxml2."""


# Returns whether an element, with its content, is to be left out or read.
ElementTest = Callable[[str, Attributes], bool]


def markup_blocks(
    texts: Iterable[str],
    is_unwanted: ElementTest,
    is_inside: ElementTest | None = None,
    anchors: frozenset[str] = frozenset(),
) -> Iterator[Block]:
    """Yield the blocks of a file that arrives in pieces.

    Args:
        texts: the pieces of the file.
        is_unwanted: true for elements to leave out.
        is_inside: true for elements outside which everything is left out; None to read all.
        anchors: the ids to report with the block that follows them.
    """
    target = _BlockTarget(is_unwanted, anchors)
    for _ in feed_html(texts, _InsideOnly(target, is_inside) if is_inside else target):
        yield from target.take_blocks()
    yield from target.take_blocks()


def feed_html(texts: Iterable[str], target: Target) -> Iterator[None]:
    """Parse a file that arrives in pieces into a target; yield after each piece.

    Args:
        texts: the pieces of the file.
        target: receives tags and text.
    """
    parser = etree.HTMLParser(target=target, huge_tree=True, remove_comments=True, remove_pis=True)
    first = True
    for text in texts:
        if first and text:
            text, first = _DOCTYPE.sub("", text, count=1), False
        parser.feed(text.replace("\0", ""))
        yield
    if not first:
        parser.close()


class _InsideOnly:
    """Passes on what is inside the elements for which `is_inside` is true."""

    def __init__(self, inner: Target, is_inside: ElementTest) -> None:
        self._inner = inner
        self._is_inside = is_inside
        self._depth = 0

    def start(self, tag: str, attributes: Attributes) -> None:
        if self._depth or self._is_inside(tag, attributes):
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
    """Turns tags and text into blocks."""

    def __init__(self, is_unwanted: ElementTest, anchors: frozenset[str]) -> None:
        self._is_unwanted = is_unwanted
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

    def take_blocks(self) -> list[Block]:
        """Return the blocks since the last call."""
        blocks, self._blocks = self._blocks, []
        return blocks

    def start(self, tag: str, attributes: Attributes) -> None:
        for name in ("id", "name"):
            if attributes.get(name) in self._wanted_anchors:
                self._flush()
                self._anchors.append(attributes[name])
        if self._skipped or tag in NEVER_TEXT or self._is_unwanted(tag, attributes):
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
        # Outside <pre> only <br> makes a newline.
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
        """End the collected text: it becomes a block, or a part of a cell."""
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
        """Turn the current row, which is too long for data, into paragraphs."""
        row, self._row = self._row, None
        for text in (part for cell in row or () for part in cell):
            self._emit(text, 0, tight=False)

    def _emit(self, text: str, level: int, *, tight: bool) -> None:
        """Add a block; `tight` puts no blank line after it, as in lists and tables."""
        before = "\n" if self._after_tight and not tight else ""
        self._blocks.append(
            Block(f"{before}{text}\n" + "\n" * (not tight), level, tuple(self._anchors))
        )
        self._after_tight = tight
        self._anchors.clear()
