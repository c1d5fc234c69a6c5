"""Reads JSON Lines: each line is a record, written out as readable text.

A record is cut only if it is longer than a segment may be. Only `json` parses the file: it builds
plain values and executes nothing.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ingest.characters import without_controls, without_surrogates, without_typesetting
from ingest.document import Document, Segment
from ingest.errors import DamagedDocument, LimitExceeded
from ingest.limits import Limits
from ingest.lines.log import time_span
from ingest.lines.packing import Line, line_parts, pack_lines
from ingest.lines.text import TextReader
from ingest.number_ranges import NumberRanges

# Values that are nested deeper stay JSON.
_MAX_DEPTH = 6
_MAX_ONE_LINE_CHARS = 400
# The keys above a value are repeated before each value: a short record may give a long text.
_MAX_GROWTH = 4
# How much of a time is kept; a locator shows far less of it.
_MAX_TIME_CHARS = 1000
_TIME_KEYS = ("ts", "time", "timestamp", "@timestamp", "datetime", "date", "created_at")


@dataclass(frozen=True)
class JsonLinesReader(TextReader):
    """Reads one JSON Lines file."""

    def cut(self, blocks: Iterable[str], document: Document) -> Iterator[Segment]:
        """Yield segments of whole records; note the lines that were left out.

        Raises:
            DamagedDocument: no line is a JSON record.
            LimitExceeded: all records are too long.
        """
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
    """Turns the records of a text into readable lines, and counts the bad ones.

    Args:
        limits: the maximum lengths of a record and of a segment.
        first_line: the number of the line with which the text begins.
    """

    def __init__(self, limits: Limits, first_line: int = 1) -> None:
        self.count = 0
        self.bad, self.too_long = NumberRanges(), NumberRanges()
        self._limits = limits
        self._raw = _RawLines(limits.max_record_chars, first_line)

    def lines(self, blocks: Iterable[str]) -> Iterator[Line]:
        """Yield the readable lines of a whole text."""
        for block in blocks:
            yield from self.add(block)
        yield from self.finish()

    def add(self, text: str) -> Iterator[Line]:
        """Add the next part of the text; yield the readable lines of the records that it completes.

        Take all of them before the next call.
        """
        for number, line in self._raw.add(text):
            yield from self._record(number, line)

    def finish(self) -> Iterator[Line]:
        """Yield the readable lines of the last record, whose line has no newline."""
        if self._raw.chars:
            yield from self._record(self._raw.number, self._raw.partial_line())

    @property
    def line_count(self) -> int:
        """How many lines there are: those before the text, and the last one even if incomplete."""
        return self._raw.number - 1 + bool(self._raw.chars)

    def notes(self) -> Iterator[str]:
        """Yield the sentences for the user about lines that were left out."""
        if self.bad.count and self.count:
            yield f"{self.bad.describe('Line')} could not be read as JSON (left out)."
        if self.too_long.count:
            yield (
                f"{self.too_long.describe('Line')} had more than "
                f"{self._limits.max_record_chars:,} characters (left out)."
            )

    def as_dict(self) -> dict[str, Any]:
        """Return plain values that can be stored, for `from_dict`."""
        return {
            "count": self.count,
            "bad": self.bad.as_dict(),
            "too_long": self.too_long.as_dict(),
            "line": self._raw.number,
            "unended": self._raw.partial_line(),
            "unended_chars": self._raw.chars,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any], limits: Limits) -> "Records":
        """Return the records of which `as_dict` made the values; they continue there."""
        records = cls(limits, int(values["line"]))
        records.count = int(values["count"])
        records.bad = NumberRanges.from_dict(values["bad"])
        records.too_long = NumberRanges.from_dict(values["too_long"])
        records._raw.keep(values["unended"] or "", int(values["unended_chars"]))
        return records

    def _record(self, number: int, line: str | None) -> Iterator[Line]:
        """Yield the readable lines of a record; note it if it is too long or is not JSON."""
        if line is None:
            self.too_long.add(number)
            return
        if not line.strip():
            return
        try:
            record = json.loads(line)
            text = record_text(record, _MAX_GROWTH * self._limits.max_record_chars)
        except RecordTooLong:
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
    """Numbers the lines of a text that arrives in parts; a line that is too long is not held."""

    def __init__(self, max_chars: int, number: int) -> None:
        self.number, self.chars = number, 0
        self._max_chars, self._parts = max_chars, list[str]()

    def add(self, text: str) -> Iterator[tuple[int, str | None]]:
        """Yield the lines that `text` completes, without newlines; None for a line too long."""
        *whole, rest = text.split("\n")
        for part in whole:
            self.keep(part, len(part))
            yield self.number, self.partial_line()
            self.number, self.chars, self._parts = self.number + 1, 0, []
        self.keep(rest, len(rest))

    def partial_line(self) -> str | None:
        """Return the current line so far, None if it is too long."""
        return "".join(self._parts) if self.chars <= self._max_chars else None

    def keep(self, part: str, chars: int) -> None:
        """Add a part to the current line; `chars` may count a part that is not held any more."""
        self.chars += chars
        if self.chars > self._max_chars:
            self._parts = []
        elif part:
            self._parts.append(part)


def pack_records(lines: Iterable[Line], limits: Limits) -> Iterator[Segment]:
    """Cut the lines of records into segments, each with the times of its records as label."""
    return pack_lines(
        lines, limits, lambda *_: 0, lambda lines: time_span(lines[0].time, lines[-1].time)
    )


class RecordTooLong(Exception):
    """The readable text of a record is far longer than its line."""


def record_text(record: Any, max_chars: int = sys.maxsize) -> str:
    """Return a record as text: "key: value, key: value", or a line for each pair if that is long.

    Args:
        record: a value that `json` parsed.
        max_chars: of all pairs together.

    Raises:
        RecordTooLong: the pairs have more than `max_chars` characters.

    >>> record_text({"level": "INFO", "user": {"id": 7, "tags": ["a", "b"]}})
    'level: INFO, user.id: 7, user.tags: a, b'
    """
    pairs, chars = list[str](), 0
    for key, value in _pairs("", record, 0):
        pairs.append(f"{key}: {value}" if key else value)
        chars += len(pairs[-1])
        if chars > max_chars:
            raise RecordTooLong
    one_line = ", ".join(pairs)
    if len(one_line) > _MAX_ONE_LINE_CHARS or "\n" in one_line:
        one_line = "\n".join(pairs) + "\n"
    return without_typesetting(without_controls(without_surrogates(one_line)))


def _time(record: Any) -> str | None:
    """Return the time of a record as it is written there, None if it has none."""
    if not isinstance(record, dict):
        return None
    times = (record[key] for key in _TIME_KEYS if isinstance(record.get(key), str))
    return next((time[:_MAX_TIME_CHARS] for time in times), None)


def _pairs(key: str, value: Any, depth: int) -> Iterator[tuple[str, str]]:
    """Yield the scalars in a value with their full keys, such as "user.id"."""
    if isinstance(value, dict) and value and depth < _MAX_DEPTH:
        for name, inner in value.items():
            yield from _pairs(f"{key}.{name}" if key else name, inner, depth + 1)
    elif isinstance(value, list) and any(isinstance(inner, (dict, list)) for inner in value):
        if depth < _MAX_DEPTH:
            for index, inner in enumerate(value, start=1):
                yield from _pairs(f"{key}.{index}" if key else str(index), inner, depth + 1)
        else:
            yield key, _scalar(value)
    elif isinstance(value, list):
        yield key, ", ".join(map(_scalar, value))
    else:
        yield key, _scalar(value)


def _scalar(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
