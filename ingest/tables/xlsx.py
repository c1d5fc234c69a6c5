"""Reads Excel workbooks (xlsx), sheet by sheet in a stream; no macro runs, nothing is fetched.

Cells are written as the program shows them, formulas by their saved values, comments on the lines
below their row. Hidden sheets are left out with a note; hidden rows and columns are read, because
filters hide rows.

Source: ECMA-376 part 1, SpreadsheetML.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.document import Document, Segment
from ingest.errors import DamagedDocument
from ingest.limits import Limits
from ingest.markup.archive import Archive
from ingest.markup.xml import BrokenXml, feed_xml
from ingest.tables.rows import TableRow
from ingest.tables.workbook import (
    Findings,
    Sheet,
    Span,
    add_notes,
    check_any_cell,
    repeat_merged,
    sheet_segments,
    with_comments,
)
from ingest.tables.xlsx_comments import count_comments, read_comments
from ingest.tables.xlsx_parts import SharedTexts, Workbook, read_texts, read_workbook
from ingest.tables.xlsx_sheet import SheetTarget, merged_spans


@dataclass(frozen=True)
class XlsxReader:
    """Reads one workbook; `name` is what messages call it, `limits` what it may ask for."""

    path: Path
    name: str
    limits: Limits

    def inspect(self) -> tuple[int | None, list[str]]:
        """Check that the list of sheets can be read; return no unit count and no notes.

        Raises:
            IngestError: the archive is damaged or holds no workbook.
        """
        with Archive(self.path, self.name, self.limits) as archive:
            read_workbook(archive, self.name)
        return None, []

    def read(self, document: Document) -> Iterator[Segment]:
        """Yield segments of whole rows, sheet by sheet, each with the header of its table.

        Raises:
            IngestError: the rest of the file cannot be read, or no visible sheet has text.
        """
        findings = Findings()
        try:
            with Archive(self.path, self.name, self.limits) as archive:
                workbook = read_workbook(archive, self.name)
                _count_parts(archive, workbook, findings)
                yield from self._segments(archive, workbook, document, findings)
        finally:
            add_notes(document, findings)
        check_any_cell(findings, self.name)
        document.unit_count = findings.rows

    def _segments(
        self, archive: Archive, workbook: Workbook, document: Document, findings: Findings
    ) -> Iterator[Segment]:
        texts = read_texts(archive, workbook, self.limits)
        numbered = list(enumerate(workbook.sheets, start=1))
        findings.hidden_sheets = [sheet.name for _, sheet in numbered if sheet.is_hidden]
        shown = [(number, sheet) for number, sheet in numbered if not sheet.is_hidden]
        rows = (
            (number, sheet, self._rows(archive, workbook, sheet, texts, document, findings))
            for number, sheet in shown
        )
        yield from sheet_segments(rows, len(shown) == 1, self.name, self.limits)

    def _rows(
        self,
        archive: Archive,
        workbook: Workbook,
        sheet: Sheet,
        texts: SharedTexts,
        document: Document,
        findings: Findings,
    ) -> Iterator[TableRow]:
        """Yield the rows of a sheet; of a damaged one, those before the damage."""
        rows = _sheet_rows(archive, workbook, sheet, texts, document, findings)
        merged = repeat_merged(rows, self._spans(sheet))
        return with_comments(merged, read_comments(archive, sheet.part), findings)

    def _spans(self, sheet: Sheet) -> list[Span]:
        """Return the merged cells of a sheet; they come after its rows, so it is unpacked twice."""
        try:
            with Archive(self.path, self.name, self.limits) as archive:
                return list(merged_spans(archive.stream(sheet.part)))
        except DamagedDocument:
            return []


def _sheet_rows(
    archive: Archive,
    workbook: Workbook,
    sheet: Sheet,
    texts: SharedTexts,
    document: Document,
    findings: Findings,
) -> Iterator[TableRow]:
    target = SheetTarget(texts, workbook.formats, workbook.from_1904, findings)
    last = 0
    try:
        for _ in feed_xml(archive.stream(sheet.part), target):
            document.on_step()
            for row in target.take_rows():
                last = row.number
                yield row
    except (BrokenXml, DamagedDocument):
        for row in target.take_rows():
            last = row.number
            yield row
        findings.damaged.append(sheet.name)
    findings.rows += last


def _count_parts(archive: Archive, workbook: Workbook, findings: Findings) -> None:
    """Count what is left out: charts and pictures, and the comments until they are read."""
    findings.charts = workbook.chart_sheets
    for entry in archive.names():
        findings.charts += entry.startswith("xl/charts/chart")
        findings.pictures += entry.startswith("xl/media/")
    findings.comments = count_comments(archive)
