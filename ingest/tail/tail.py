"""Reads the lines that are appended to a log, through rotations.

Knows files and bytes, not segments. Its position is a `TailCursor`, plain values that can be
stored: a `Tail` made from them later, in another process, resumes there. It neither repeats nor
skips a line, as far as the files still have them.

An incomplete last line waits for its newline without a time limit: with one, what is read would
depend on the clock. Only if nothing can be appended to it any more (the file was rotated away, or
following ends) is it read as it is.
"""

import io
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from ingest.characters import without_typesetting
from ingest.errors import DocumentNotFound, UnsupportedFormat
from ingest.lines.decoding import decode_part, decode_whole
from ingest.lines.encoding import Encoding, detect_encoding
from ingest.naming import file_name
from ingest.sniffing import HEAD_BYTES, describe_non_text, starts_as_pdf
from ingest.source import unreadable_error
from ingest.tail.opening import Folders, OutsideFolders, open_log
from ingest.tail.rotation import (
    has_mark,
    mark_of,
    other_files,
    regular_file_status,
    rotated_files,
)

BLOCK_BYTES = 1 << 20
"""How much is read at a time; a longer line does not wait for its end."""
GRACE_S = 1.0
_MAX_FINISHED = 8


@dataclass(frozen=True)
class TailCursor:
    """How far a log was read.

    Args:
        inode: of the file that is being read.
        offset: how many of its bytes were read.
        mark: by which the file is recognised at that offset.
        encoding: of the log, or two codecs joined with "+" where its lines are in UTF-8 and in
            another encoding; fixed when following begins.
        is_mid_line: the text that was read last did not end with a newline.
        renewals: how often the log began again, after a rotation or emptied.
        gaps: how often the file that had been read was not found when the log began again.
        finished: (offset, mark) of the files that were read to their ends last; they are not read
            again.
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
        """Return plain values that can be stored, for `from_dict`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "TailCursor":
        """Return the cursor of which `as_dict` made the values."""
        finished = tuple((int(offset), str(mark)) for offset, mark in values["finished"])
        return cls(**{**values, "finished": finished})

    def notes(self) -> Iterator[str]:
        """Yield the sentences for the user about rotations and lost lines."""
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


def start_cursor(path: Path, within: Folders = None) -> TailCursor:
    """Return the cursor before the first line of a log.

    Args:
        path: of the log.
        within: the folders that may be read; None for all.

    Raises:
        OutsideFolders: it is in none of them.
        DocumentNotFound: there is no such file.
        UnsupportedFormat: it is not text, or its encoding does not contain ASCII.
    """
    name = file_name(path.name)
    status = regular_file_status(path)
    if status is None:
        raise DocumentNotFound(
            f"{name} does not exist or is not a regular file: name a log to follow."
        )
    with _opened(path, name, within) as stream:
        head = stream.read(HEAD_BYTES)
        kind = "a PDF" if starts_as_pdf(head) else describe_non_text(head)
        found = detect_encoding(stream)
    encoding = found.name
    if kind is None and encoding.startswith(("utf-16", "utf-32")):
        kind = f"text in {encoding.upper()}"
    if kind is not None:
        raise UnsupportedFormat(
            f"{name} looks like {kind}; only a log in UTF-8 or another encoding that contains "
            "ASCII can be followed: read it without following."
        )
    names = ("utf-8" if encoding == "utf-8-sig" else encoding, found.for_other_lines)
    return TailCursor(status.st_ino, encoding="+".join(filter(None, names)))


def _opened(path: Path, name: str, within: Folders) -> BinaryIO:
    try:
        return io.BufferedReader(open_log(path, within))
    except OSError as error:
        raise unreadable_error(name, error) from error


