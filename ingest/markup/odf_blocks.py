"""Turns the content of an OpenDocument text or presentation into blocks of text. Knows no files.

Names are compared without their namespace. Source: OASIS Open Document Format 1.3, part 3.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ingest.captions import MAX_CAPTION_CHARS, is_table_caption
from ingest.characters import without_controls, without_surrogates, without_typesetting
from ingest.markup.inline import Run, Script, joined_runs
from ingest.markup.odf_styles import OdfStyles, TextStyle
from ingest.markup.paragraphs import Block
from ingest.markup.rows import MAX_ROW_CHARS, Cell, TableRows, span
from ingest.markup.xml import attribute, local_name

_STYLES = frozenset({"automatic-styles", "styles", "master-styles", "font-face-decls"})
# What is not read, by what a note calls it; nothing of the last ones is worth a note.
_LEFT_OUT = {
    "annotation": "comments",
    "tracked-changes": "text that was deleted in a revision",
    **dict.fromkeys(("hidden-text", "hidden-paragraph"), "hidden text"),
    **dict.fromkeys(("settings", "meta", "scripts", "forms", "binary-data"), ""),
    **dict.fromkeys(("event-listeners", "table-of-content-source", "ruby-text"), ""),
}
_CHARACTERS = {"tab": "\t", "line-break": "\n"}
_MAX_PARAGRAPH_CHARS = 100_000
_MAX_PICTURE_CHARS = 2000
_SVG = "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"
# Of pictures and shapes; a title without this namespace is a field in the text.
_DESCRIPTIONS = frozenset({f"{{{_SVG}}}title", f"{{{_SVG}}}desc"})
_MAX_SPACES = 100
_MAX_COLUMNS, _MAX_SPAN_ROWS = 200, 100_000


class PageBlock(NamedTuple):
    """A block, the number of its slide (0 in a text), and what part of the slide it is."""

    block: Block
    page: int
    is_title: bool
    is_note: bool


@dataclass
class _List:
    """An open list: the name of its style, and how many items it has so far."""

    style: str
    count: int = 0


@dataclass
class _Paragraph:
    """A paragraph that is not complete: its runs, and its level if it is a heading."""

    level: int = 0
    is_caption: bool = False
    runs: list[Run] = field(default_factory=list)
    chars: int = 0
    spans: list[TextStyle | None] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)


class OdfTarget:
    """Turns the elements of `content.xml` into blocks; `left_out` counts what was not read."""

    def __init__(self, styles: OdfStyles) -> None:
        self.left_out: Counter[str] = Counter()
        self.pages = 0
        self._styles = styles
        self._blocks: list[PageBlock] = []
        self._in_styles = 0
        self._left_out = 0
        self._paragraphs: list[_Paragraph] = []
        self._lists: list[_List] = []
        self._labels: list[str] = []
        self._rows: list[list[Cell]] = []
        self._row_chars = 0
        self._column = self._covered = 0  # the next column of the row; how many are covered in it
        self._below: dict[int, int] = {}  # how many rows the cells of a column still reach down
        self._table = TableRows()
        self._header_rows = 0
        self._caption = ""
        self._picture: list[str] | None = None  # the words for a picture that is being described
        self._title = 0
        self._page_notes = 0
        self._citation: list[str] | None = None
        self._note_text: list[str] = []
        self._in_note_body = 0
        self._after_tight = False

    def take_blocks(self) -> list[PageBlock]:
        """Return the blocks since the last call."""
        blocks, self._blocks = self._blocks, []
        return blocks

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take the start of an element."""
        name = local_name(tag)
        if self._in_styles or name in _STYLES:
            self._in_styles += 1
            self._styles.start(tag, attributes)
        elif self._left_out or name in _LEFT_OUT:
            if not self._left_out and _LEFT_OUT[name]:
                self.left_out[_LEFT_OUT[name]] += 1
            self._left_out += 1
        elif tag in _DESCRIPTIONS:
            self._picture = []
        elif name in ("p", "h"):
            self._start_paragraph(name, attributes)
        elif name in ("list", "list-item", "list-header"):
            self._start_list(name, attributes)
        elif name == "table" and not self._rows:
            self._table, self._caption = TableRows(self._caption), ""
            self._below = {}
        elif name == "table-header-rows":
            self._header_rows += 1
        elif name in ("table-row", "table-cell", "covered-table-cell"):
            self._start_cell(name, attributes)
        elif name in ("page", "notes", "frame"):
            self._start_page(name, attributes)
        else:
            self._start_inline(name, attributes)

    def end(self, tag: str) -> None:
        """Take the end of an element."""
        name = local_name(tag)
        if self._in_styles:
            self._in_styles -= 1
        elif self._left_out:
            self._left_out -= 1
        elif tag in _DESCRIPTIONS:
            self._end_description()
        elif name in ("p", "h"):
            self._end_paragraph()
        elif name == "table-header-rows":
            self._header_rows = max(0, self._header_rows - 1)
        elif name == "list" and self._lists:
            self._lists.pop()
        elif name == "table-row" and self._rows:
            self._end_row()
        elif name == "notes" and self._page_notes:
            self._page_notes -= 1
        elif name == "frame":
            self._title = max(0, self._title - 1)
        elif name in ("span", "note-citation", "note-body"):
            self._end_inline(name)

    def data(self, text: str) -> None:
        """Take text; it counts only inside a paragraph, and in the description of a picture."""
        if self._in_styles or self._left_out:
            return
        if self._picture is not None:
            self._picture.append(text[:_MAX_PICTURE_CHARS])
            return
        if not self._paragraphs:
            return
        if self._citation is not None:
            self._citation.append(text)
        else:
            self._put(text.replace("\n", " "))

    def close(self) -> None:
        """Called at the end of the document: every block was complete before."""

    def _start_paragraph(self, name: str, attributes: Mapping[str, str]) -> None:
        level = attribute(attributes, "outline-level") if name == "h" else ""
        number = min(6, int(level)) if level in tuple("123456789") else int(name == "h")
        style = attribute(attributes, "style-name")
        paragraph = _Paragraph(number, self._styles.is_caption(style))
        paragraph.spans.append(self._styles.texts.get(style))
        self._paragraphs.append(paragraph)

    def _start_list(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "list":
            inherited = self._lists[-1].style if self._lists else ""
            self._lists.append(_List(attribute(attributes, "style-name") or inherited))
        elif name == "list-item" and self._lists:
            start = attribute(attributes, "start-value")
            own = self._lists[-1]
            level = self._styles.lists.get(own.style, {}).get(len(self._lists))
            first = level.start if level and not own.count else own.count + 1
            own.count = int(start) if start.isdigit() and len(start) < 7 else first
            self._labels = [
                self._styles.item_label(own.style, [one.count for one in self._lists[:20]])
            ]

    def _start_cell(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "table-row":
            self._rows.append([])
            if len(self._rows) == 1:
                self._row_chars = self._column = self._covered = 0
        elif self._rows:
            repeats = min(span(attribute(attributes, "number-columns-repeated")), _MAX_COLUMNS)
            if name == "table-cell":
                self._add_cell(repeats, attributes)
            else:
                self._add_covered(repeats)

    def _add_cell(self, repeats: int, attributes: Mapping[str, str]) -> None:
        row, is_outer = self._rows[-1], len(self._rows) == 1
        columns = span(attribute(attributes, "number-columns-spanned"))
        rows = span(attribute(attributes, "number-rows-spanned"))
        columns, rows = min(columns, _MAX_COLUMNS), min(rows, _MAX_SPAN_ROWS)
        if is_outer:
            self._column += columns if columns > 1 else repeats
            self._covered = columns - 1
            if rows > 1:
                first = self._column - columns
                self._below |= dict.fromkeys(range(first, self._column), rows - 1)
        if len(row) < _MAX_COLUMNS:
            row.append(Cell(columns if columns > 1 else repeats, rows))

    def _add_covered(self, repeats: int) -> None:
        """Let covered cells repeat the value of the one they are merged with.

        `TableRows` does that where that cell says how far it reaches.
        """
        row = self._rows[-1]
        for _ in range(repeats):
            if len(self._rows) == 1 and self._covered > 0:
                self._covered -= 1  # the span has moved the column on
                continue
            if len(self._rows) == 1 and self._below.get(self._column, 0) > 0:
                self._below[self._column] -= 1
            elif row and len(row) < _MAX_COLUMNS:
                row.append(Cell(parts=list(row[-1].parts)))
            self._column += len(self._rows) == 1

    def _start_page(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "page":
            self.pages += 1
        elif name == "notes":
            self._page_notes += 1
        elif self._title or attribute(attributes, "class") == "title":
            self._title += 1

    def _start_inline(self, name: str, attributes: Mapping[str, str]) -> None:
        if not self._paragraphs:
            return
        paragraph = self._paragraphs[-1]
        if name == "span":
            paragraph.spans.append(self._styles.texts.get(attribute(attributes, "style-name")))
        elif name == "s":
            count = attribute(attributes, "c")
            self._put(" " * min(int(count) if count.isdigit() else 1, _MAX_SPACES))
        elif name in _CHARACTERS:
            self._put(_CHARACTERS[name])
        elif name == "note-citation":
            self._citation = []
        elif name == "note-body":
            self._in_note_body += 1
            self._note_text = []

    def _end_inline(self, name: str) -> None:
        paragraph = self._paragraphs[-1] if self._paragraphs else None
        if name == "span" and paragraph and len(paragraph.spans) > 1:
            paragraph.spans.pop()
        elif name == "note-citation" and self._citation is not None:
            mark, self._citation = "".join(self._citation).strip(), None
            if paragraph:
                paragraph.runs.append(Run(f"[{mark}]"))
                paragraph.notes.append(f"[{mark}]")
        elif name == "note-body" and self._in_note_body:
            self._in_note_body -= 1
            if paragraph and paragraph.notes:
                paragraph.notes[-1] += " " + " ".join(self._note_text)
            self._note_text = []

    def _put(self, text: str) -> None:
        paragraph = self._paragraphs[-1]
        styles = [style for style in paragraph.spans if style]
        if any(style.is_hidden for style in styles):
            self.left_out["hidden text"] += 1
            return
        script: Script = next((style.script for style in reversed(styles) if style.script), "")
        paragraph.runs.append(Run(text, script, any(style.is_struck for style in styles)))
        paragraph.chars += len(text)
        if paragraph.chars > _MAX_PARAGRAPH_CHARS:
            self._emit_paragraph(paragraph)
            paragraph.runs, paragraph.notes, paragraph.chars = [], [], 0

    def _end_paragraph(self) -> None:
        if self._paragraphs:
            self._emit_paragraph(self._paragraphs.pop())

    def _end_description(self) -> None:
        """Keep the title or the description of a picture apart from the text around it."""
        words = _clean("".join(self._picture or ())[:_MAX_PICTURE_CHARS])
        self._picture = None
        if not words:
            return
        if self._paragraphs:
            self._paragraphs[-1].pictures.append(words)
        else:
            self._emit(f"[Picture: {words}]", 0)

    def _emit_paragraph(self, paragraph: _Paragraph) -> None:
        text = without_typesetting(
            without_controls(without_surrogates(joined_runs(paragraph.runs)))
        ).strip()
        pictures, paragraph.pictures = [f"[Picture: {one}]" for one in paragraph.pictures], []
        if self._in_note_body:
            self._note_text += filter(None, [text, *pictures])
            return
        if self._rows and self._rows[-1]:
            self._add_to_cell(" ".join([*text.split(), *pictures]))
            pictures = []
        elif text:
            label, self._labels = "".join(self._labels), []
            is_item = bool(self._lists) and not paragraph.level
            line = " ".join(text.split())
            is_caption = paragraph.is_caption and len(line) <= MAX_CAPTION_CHARS
            self._caption = line if is_caption or is_table_caption(line) else ""
            text = f"{label} {text}" if label else text
            self._emit(text, paragraph.level, is_tight=is_item)
        for note in [*paragraph.notes, *pictures]:
            self._emit(" ".join(note.split()), 0)

    def _add_to_cell(self, text: str) -> None:
        if not text:
            return
        self._rows[-1][-1].parts.append(text)
        self._row_chars += len(text)
        if self._row_chars > MAX_ROW_CHARS:
            self._spill_row()

    def _end_row(self) -> None:
        cells = self._rows.pop()
        if self._rows:  # of a table inside a cell
            line = " ".join(cell.text for cell in cells).strip()
            if self._rows[-1]:
                self._add_to_cell(line)
            elif line:
                self._emit(line, 0)
            return
        is_marked = self._header_rows > 0
        is_header = is_marked or self._table.first_row_is_header(cells)
        row = self._table.end_row(cells, is_header, is_marked)
        if row.text:
            self._emit(row.text.rstrip(), 0, is_tight=True, header=row.header)

    def _spill_row(self) -> None:
        """Turn the current row, which is too long for data, into paragraphs."""
        cells, self._rows[-1], self._row_chars = self._rows[-1], [], 0
        for text in (part for cell in cells for part in cell.parts):
            self._emit(text, 0)
        self._rows[-1].append(Cell())

    def _emit(self, text: str, level: int, *, is_tight: bool = False, header: str = "") -> None:
        before = "\n" if self._after_tight and not is_tight else ""
        block = Block(f"{before}{text}\n" + "\n" * (not is_tight), level, header=header)
        self._after_tight = is_tight
        self._blocks.append(PageBlock(block, self.pages, self._title > 0, self._page_notes > 0))


def _clean(text: str) -> str:
    return " ".join(without_typesetting(without_controls(without_surrogates(text))).split())
