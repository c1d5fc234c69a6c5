"""Divides a delimited text into records and cells. Knows no files.

A record is a line, unless a quoted cell holds a newline. A quotation mark that is never closed is
read as a character, else one mark would swallow the rest of the file.
"""

import csv
import itertools
import re
from collections import deque
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

# A quoted cell is not longer than this.
_MAX_QUOTED_LINES = 500
_MAX_QUOTED_CHARS = 1_000_000
_MAX_CELL_CHARS = 2**30
# A character that no decoded text has.
_NO_DELIMITER = "\0"


class Dialect(NamedTuple):
    """How cells are separated and quoted; without a delimiter, a line is one cell."""

    delimiter: str | None
    quote: str = '"'


def split_records(
    lines: Iterable[str], dialect: Dialect, limit: int | None = None
) -> Iterator[list[str]]:
    """Yield the cells of each record; a blank line is a record with an empty cell.

    Args:
        lines: with their newlines.
        dialect: how the cells are separated and quoted.
        limit: how many records to yield at most.
    """
    return itertools.islice(_records(lines, dialect), limit)


def _records(lines: Iterable[str], dialect: Dialect) -> Iterator[list[str]]:
    delimiter, quote = dialect.delimiter or _NO_DELIMITER, dialect.quote
    # The module's own limit is 128 KiB; what a line may have is bounded before.
    csv.field_size_limit(max(csv.field_size_limit(), _MAX_CELL_CHARS))
    source = iter(lines)
    ahead: deque[str] = deque()
    while True:
        line = ahead.popleft() if ahead else next(source, None)
        if line is None:
            return
        if quote not in line:
            yield line.rstrip("\n").split(delimiter)
        elif line.count(quote) % 2 == 0:
            yield _parsed(line, dialect)
        elif _patterns(dialect).opening.search(line) and (
            whole := _until_closed(line, source, ahead, dialect)
        ):
            yield _parsed(whole, dialect)
        else:
            # The mark is a character, as in 5" for inches.
            yield line.rstrip("\n").split(delimiter)


def _until_closed(
    line: str, source: Iterator[str], ahead: deque[str], dialect: Dialect
) -> str | None:
    """Return the record that begins with a line whose last quotation mark is open.

    Returns None if it is not closed soon; the lines that were looked at are then in `ahead`.
    """
    parts, marks, chars = [line], line.count(dialect.quote), len(line)
    while marks % 2 and len(parts) < _MAX_QUOTED_LINES and chars <= _MAX_QUOTED_CHARS:
        following = ahead.popleft() if ahead else next(source, None)
        if following is None:
            break
        parts.append(following)
        marks, chars = marks + following.count(dialect.quote), chars + len(following)
    if marks % 2 or not _patterns(dialect).closing.search(parts[-1]):
        ahead.extendleft(reversed(parts[1:]))
        return None
    return "".join(parts)


class _Patterns(NamedTuple):
    """A quotation mark that begins a cell, and one that ends a cell."""

    opening: re.Pattern[str]
    closing: re.Pattern[str]


@lru_cache(maxsize=16)
def _patterns(dialect: Dialect) -> _Patterns:
    delimiter, quote = re.escape(dialect.delimiter or _NO_DELIMITER), re.escape(dialect.quote)
    return _Patterns(
        re.compile(rf"(?:^|{delimiter})[ \t]*{quote}"),
        re.compile(rf"{quote}[ \t]*(?:{delimiter}|$)"),
    )


def _parsed(record: str, dialect: Dialect) -> list[str]:
    delimiter = dialect.delimiter or _NO_DELIMITER
    reader = csv.reader(
        [record], delimiter=delimiter, quotechar=dialect.quote, skipinitialspace=True
    )
    try:
        return next(reader)
    except csv.Error:  # a newline outside the quotation marks
        return record.rstrip("\n").split(delimiter)
