"""Turns HTML and XHTML into a stream of blocks of text. Knows no files and builds no tree.

libxml2's HTML parser accepts errors, takes time in proportion to its input, loads nothing, and
knows only HTML's own entities: `&e;` stays `&e;`, even if a DTD defines it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from lxml import etree  # type: ignore[import-untyped]

from ingest.captions import MAX_CAPTION_CHARS, is_table_caption
from ingest.characters import without_controls, without_surrogates, without_typesetting
from ingest.markup import left_out
from ingest.markup.css import ClassStyles
from ingest.markup.html_lists import LISTS, ListNumbers
from ingest.markup.html_style import is_hidden as is_not_shown
from ingest.markup.html_style import is_note_reference, is_struck, script_of
from ingest.markup.inline import Run, Script, joined_runs, note_mark
from ingest.markup.paragraphs import Block
from ingest.markup.rows import MAX_ROW_CHARS, Cell, TableRows, span

# Elements that are never text: scripts, form controls, pronunciations beside ruby characters, the
# source of formulas.
NEVER_TEXT = frozenset(
    "script style template noscript title object iframe canvas audio video map select option "
    "datalist textarea button rt rp annotation annotation-xml".split()
)
_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset "
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main menu nav ol p "
    "pre section summary table tbody tfoot thead ul text".split()
)
_CELLS = frozenset({"td", "th"})
# Elements that change their text without any attribute.
_WITH_EFFECT = frozenset({"del", "s", "strike", "sup", "sub", "msup", "msub", "mfrac"})
_SPACE = re.compile(r"\s+")
# A document type with declarations of its own, which an HTML parser would show as text.
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]{0,2000}\[.*?\]\s*>", re.IGNORECASE | re.DOTALL)
# The second child of these elements of a formula is raised, lowered, or below a line.
_SECOND_CHILDREN = frozenset({"msup", "msub", "mfrac"})
# A longer link to a note has words of its own.
_MAX_MARK_CHARS = 12
# What cells below a cell that reaches to the end of the table stay below.
_ALL_ROWS = 65_534
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
    *,
    is_hidden: ElementTest = is_not_shown,
    classes: ClassStyles | None = None,
    add_note: Callable[[str], None] = lambda note: None,
) -> Iterator[Block]:
    """Yield the blocks of a file that arrives in pieces.

    A block of a table's row carries the table's header lines and caption. Struck-out text is marked
    with `~~`.

    Args:
        texts: the pieces of the file.
        is_unwanted: true for elements to leave out.
        is_inside: true for elements outside which everything is left out; None to read all.
        anchors: the ids to report with the block that follows them.
        is_hidden: true for elements that are not shown; they are left out, too.
        classes: what style sheets say about classes.
        add_note: called with a sentence for each kind of text that was left out, but not for
            elements that are unwanted.
    """
    target = _BlockTarget(is_unwanted, is_hidden, anchors, classes, add_note)
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


@dataclass
class _Element:
    """An open element with an effect on its text.

    `mark_from` is the index of the run from which on the text is the mark of a note; it holds while
    no text was flushed since, which `flushes` tells. `children` counts those of a formula's part.
    """

    tag: str
    script: Script = ""
    is_struck: bool = False
    is_link: bool = False
    mark_from: int | None = None
    flushes: int = 0
    children: int = 0


class _BlockTarget:
    """Turns tags and text into blocks."""

    def __init__(
        self,
        is_unwanted: ElementTest,
        is_hidden: ElementTest,
        anchors: frozenset[str],
        classes: ClassStyles | None,
        add_note: Callable[[str], None],
    ) -> None:
        self._is_unwanted = is_unwanted
        self._is_hidden = is_hidden
        self._wanted_anchors = anchors
        self._classes = classes
        self._add_note = add_note
        self._blocks: list[Block] = []
        self._runs: list[Run] = []
        self._anchors: list[str] = []
        self._inline_chars = 0
        self._flushes = 0
        self._open: list[_Element | None] = []  # None for an element without an effect
        self._effects: list[_Element] = []
        self._skipped = 0  # elements open inside one that is left out, itself included
        self._skip_note = ""
        self._pre = 0
        self._level = 0
        self._lists = ListNumbers()
        self._label: str | None = None  # of the list item that begins
        self._item = ""  # "li", "dt" or "dd", if the label is of one
        self._after_tight = False
        self._tables: list[TableRows] = []
        self._row: list[Cell] | None = None
        self._head = 0
        self._captions = 0
        self._figure_captions = 0
        self._caption_above = ""  # the last paragraph, if it is the caption of a table below it

    def take_blocks(self) -> list[Block]:
        """Return the blocks since the last call, none while a number in them is not known."""
        if self._lists.has_unknown_number:
            return []
        blocks, self._blocks = self._blocks, []
        return blocks

    def start(self, tag: str, attributes: Attributes) -> None:
        if self._wanted_anchors and attributes:
            self._take_anchors(attributes)
        if self._skipped:
            self._skipped += 1
        elif tag in NEVER_TEXT or self._is_unwanted(tag, attributes):
            self._skipped, self._skip_note = 1, left_out.RUBY if tag == "rt" else ""
        elif self._is_hidden(tag, attributes):
            self._skipped, self._skip_note = 1, left_out.HIDDEN
        else:
            self._start_read(tag, attributes)

    def _take_anchors(self, attributes: Attributes) -> None:
        for name in ("id", "name"):
            if attributes.get(name) in self._wanted_anchors:
                self._flush()
                self._anchors.append(attributes[name])

    def end(self, tag: str) -> None:
        if self._skipped:
            self._skipped -= 1
            return
        self._end_effect()
        if tag == "tr":
            self._end_row()
        elif tag in _BLOCKS or tag in _CELLS:
            self._flush()
            self._end_block(tag)

    def data(self, text: str) -> None:
        if self._skipped:
            if self._skip_note and not text.isspace():
                self._add_note(self._skip_note)
            return
        # Outside <pre> only <br> makes a newline.
        self._add(text if self._pre else _SPACE.sub(" ", text))
        self._inline_chars += len(text)
        if self._inline_chars > _MAX_INLINE_CHARS:
            self._flush()

    def close(self) -> None:
        self._end_row()
        while self._lists.has_unknown_number:
            self._lists.end(self._blocks)

    def _start_read(self, tag: str, attributes: Attributes) -> None:
        self._start_effect(tag, attributes)
        if tag == "br":
            self._add("\n")
        elif tag == "tr":
            self._end_row()
            self._row = []
        elif tag in _CELLS:
            self._start_cell(tag, attributes)
        elif tag in _BLOCKS:
            self._flush()
            self._start_block(tag, attributes)

    # The text of a paragraph.

    def _add(self, text: str) -> None:
        script: Script = ""
        struck = False
        for element in self._effects:
            script = element.script or script
            struck = struck or element.is_struck
        self._runs.append(Run(text, script, struck))

    def _start_effect(self, tag: str, attributes: Attributes) -> None:
        """Note what an element does to its text."""
        parent = self._open[-1] if self._open else None
        if not attributes and parent is None and tag not in _WITH_EFFECT:
            self._open.append(None)
            return
        element = _Element(
            tag,
            script_of(tag, attributes, self._classes),
            is_struck(tag, attributes, self._classes),
        )
        element.is_link = tag == "a" and "#" in attributes.get("href", "")
        if self._is_mark(element) or is_note_reference(attributes):
            element.mark_from, element.flushes = len(self._runs), self._flushes
        self._count_child(element)
        has_effect = element.script or element.is_struck or element.is_link
        if has_effect or element.mark_from is not None or tag in _SECOND_CHILDREN:
            self._open.append(element)
            self._effects.append(element)
        else:
            self._open.append(None)

    def _is_mark(self, element: _Element) -> bool:
        """Return whether an element is a raised link to a place in the book, or inside one."""
        if element.is_link:
            return any(outer.script == "sup" for outer in self._effects)
        return element.script == "sup" and any(outer.is_link for outer in self._effects)

    def _count_child(self, element: _Element) -> None:
        """Set the second part of a fraction or power apart from the first."""
        parent = self._open[-1] if self._open else None
        if parent is None or parent.tag not in _SECOND_CHILDREN:
            return
        parent.children += 1
        if parent.children == 2 and parent.tag == "mfrac":
            self._add("/")
        elif parent.children == 2:
            element.script = "sup" if parent.tag == "msup" else "sub"

    def _end_effect(self) -> None:
        element = self._open.pop() if self._open else None
        if element is None:
            return
        if element in self._effects:
            self._effects.remove(element)
        if element.mark_from is not None and element.flushes == self._flushes:
            text = "".join(run.text for run in self._runs[element.mark_from :])
            if len(text) <= _MAX_MARK_CHARS:
                self._runs[element.mark_from :] = [Run(note_mark(text))]

    def _flush(self) -> None:
        """End the collected text: it becomes a block, or a part of a cell."""
        text = self._text()
        if not text:
            return
        label, item = self._label, self._item
        self._label, self._item = None, ""
        if self._row:
            number = label.strip() if label else ""
            self._row[-1].parts.append(f"{number} {text}" if number[:1].isalnum() else text)
            if sum(len(part) for cell in self._row for part in cell.parts) > MAX_ROW_CHARS:
                self._spill_row()
            return
        line = " ".join(text.split())
        if self._captions and self._tables:
            self._tables[-1].caption = line
        is_caption = bool(self._figure_captions) and len(line) <= MAX_CAPTION_CHARS
        self._caption_above = line if is_caption or is_table_caption(line) else ""
        if label is None:
            self._emit(text, self._level, tight=False)
        elif self._level:
            shown = f"{label.strip()} {text}" if label.strip()[:1].isalnum() else text
            self._emit(shown, self._level, tight=False)
        else:
            self._emit(f"{label}{text}", 0, tight=item != "dd")
            if item == "dt":  # its definition follows without a blank line
                self._after_tight = False

    def _text(self) -> str:
        text = joined_runs(self._runs)
        self._runs.clear()
        self._inline_chars = 0
        self._flushes += 1
        if not self._pre:
            lines = (" ".join(line.split()) for line in text.split("\n"))
            text = "\n".join(line for line in lines if line)
        text = without_typesetting(without_controls(without_surrogates(text)))
        return text.strip("\n" if self._pre else None)

    # Blocks.

    def _start_block(self, tag: str, attributes: Attributes) -> None:
        self._pre += tag == "pre"
        if tag in LISTS:
            self._lists.start(tag, attributes, len(self._blocks))
        elif tag == "li":
            self._label, self._item = self._lists.label(attributes), "li"
        elif tag in {"dt", "dd"}:
            self._label, self._item = "" if tag == "dt" else "  ", tag
        elif tag == "table":
            self._spill_row()
            self._tables.append(TableRows(self._caption_above))
            self._caption_above = ""
        elif tag == "thead":
            self._head += 1
        elif tag == "figcaption":
            self._figure_captions += 1
        elif tag == "caption":
            self._captions += 1
        elif tag[0] == "h" and tag[1:].isdigit():
            self._level = int(tag[1:])

    def _end_block(self, tag: str) -> None:
        self._pre = max(0, self._pre - (tag == "pre"))
        self._level = 0 if tag[1:].isdigit() else self._level
        if tag in LISTS:
            self._lists.end(self._blocks)
        elif tag in {"li", "dt", "dd"}:
            self._label, self._item = None, ""
        elif tag == "table":
            self._end_row()
            self._tables[-1:] = []
        elif tag == "thead":
            self._head = max(0, self._head - 1)
        elif tag == "caption":
            self._captions = max(0, self._captions - 1)
        elif tag == "figcaption":
            self._figure_captions = max(0, self._figure_captions - 1)

    # Tables.

    def _start_cell(self, tag: str, attributes: Attributes) -> None:
        self._flush()
        if self._row is not None:
            stated = attributes.get("rowspan", "1")
            rows = _ALL_ROWS if stated.strip() in {"0", "00"} else span(stated)
            columns = span(attributes.get("colspan", "1"))
            self._row.append(Cell(columns, rows, is_header=tag == "th"))

    def _end_row(self) -> None:
        self._flush()
        row, self._row = self._row, None
        if not row:
            return
        if not self._tables:
            self._tables.append(TableRows())
        rows = self._tables[-1]
        is_marked = bool(self._head) or all(cell.is_header for cell in row)
        is_header = is_marked or rows.first_row_is_header(row)
        text, header = rows.end_row(row, is_header, is_marked)
        if text:
            self._caption_above = ""
            self._emit(text, 0, tight=True, header=header)

    def _spill_row(self) -> None:
        """Turn the current row, which is too long for data, into paragraphs."""
        row, self._row = self._row, None
        for text in (part for cell in row or () for part in cell.parts):
            self._emit(text, 0, tight=False)

    def _emit(self, text: str, level: int, *, tight: bool, header: str = "") -> None:
        """Add a block; `tight` puts no blank line after it, as in lists and tables."""
        before = "\n" if self._after_tight and not tight else ""
        shown = f"{before}{text}\n" + "\n" * (not tight)
        self._blocks.append(Block(shown, level, tuple(self._anchors), header))
        self._after_tight = tight
        self._anchors.clear()
