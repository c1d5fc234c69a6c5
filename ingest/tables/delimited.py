"""Reads delimited text (CSV, TSV) as a table, in a stream: memory does not grow with the file.

Rows are numbered as a spreadsheet program shows them: every record counts, blank lines too; a first
line "sep=;" does not.
"""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ingest.document import Document, Segment
from ingest.errors import EmptyDocument
from ingest.lines.text import TextReader
from ingest.number_ranges import NumberRanges
from ingest.tables.delimiter import declared_delimiter, find_dialect
from ingest.tables.records import split_records
from ingest.tables.rows import TableRow, clean_cells
from ingest.tables.splitting import bounded_segments, cut_tables

# Programs also write tabs, or a page, into a file that they name .xls.
TABLE_SUFFIXES = (".csv", ".tsv", ".tab", ".xls")
_SAMPLE_CHARS = 64 * 1024


@dataclass(frozen=True)
class DelimitedReader(TextReader):
    """Reads one file of delimited text."""

    def cut(self, blocks: Iterable[str], document: Document) -> Iterator[Segment]:
        """Yield segments of whole rows, each with the header line before them.

        Raises:
            EmptyDocument: no cell has text.
        """
        rows = _Rows(self.limits.max_record_chars)
        preferred = "\t" if self.name.lower().endswith((".tsv", ".tab", ".xls")) else None
        try:
            segments = cut_tables(rows.read(blocks, preferred), self.limits)
            yield from bounded_segments(segments, self.name, self.limits)
        finally:
            for note in rows.notes():
                document.add_note(note)
        if not rows.any_cell:
            raise EmptyDocument(f"{self.name} has empty cells only: there is nothing to read.")
        document.unit_count = rows.count


class _Rows:
    """Turns a text into rows, and counts them."""

    def __init__(self, max_line_chars: int) -> None:
        self.count = 0
        self.any_cell = False
        self._max_line_chars = max_line_chars
        self._too_long = NumberRanges()
        self._line = 0

    def read(self, blocks: Iterable[str], preferred: str | None) -> Iterator[TableRow]:
        """Yield the rows of a text.

        Args:
            blocks: of the text.
            preferred: the delimiter that the file's name promises.
        """
        source = iter(blocks)
        sample = ""
        for block in source:
            sample += block
            if len(sample) >= _SAMPLE_CHARS:
                break
        declared, skipped = declared_delimiter(sample)
        whole = len(sample) < _SAMPLE_CHARS
        dialect = find_dialect(
            sample[skipped:][:_SAMPLE_CHARS], is_whole=whole, preferred=preferred
        )
        if declared:
            dialect = dialect._replace(delimiter=declared)
        self._line = 1 if skipped else 0
        lines = self._lines(itertools.chain([sample[skipped:]], source))
        for cells in split_records(lines, dialect):
            self.count += 1
            if len(cells) > 1 or cells[0]:
                cells = clean_cells(cells)
                self.any_cell = self.any_cell or any(cells)
                yield TableRow(self.count, cells)

    def notes(self) -> Iterator[str]:
        """Yield the sentences for the user about rows that were read in part."""
        if self._too_long.count:
            yield (
                f"{self._too_long.describe('Line')} had more than {self._max_line_chars:,} "
                "characters; the rest of it was left out."
            )

    def _lines(self, blocks: Iterable[str]) -> Iterator[str]:
        """Yield lines with their newlines; the rest of a line that is too long is left out."""
        parts: list[str] = []
        chars = 0
        for block in blocks:
            first, *others = block.split("\n")
            parts.append(self._bounded(first, chars))
            chars += len(first)
            for text in others:
                self._line += 1
                yield "".join(parts) + "\n"
                parts, chars = [self._bounded(text, 0)], len(text)
        if any(parts):
            yield "".join(parts)

    def _bounded(self, text: str, before: int) -> str:
        """Return what of a line's next part is within the limit, after so many characters."""
        if before + len(text) <= self._max_line_chars:
            return text
        if before <= self._max_line_chars:
            self._too_long.add(self._line + 1)
        return text[: max(0, self._max_line_chars - before)]
