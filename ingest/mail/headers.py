"""Header lines of messages as people read them: decoded, on one line, of bounded length."""

import binascii
import re
from datetime import datetime
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import collapse_rfc2231_value, parsedate_to_datetime

from ingest.naming import clean_line

_MAX_RAW_CHARS = 4000
_MAX_SHOWN_CHARS = 600
_MAX_SUBJECT_CHARS = 60
SHOWN = ("From", "To", "Cc", "Date", "Subject")
"""The headers that are read as text, in this order."""


def header_text(headers: Message, name: str, max_chars: int = _MAX_SHOWN_CHARS) -> str:
    """Return the value of a header as one line of text, "" if it is missing."""
    wanted = name.lower()
    raw = next((value for key, value in headers.raw_items() if key.lower() == wanted), "")
    return clean_line(_decoded(str(raw)[:_MAX_RAW_CHARS]), max_chars)


def message_label(subject: str, date: str) -> str | None:
    """Return the label of a message's locator: its subject and its date, as far as they are known.

    >>> message_label("Keys", "Tue, 05 Mar 2024 09:00:00 +0100")
    'Keys, 2024-03-05 09:00'
    """
    time = parsed_date(date)
    parts = (clean_line(subject, _MAX_SUBJECT_CHARS), f"{time:%Y-%m-%d %H:%M}" if time else "")
    return ", ".join(part for part in parts if part) or None


def parsed_date(date: str) -> datetime | None:
    """Return the time that a Date header names, None if it names none."""
    try:
        return parsedate_to_datetime(date)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def attachment_name(headers: Message) -> str:
    """Return the file name of a part, or what it is: "image/png"."""
    try:
        name = headers.get_filename()
    except (ValueError, LookupError, TypeError):
        name = None
    shown = clean_line(_decoded(collapse_rfc2231_value(name)[:_MAX_RAW_CHARS]), 100) if name else ""
    return shown or f"a part of type {clean_line(headers.get_content_type(), 60)}"


def _decoded(raw: str) -> str:
    """Return a raw value with its encoded words decoded; what cannot be decoded stays."""
    text = re.sub(r"\r?\n(?=[ \t])", "", _as_text(raw.encode("utf-8", "surrogateescape")))
    try:
        pieces = decode_header(text)
    except (MessageError, binascii.Error, ValueError):
        return text
    return "".join(_piece(piece, charset) for piece, charset in pieces)


def _piece(piece: bytes | str, charset: str | None) -> str:
    if isinstance(piece, str):
        return piece
    if charset is None:  # not encoded: decode_header made bytes of it, in its own way
        return piece.decode("raw-unicode-escape", "replace")
    try:
        return piece.decode(charset, "replace")
    except (LookupError, ValueError):
        return _as_text(piece)


def _as_text(data: bytes) -> str:
    """Return bytes of an unnamed encoding as text: UTF-8 if they are, else Western European."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
