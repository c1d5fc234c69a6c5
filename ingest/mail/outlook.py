"""Reads Outlook messages (msg): an OLE file with a stream for each property of the message.

Source: [MS-OXMSG] and [MS-OXPROPS], the properties' numbers; [MS-OXRTFCP], compressed RTF.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import olefile  # type: ignore[import-untyped]

from ingest.document import Document, Segment
from ingest.errors import DamagedDocument, IngestError
from ingest.limits import Limits
from ingest.lines.encoded_data import without_encoded_data
from ingest.mail.headers import message_label
from ingest.mail.message import MessageText, html_reader
from ingest.mail.reader import LeftOut, message_units
from ingest.markup.rtf import RtfReader
from ingest.naming import clean_line
from ingest.segmenting import Row
from ingest.source import BytesSource
from ingest.units import UnitCutter

_PROPERTIES = "__properties_version1.0"
_MAX_ATTACHMENTS = 2000
_MAX_DEPTH = 5
# Properties by their numbers.
_SUBJECT, _SENDER, _SENDER_ADDRESS, _TO, _CC = "0037", "0C1A", "5D01", "0E04", "0E03"
_BODY, _HTML, _RTF = "1000", "1013", "1009"
_FILE_NAMES = ("3707", "3704", "3001")
_EMBEDDED = "3701000D"
_TIMES = (0x0039, 0x0E06)  # sent, received
_TIME_TYPE = 0x0040
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
# The text that a compressed RTF may refer back to before its own first byte.
_RTF_BEGINNING = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    b"\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    b"\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_COMPRESSED, _UNCOMPRESSED = b"LZFu", b"MELA"


@dataclass(frozen=True)
class OutlookReader:
    """Reads one message; `name` is what messages to the user call the file."""

    path: Path
    name: str
    limits: Limits

    def inspect(self) -> tuple[int | None, list[str]]:
        """Return the number of messages, which is one, and no notes."""
        return 1, []

    def read(self, document: Document) -> Iterator[Segment]:
        """Yield the segments of the message; note the attachments, which are not read.

        Raises:
            IngestError: the file cannot be read, or it has no text.
        """
        left_out = LeftOut()
        message = self._message(document)
        left_out.add(1, message)
        for note in left_out.notes():
            document.add_note(note)
        cutter = UnitCutter(self.name, self.limits)
        yield from cutter.segments(message_units(1, message), document)

    def _message(self, document: Document) -> MessageText:
        try:
            with olefile.OleFileIO(self.path) as file:
                return _Storage(file, [], self.name, self.limits, document).message()
        except (IngestError, MemoryError):
            raise
        except Exception as error:  # olefile raises whatever a damaged file leads to
            raise DamagedDocument(
                f"{self.name} is a damaged Outlook message: fetch it again, or save it again in "
                "Outlook."
            ) from error


class _Storage:
    """A message in an OLE file: the file's own, or one that was attached to it.

    Args:
        file: the open OLE file.
        path: of the storage in the file.
        name: what messages to the user call the file.
        limits: what the message may ask for.
        document: gets the notes.
    """

    def __init__(
        self,
        file: "olefile.OleFileIO",
        path: list[str],
        name: str,
        limits: Limits,
        document: Document,
    ) -> None:
        self._file, self._path = file, path
        self._name, self._limits, self._document = name, limits, document

    def message(self) -> MessageText:
        """Return the text of the message, with those of the messages that are attached to it."""
        subject, date = self._text(_SUBJECT), self._date()
        sender, address = self._text(_SENDER), self._text(_SENDER_ADDRESS)
        lines = (
            ("From", f"{sender} <{address}>" if address and address != sender else sender),
            ("To", self._text(_TO)),
            ("Cc", self._text(_CC)),
            ("Date", date),
            ("Subject", subject),
        )
        head = "\n".join(f"{name}: {clean_line(value, 600)}" for name, value in lines if value)
        message = MessageText(message_label(subject, date))
        message.add(head)
        message.add_rows(self._body())
        for part in self._attachments():
            inner = self._inner(part)
            if inner is None:
                message.attachments.append(self._file_name(part))
            else:
                message.add_rows(inner.rows)
                message.attachments += inner.attachments
        return message

    def _inner(self, part: str) -> MessageText | None:
        """Return the message that is attached, None if the attachment is another file."""
        path = [*self._path, part, f"__substg1.0_{_EMBEDDED}"]
        depth = len(self._path) // 2
        if depth >= _MAX_DEPTH or not self._file.exists([*path, _PROPERTIES]):
            return None
        return _Storage(self._file, path, self._name, self._limits, self._document).message()

    def _body(self) -> list[Row]:
        plain = self._text(_BODY)
        if plain.strip():
            plain = plain.replace("\r\n", "\n").replace("\r", "\n")
            return [Row(without_encoded_data(plain))]
        page = self._stream(f"{_HTML}0102") or self._text(_HTML).encode("utf-8-sig", "replace")
        if page.strip(b"\xef\xbb\xbf\0 \r\n"):
            return html_reader(self._name, self._limits, self._document)(page)
        packed = self._stream(f"{_RTF}0102")
        return self._rtf_rows(unpacked_rtf(packed, self._limits.max_stream_bytes)) if packed else []

    def _rtf_rows(self, data: bytes) -> list[Row]:
        reader = RtfReader(BytesSource(data), self._name, self._limits)
        inner = Document("", "rtf", self._document.path, len(data), "paragraph", None, reader)
        try:
            return [Row(block.text, block.header) for block in reader.blocks(inner)]
        except IngestError:
            return []

    def _attachments(self) -> list[str]:
        depth = len(self._path)
        found = {
            entry[depth]
            for entry in self._file.listdir(streams=True, storages=False)
            if entry[:depth] == self._path and len(entry) > depth + 1
        }
        return sorted(name for name in found if name.startswith("__attach"))[:_MAX_ATTACHMENTS]

    def _file_name(self, part: str) -> str:
        inner = _Storage(self._file, [*self._path, part], self._name, self._limits, self._document)
        names = (clean_line(inner._text(number), 100) for number in _FILE_NAMES)
        return next(filter(None, names), "a file without a name")

    def _text(self, number: str) -> str:
        """Return a property that is text, "" if it is missing."""
        data = self._stream(f"{number}001F")
        text = data.decode("utf-16-le", "replace") if data else ""
        if not text:
            data = self._stream(f"{number}001E")
            try:
                text = data.decode("utf-8")
            except UnicodeDecodeError:
                text = data.decode("cp1252", "replace")
        return text.partition("\0")[0]

    def _date(self) -> str:
        """Return when the message was sent or received, as a Date header has it."""
        data = self._stream("", _PROPERTIES)
        times = {
            number: value
            for kind, number, _, value in struct.iter_unpack("<HHIQ", data[len(data) % 16 :])
            if kind == _TIME_TYPE
        }
        ticks = next((times[number] for number in _TIMES if times.get(number)), 0)
        try:
            time = _EPOCH + timedelta(microseconds=ticks // 10)
        except OverflowError:
            return ""
        return f"{time:%a, %d %b %Y %H:%M:%S} +0000" if ticks else ""

    def _stream(self, suffix: str, name: str = "") -> bytes:
        path = [*self._path, name or f"__substg1.0_{suffix}"]
        if not self._file.exists(path) or self._file.get_type(path) != olefile.STGTY_STREAM:
            return b""
        return bytes(self._file.openstream(path).read(self._limits.max_stream_bytes))


def unpacked_rtf(data: bytes, max_bytes: int) -> bytes:
    """Return the RTF of a property that holds it compressed, up to the first damage.

    Args:
        data: of the property.
        max_bytes: of the result.
    """
    if data[8:12] == _UNCOMPRESSED:
        return data[16 : 16 + max_bytes]
    if data[8:12] != _COMPRESSED:
        return b""
    window = bytearray(_RTF_BEGINNING.ljust(4096, b" "))
    write, position, out = len(_RTF_BEGINNING), 16, bytearray()
    while position < len(data) and len(out) < max_bytes:
        flags, position = data[position], position + 1
        for bit in range(8):
            if not flags >> bit & 1:
                run = bytearray(data[position : position + 1])
                position += 1
            else:
                if position + 2 > len(data):
                    return bytes(out)
                pair = data[position] << 8 | data[position + 1]
                position += 2
                start, length = pair >> 4, (pair & 15) + 2
                if start == write % 4096:  # the end
                    return bytes(out)
                run = bytearray()
                for offset in range(length):
                    byte = window[(start + offset) % 4096]
                    window[(write + offset) % 4096] = byte
                    run.append(byte)
            for offset, byte in enumerate(run):
                window[(write + offset) % 4096] = byte
            write += len(run)
            out += run
    return bytes(out)


def is_outlook_message(path: Path) -> bool:
    """Return whether an OLE file is a message."""
    try:
        with olefile.OleFileIO(path) as file:
            return bool(file.exists(_PROPERTIES)) and any(
                entry[0].startswith("__substg1.0_") for entry in file.listdir()
            )
    except Exception:  # olefile raises whatever a damaged file leads to
        return False
