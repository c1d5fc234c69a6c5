"""The text of one message: its header lines, then its bodies; and what was left out of it."""

import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from ingest.document import Document, Locator, Segment
from ingest.errors import IngestError
from ingest.limits import Limits
from ingest.lines.encoded_data import without_encoded_data
from ingest.lines.encoding import detect_encoding
from ingest.mail.headers import SHOWN, attachment_name, header_text, message_label
from ingest.mail.mime import Part
from ingest.markup.html import HtmlReader
from ingest.segmenting import Row
from ingest.source import BytesSource

# A file in the text of an old message: its name, and lines of up to 61 characters.
_UUENCODED = re.compile(r"^begin [0-7]{3} (.{1,200})\n(?:[ -`]{1,61}\n)+`?\n?end$", re.MULTILINE)
# Senders of "flowed" text end the lines inside a paragraph with a space (RFC 3676). Quoted lines
# and the line above a signature stay as they are.
_SOFT_LINE = re.compile(r"^(?!>|-- $)(.*\S) \n(?=[^>\s])(?!-- $)", re.MULTILINE)

ReadHtml = Callable[[bytes], list[Row]]


@dataclass
class MessageText:
    """What is read of a message.

    Args:
        label: for its locator.
        rows: header lines and bodies, in parts; rows of tables are parts of their own.
        attachments: the names of the files that were sent along.
        is_cut: true if a part of the text is missing.
    """

    label: str | None
    rows: list[Row] = field(default_factory=list)
    attachments: list[str] = field(default_factory=list)
    is_cut: bool = False

    def add(self, text: str) -> None:
        """Add a part that is text without tables."""
        self.add_rows([Row(text)])

    def add_rows(self, rows: list[Row]) -> None:
        """Add a part with a blank line after it; white space around it is left out."""
        rows = [row for row in rows if row.text]
        while rows and not rows[0].text.strip():
            rows = rows[1:]
        while rows and not rows[-1].text.strip():
            rows = rows[:-1]
        if rows:
            rows[0] = rows[0]._replace(text=rows[0].text.lstrip())
            rows[-1] = rows[-1]._replace(text=f"{rows[-1].text.rstrip()}\n\n")
            self.rows += rows


def message_text(parts: list[Part], read_html: ReadHtml) -> MessageText:
    """Return the text of a message from its parts.

    Args:
        parts: all parts in order; the first is the message's own headers.
        read_html: returns the text of an HTML page in parts, none if it has none.
    """
    headers = parts[0].headers
    label = message_label(header_text(headers, "Subject"), header_text(headers, "Date"))
    message = MessageText(label)
    plain = _plain_alternatives(parts)
    for part in parts:
        if part.is_message:
            message.add(_header_block(part))
        elif part.is_attachment:
            message.attachments.append(attachment_name(part.headers))
        elif part.headers.get_content_type() == "text/html":
            if part.alternative not in plain:
                message.add_rows(read_html(marked_page(part)))
        else:
            message.add(_without_uuencoded(_plain_text(part), message))
        message.is_cut |= part.is_cut
    return message


def html_reader(name: str, limits: Limits, document: Document) -> ReadHtml:
    """Return a function that reads the HTML pages inside a document, with the reader of HTML.

    Args:
        name: what messages call the file.
        limits: what a page may ask for.
        document: gets the notes about the pages.
    """

    def read(page: bytes) -> list[Row]:
        reader = _PageReader(BytesSource(page), name, limits)
        inner = Document("", "html", document.path, len(page), "paragraph", None, reader)
        inner.on_step = document.on_step
        try:
            for _ in inner.segments():
                pass
        except IngestError:  # an empty page, such as one with only a picture
            reader.rows.clear()
        for note in inner.notes:
            document.add_note(note)
        return reader.rows

    return read


@dataclass(frozen=True)
class _PageReader(HtmlReader):
    """Reads a page of a message; `rows` gets its blocks, which are cut with the whole message."""

    rows: list[Row] = field(default_factory=list)

    def cut(self, blocks: Iterable[str], document: Document) -> Iterator[Segment]:
        """Yield each block as a segment."""
        for block in self.page_blocks(blocks, document):
            self.rows.append(Row(block.text, block.header))
            yield Segment(block.text, Locator("paragraph", 1, 1))


def _plain_alternatives(parts: list[Part]) -> set[int]:
    """Return the alternatives of which plain text is read, so that their HTML is not."""
    chars: dict[int, int] = defaultdict(int)
    for part in parts:
        if not part.is_message and not part.is_attachment:
            if part.alternative and part.headers.get_content_type() == "text/plain":
                chars[part.alternative] += len(part.decoded().strip())
    return {alternative for alternative, count in chars.items() if count}


def _header_block(part: Part) -> str:
    lines = ((name, header_text(part.headers, name)) for name in SHOWN)
    return "\n".join(f"{name}: {value}" for name, value in lines if value)


def _plain_text(part: Part) -> str:
    text = _decoded_text(part).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    if str(part.headers.get_param("format", "")).lower() == "flowed":
        text = _SOFT_LINE.sub(r"\1 ", text)
    return without_encoded_data(text)


def _without_uuencoded(text: str, message: MessageText) -> str:
    def replace(match: re.Match[str]) -> str:
        message.attachments.append(match[1].strip())
        return "…"

    return _UUENCODED.sub(replace, text)


def _decoded_text(part: Part) -> str:
    data = part.decoded()
    charset = _charset(part)
    if charset is None or (charset == "ascii" and not data.isascii()):
        charset = detect_encoding(io.BytesIO(data)).name
    return data.decode(charset, "replace")


def marked_page(part: Part) -> bytes:
    """Return a page in UTF-8 with a mark, if its part names the encoding; else as it is."""
    data, charset = part.decoded(), _charset(part)
    if charset is None or charset == "ascii":
        return data
    return data.decode(charset, "replace").encode("utf-8-sig", "replace")


def _charset(part: Part) -> str | None:
    """Return the name of the codec that the part declares, None without one that is known."""
    try:
        declared = part.headers.get_content_charset() or ""
        b"a".decode(declared, "replace")  # as the text will be decoded
        "".encode(declared)  # not a codec of bytes to bytes
        name = "".join(declared.split("-"))
    except (LookupError, ValueError, TypeError):
        return None
    if name in {"iso88591", "latin1"}:
        return "cp1252"
    return "ascii" if name in {"usascii", "ascii"} else declared
