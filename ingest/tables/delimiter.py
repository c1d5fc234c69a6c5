"""Finds out how a delimited text separates its cells, from a sample. Knows no files.

The delimiter is the character with which most records have the same number of cells. A sample of
`csv.Sniffer` is not enough for that: it takes frequent letters of prose for delimiters.
"""

import re
from collections import Counter

from ingest.tables.records import Dialect, split_records

_CANDIDATES = "\t;|,"
_DECLARATION = re.compile(r"\ufeff?\s*\"?sep=(.)\"?[ \t]*(?:\n|$)", re.IGNORECASE)
# With less agreement between the records, each line is one cell.
_MIN_AGREEMENT = 0.6
_SINGLE_QUOTED = re.compile(r"(?:^|[\t;|,])'[^'\n]*'(?=[\t;|,]|$)", re.MULTILINE)
_MAX_RECORDS = 400
_MIN_TABLE_LINES = 5
_MAX_TABLE_LINE_CHARS = 1000


def declared_delimiter(text: str) -> tuple[str | None, int]:
    """Return the delimiter that a first line "sep=;" declares, and the length of that line."""
    match = _DECLARATION.match(text)
    return (match[1], match.end()) if match else (None, 0)


def looks_like_table(sample: str) -> bool:
    """Return whether a text without a telling name is surely a table: tabs, as Excel exports them.

    At least three columns, in every line as many, and no column of paragraphs. Prose that begins
    its lines with a tab, or a list of words with their meanings, stays a text.

    Args:
        sample: the beginning of the text; its last line may be incomplete.
    """
    lines = [line for line in sample.split("\n")[:-1] if line.strip()]
    if len(lines) < _MIN_TABLE_LINES or max(map(len, lines)) > _MAX_TABLE_LINE_CHARS:
        return False
    columns = {line.count("\t") for line in lines}
    return len(columns) == 1 and columns.pop() >= 2 and not any(line[0].isspace() for line in lines)


def find_dialect(sample: str, *, is_whole: bool, preferred: str | None = None) -> Dialect:
    """Return the delimiter and the quotation mark of a text.

    Args:
        sample: the beginning of the text.
        is_whole: whether that is all of it; else its last line may be incomplete.
        preferred: the delimiter that the file's name promises; it wins if it is as good.
    """
    if not is_whole:
        sample = sample[: sample.rfind("\n") + 1] or sample
    quote = '"'
    if '"' not in sample and len(_SINGLE_QUOTED.findall(sample)) > sample.count("\n"):
        quote = "'"
    order = [preferred] if preferred else []
    order += [candidate for candidate in _CANDIDATES if candidate != preferred]
    ranked = [(_agreement(sample, Dialect(one, quote)), one) for one in order if one in sample]
    # max returns the first of several that are equally good.
    best, delimiter = max(ranked, key=lambda pair: pair[0], default=(0.0, ""))
    return Dialect(delimiter if best >= _MIN_AGREEMENT else None, quote)


def _agreement(sample: str, dialect: Dialect) -> float:
    """Return the share of records that have the usual number of cells, if that is more than one.

    A cell that has another delimiter in it counts against it: "1,5;2,5;3" are three numbers.
    """
    others = set(_CANDIDATES) - {dialect.delimiter, ","}
    widths: Counter[int] = Counter()
    cells = strange = 0
    lines = (f"{line}\n" for line in sample.split("\n"))
    for record in split_records(lines, dialect, _MAX_RECORDS):
        if record == [""]:
            continue
        widths[len(record)] += 1
        cells += len(record)
        strange += sum(not others.isdisjoint(cell) for cell in record)
    wide = Counter({width: count for width, count in widths.items() if width > 1})
    if not wide:
        return 0.0
    return wide.most_common(1)[0][1] / widths.total() - 0.2 * strange / cells