class Tail:
    """Reads what was appended to a log after a cursor.

    `cursor` is how far the log was read.

    Args:
        path: the log; it may be missing for a while.
        cursor: where to begin.
        grace_s: how many seconds nothing must be appended to a renamed file before it counts as
            ended: its writer keeps appending to it until it reopens the log.
        clock: returns the time in seconds.
        within: the folders that may be read, None for all. A log that leads out of them raises
            `OutsideFolders` when it is opened, and older parts of it that do are passed over.
    """

    def __init__(
        self,
        path: Path,
        cursor: TailCursor,
        grace_s: float = GRACE_S,
        clock: Callable[[], float] = time.monotonic,
        within: Folders = None,
    ) -> None:
        self.cursor, self._within = cursor, within
        self._path, self._grace_s, self._clock = path, grace_s, clock
        self._file: BinaryIO | None = None
        self._status: os.stat_result | None = None
        self._checked: tuple[int, int] | None = None
        self._silent_since: float | None = None

    def close(self) -> None:
        """Close the file; `read` opens it again."""
        if self._file is not None:
            self._file.close()
        self._file = None

    def read(self) -> str:
        """Return the next appended lines; "" if there are none, or if another file is next.

        Raises:
            OSError: the log exists but cannot be read; trying again loses nothing.
        """
        before = self.cursor
        try:
            return self._read()
        except OSError:
            # Text that was read but is not returned counts as not read.
            self.cursor = before
            self.close()
            raise

    def _read(self) -> str:
        if (self._file is None or self._was_rewritten()) and not self._locate():
            return ""
        text = self._missing_newline() or self._read_lines()
        if text or not self._was_replaced():
            self._silent_since = None
            return text
        if not self._was_silent_long_enough():
            return ""
        text = self._read_lines(to_the_end=True)
        self._open_next_file()
        return text + self._missing_newline()

    def read_to_the_end(self) -> Iterator[str]:
        """Yield all text that is left, including a last line without a newline."""
        self._grace_s, before = 0.0, None
        while before != self.cursor:
            before = self.cursor
            if text := self.read():
                yield text
        if self._file is not None and (text := self._read_lines(to_the_end=True)):
            yield text

    # Choosing the file.

    def _locate(self) -> bool:
        """Open the file of the cursor, else the log from its start; False if there is neither."""
        at = self.cursor
        everywhere = [(self._path, regular_file_status(self._path)), *other_files(self._path)]
        same_file = [path for path, s in everywhere if s is not None and s.st_ino == at.inode]
        older = [path for path, _ in reversed(rotated_files(self._path))]
        if at.offset:
            # After the file itself: the log, which may have been restored from a backup, and the
            # copies of it that `copytruncate` leaves.
            likely = [*same_file, self._path, *older]
        else:  # the file has no mark yet: its inode must match, and its name must be a log's
            likely = [path for path in same_file if path in (self._path, *older)]
        for path in likely:
            if has_mark(path, at.offset, at.mark, self._within):
                return self._open(path, at.offset)
        return self._open(self._path, 0, is_gap=at.offset > 0)

    def _open(self, path: Path, offset: int, is_gap: bool = False) -> bool:
        """Open a file at an offset, the same file or another; False if it does not exist."""
        self.close()
        try:
            self._file = open_log(path, self._within)
        except FileNotFoundError:
            return False
        status = self._status = os.fstat(self._file.fileno())
        self._checked, self._silent_since = None, None
        at = self.cursor
        if at.inode and offset == 0 and (at.offset or at.inode != status.st_ino):
            at = replace(at, mark="", renewals=at.renewals + 1, gaps=at.gaps + is_gap)
        self.cursor = replace(at, inode=status.st_ino, offset=offset)
        return True

    def _was_rewritten(self) -> bool:
        """Return whether the file was emptied or written again under the same name."""
        assert self._file is not None
        status, at = os.fstat(self._file.fileno()), self.cursor
        # Its size alone is not enough: it may have grown to the same size again.
        now = (status.st_size, status.st_mtime_ns)
        if now == self._checked:
            return False
        self._checked = now
        return status.st_size < at.offset or mark_of(self._file, at.offset) != at.mark

    def _was_replaced(self) -> bool:
        """Return whether the log is another file now; one that is only gone may come back."""
        now = regular_file_status(self._path)
        return now is not None and not os.path.samestat(now, self._opened())

    def _opened(self) -> os.stat_result:
        assert self._status is not None
        return self._status

    def _was_silent_long_enough(self) -> bool:
        if self._silent_since is None:
            self._silent_since = self._clock()
        return self._clock() - self._silent_since >= self._grace_s

    def _open_next_file(self) -> None:
        """Leave a file that was read to its end and open the one that was begun after it."""
        assert self._file is not None
        left_at = os.fstat(self._file.fileno()).st_mtime_ns
        if self.cursor.offset:
            ended = (self.cursor.offset, self.cursor.mark)
            finished = (*self.cursor.finished, ended)[-_MAX_FINISHED:]
            self.cursor = replace(self.cursor, finished=finished)
        live = regular_file_status(self._path)
        skipped = [
            path
            for path, status in rotated_files(self._path)
            if status.st_mtime_ns >= left_at
            and not os.path.samestat(status, self._opened())
            and not (live is not None and os.path.samestat(status, live))
            and not any(has_mark(path, *ended) for ended in self.cursor.finished)
            and self._may_read(path)
        ]
        self._open(skipped[0] if skipped else self._path, 0)

    def _may_read(self, path: Path) -> bool:
        """Return whether an older part of the log is within the folders; False if it is gone."""
        try:
            open_log(path, self._within).close()
        except (OSError, OutsideFolders):
            return False
        return True

    # Reading from it.

    def _read_lines(self, to_the_end: bool = False) -> str:
        """Return the next block of whole lines, or of a line that is longer than a block; else "".

        With `to_the_end`, return all that is left, including an incomplete line.
        """
        texts: list[str] = []
        while block := self._block():
            end = block.rfind(b"\n") + 1
            if not end and (to_the_end or len(block) == BLOCK_BYTES):
                is_last = len(block) < BLOCK_BYTES
                text, end = decode_partial_line(block, self._encoding(), is_last)
            else:
                text = normalized(decode_whole(block[:end], self._encoding()))
            if not end:
                break
            if not self.cursor.offset:
                text = text.removeprefix("\ufeff")
            self._advance(end, text)
            texts.append(text)
            if text and not to_the_end:
                break
        return "".join(texts)

    def _encoding(self) -> Encoding:
        name, _, other = self.cursor.encoding.partition("+")
        return Encoding(name, for_other_lines=other or None)

    def _block(self) -> bytes:
        assert self._file is not None
        self._file.seek(self.cursor.offset)
        return self._file.read(BLOCK_BYTES)

    def _advance(self, read_bytes: int, text: str) -> None:
        assert self._file is not None
        at = self.cursor
        offset = at.offset + read_bytes
        is_mid_line = not text.endswith("\n") if text else at.is_mid_line
        mark = mark_of(self._file, offset)
        self.cursor = replace(at, offset=offset, mark=mark, is_mid_line=is_mid_line)

    def _missing_newline(self) -> str:
        """Return a newline at the start of a file if the file before it ended without one."""
        if self.cursor.offset or not self.cursor.is_mid_line:
            return ""
        self.cursor = replace(self.cursor, is_mid_line=False)
        return "\n"


def decode_partial_line(block: bytes, encoding: Encoding, is_last: bool) -> tuple[str, int]:
    """Return the text of a part of a line, and of how many of its bytes that is.

    An incomplete character at the end is left for later, and so is a carriage return, after which a
    newline may follow.

    Args:
        block: the bytes of the part.
        encoding: of the text.
        is_last: nothing follows, so nothing is left for later.
    """
    text, count = decode_part(block, encoding, is_last)
    if text.endswith("\r") and not is_last:
        text, count = text[:-1], count - 1
    return normalized(text), count


def normalized(text: str) -> str:
    """Return text as the readers of finished files give it: see the law in `lines/text.py`.

    What a lone carriage return means is decided by the reader of the log.
    """
    return without_typesetting(text.replace("\r\n", "\n").replace("\0", ""))
