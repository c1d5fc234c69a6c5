"""Reads logs: whole lines, an entry together with its continuation lines, and their time stamps.

The joined texts of the segments are the document.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ingest.document import Document, Segment
from ingest.limits import Limits
from ingest.lines.packing import Line, numbered_lines, pack_lines
from ingest.lines.text import TextReader
from ingest.naming import clean_line

# A time stamp is near the start of its line; the rest of the line is not searched.
_STAMP_WITHIN_CHARS = 200
_MAX_STAMP_CHARS = 40
_TIME = r"\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?"
_ZONE = r"(?: ?(?:Z|UTC|[+-]\d{2}:?\d{2}))?"
_DAY = r"\d{4}[-/]\d{2}[-/]\d{2}"
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_STAMP = re.compile(
    # Before it: the priority of syslog, an opening bracket or quote, a level, or nothing.
    r"(?:<\d{1,3}>(?:\d )?)?[\[(\"']?(?:[A-Z]{4,8}[: \t]+)?[\[(]?"
    # ISO 8601 and similar; syslog; a time alone; seconds since 1970 or since the start.
    rf"(?P<stamp>{_DAY}[T ,]{{1,2}}{_TIME}{_ZONE}"
    rf"|{_MONTH} [ \d]\d(?: \d{{4}})? {_TIME}"
    rf"|{_TIME}(?=[\s\]])|\d{{10}}(?:\.\d{{1,9}})?(?=[\s\]])| *\d{{1,8}}\.\d{{6}}(?=\]))"
    # Web servers: address, identity and user come first.
    rf"|\S{{1,100}} \S{{1,40}} \S{{1,40}} \[(?P<web>\d{{2}}/{_MONTH}/\d{{4}}:{_TIME} [+-]\d{{4}})\]"
)


@dataclass(frozen=True)
class LogReader(TextReader):
    """Reads one log."""

    def cut(self, blocks: Iterable[str], document: Document) -> Iterator[Segment]:
        """Yield segments of whole entries where possible, labelled with their times."""
        return log_segments(blocks, self.limits)


def log_segments(
    blocks: Iterable[str], limits: Limits, line: int = 1, is_line_start: bool = True
) -> Iterator[Segment]:
    """Cut the text of a log into segments.

    Args:
        blocks: the text.
        limits: the target and the maximum length of a segment.
        line: the number of the line on which the text begins.
        is_line_start: false if the text begins inside that line.
    """
    lines = numbered_lines(blocks, limits, line, is_line_start)
    return pack_lines(lines, limits, _rate_cut, _label)


def time_stamp(line: str) -> str | None:
    """Return the time stamp at the start of a line as it is written there, None without one."""
    match = _STAMP.match(line[:_STAMP_WITHIN_CHARS])
    return (match["stamp"] or match["web"]).strip() if match else None


def looks_like_log(text: str) -> bool:
    """Return whether most of the first lines of a text start with a time stamp."""
    lines = [line for line in text.split("\n")[:50] if line.strip()]
    return len(lines) >= 3 and 2 * sum(map(bool, map(time_stamp, lines))) > len(lines)


def time_span(first: str | None, last: str | None) -> str | None:
    """Return "first – last" as a label for a locator; one time if they are equal or one is None."""
    stamps = [clean_line(stamp, _MAX_STAMP_CHARS) for stamp in (first, last) if stamp]
    return " – ".join(dict.fromkeys(stamps)) or None


def _rate_cut(line: str, following: str) -> int:
    """Return 1 for a cut before a line with a time stamp, else 0.

    A line without one belongs to the entry above it: a stack trace, a wrapped message.
    """
    return 1 if time_stamp(following) else 0


def _label(lines: list[Line]) -> str | None:
    stamps = [time_stamp(line.text) for line in lines if line.is_start]
    known = [stamp for stamp in stamps if stamp]
    return time_span(known[0], known[-1]) if known else None
