"""Reads subtitles (SubRip and WebVTT): consecutive cues as passages, with the times of both ends.

Tags and positions are left out, names of speakers are kept. Captions that roll repeat the lines
above in the next cue, without a pause; they are read once. Words that are said again are kept.
"""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from ingest.characters import without_controls, without_surrogates, without_typesetting
from ingest.document import Document, Segment
from ingest.errors import DamagedDocument
from ingest.limits import Limits
from ingest.lines.packing import Line, line_parts, numbered_lines, pack_lines
from ingest.lines.text import TextReader

_STAMP = r"(?:\d{1,3}:)?\d{1,2}:\d{2}[.,]\d{1,3}"
_TIMES = re.compile(rf"\s*(?P<start>{_STAMP})\s*-->\s*(?P<end>{_STAMP})")
_BEGINNING = re.compile(rf"\s*(?:\d{{1,6}}\s*\n)?\s*{_STAMP}\s*-->\s*{_STAMP}")
_SPEAKER = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]{1,100})>")
_TAG = re.compile(r"</?[a-zA-Z][^>]{0,200}>|</?>|<\d[\d:.]{3,20}>|\{\\[^}]{0,200}\}")
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’»)\]]*\s*$")
# A cue that follows within this time is shown without a pause: programs round, or leave a gap of a
# millisecond. Between two subtitles of a dialogue, editors leave at least two frames (80 ms).
_MAX_TOUCH_MS = 50
# Blocks of WebVTT that are not shown.
_NOT_SHOWN = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")


class _Cue(NamedTuple):
    """A text on the screen, and its times as they are written in the file."""

    start: str
    end: str
    text: str

    def touches(self, before: "_Cue") -> bool:
        """Return whether the cue is shown while the cue before it is, or right after it."""
        first, last = _milliseconds(before.start), _milliseconds(before.end) + _MAX_TOUCH_MS
        return first <= _milliseconds(self.start) <= last


@dataclass(frozen=True)
class SubtitleReader(TextReader):
    """Reads one file of subtitles."""

    def cut(self, blocks: Iterable[str], document: Document) -> Iterator[Segment]:
        """Yield segments of whole cues, which preferably end with a sentence.

        Raises:
            DamagedDocument: there is no cue in the file.
        """
        cues = _Numbered()
        lines = cues.lines(_cues(blocks, self.limits), self.limits)
        for segment in pack_lines(lines, self.limits, _rate_cut, _time_label):
            yield replace(segment, locator=replace(segment.locator, kind="cue"))
        if not cues.count:
            raise DamagedDocument(
                f"{self.name} has no subtitles with times in it: name it .txt if it is plain text."
            )
        document.unit_count = cues.count


def starts_as_subtitles(text: str) -> bool:
    """Return whether a text begins as a file of subtitles does."""
    text = text.removeprefix("\ufeff")
    return re.match(r"WEBVTT(?:\s|$)", text) is not None or _BEGINNING.match(text) is not None


class _Numbered:
    """Numbers the cues, from 1 on, and turns them into lines."""

    def __init__(self) -> None:
        self.count = 0

    def lines(self, cues: Iterable[_Cue], limits: Limits) -> Iterator[Line]:
        before: _Cue | None = None
        for cue in cues:
            self.count += 1
            shown = cue.text.split("\n")
            if before and cue.touches(before):
                shown = shown[_rolled_count(before.text.split("\n"), shown) :]
            before = cue
            text = "\n".join(shown)
            time = f"{_clock(cue.start)}–{_clock(cue.end)}"
            if text:
                for part in line_parts(f"{text}\n", self.count, limits):
                    yield part._replace(time=time)


def _rolled_count(before: list[str], shown: list[str]) -> int:
    """Return how many lines at the start of a cue are the last ones of the cue before it."""
    counts = range(min(len(before), len(shown)), 0, -1)
    return next((count for count in counts if shown[:count] == before[-count:]), 0)


def _cues(blocks: Iterable[str], limits: Limits) -> Iterator[_Cue]:
    """Yield the cues of a file: a line with times, and the lines up to the next empty one."""
    cue: _Cue | None = None
    shown: list[str] = []
    chars = 0
    for line in _whole_lines(blocks, limits):
        times = _TIMES.match(line)
        if times is not None:
            if cue is not None:
                yield cue._replace(text=_clean_text(shown))
            cue = _Cue(times["start"], times["end"], "")
            shown, chars = [], 0
        elif cue is None:
            continue
        elif line.strip():
            chars += len(line) + 1
            # A cue without an end is no cue: the memory stays bounded.
            if chars <= limits.max_page_chars:
                shown.append(line)
        else:
            yield cue._replace(text=_clean_text(shown))
            cue = None
    if cue is not None:
        yield cue._replace(text=_clean_text(shown))


def _whole_lines(blocks: Iterable[str], limits: Limits) -> Iterator[str]:
    """Yield the lines of a text, the very long ones in parts, without the blocks of notes."""
    after_empty, is_hidden = True, False
    for line in numbered_lines(blocks, limits):
        text = line.text.strip("\n")
        if after_empty and line.is_start:
            is_hidden = _NOT_SHOWN.match(text) is not None
        after_empty = not text.strip()
        if not is_hidden or after_empty:
            yield text


def _clean_text(lines: list[str]) -> str:
    text = html.unescape(_TAG.sub("", _SPEAKER.sub(r"\1: ", "\n".join(lines))))
    text = without_typesetting(without_controls(without_surrogates(text)))
    return "\n".join(line.strip() for line in text.split("\n") if line.strip())


def _clock(stamp: str) -> str:
    """Return a time without fractions of a second, with hours: "01:02.500" is "00:01:02"."""
    parts = re.split("[.,]", stamp)[0].split(":")
    return ":".join(part.zfill(2) for part in ["00", *parts][-3:])


def _milliseconds(stamp: str) -> int:
    whole, _, fraction = stamp.replace(",", ".").partition(".")
    seconds = 0
    for part in whole.split(":"):
        seconds = 60 * seconds + int(part)
    return 1000 * seconds + int(fraction.ljust(3, "0"))


def _rate_cut(line: Line, following: Line) -> int:
    return 1 if _SENTENCE_END.search(line.text) else 0


def _time_label(lines: list[Line]) -> str | None:
    """Return the time from the start of the first cue to the end of the last one."""
    start = (lines[0].time or "").partition("–")[0]
    end = (lines[-1].time or "").partition("–")[2]
    return f"{start}–{end}"
