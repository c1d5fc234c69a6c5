"""Turns the XML of one slide, or of its notes or comments, into lines of text. Knows no files.

Names are compared without their namespace. Source: ECMA-376 part 1, PresentationML and DrawingML.
"""

from collections.abc import Mapping

from ingest.characters import without_controls, without_surrogates, without_typesetting
from ingest.markup.inline import Run, Script, joined_runs
from ingest.markup.xml import attribute, local_name

_TITLES = frozenset({"title", "ctrTitle"})
# Numbers, dates and footers are the same on every slide.
_FRAMES = frozenset({"sldNum", "dt", "ftr", "hdr"})
_MAX_CHARS = 100_000


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
        self._lines: list[str] = []
        self._runs: list[Run] = []
        self._chars = 0
        self._depth_of_text = 0
        self._placeholder = ""
        self._script: Script = ""
        self._is_struck = False
        self._cells: list[list[str]] | None = None
        self._left_out = 0

    def take_lines(self) -> list[str]:
        """Return the lines since the last call."""
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
        elif name == "tr":
            self._cells = []
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
            cells, self._cells = self._cells, None
            line = "\t".join(" ".join(cell) for cell in cells).rstrip()
            if line.strip():
                self._lines.append(line)

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
        """Begin a cell; one that is merged with the cell before it repeats its value."""
        assert self._cells is not None
        is_merged = attribute(attributes, "hMerge") in ("1", "true") and self._cells
        if len(self._cells) < 1000:
            self._cells.append(list(self._cells[-1]) if is_merged else [])

    def _end_paragraph(self) -> None:
        text = without_typesetting(
            without_controls(without_surrogates(joined_runs(self._runs)))
        ).strip()
        self._runs, self._chars = [], 0
        if not text:
            return
        if self._cells:
            self._cells[-1].append(" ".join(text.split()))
            return
        if self._placeholder in _TITLES and len(self.title) < 1000:
            self.title = f"{self.title} {' '.join(text.split())}".strip()
        self._lines.append(text)
