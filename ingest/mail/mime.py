"""Splits a message into its parts while it is read, line by line. Knows no files.

Only headers and texts are held: an attachment of any length passes by. A part that is cut short, a
missing boundary or a missing end give what there is.

Source: RFC 2045, RFC 2046, RFC 5322.
"""

import binascii
import quopri
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from enum import Enum, auto

_MAX_HEADER_BYTES = 256 * 1024
# Levels of multiparts and forwarded messages; deeper ones are left out.
_MAX_DEPTH = 20
_MAX_PARTS = 10_000
_BASE64 = (string.ascii_letters + string.digits + "+/").encode()
_NOT_BASE64 = bytes(code for code in range(256) if code not in _BASE64)


@dataclass
class Part:
    """A part of a message, in the order of the file.

    Args:
        headers: of the part, parsed; their values are raw.
        is_message: true for the headers of a message (the file's own or a forwarded one), false for
            a part that is a body or an attachment.
        alternative: the number of the multipart/alternative that it belongs to, 0 if to none.
        body: the text as it was sent; empty for what is not text.
        is_cut: true if the text was too long and its end is missing.
    """

    headers: Message
    is_message: bool
    alternative: int = 0
    body: bytearray = field(default_factory=bytearray, repr=False)
    is_cut: bool = False

    @property
    def is_attachment(self) -> bool:
        """Whether the part is a file that was sent along, or is of a kind that is not text."""
        if self.headers.get_content_disposition() == "attachment":
            return True
        return self.headers.get_content_type() not in {"text/plain", "text/html"}

    def decoded(self) -> bytes:
        """Return the body without its transfer encoding, up to the first damage."""
        encoding = str(self.headers.get("Content-Transfer-Encoding", "")).strip().lower()
        if encoding == "quoted-printable":
            return quopri.decodestring(bytes(self.body))
        if encoding == "base64":
            letters = self.body.translate(None, _NOT_BASE64)
            letters = letters[: len(letters) - (len(letters) % 4 == 1)]
            return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))
        return bytes(self.body)


class _State(Enum):
    """What the next line belongs to."""

    HEADERS = auto()
    BODY = auto()
    BETWEEN = auto()  # before the first part of a multipart, or after its last one


@dataclass(frozen=True)
class _Boundary:
    """A multipart that is open, and which alternatives its parts are."""

    line: bytes
    alternative: int
    is_digest: bool
    depth: int  # of the message that it belongs to


