"""JSON Lines: one record a line, made readable; a record is cut only where it is too long.

Only `json` reads the file: it builds plain values and runs nothing.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ingest.characters import without_controls, without_surrogates
from ingest.document import Document, Limits, Segment
from ingest.errors import DamagedDocument, LimitExceeded
from ingest.lines import Line, line_parts, pack_lines
from ingest.log import time_span
from ingest.runs import Runs
from ingest.text import TextReader

# What is nested deeper stays JSON.
_MAX_DEPTH = 6
_MAX_ONE_LINE_CHARS = 400
_TIME_KEYS = ("ts", "time", "timestamp", "@timestamp", "datetime", "date", "created_at")


@dataclass(frozen=True)
class JsonLinesReader(TextReader):
    """Reads one JSON Lines file."""

    def cut(self, blocks: Iterable[str], document: Document) -> Iterator[Segment]:
        records = _Records(self.limits)
        try:
            yield from pack_lines(records.lines(blocks), self.limits, lambda *_: 0, records.times)
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


class _Records:
    """The records of a file on their way to lines of text, and what was wrong with some."""

    def __init__(self, limits: Limits) -> None:
        self.count = 0
        self.bad = Runs()
        self._limits = limits
        self.too_long = Runs()
        # Of the records in the segment that is being packed; dropped behind it.
        self._times: dict[int, str] = {}

    def lines(self, blocks: Iterable[str]) -> Iterator[Line]:
        for number, line in self._raw_lines(blocks):
            if line is None:
                self.too_long.add(number)
                continue
            if not line.strip():
                continue
            try:
                record = json.loads(line)
                text = record_text(record)
            except (ValueError, RecursionError):
                self.bad.add(number)
                continue
            self.count += 1
            self._note_time(number, record)
            yield from line_parts(text + "\n", number, self._limits)

    def times(self, lines: list[Line]) -> str | None:
        first, last = lines[0].number, lines[-1].number
        span = time_span(self._times.get(first), self._times.get(last))
        self._times = {number: time for number, time in self._times.items() if number >= last}
        return span

    def notes(self) -> Iterator[str]:
        if self.bad.count and self.count:
            yield f"{self.bad.words('Line')} could not be read as JSON (left out)."
        if self.too_long.count:
            yield (
                f"{self.too_long.words('Line')} had more than "
                f"{self._limits.max_record_chars:,} characters (left out)."
            )

    def _note_time(self, number: int, record: Any) -> None:
        if not isinstance(record, dict):
            return
        for key in _TIME_KEYS:
            if isinstance(record.get(key), str):
                self._times[number] = record[key]
                return

    def _raw_lines(self, blocks: Iterable[str]) -> Iterator[tuple[int, str | None]]:
        """Yield the numbered lines; None for one that is too long to be kept."""
        number, parts, chars = 1, list[str](), 0
        for block in blocks:
            *whole, rest = block.split("\n")
            for text in whole:
                fits = chars + len(text) <= self._limits.max_record_chars
                yield number, "".join([*parts, text]) if fits else None
                number, parts, chars = number + 1, [], 0
            chars += len(rest)
            if chars > self._limits.max_record_chars:
                parts = []
            else:
                parts.append(rest)
        if chars:
            yield number, "".join(parts) if chars <= self._limits.max_record_chars else None


def record_text(record: Any) -> str:
    """Return a record as text: "key: value, key: value", or a line for each when that is long.

    >>> record_text({"level": "INFO", "user": {"id": 7, "tags": ["a", "b"]}})
    'level: INFO, user.id: 7, user.tags: a, b'
    """
    pairs = [f"{key}: {value}" if key else value for key, value in _flat("", record, 0)]
    one_line = ", ".join(pairs)
    if len(one_line) > _MAX_ONE_LINE_CHARS or "\n" in one_line:
        one_line = "\n".join(pairs) + "\n"
    return without_controls(without_surrogates(one_line))


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
