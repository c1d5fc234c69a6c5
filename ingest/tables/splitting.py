"""Finds the tables in a stream of rows: titles, headers, and blank rows between two tables.

Knows no format. A blank row ends a table if the rows after it begin with a title or have a header
of their own; else the table continues, because people set rows apart by blank ones, too.
"""

from collections import deque
from collections.abc import Iterable, Iterator

from ingest.document import Chapter, Segment
from ingest.errors import LimitExceeded
from ingest.limits import Limits
from ingest.tables.cutter import MAX_CAPTION_CHARS, Table, cut_table
from ingest.tables.header import SAMPLE_ROWS, find_header
from ingest.tables.rows import TableRow

_MAX_SAMPLE_CHARS = 400_000


def cut_tables(
    rows: Iterable[TableRow], limits: Limits, name: str = "", chapter: Chapter | None = None
) -> Iterator[Segment]:
    """Yield the segments of a file's or a sheet's rows.

    Args:
        rows: in order; blank rows may be left out, their numbers show them.
        limits: the target and the maximum length of a segment.
        name: of the sheet, which becomes a part of each caption; empty if it says nothing.
        chapter: the sheet.
    """
    stream = _Rows(rows)
    while sample := stream.sample():
        found = find_header(sample)
        titles = sample[: found.titles]
        caption = ": ".join(filter(None, [name, *dict.fromkeys(map(_title_line, titles))]))
        if len(caption) > MAX_CAPTION_CHARS:
            # The caption will be shortened, so the whole titles are read as rows.
            yield from cut_table(Table(chapter=chapter), titles, limits)
            titles = []
        header = sample[found.titles : found.titles + found.rows]
        start = min((row.number for row in [*titles, *header]), default=None)
        stream.skip(found.titles + found.rows)
        comments = [comment for row in [*titles, *header] for comment in row.comments]
        columns = 0 if header else max(map(_width, sample))
        table = Table(caption, header, start, chapter, comments, columns)
        yield from cut_table(table, stream.rows_of_table(bool(header)), limits)


def bounded_segments(segments: Iterable[Segment], name: str, limits: Limits) -> Iterator[Segment]:
    """Pass the segments of a document on while their text is within bounds.

    With the repeated headers and names of columns, the text may be longer than the file.

    Args:
        segments: of the document.
        name: what messages call the file.
        limits: what it may ask for.

    Raises:
        LimitExceeded: there is more than twice the text that a document may have.
    """
    chars = 0
    for segment in segments:
        chars += len(segment.text)
        if chars > 2 * limits.max_text_chars:
            raise LimitExceeded(
                f"The rows of {name}, with the names of their columns, are more than "
                f"{2 * limits.max_text_chars:,} characters, the limit for one document: split it "
                "into parts and read them one after another."
            )
        yield segment


def _width(row: TableRow) -> int:
    """Return the number of the last cell of a row that is filled."""
    return max((index + 1 for index, cell in enumerate(row.cells) if cell), default=0)


def _title_line(row: TableRow) -> str:
    """Return the texts of a title's cells; a merged cell is named once."""
    return " ".join(dict.fromkeys(filter(None, row.cells)))


class _Rows:
    """A stream of rows that can be looked into; a gap in the numbers is a blank row."""

    def __init__(self, rows: Iterable[TableRow]) -> None:
        self._rows = (row for row in rows if any(row.cells))
        self._ahead: deque[TableRow] = deque()
        self._last: int | None = None

    def sample(self) -> list[TableRow]:
        """Return the next rows up to a blank one, without taking them.

        A blank row after a title does not count: a title is rows with a single filled cell.
        """
        self._fill()
        block: list[TableRow] = []
        is_wide = False
        for row in self._ahead:
            if is_wide and row.number > block[-1].number + 1:
                break
            # A merged title has the same value in every column.
            is_wide = is_wide or len(set(row.cells) - {""}) > 1
            block.append(row)
        return block

    def skip(self, count: int) -> None:
        """Take the first rows of the sample, which are title and header."""
        self._last = None
        for _ in range(count):
            self._last = self._ahead.popleft().number

    def rows_of_table(self, has_header: bool) -> Iterator[TableRow]:
        """Take and yield the rows up to a blank one after which another table begins.

        Args:
            has_header: whether the table has a header, which its rows after a blank one share.
        """
        while row := self._next():
            is_apart = self._last is not None and row.number > self._last + 1
            if is_apart:
                self._ahead.appendleft(row)
                found = find_header(self.sample())
                if found.is_sure or (found.rows and not has_header):
                    return
                self._ahead.popleft()
            self._last = row.number
            yield row

    def _next(self) -> TableRow | None:
        return self._ahead.popleft() if self._ahead else next(self._rows, None)

    def _fill(self) -> None:
        chars = sum(len(cell) for row in self._ahead for cell in row.cells)
        while len(self._ahead) < SAMPLE_ROWS and chars <= _MAX_SAMPLE_CHARS:
            row = next(self._rows, None)
            if row is None:
                return
            self._ahead.append(row)
            chars += sum(map(len, row.cells))
