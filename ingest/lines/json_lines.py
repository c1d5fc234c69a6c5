"""JSON Lines: one record a line, made readable; a record is cut only where it is too long.

Only `json` reads the file: it builds plain values and runs nothing.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ingest.characters import without_controls, without_surrogates
from ingest.document import Document, Limits, Segment
from ingest.errors import DamagedDocument, LimitExceeded
from ingest.lines.log import time_span
from ingest.lines.packing import Line, line_parts, pack_lines
from ingest.lines.text import TextReader
from ingest.number_ranges import Runs

# What is nested deeper stays JSON.
_MAX_DEPTH = 6
_MAX_ONE_LINE_CHARS = 400
# The name of what holds a value is repeated before each: a small record can write very much.
_MAX_GROWTH = 4
# Kept of a time; what a locator shows of it is far shorter.
_MAX_TIME_CHARS = 1000
_TIME_KEYS = ("ts", "time", "timestamp", "@timestamp", "datetime", "date", "created_at")


@dataclass(frozen=True)
class JsonLinesReader(TextReader):
    """Reads one JSON Lines file."""

    def cut(self, blocks: Iterable[str], document: Document) -> Iterator[Segment]:
        records = Records(self.limits)
        try:
            yield from pack_records(records.lines(blocks), self.limits)
        finally:
            for note in records.notes():
                document.add_note(note)
        if records.too_long.count and not records.count:
            raise LimitExceeded(
                f"{self.name} has lines of more than {self.limits.max_record_chars:,} characters "
                "only: split them into smaller records."
            )
        if records.bad.count and not records.count:
            raise DamagedDocument(
                f"No line of {self.name} is a JSON record: name it .txt if it is plain text, or "
                ".json if it is one JSON value over many lines."
            )


class Records:
    """The records of a text on their way to lines of words, and what was wrong with some.

    Args:
        first_line: the number of the line with which the text begins.
    """

    def __init__(self, limits: Limits, first_line: int = 1) -> None:
        self.count = 0
        self.bad, self.too_long = Runs(), Runs()
        self._limits = limits
        self._raw = _RawLines(limits.max_record_chars, first_line)

    def lines(self, blocks: Iterable[str]) -> Iterator[Line]:
        """Yield the lines of a whole text."""
        for block in blocks:
            yield from self.add(block)
        yield from self.last()

    def add(self, text: str) -> Iterator[Line]:
        """Yield what the lines give that end in `text`; take all of it before the next call."""
        for number, line in self._raw.add(text):
            yield from self._record(number, line)

    def last(self) -> Iterator[Line]:
        """Yield what the last line gives, which has no newline."""
        if self._raw.chars:
            yield from self._record(self._raw.number, self._raw.unended())

    @property
    def line_count(self) -> int:
        """How many lines came, the last one counted if it has begun; before the text too."""
        return self._raw.number - 1 + bool(self._raw.chars)

    def notes(self) -> Iterator[str]:
        if self.bad.count and self.count:
            yield f"{self.bad.words('Line')} could not be read as JSON (left out)."
        if self.too_long.count:
            yield (
                f"{self.too_long.words('Line')} had more than "
                f"{self._limits.max_record_chars:,} characters (left out)."
            )

    def as_dict(self) -> dict[str, Any]:
        return {
            "count": self.count,
            "bad": self.bad.as_dict(),
            "too_long": self.too_long.as_dict(),
            "line": self._raw.number,
            "unended": self._raw.unended(),
            "unended_chars": self._raw.chars,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any], limits: Limits) -> "Records":
        records = cls(limits, int(values["line"]))
        records.count = int(values["count"])
        records.bad = Runs.from_dict(values["bad"])
        records.too_long = Runs.from_dict(values["too_long"])
        records._raw.keep(values["unended"] or "", int(values["unended_chars"]))
        return records

    def _record(self, number: int, line: str | None) -> Iterator[Line]:
        """Yield the lines of a record; it counts as left out if it cannot be read."""
        if line is None:
            self.too_long.add(number)
            return
        if not line.strip():
            return
        try:
            record = json.loads(line)
            text = record_text(record, _MAX_GROWTH * self._limits.max_record_chars)
        except _GrewTooLong:
            self.too_long.add(number)
            return
        except (ValueError, RecursionError):
            self.bad.add(number)
            return
        self.count += 1
        time = _time(record)
        for part in line_parts(text + "\n", number, self._limits):
            yield part._replace(time=time)


class _RawLines:
    """Numbers the lines of a text as it comes; of one that is too long nothing is held."""

    def __init__(self, max_chars: int, number: int) -> None:
        self.number, self.chars = number, 0
        self._max_chars, self._parts = max_chars, list[str]()

    def add(self, text: str) -> Iterator[tuple[int, str | None]]:
        """Yield the lines that end in `text`, without their newline; None for one too long."""
        *whole, rest = text.split("\n")
        for part in whole:
            self.keep(part, len(part))
            yield self.number, self.unended()
            self.number, self.chars, self._parts = self.number + 1, 0, []
        self.keep(rest, len(rest))

    def unended(self) -> str | None:
        """What there is of the line that has begun."""
        return "".join(self._parts) if self.chars <= self._max_chars else None

    def keep(self, part: str, chars: int) -> None:
        self.chars += chars
        if self.chars > self._max_chars:
            self._parts = []
        elif part:
            self._parts.append(part)


def pack_records(lines: Iterable[Line], limits: Limits) -> Iterator[Segment]:
    """Cut the lines of records into segments that are labelled with their times."""
    return pack_lines(
        lines, limits, lambda *_: 0, lambda lines: time_span(lines[0].time, lines[-1].time)
    )


class _GrewTooLong(Exception):
    """A record's text is far longer than its line."""


def record_text(record: Any, max_chars: int = sys.maxsize) -> str:
    """Return a record as text: "key: value, key: value", or a line for each when that is long.

    Raises:
        _GrewTooLong: the pairs have more than `max_chars` characters.

    >>> record_text({"level": "INFO", "user": {"id": 7, "tags": ["a", "b"]}})
    'level: INFO, user.id: 7, user.tags: a, b'
    """
    pairs, chars = list[str](), 0
    for key, value in _flat("", record, 0):
        pairs.append(f"{key}: {value}" if key else value)
        chars += len(pairs[-1])
        if chars > max_chars:
            raise _GrewTooLong
    one_line = ", ".join(pairs)
    if len(one_line) > _MAX_ONE_LINE_CHARS or "\n" in one_line:
        one_line = "\n".join(pairs) + "\n"
    return without_controls(without_surrogates(one_line))


def _time(record: Any) -> str | None:
    """Return the time that a record says."""
    if not isinstance(record, dict):
        return None
    times = (record[key] for key in _TIME_KEYS if isinstance(record.get(key), str))
    return next((time[:_MAX_TIME_CHARS] for time in times), None)


def _flat(key: str, value: Any, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value and depth < _MAX_DEPTH:
        for name, inner in value.items():
            yield from _flat(f"{key}.{name}" if key else name, inner, depth + 1)
    elif isinstance(value, list) and any(isinstance(inner, (dict, list)) for inner in value):
        if depth < _MAX_DEPTH:
            for index, inner in enumerate(value, start=1):
                yield from _flat(f"{key}.{index}" if key else str(index), inner, depth + 1)
        else:
            yield key, _scalar(value)
    elif isinstance(value, list):
        yield key, ", ".join(map(_scalar, value))
    else:
        yield key, _scalar(value)


def _scalar(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
