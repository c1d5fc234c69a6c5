"""Turns WordprocessingML into a stream of blocks of text. Knows no files.

Names are compared without their namespace, because there are two of them (transitional and strict).
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from ingest.captions import is_table_caption
from ingest.characters import without_controls, without_surrogates, without_typesetting
from ingest.markup.docx_math import FormulaWriter
from ingest.markup.docx_notes import NoteKey, SideNotes
from ingest.markup.docx_numbering import BULLET, Numbering
from ingest.markup.docx_styles import (
    FORMAT_PROPERTIES,
    PLAIN,
    RunFormat,
    Styles,
    small_number,
)
from ingest.markup.inline import Run, joined_runs
from ingest.markup.paragraphs import Block
from ingest.markup.rows import MAX_ROW_CHARS, Cell, TableRows
from ingest.markup.symbol_fonts import symbol, with_symbols
from ingest.markup.xml import attribute, local_name

# Deleted or moved text, field codes, readings above characters, properties of other things.
_LEFT_OUT = frozenset({"del", "moveFrom", "instrText", "delText", "rt", "sectPr", "sdtPr"})
_RUN_PROPERTIES = FORMAT_PROPERTIES | {"rStyle", "del", "moveFrom"}
_CHARACTERS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011"}
# The lines between a page's text and its notes are stored as notes of these types.
_NOTES = frozenset({"footnote", "endnote"})
_SEPARATORS = frozenset({"separator", "continuationSeparator", "continuationNotice"})
_REFERENCES = {
    "footnoteReference": "footnote",
    "endnoteReference": "endnote",
    "commentReference": "comment",
}
_OBJECTS = frozenset({"object", "chart", "relIds", "altChunk"})
_MAX_PARAGRAPH_CHARS = 1_000_000
# A longer item of a numbered list is a paragraph, with a blank line after it.
_MAX_ITEM_CHARS = 200

Attributes = Mapping[str, str]


@dataclass
class _Paragraph:
    """A paragraph that is not complete yet, and what its properties say."""

    runs: list[Run] = field(default_factory=list)
    style: str = ""
    outline: int | None = None
    numbering: str | None = None
    numbering_level: int | None = None
    base_format: RunFormat = PLAIN
    joins_next: bool = False
    is_mark_hidden: bool = False
    is_continued: bool = False
    chars: int = 0


class WordTarget:
    """Turns the elements of one part of a document into blocks.

    `left_out` counts what was not read: "deleted", "hidden", "ruby", "symbols" and "objects".

    Args:
        styles: of the document.
        numbering: counts its numbered paragraphs.
        notes: its footnotes and comments, which follow the paragraphs that refer to them.
    """

    def __init__(
        self,
        styles: Styles | None = None,
        numbering: Numbering | None = None,
        notes: SideNotes | None = None,
    ) -> None:
        self.left_out: Counter[str] = Counter()
        self._styles = styles or Styles()
        self._numbering = numbering or Numbering()
        self._notes = notes or SideNotes()
        self._blocks: list[Block] = []
        self._paragraph = _Paragraph()
        self._outer: list[tuple[_Paragraph, RunFormat, RunFormat]] = []  # around a text box
        self._joining: list[Run] = []  # of a paragraph whose end was deleted
        self._format = self._style_format = PLAIN
        self._whole_format: RunFormat | None = None  # both, over that of the paragraph's style
        self._formula = FormulaWriter()
        self._fields: list[bool] = []  # of the open fields, whether their code is being read
        self._alternatives: list[bool] = []  # whether one of them was read
        self._references: list[NoteKey] = []
        self._own_mark: NoteKey | None = None
        self._tables = 0
        self._rows = TableRows()
        self._cells: list[Cell] | None = None
        self._is_header_row = False
        self._caption = ""
        self._row_chars = 0
        self._tag = ""
        self._skipped = self._skips = 0
        self._skip_reason = ""
        self._properties = self._run_properties = self._texts = 0
        self._after_tight = False

    def take_blocks(self) -> list[Block]:
        """Return the blocks since the last call."""
        blocks, self._blocks = self._blocks, []
        return blocks

    def start(self, tag: str, attributes: Attributes) -> None:
        """Take the start of an element."""
        name = self._tag = local_name(tag)
        if self._skipped:
            self._skipped += 1
            if name in _REFERENCES:
                self._notes.placed.add(NoteKey(_REFERENCES[name], attribute(attributes, "id")))
        elif name.endswith("Change") or (name in _NOTES and _is_separator(attributes)):
            self._skip(name)
        elif self._run_properties:
            self._run_properties += 1
            if name in _RUN_PROPERTIES:  # few of the many that a run has
                self._read_run_property(name, attributes)
        elif name == "rPr":
            self._run_properties = 1
        elif self._properties or name == "pPr":
            self._properties += 1
            self._read_property(name, attribute(attributes, "val"))
        elif name in _LEFT_OUT:
            self._skip(name)
        else:
            self._start_content(name, attributes)

    def end(self, tag: str) -> None:
        """Take the end of an element, with which a paragraph, a cell or a row may be complete."""
        self._tag = ""
        if self._skipped:
            self._skipped -= 1
        elif self._run_properties:
            self._run_properties -= 1
        elif self._properties:
            self._properties -= 1
        else:
            self._end_content(local_name(tag))

    def data(self, text: str) -> None:
        """Take text; it counts only inside a run."""
        if self._skipped:
            if self._tag in {"t", "delText"} and text.strip():
                self.left_out[self._skip_reason] += 1
        elif self._texts:
            self._add(text)

    def close(self) -> None:
        """Take the end of the part."""
        self._end_joining()
        self._place_notes()

    def _skip(self, name: str) -> None:
        self._skipped = 1
        self._skip_reason = {"del": "deleted", "delText": "deleted", "rt": "ruby"}.get(name, "")

    # Properties.

    def _read_property(self, name: str, value: str) -> None:
        paragraph = self._paragraph
        if name == "pStyle":
            paragraph.style = value
            paragraph.base_format = self._styles.run_format(value)
        elif name == "outlineLvl":
            level = small_number(value)
            if level is not None:
                paragraph.outline = level + 1 if level < 6 else 0
        elif name == "numId":
            paragraph.numbering = value
        elif name == "ilvl":
            paragraph.numbering_level = small_number(value)

    def _read_run_property(self, name: str, attributes: Attributes) -> None:
        if self._properties:  # those of the mark that ends the paragraph
            if name in {"del", "moveFrom"}:
                self._paragraph.joins_next = True
            elif name == "vanish":
                format_of_mark = PLAIN.with_property(name, attributes)
                self._paragraph.is_mark_hidden = bool(format_of_mark.is_hidden)
        elif name == "rStyle":
            self._style_format = self._styles.run_format(attribute(attributes, "val"))
        else:
            self._format = self._format.with_property(name, attributes)
        self._whole_format = None

    # Content.

    def _start_content(self, name: str, attributes: Attributes) -> None:
        if name in self._STARTS:
            self._STARTS[name](self)
        elif name in _CHARACTERS:
            self._add(_CHARACTERS[name])
        elif name in _REFERENCES:
            self._refer(NoteKey(_REFERENCES[name], attribute(attributes, "id")), attributes)
        elif name == "fldChar":
            self._read_field(attribute(attributes, "fldCharType"))
        elif name == "sym":
            self._add_symbol(attribute(attributes, "font"), attribute(attributes, "char"))
        elif name in {"Choice", "Fallback"}:
            self._start_alternative(name)
        elif name in _OBJECTS:
            self.left_out["objects"] += 1
        elif self._cells:
            self._read_cell_property(name, attribute(attributes, "val"))
        if name not in self._STARTS:
            self._formula.start(name, attributes, self._paragraph.runs)

    def _end_content(self, name: str) -> None:
        if name in self._ENDS:
            self._ENDS[name](self)
        else:
            self._formula.end(name, self._paragraph.runs)

    def _start_run(self) -> None:
        self._format = self._style_format = PLAIN
        self._whole_format = None

    def _start_text(self) -> None:
        self._texts += 1

    def _end_text(self) -> None:
        self._texts -= 1

    def _add(self, text: str) -> None:
        """Add text to the paragraph, set as the run says."""
        if any(self._fields):
            return
        paragraph = self._paragraph
        if self._whole_format is None:
            around = self._style_format.over(paragraph.base_format)
            self._whole_format = self._format.over(around)
        run_format = self._whole_format
        if run_format.is_hidden:
            self.left_out["hidden"] += bool(text.strip())
            return
        text, unknown = with_symbols(text, run_format.font or "")
        self.left_out["symbols"] += unknown
        if self._own_mark and text.strip():
            mark = self._notes.refer_with_own_mark(self._own_mark, text)
            self._own_mark = None
            paragraph.runs.append(Run(mark))
            return
        script = self._formula.script or run_format.script or ""
        paragraph.runs.append(Run(text, script, bool(run_format.is_struck)))
        paragraph.chars += len(text)
        if paragraph.chars > _MAX_PARAGRAPH_CHARS:
            self._end_text_of_paragraph()

    def _add_symbol(self, font: str, char: str) -> None:
        try:
            sign = symbol(font, int(char, 16))
        except ValueError:
            sign = None
        self.left_out["symbols"] += sign is None
        self._add(sign or "\ufffd")

    def _refer(self, key: NoteKey, attributes: Attributes) -> None:
        if any(self._fields):
            return
        self._references.append(key)
        custom = attribute(attributes, "customMarkFollows")
        if custom and custom not in {"0", "false", "off"}:
            self._own_mark = key
        elif mark := self._notes.refer(key):
            self._paragraph.runs.append(Run(mark))

    def _read_field(self, kind: str) -> None:
        """Follow a field: its code, which is left out, and its result, which is read."""
        if kind == "begin":
            self._fields.append(True)
        elif self._fields and kind == "separate":
            self._fields[-1] = False
        elif self._fields and kind == "end":
            self._fields.pop()

    def _start_alternatives(self) -> None:
        self._alternatives.append(False)

    def _end_alternatives(self) -> None:
        if self._alternatives:
            self._alternatives.pop()

    def _start_alternative(self, name: str) -> None:
        """Read the first of the alternatives for one drawing; the others say the same."""
        if not self._alternatives or self._alternatives[-1]:
            self._skip(name)
        else:
            self._alternatives[-1] = True

    # Paragraphs.

    def _start_paragraph(self) -> None:
        # The code of a field that is not closed must not swallow the document.
        self._fields = [False] * len(self._fields)
        self._outer.append((self._paragraph, self._format, self._style_format))
        self._paragraph = _Paragraph(runs=self._joining)
        self._joining, self._whole_format = [], None

    def _end_paragraph(self) -> None:
        if not self._outer:
            return
        self._own_mark = None
        if self._paragraph.joins_next:
            self._joining = self._paragraph.runs
        else:
            self._end_text_of_paragraph()
        self._paragraph, self._format, self._style_format = self._outer.pop()
        self._whole_format = None
        if not self._outer and not self._tables:
            self._place_notes()

    def _end_joining(self) -> None:
        """End a paragraph whose end was deleted, where no paragraph follows it."""
        if self._joining:
            around, self._paragraph = self._paragraph, _Paragraph(runs=self._joining)
            self._joining = []
            self._end_text_of_paragraph()
            self._paragraph = around

    def _end_text_of_paragraph(self) -> None:
        paragraph = self._paragraph
        text = without_controls(without_surrogates(joined_runs(paragraph.runs)))
        text = without_typesetting(text).strip()
        level = paragraph.outline
        level = self._styles.level(paragraph.style) if level is None else level
        label = self._label(paragraph, is_empty=not text)
        paragraph.runs, paragraph.chars, paragraph.is_continued = [], 0, True
        if not text:
            return
        if self._tables and self._cells:
            self._add_to_cell(text if label == BULLET else f"{label}{text}")
            return
        if self._tables == 0:
            is_caption = self._styles.is_caption(paragraph.style) or is_table_caption(text)
            self._caption = text if is_caption else ""
        is_item = label == BULLET or (bool(label) and len(text) <= _MAX_ITEM_CHARS)
        shown = text if level and label == BULLET else f"{label}{text}"
        self._emit(shown, level, tight=is_item and not level)

    def _label(self, paragraph: _Paragraph, *, is_empty: bool) -> str:
        """Count a paragraph, if it is numbered; return what stands before it."""
        if paragraph.is_continued or (is_empty and paragraph.is_mark_hidden):
            return ""
        numbering, level, owner = self._styles.numbering(paragraph.style)
        numbering = numbering if paragraph.numbering is None else paragraph.numbering
        if not numbering or numbering == "0":
            return ""
        if paragraph.numbering_level is not None:
            level = paragraph.numbering_level
        if level is None:
            level = self._numbering.level_of_style(numbering, owner)
        return self._numbering.label(numbering, level)

    def _place_notes(self) -> None:
        """Add the notes to which the text refers that was read since the last call."""
        references, self._references = self._references, []
        for key in references:
            text = self._notes.take(key)
            if text is not None:
                self._emit(text, 0, tight=False)

    # Tables; the cells of a table in a table are text of the cell around it.

    def _start_table(self) -> None:
        self._tables += 1
        if self._tables == 1:
            self._end_joining()
            self._rows, self._caption = TableRows(self._caption), ""

    def _end_table(self) -> None:
        self._tables -= 1
        if self._tables == 0 and not self._outer:
            self._place_notes()

    def _start_row(self) -> None:
        if self._tables == 1:
            self._cells, self._row_chars, self._is_header_row = [], 0, False

    def _start_cell(self) -> None:
        if self._tables == 1 and self._cells is not None:
            self._cells.append(Cell())

    def _end_cell(self) -> None:
        if self._tables == 1:
            self._end_joining()

    def _read_cell_property(self, name: str, value: str) -> None:
        if self._tables != 1 or not self._cells:
            return
        if name == "gridSpan":
            self._cells[-1].columns = small_number(value) or 1
        elif name == "vMerge":
            self._cells[-1].continues = value != "restart"

    def _start_header_row(self) -> None:
        self._is_header_row = self._tables == 1

    def _add_to_cell(self, text: str) -> None:
        assert self._cells
        self._cells[-1].parts.append(text)
        self._row_chars += len(text)
        if self._row_chars > MAX_ROW_CHARS:
            cells, self._cells = self._cells, None
            for part in (part for cell in cells for part in cell.parts):
                self._emit(part, 0, tight=False)

    def _end_row(self) -> None:
        if self._tables != 1:
            return
        cells, self._cells = self._cells or [], None
        is_marked = self._is_header_row
        is_header = is_marked or self._rows.first_row_is_header(cells)
        row = self._rows.end_row(cells, is_header, is_marked)
        if row.text:
            self._emit(row.text, 0, tight=True, header=row.header)

    def _emit(self, text: str, level: int, *, tight: bool, header: str = "") -> None:
        before = "\n" if self._after_tight and not tight else ""
        block = Block(f"{before}{text}\n" + "\n" * (not tight), level, header=header)
        self._blocks.append(block)
        self._after_tight = tight

    _STARTS: ClassVar[dict[str, Callable[["WordTarget"], None]]] = {
        "p": _start_paragraph,
        "r": _start_run,
        "t": _start_text,
        "AlternateContent": _start_alternatives,
        "tbl": _start_table,
        "tr": _start_row,
        "tc": _start_cell,
        "tblHeader": _start_header_row,
    }
    _ENDS: ClassVar[dict[str, Callable[["WordTarget"], None]]] = {
        "p": _end_paragraph,
        "t": _end_text,
        "AlternateContent": _end_alternatives,
        "tbl": _end_table,
        "tr": _end_row,
        "tc": _end_cell,
    }


def _is_separator(attributes: Attributes) -> bool:
    return attribute(attributes, "type") in _SEPARATORS
