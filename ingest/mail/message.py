"""The text of one message: its header lines, then its bodies; and what was left out of it."""

import io
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from ingest.document import Document
from ingest.errors import IngestError
from ingest.limits import Limits
from ingest.lines.encoded_data import without_encoded_data
from ingest.lines.encoding import detect_encoding
from ingest.mail.headers import SHOWN, attachment_name, header_text, message_label
from ingest.mail.mime import Part
from ingest.markup.html import HtmlReader
from ingest.source import BytesSource

# A file in the text of an old message: its name, and lines of up to 61 characters.
_UUENCODED = re.compile(r"^begin [0-7]{3} (.{1,200})\n(?:[ -`]{1,61}\n)+`?\n?end$", re.MULTILINE)
# Senders of "flowed" text end the lines inside a paragraph with a space (RFC 3676). Quoted lines
# and the line above a signature stay as they are.
_SOFT_LINE = re.compile(r"^(?!>|-- $)(.*\S) \n(?=[^>\s])(?!-- $)", re.MULTILINE)

ReadHtml = Callable[[bytes], str]


@dataclass
class MessageText:
    """What is read of a message.

    Args:
        label: for its locator.
        text: header lines and bodies.
        attachments: the names of the files that were sent along.
        is_cut: true if a part of the text is missing.
    """

    label: str | None
    text: str
    attachments: list[str] = field(default_factory=list)
    is_cut: bool = False


def message_text(parts: list[Part], read_html: ReadHtml) -> MessageText:
    """Return the text of a message from its parts.

    Args:
        parts: all parts in order; the first is the message's own headers.
        read_html: returns the text of an HTML page, "" if it has none.
    """
    headers = parts[0].headers
    label = message_label(header_text(headers, "Subject"), header_text(headers, "Date"))
    message = MessageText(label, "")
    plain = _plain_alternatives(parts)
    blocks = []
    for part in parts:
        if part.is_message:
            blocks.append(_header_block(part))
        elif part.is_attachment:
            message.attachments.append(attachment_name(part.headers))
        elif part.headers.get_content_type() == "text/html":
            if part.alternative not in plain:
                blocks.append(read_html(marked_page(part)))
        else:
            blocks.append(_without_uuencoded(_plain_text(part), message))
        message.is_cut |= part.is_cut
    message.text = "".join(f"{block}\n\n" for block in map(str.strip, blocks) if block)
    return message


def html_reader(name: str, limits: Limits, document: Document) -> ReadHtml:
    """Return a function that reads the HTML pages inside a document, with the reader of HTML.

    Args:
        name: what messages call the file.
        limits: what a page may ask for.
        document: gets the notes about the pages.
    """

    def read(page: bytes) -> str:
        reader = HtmlReader(BytesSource(page), name, limits)
        inner = Document("", "html", document.path, len(page), "paragraph", None, reader)
        inner.on_step = document.on_step
        try:
            text = "".join(segment.text for segment in inner.segments())
        except IngestError:  # an empty page, such as one with only a picture
            text = ""
        for note in inner.notes:
            document.add_note(note)
        return text

    return read


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
