"""The end of a log that is being written: what came since, whole lines, through rotations.

Knows files and bytes, not segments. Its position is a `TailCursor`, plain values that can be
stored: a tail made from it later, in another process, resumes there and neither repeats nor skips a
line, as far as the files still have them.

A last line without its newline waits until it is complete, for as long as that takes: taken at a
guess after a quiet period, what is read would depend on the clock. Only where nothing can follow
it any more (the file was rotated away, or following ends) is it taken as it is.
"""

import codecs
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from ingest.errors import DocumentNotFound, UnsupportedFormat
from ingest.lines.encoding import detect_encoding
from ingest.naming import file_name
from ingest.sniffing import HEAD_BYTES, describe_no_text, starts_as_pdf
from ingest.source import open_file
from ingest.tail.rotation import bears_mark, mark_of, neighbours, regular, rotated

BLOCK_BYTES = 1 << 20
"""Read at a time; a line that is longer than this no longer waits for its end."""
GRACE_S = 1.0
_MAX_FINISHED = 8


@dataclass(frozen=True)
class TailCursor:
    """How far a log was read.

    Args:
        inode, offset, mark: the file that is being read, up to where, and how it is known there.
        encoding: of the log; fixed when following begins.
        is_mid_line: what was taken last did not end with a newline.
        renewals: how often the log began again, rotated or cut to nothing.
        gaps: how often what had been read was nowhere to be found when the log began again.
        finished: (offset, mark) of the files that were read last; none is read again.
    """

    inode: int = 0
    offset: int = 0
    mark: str = ""
    encoding: str = "utf-8"
    is_mid_line: bool = False
    renewals: int = 0
    gaps: int = 0
    finished: tuple[tuple[int, str], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "TailCursor":
        finished = tuple((int(offset), str(mark)) for offset, mark in values["finished"])
        return cls(**{**values, "finished": finished})

    def notes(self) -> Iterator[str]:
        """Yield what a person should know."""
        if self.renewals:
            yield (
                f"The log began again {self.renewals:,} times (rotated or emptied); its lines are "
                "counted on."
            )
        if self.gaps:
            yield (
                f"When it did, {self.gaps:,} times the rest of the older file was not to be found: "
                "lines may be missing there."
            )


def start_of(path: Path) -> TailCursor:
    """Return the place before the first line of a log that can be followed.

    Raises:
        DocumentNotFound: there is no such file.
        UnsupportedFormat: it is no text whose lines can be told apart byte by byte.
    """
    name = file_name(path.name)
    status = regular(path)
    if status is None:
        raise DocumentNotFound(f"{name} is not there, or no regular file: name a log to follow.")
    with open_file(path, name) as stream:
        head = stream.read(HEAD_BYTES)
        kind = "a PDF" if starts_as_pdf(head) else describe_no_text(head)
        encoding = detect_encoding(stream).name
    if kind is None and encoding.startswith(("utf-16", "utf-32")):
        kind = f"text in {encoding.upper()}"
    if kind is not None:
        raise UnsupportedFormat(
            f"{name} looks like {kind}; what is followed is a log in UTF-8 or another encoding "
            "that contains ASCII: read it without following."
        )
    return TailCursor(status.st_ino, encoding="utf-8" if encoding == "utf-8-sig" else encoding)


class Tail:
    """Reads what a log has got since a place.

    Args:
        path: the log; it may be missing for a while.
        grace_s: how long a file that was renamed must be silent before it counts as ended, for its
            writer goes on with it until it is told.
    """

    def __init__(
        self,
        path: Path,
        place: TailCursor,
        grace_s: float = GRACE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.place = place
        self._path, self._grace_s, self._clock = path, grace_s, clock
        self._file: BinaryIO | None = None
        self._status: os.stat_result | None = None
        self._checked: tuple[int, int] | None = None
        self._silent_since: float | None = None

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None

    def read(self) -> str:
        """Return the lines that came; empty when there are none, or when another file is next.

        Raises:
            OSError: the log is there and cannot be read; nothing is lost by trying again.
        """
        before = self.place
        try:
            return self._read()
        except OSError:
            # What was taken is not returned, so it counts as not taken.
            self.place = before
            self.close()
            raise

    def _read(self) -> str:
        if (self._file is None or self._lost_its_place()) and not self._locate():
            return ""
        text = self._ended_line() or self._take()
        if text or not self._is_left():
            self._silent_since = None
            return text
        if not self._was_silent_long_enough():
            return ""
        text = self._take(to_the_end=True)
        self._go_on_to_the_next()
        return text + self._ended_line()

    def read_to_the_end(self) -> Iterator[str]:
        """Yield everything there is, the last line also if it has no newline."""
        self._grace_s, before = 0.0, None
        while before != self.place:
            before = self.place
            if text := self.read():
                yield text
        if self._file is not None and (text := self._take(to_the_end=True)):
            yield text

    # Which file.

    def _locate(self) -> bool:
        """Open the file in which the place is, else the log from its start; False if neither is."""
        at = self.place
        everywhere = [(self._path, regular(self._path)), *neighbours(self._path)]
        same_file = [path for path, s in everywhere if s is not None and s.st_ino == at.inode]
        older = [path for path, _ in reversed(rotated(self._path))]
        if at.offset:
            # Behind the file itself: the log, for it may have been moved here from a backup, and
            # the copies of it that `copytruncate` leaves.
            likely = [*same_file, self._path, *older]
        else:  # nothing tells the file but its number, so it should at least have the name
            likely = [path for path in same_file if path in (self._path, *older)]
        for path in likely:
            if bears_mark(path, at.offset, at.mark):
                return self._open(path, at.offset)
        return self._open(self._path, 0, is_gap=at.offset > 0)

    def _open(self, path: Path, offset: int, is_gap: bool = False) -> bool:
        """Go on in a file, or begin another; False if it is not there."""
        self.close()
        try:
            self._file = path.open("rb", buffering=0)
        except FileNotFoundError:
            return False
        status = self._status = os.fstat(self._file.fileno())
        self._checked, self._silent_since = None, None
        at = self.place
        if at.inode and offset == 0 and (at.offset or at.inode != status.st_ino):
            at = replace(at, mark="", renewals=at.renewals + 1, gaps=at.gaps + is_gap)
        self.place = replace(at, inode=status.st_ino, offset=offset)
        return True

    def _lost_its_place(self) -> bool:
        """Whether the file was emptied, or written anew, under the same name."""
        assert self._file is not None
        status, at = os.fstat(self._file.fileno()), self.place
        # Not by its size alone: it may have grown again to the very size it had.
        now = (status.st_size, status.st_mtime_ns)
        if now == self._checked:
            return False
        self._checked = now
        return status.st_size < at.offset or mark_of(self._file, at.offset) != at.mark

    def _is_left(self) -> bool:
        """Whether the log is another file by now; one that is only gone may come back."""
        now = regular(self._path)
        return now is not None and not os.path.samestat(now, self._opened())

    def _opened(self) -> os.stat_result:
        assert self._status is not None
        return self._status

    def _was_silent_long_enough(self) -> bool:
        if self._silent_since is None:
            self._silent_since = self._clock()
        return self._clock() - self._silent_since >= self._grace_s

    def _go_on_to_the_next(self) -> None:
        """Leave a file that was read to its end for the one that was begun after it."""
        assert self._file is not None
        left_at = os.fstat(self._file.fileno()).st_mtime_ns
        if self.place.offset:
            ended = (self.place.offset, self.place.mark)
            finished = (*self.place.finished, ended)[-_MAX_FINISHED:]
            self.place = replace(self.place, finished=finished)
        live = regular(self._path)
        skipped = [
            path
            for path, status in rotated(self._path)
            if status.st_mtime_ns >= left_at
            and not os.path.samestat(status, self._opened())
            and not (live is not None and os.path.samestat(status, live))
            and not any(bears_mark(path, *ended) for ended in self.place.finished)
        ]
        self._open(skipped[0] if skipped else self._path, 0)

    # What is in it.

    def _take(self, to_the_end: bool = False) -> str:
        """Return the next block of whole lines, or of a line beyond a block; else nothing.

        With `to_the_end` all that is left, a line without its end too.
        """
        taken: list[str] = []
        while block := self._block():
            end = block.rfind(b"\n") + 1
            if not end and (to_the_end or len(block) == BLOCK_BYTES):
                is_last = len(block) < BLOCK_BYTES
                text, end = decoded_part(block, self.place.encoding, is_last)
            else:
                text = plain(block[:end].decode(self.place.encoding, "replace"))
            if not end:
                break
            if not self.place.offset:
                text = text.removeprefix("\ufeff")
            self._advance(end, text)
            taken.append(text)
            if text and not to_the_end:
                break
        return "".join(taken)

    def _block(self) -> bytes:
        assert self._file is not None
        self._file.seek(self.place.offset)
        return self._file.read(BLOCK_BYTES)

    def _advance(self, read_bytes: int, text: str) -> None:
        assert self._file is not None
        at = self.place
        offset = at.offset + read_bytes
        is_mid_line = not text.endswith("\n") if text else at.is_mid_line
        mark = mark_of(self._file, offset)
        self.place = replace(at, offset=offset, mark=mark, is_mid_line=is_mid_line)

    def _ended_line(self) -> str:
        """Return, at the start of a file, the newline that the one before it lacked."""
        if self.place.offset or not self.place.is_mid_line:
            return ""
        self.place = replace(self.place, is_mid_line=False)
        return "\n"


def decoded_part(block: bytes, encoding: str, is_last: bool) -> tuple[str, int]:
    """Return the text of a part of a line, and how many bytes of it that is.

    A character, or a line's end of two, of which only the beginning is there is left for later.
    """
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    text = decoder.decode(block, final=is_last)
    count = len(block) - len(decoder.getstate()[0])
    if text.endswith("\r") and not is_last:
        text, count = text[:-1], count - 1
    return plain(text), count


def plain(text: str) -> str:
    """Return text as `text.decoded_blocks` has it: one kind of newline, and no NUL."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
