"""Reads Jupyter notebooks: text and code of the cells in order, with short outputs.

Pictures in outputs and attachments are left out with a note. A notebook is one JSON value and is
held as a whole, without its pictures.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from ingest.characters import without_controls, without_surrogates, without_typesetting
from ingest.document import Document, Segment
from ingest.errors import DamagedDocument, EmptyDocument, too_much_text
from ingest.lines.encoded_data import EncodedDataFilter, without_encoded_data
from ingest.lines.packing import Line, line_parts, pack_lines
from ingest.lines.text import TextReader

# Outputs are often tables and logs of any length; their beginning says what they are.
_MAX_OUTPUT_CHARS = 2000
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_BEGINNING = re.compile(r'\s*\{\s*"(?:cells|metadata|nbformat|nbformat_minor|worksheets)"\s*:')
_HEADING = re.compile(r"\s*#{1,6} ")
_EMBEDDED = re.compile(r"!\[([^\]]{0,200})\]\((?:attachment:|data:)[^)]{0,2000}\)")


@dataclass(frozen=True)
class NotebookReader(TextReader):
    """Reads one notebook."""

    keeps_encoded_data: ClassVar[bool] = True  # the pictures are counted here

    def max_chars(self) -> int:
        """Return the limit for the notebook with its pictures in characters."""
        return self.limits.max_text_chars

    def cut(self, blocks: Iterable[str], document: Document) -> Iterator[Segment]:
        """Yield segments of whole cells; a heading begins one where possible.

        Raises:
            DamagedDocument: the file is no notebook.
            EmptyDocument: no cell has text.
        """
        cells = _cells(self._parsed(blocks))
        left_out = _LeftOut()
        lines = _cell_lines(cells, left_out)
        count = 0
        parts = (part for line in lines for part in line_parts(*line, self.limits))
        for segment in pack_lines(parts, self.limits, _rate_cut):
            count += 1
            yield replace(segment, locator=replace(segment.locator, kind="cell"))
        for note in left_out.notes():
            document.add_note(note)
        if not count:
            raise EmptyDocument(f"{self.name} has no cells with text: there is nothing to read.")
        document.unit_count = len(cells)

    def _parsed(self, blocks: Iterable[str]) -> Mapping[str, Any]:
        texts, chars = [], 0
        for text in EncodedDataFilter().filtered(blocks):
            texts.append(text)
            chars += len(text)
            if chars > self.limits.max_markup_chars:
                raise too_much_text(self.name, self.limits.max_markup_chars)
        try:
            notebook = json.loads("".join(texts))
        except (ValueError, RecursionError) as error:
            raise DamagedDocument(
                f"{self.name} is a damaged notebook, its JSON cannot be parsed (cut short?): fetch "
                "it again, or open it in Jupyter and save it again."
            ) from error
        if not isinstance(notebook, dict):
            raise DamagedDocument(
                f"{self.name} is named like a Jupyter notebook but is none: name it .json if it is "
                "other JSON."
            )
        return notebook


def starts_as_notebook(text: str) -> bool:
    """Return whether a text begins as a notebook does."""
    text = text.removeprefix("\ufeff")
    is_notebook = '"cell_type"' in text or '"nbformat"' in text
    return _BEGINNING.match(text) is not None and is_notebook


@dataclass
class _LeftOut:
    """What is not read of a notebook."""

    pictures: int = 0
    cut_outputs: list[int] = field(default_factory=list)

    def notes(self) -> Iterator[str]:
        if self.pictures:
            yield f"Pictures and other media in the notebook are not read: {self.pictures:,}."
        if self.cut_outputs:
            yield (
                f"Outputs of more than {_MAX_OUTPUT_CHARS:,} characters were read in part: "
                f"{len(self.cut_outputs):,}."
            )


def _cells(notebook: Mapping[str, Any]) -> list[Any]:
    """Return the cells; notebooks before version 4 have them on worksheets."""
    if isinstance(notebook.get("cells"), list):
        return list(notebook["cells"])
    sheets = notebook.get("worksheets")
    sheets = sheets if isinstance(sheets, list) else []
    found = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
    return [cell for cells in found if isinstance(cells, list) for cell in cells]


def _cell_lines(cells: list[Any], left_out: _LeftOut) -> Iterator[tuple[str, int]]:
    """Yield the text of each cell and of its outputs, with the number of the cell."""
    for number, cell in enumerate(cells, start=1):
        if not isinstance(cell, dict):
            continue
        attachments = cell.get("attachments")
        left_out.pictures += len(attachments) if isinstance(attachments, dict) else 0
        text = _cell_text(cell)
        if text.strip():
            yield text, number
        outputs = cell.get("outputs")
        for output in outputs if isinstance(outputs, list) else ():
            shown = _output_text(output, left_out) if isinstance(output, dict) else ""
            if len(shown) > _MAX_OUTPUT_CHARS:
                left_out.cut_outputs.append(number)
                shown = shown[:_MAX_OUTPUT_CHARS].rstrip() + "…"
            if shown.strip():
                yield _clean(f"Output: {shown.strip()}"), number


def _cell_text(cell: Mapping[str, Any]) -> str:
    text = _joined(cell.get("source", cell.get("input")))
    if cell.get("cell_type") == "heading":  # before version 4
        level = cell.get("level")
        text = "#" * (level if isinstance(level, int) and 1 <= level <= 6 else 1) + " " + text
    return _clean(_EMBEDDED.sub(r"\1", text))


def _output_text(output: Mapping[str, Any], left_out: _LeftOut) -> str:
    """Return what an output shows as text: printed text, a result, or the error."""
    if "traceback" in output or output.get("output_type") in ("error", "pyerr"):
        return f"{_joined(output.get('ename'))}: {_joined(output.get('evalue'))}"
    if output.get("output_type") == "stream":
        return _ESCAPES.sub("", _joined(output.get("text")))
    data = output.get("data")
    # Before version 4 the kinds were keys of the output itself, with short names.
    shown = data if isinstance(data, dict) else output
    if any(_is_media(key) for key in shown):
        left_out.pictures += 1
        return ""
    return _ESCAPES.sub("", _joined(shown.get("text/plain", shown.get("text"))))


def _is_media(key: str) -> bool:
    kinds = ("image/", "video/", "audio/", "application/pdf", "application/vnd")
    return key.startswith(kinds) or key in {"png", "jpeg", "svg", "pdf"}


def _joined(value: Any) -> str:
    """Return a text that is stored as one string or as a list of lines."""
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _clean(text: str) -> str:
    """Return the text of a cell with the empty line that ends it."""
    text = without_encoded_data(
        without_typesetting(without_controls(without_surrogates(text)))
    ).rstrip()
    return f"{text}\n\n"


def _rate_cut(line: Line, following: Line) -> int:
    """Return how good a cut between two cells is; an output stays with its code."""
    if _HEADING.match(following.text):
        return 2
    return 0 if following.text.startswith("Output: ") else 1