class MimeParser:
    """Splits one message into parts.

    `parts` has those so far, the headers of the message first. `is_incomplete` says that some were
    left out, because they are too many or nested too deeply.

    Args:
        max_bytes: of all texts of the message together; the rest is left out.
    """

    def __init__(self, max_bytes: int) -> None:
        self.parts: list[Part] = []
        self.is_incomplete = False
        self._left_bytes = max_bytes
        self._boundaries: list[_Boundary] = []
        self._messages = 0
        self._alternatives = 0
        self._state = _State.HEADERS
        self._starts_message = True
        self._header_lines: list[bytes] = []
        self._header_bytes = 0
        self._in_long_line = False
        self._body: Part | None = None
        self._wants_body = False

    def add(self, line: bytes) -> None:
        """Take the next line with its newline."""
        if line.startswith(b"--") and self._boundaries and self._meets_boundary(line):
            return
        if self._state is _State.HEADERS:
            self._add_header(line)
        elif self._state is _State.BODY and self._body is not None:
            self._add_body(self._body, line)

    def finish(self) -> None:
        """Take the end of the message."""
        if self._state is _State.HEADERS:
            self._end_headers()
        self._end_body()

    def _meets_boundary(self, line: bytes) -> bool:
        """Return whether the line is the boundary of an open multipart; if so, end the part."""
        found = line.rstrip()
        for index in range(len(self._boundaries) - 1, -1, -1):
            boundary = self._boundaries[index]
            if found not in (boundary.line, boundary.line + b"--"):
                continue
            if self._state is _State.HEADERS:
                self._end_headers()
            self._end_body()
            self._messages = boundary.depth
            is_last = found != boundary.line
            del self._boundaries[index + (not is_last) :]
            self._state = _State.BETWEEN if is_last else _State.HEADERS
            self._starts_message = False
            return True
        return False

    def _add_header(self, line: bytes) -> None:
        text = line.rstrip(b"\r\n")
        if self._in_long_line:  # the next part of a header that is too long for a line
            self._in_long_line = text == line
            return
        if not text:
            if self._header_lines or not self._starts_message:
                self._end_headers()
            return
        name = text.partition(b":")[0]
        is_header = b":" in text and name.strip() and b" " not in name.rstrip()
        if is_header or (text[:1] in b" \t" and self._header_lines):
            self._in_long_line = text == line
            self._header_bytes += len(line)
            if self._header_bytes <= _MAX_HEADER_BYTES:
                self._header_lines.append(line)
        elif text.startswith((b"From ", b">From ")) and not self._header_lines:
            pass  # the separator of a mailbox, kept in front of a single message
        else:
            self._end_headers()
            self.add(line)

    def _end_headers(self) -> None:
        """Begin what the collected headers announce: a body, a multipart or a message."""
        lines, self._header_lines, self._header_bytes = self._header_lines, [], 0
        headers = BytesParser(policy=compat32).parsebytes(b"".join(lines), headersonly=True)
        parent = self._boundaries[-1] if self._boundaries else None
        if parent and parent.is_digest and not self._starts_message and not headers["Content-Type"]:
            headers.set_type("message/rfc822")
        if self._starts_message:
            self._keep(Part(headers, is_message=True))
        kind, boundary = headers.get_content_type(), _boundary_of(headers)
        if kind.startswith("multipart/") and boundary:
            self._begin_multipart(kind, boundary, parent)
        elif kind == "message/rfc822" and self._messages < _MAX_DEPTH:
            self._messages += 1
            self._state, self._starts_message = _State.HEADERS, True
        else:
            self.is_incomplete |= kind == "message/rfc822"
            self._state = _State.BODY
            self._body = Part(headers, False, parent.alternative if parent else 0)
            self._wants_body = not self._body.is_attachment

    def _begin_multipart(self, kind: str, boundary: str, parent: _Boundary | None) -> None:
        self._state = _State.BETWEEN
        if len(self._boundaries) >= _MAX_DEPTH:
            self.is_incomplete = True
            return
        alternative = parent.alternative if parent else 0
        if kind == "multipart/alternative" and not alternative:
            self._alternatives += 1
            alternative = self._alternatives
        line = b"--" + boundary.encode("utf-8", "surrogateescape").rstrip()
        self._boundaries.append(
            _Boundary(line, alternative, kind == "multipart/digest", self._messages)
        )

    def _add_body(self, part: Part, line: bytes) -> None:
        if not self._wants_body or part.is_cut:
            return
        if len(line) > self._left_bytes:
            part.is_cut = True
            return
        self._left_bytes -= len(line)
        part.body += line

    def _end_body(self) -> None:
        if self._body is not None:
            self._keep(self._body)
        self._body = None

    def _keep(self, part: Part) -> None:
        if len(self.parts) < _MAX_PARTS:
            self.parts.append(part)
        else:
            self.is_incomplete = True


def parse_parts(lines: Iterable[bytes], max_bytes: int) -> Iterator[Part]:
    """Yield the parts of one message; `max_bytes` is as for `MimeParser`."""
    parser = MimeParser(max_bytes)
    for line in lines:
        parser.add(line)
    parser.finish()
    yield from parser.parts


def _boundary_of(headers: Message) -> str | None:
    """Return what separates the parts, None if there is none that can be decoded."""
    try:
        return headers.get_boundary()
    except (ValueError, LookupError):
        return None
