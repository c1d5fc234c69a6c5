"""Turns the XML of one slide, or of its notes or comments, into lines of text. Knows no files.

Names are compared without their namespace. Source: ECMA-376 part 1, PresentationML and DrawingML.
"""

from collections.abc import Mapping

from ingest.captions import is_table_caption
from ingest.characters import without_controls, without_surrogates, without_typesetting
from ingest.markup.inline import Run, Script, joined_runs
from ingest.markup.rows import MAX_ROW_CHARS, Cell, TableRows, span
from ingest.markup.xml import attribute, local_name
from ingest.segmenting import Row

_TITLES = frozenset({"title", "ctrTitle"})
# Numbers, dates and footers are the same on every slide.
_FRAMES = frozenset({"sldNum", "dt", "ftr", "hdr"})
_MAX_CHARS = 100_000
_MAX_COLUMNS = 1000


class SlideTarget:
    """Collects the text of a slide; `title` is that of its title, `is_hidden` its own mark.

    Args:
        text_elements: the names of the elements that hold text.
    """

    def __init__(self, text_elements: frozenset[str] = frozenset({"t"})) -> None:
        self.title = ""
        self.is_hidden = False
        self.charts = 0
        self._text_elements = text_elements
        self._lines: list[Row] = []
        self._runs: list[Run] = []
        self._chars = 0
        self._depth_of_text = 0
        self._placeholder = ""
        self._script: Script = ""
        self._is_struck = False
        self._rows = TableRows()
        self._caption = ""
        self._has_header_row = False  # the table says that its first row has the names
        self._cells: list[Cell] | None = None
        self._covered = 0  # the cells to come that the last one extends over
        self._left_out = 0

    def take_lines(self) -> list[Row]:
        """Return the lines since the last call, each with its newline."""
        lines, self._lines = self._lines, []
        return lines

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take the start of an element."""
        name = local_name(tag)
        if self._left_out or name == "Fallback":
            self._left_out += 1
        elif name == "sld":
            self.is_hidden = attribute(attributes, "show") in ("0", "false")
        elif name in ("sp", "graphicFrame"):
            self._placeholder = ""
        elif name == "ph":
            self._placeholder = attribute(attributes, "type")
        elif name in self._text_elements:
            self._depth_of_text += 1
        elif name in ("r", "fld"):
            self._script, self._is_struck = "", False
        elif name == "rPr":
            self._read_format(attributes)
        elif name == "br":
            self._runs.append(Run("\n"))
        elif name == "tbl":
            self._rows, self._caption = TableRows(self._caption), ""
            self._has_header_row = False
        elif name == "tblPr":
            self._has_header_row = attribute(attributes, "firstRow") in ("1", "true")
        elif name == "tr":
            self._cells, self._covered = [], 0
        elif name == "tc" and self._cells is not None:
            self._start_cell(attributes)
        elif name == "chart":
            self.charts += 1

    def end(self, tag: str) -> None:
        """Take the end of an element."""
        name = local_name(tag)
        if self._left_out:
            self._left_out -= 1
        elif name in self._text_elements:
            self._depth_of_text = max(0, self._depth_of_text - 1)
            if name == "text":  # a comment, which has no paragraphs
                self._end_paragraph()
        elif name == "p":
            self._end_paragraph()
        elif name == "tr" and self._cells is not None:
            self._end_row()

    def data(self, text: str) -> None:
        """Take text; it counts only inside a run."""
        if not self._depth_of_text or self._left_out or self._placeholder in _FRAMES:
            return
        self._runs.append(Run(text, self._script, self._is_struck))
        self._chars += len(text)
        if self._chars > _MAX_CHARS:
            self._end_paragraph()

    def close(self) -> None:
        """Called at the end of the part: every line was complete before."""

    def _read_format(self, attributes: Mapping[str, str]) -> None:
        raised = attribute(attributes, "baseline")
        if raised not in ("", "0", "0%"):
            self._script = "sub" if raised.startswith("-") else "sup"
        self._is_struck = attribute(attributes, "strike") in ("sngStrike", "dblStrike")

    def _start_cell(self, attributes: Mapping[str, str]) -> None:
        """Begin a cell; one that is merged with the cell beside or above it repeats its value."""
        assert self._cells is not None
        if attribute(attributes, "vMerge") in ("1", "true"):
            cell = Cell(continues=True)
        elif attribute(attributes, "hMerge") in ("1", "true") and self._cells:
            if self._covered:
                self._covered -= 1
                return
            cell = Cell(parts=list(self._cells[-1].parts))
        else:
            cell = Cell(columns=min(span(attribute(attributes, "gridSpan")), _MAX_COLUMNS))
            self._covered = cell.columns - 1
        if len(self._cells) < _MAX_COLUMNS:
            self._cells.append(cell)

    def _end_row(self) -> None:
        cells, self._cells = self._cells or [], None
        is_marked = self._has_header_row
        is_header = is_marked or self._rows.first_row_is_header(cells)
        self._has_header_row = False
        row = self._rows.end_row(cells, is_header, is_marked)
        if row.text:
            self._lines.append(Row(f"{row.text.rstrip()}\n", row.header))

    def _spill_row(self) -> None:
        """Turn the current row, which is too long for data, into paragraphs."""
        cells, self._cells = self._cells or [], None
        self._lines += [Row(f"{part}\n") for cell in cells for part in cell.parts]

    def _end_paragraph(self) -> None:
        text = without_typesetting(
            without_controls(without_surrogates(joined_runs(self._runs)))
        ).strip()
        self._runs, self._chars = [], 0
        if not text:
            return
        if self._cells:
            self._cells[-1].parts.append(" ".join(text.split()))
            if sum(len(part) for cell in self._cells for part in cell.parts) > MAX_ROW_CHARS:
                self._spill_row()
            return
        if self._placeholder in _TITLES and len(self.title) < 1000:
            self.title = f"{self.title} {' '.join(text.split())}".strip()
        self._caption = text if is_table_caption(text) else ""
        self._lines.append(Row(f"{text}\n"))
