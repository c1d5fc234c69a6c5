"""Turns the XML of an Excel sheet into rows. Knows no files.

Names are compared without their namespace, because there are two of them (transitional and strict).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from ingest.markup.xml import local_name
from ingest.tables.number_format import format_number
from ingest.tables.rows import TableRow
from ingest.tables.workbook import MAX_COLUMNS, MAX_ROWS, Findings, Span, bounded_cell
from ingest.tables.xlsx_parts import SharedTexts

_NAME = lru_cache(maxsize=256)(local_name)
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_MERGED = re.compile(
    rb"<(?:\w{1,40}:)?mergeCell\s+ref=[\"']([A-Z]{1,3}[0-9]{1,7}):([A-Z]{1,3}[0-9]{1,7})[\"']"
)
# More than the longest element that is looked for.
_OVERLAP_BYTES = 200
_MAX_SPANS = 200_000
_MAX_VALUE_CHARS = 1_000_000


class SheetTarget:
    """Turns the elements of a sheet into rows.

    Args:
        texts: the shared texts of the workbook.
        formats: the code of the number format of each cell style.
        from_1904: whether days are counted from 1904.
        findings: gets the counts for the notes.
    """

    def __init__(
        self, texts: SharedTexts, formats: list[str], from_1904: bool, findings: Findings
    ) -> None:
        self._texts, self._formats, self._from_1904 = texts, formats, from_1904
        self._findings = findings
        self._rows: list[TableRow] = []
        self._cells: list[str] = []
        self._number = 0
        self._column = -1
        self._kind = self._style = ""
        self._value: list[str] = []
        self._chars = 0
        self._in_value = self._has_formula = False
        self._reading = 0

    def take_rows(self) -> list[TableRow]:
        """Return the rows since the last call."""
        rows, self._rows = self._rows, []
        return rows

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take the start of an element."""
        name = _NAME(tag)
        if name == "c":
            reference = attributes.get("r", "")
            column = _column_of(reference) if reference else self._column + 1
            self._column = self._column + 1 if column is None else column
            self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "")
            self._value, self._chars, self._has_formula = [], 0, False
        elif name == "v" or (name == "t" and not self._reading):
            self._in_value = True
        elif name == "f":
            self._has_formula = True
        elif name == "row":
            self._start_row(attributes)
        elif name == "rPh":
            self._reading += 1
        elif name == "col" and attributes.get("hidden") in {"1", "true"}:
            first, last = attributes.get("min", "1"), attributes.get("max", "1")
            if first.isdigit() and last.isdigit() and len(last) < 7:
                self._findings.hidden_columns += max(0, int(last) - int(first) + 1)

    def end(self, tag: str) -> None:
        """Take the end of an element, with which a cell or a row may be complete."""
        name = _NAME(tag)
        if name in {"v", "t"}:
            self._in_value = False
        elif name == "c":
            self._end_cell()
        elif name == "row":
            if self._cells:
                self._rows.append(TableRow(self._number, self._cells))
                self._cells = []
        elif name == "rPh":
            self._reading -= 1

    def data(self, text: str) -> None:
        """Take text; it counts only inside a value."""
        if self._in_value and self._chars < _MAX_VALUE_CHARS:
            self._value.append(text)
            self._chars += len(text)

    def close(self) -> None:
        """Called at the end of the sheet: every row was complete before."""

    def _start_row(self, attributes: Mapping[str, str]) -> None:
        stated = attributes.get("r", "")
        number = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 8 else 0
        # Row numbers only rise; a damaged one is replaced by the next.
        self._number = number if self._number < number <= MAX_ROWS else self._number + 1
        self._cells, self._column = [], -1
        if attributes.get("hidden") in {"1", "true"}:
            self._findings.hidden_rows += 1

    def _end_cell(self) -> None:
        text = self._text()
        if not text:
            # A formula may give an empty text; that is a value.
            is_unsaved = self._has_formula and not self._value and self._kind != "str"
            self._findings.unsaved_formulas += is_unsaved
            return
        if not 0 <= self._column < MAX_COLUMNS:
            return
        self._findings.cells += 1
        cells = self._cells
        if self._column >= len(cells):
            cells.extend([""] * (self._column + 1 - len(cells)))
        cells[self._column] = text

    def _text(self) -> str:
        """Return what the cell shows."""
        value = "".join(self._value)
        if not value:
            return ""
        kind = self._kind
        if kind == "s":
            known = value.isascii() and value.isdigit() and len(value) < 10
            index = int(value) if known else len(self._texts)
            return (
                bounded_cell(self._texts[index], self._findings)
                if (index < len(self._texts))
                else "\ufffd"
            )
        if kind == "b":
            return "TRUE" if value.strip() == "1" else "FALSE"
        if kind != "n":
            return bounded_cell(value, self._findings)
        try:
            number = float(value)
        except ValueError:
            return bounded_cell(value, self._findings)
        style = int(self._style) if self._style.isascii() and self._style.isdigit() else -1
        code = self._formats[style] if 0 <= style < len(self._formats) else "General"
        return format_number(number, code, from_1904=self._from_1904)


@lru_cache(maxsize=16_384)
def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1


def _column_of(reference: str) -> int | None:
    """Return the column of a cell such as "B7", from 0 on; None if that is no reference."""
    letters = reference.rstrip("0123456789")
    if not letters.isascii() or not letters.isupper() or len(letters) > 3:
        return None
    return _column_number(letters)


def merged_spans(blocks: Iterable[bytes]) -> Iterator[Span]:
    """Yield the merged cells of a sheet, which its XML lists after the rows.

    Args:
        blocks: the sheet's XML in UTF-8; of another encoding, none are found.
    """
    before, count = b"", 0
    for block in blocks:
        data = before + block
        for match in _MERGED.finditer(data):
            first, last = _position(match[1].decode()), _position(match[2].decode())
            count += 1
            if count <= _MAX_SPANS:
                yield Span(*first, *last)
        # An element that was found is not found again, because only its part may remain.
        before = data[max(data.rfind(b">") + 1, len(data) - _OVERLAP_BYTES) :]


def _position(reference: str) -> tuple[int, int]:
    match = _REFERENCE.fullmatch(reference)
    assert match is not None
    return int(match[2]) - 1, _column_number(match[1])
