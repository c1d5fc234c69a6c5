"""Reads e-mail: single messages (eml, emlx) and mailboxes (mbox), one message after another.

A mailbox of any size is streamed; of a message, only its headers and texts are held.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ingest.document import Document, Locator, Segment
from ingest.mail.message import MessageText, ReadHtml, html_reader, message_text
from ingest.mail.mime import MimeParser
from ingest.source import unreadable_error
from ingest.source_reader import SourceReader
from ingest.units import UnitCutter, UnitText, few_of

# A longer line is taken in parts.
_MAX_LINE_BYTES = 1024 * 1024
_LINES_PER_STEP = 10_000
_MAX_KEPT_NAMES = 20
# The line before each message of a mailbox: sender and time, in one of many forms.
_SEPARATOR = re.compile(rb"From \S.{0,400}\b\d{1,2}:\d\d\b.{0,60}\r?\n$|From \S+ *\r?\n$")
_QUOTED_SEPARATOR = re.compile(rb">+From ")
# Apple Mail's files begin with the number of bytes of the message; settings follow it.
_APPLE_LENGTH = re.compile(rb"\d{1,12}\s*\n")


@dataclass(frozen=True)
class MailReader(SourceReader):
    """Reads one message; `name` is what messages to the user call the file."""

    def read(self, document: Document) -> Iterator[Segment]:
        """Yield the segments of each message; note the attachments, which are not read.

        Raises:
            IngestError: the rest of the file cannot be read, or it has no text.
        """
        left_out = LeftOut()
        try:
            with self.source.open(document.add_note) as stream:
                messages = self._messages(file_lines(stream, document), document)
                cutter = UnitCutter(self.name, self.limits)
                yield from cutter.segments(_located(messages, left_out), document)
        except OSError as error:
            raise unreadable_error(self.name, error) from error
        finally:
            for note in left_out.notes():
                document.add_note(note)

    def _messages(self, lines: Iterator[bytes], document: Document) -> Iterator[MessageText]:
        read_html = html_reader(self.name, self.limits, document)
        for message_lines in self.split(lines):
            yield self._message(message_lines, read_html)

    def split(self, lines: Iterator[bytes]) -> Iterator[Iterable[bytes]]:
        """Yield the lines of each message in the file; a mailbox overrides this."""
        yield _without_apple_frame(lines)

    def _message(self, lines: Iterable[bytes], read_html: ReadHtml) -> MessageText:
        parser = MimeParser(self.limits.max_stream_bytes)
        for line in lines:
            parser.add(line)
        parser.finish()
        message = message_text(parser.parts, read_html)
        message.is_cut |= parser.is_incomplete
        return message


@dataclass(frozen=True)
class MailboxReader(MailReader):
    """Reads all messages of a mailbox."""

    def split(self, lines: Iterator[bytes]) -> Iterator[Iterable[bytes]]:
        """Yield the lines of each message; take all of them before the next message."""
        splitter = _Splitter(lines)
        while splitter.has_more():
            yield splitter.message()


class _Splitter:
    """Splits a mailbox at its separators, holding one line."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self._next = next(lines, b"")

    def has_more(self) -> bool:
        """Return whether another message follows."""
        return bool(self._next)

    def message(self) -> Iterator[bytes]:
        """Yield the lines up to the next separator, which follows an empty line."""
        after_empty = False
        if _SEPARATOR.match(self._next):
            self._next = next(self._lines, b"")
        while self._next and not (after_empty and _SEPARATOR.match(self._next)):
            line = self._next
            after_empty = not line.strip()
            self._next = next(self._lines, b"")
            yield line[1:] if _QUOTED_SEPARATOR.match(line) else line


class LeftOut:
    """Counts what was not read of the messages, for the notes."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._attachments = self._cut = 0
        self._cut_messages: list[str] = []

    def add(self, number: int, message: MessageText) -> None:
        """Count what was left out of a message."""
        self._attachments += len(message.attachments)
        room = _MAX_KEPT_NAMES - len(self._names)
        self._names += message.attachments[:room]
        self._cut += message.is_cut
        if message.is_cut and len(self._cut_messages) < _MAX_KEPT_NAMES:
            self._cut_messages.append(str(number))

    def notes(self) -> Iterator[str]:
        """Yield the sentences for the user."""
        if self._attachments:
            yield f"Attachments are not read: {few_of(self._names, self._attachments)}."
        if self._cut:
            yield (
                "Too long or nested too deeply, and therefore read in part: message "
                f"{few_of(self._cut_messages, self._cut)}."
            )


def message_units(number: int, message: MessageText) -> Iterator[UnitText]:
    """Yield the parts of the text of the message of a number."""
    locator = Locator("message", number, number, message.label)
    for row in message.rows:
        yield UnitText(locator, row.text, row.header)


def _located(messages: Iterable[MessageText], left_out: LeftOut) -> Iterator[UnitText]:
    for number, message in enumerate(messages, start=1):
        left_out.add(number, message)
        yield from message_units(number, message)


def file_lines(stream: BinaryIO, document: Document) -> Iterator[bytes]:
    """Yield the lines of a file with their newlines, and report steps to the document."""
    line = stream.readline(_MAX_LINE_BYTES).removeprefix(b"\xef\xbb\xbf")
    number = 0
    while line:
        if number % _LINES_PER_STEP == 0:
            document.on_step()
        yield line
        number += 1
        line = stream.readline(_MAX_LINE_BYTES)


def _without_apple_frame(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the lines of the message in a file of Apple Mail; those of other files as they are."""
    first = next(lines, b"")
    if not _APPLE_LENGTH.fullmatch(first):
        yield first
        yield from lines
        return
    left_bytes = int(first)
    for line in lines:
        yield line[:left_bytes]
        left_bytes -= len(line)
        if left_bytes <= 0:
            return
