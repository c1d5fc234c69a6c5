"""Recognises messages, mailboxes and web archives by their first lines."""

import re
from typing import Literal

_HEADER = re.compile(rb"([A-Za-z][A-Za-z0-9-]{0,60}):")
_MAILBOX = re.compile(rb"From \S.{0,400}\b\d{1,2}:\d\d\b.{0,60}\r?\n(?=[A-Za-z>-]+[: ])")
_APPLE_LENGTH = re.compile(rb"\d{1,12}\s*\n")
_PATHS = frozenset({b"message-id", b"mime-version", b"received", b"return-path", b"date", b"to"})
_PAGE_TYPE = re.compile(rb"multipart/related|text/html", re.IGNORECASE)


def mail_kind(head: bytes) -> Literal["email", "mailbox", "mhtml"] | None:
    """Return what the first lines of a file show, None if they are not those of an e-mail.

    A message has a sender and two of the headers that programs write, one of them about its way or
    its form. A memo that begins with "From:" and "To:" stays a text.
    """
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    if _MAILBOX.match(head):
        return "mailbox"
    if apple := _APPLE_LENGTH.match(head):
        head = head[apple.end() :]
    headers = _headers(head)
    if b"mime-version" in headers and _is_saved_page(headers):
        return "mhtml"
    sent = b"from" in headers and len(_PATHS & headers.keys()) >= 2
    has_form = not headers.keys().isdisjoint({b"message-id", b"mime-version", b"received"})
    return "email" if sent and has_form else None


def _is_saved_page(headers: dict[bytes, bytes]) -> bool:
    if b"snapshot-content-location" in headers or b"Saved by" in headers.get(b"from", b""):
        return True
    is_page = _PAGE_TYPE.search(headers.get(b"content-type", b"")) is not None
    return is_page and b"to" not in headers and b"received" not in headers


def _headers(head: bytes) -> dict[bytes, bytes]:
    """Return the first headers with their values, up to the first line that is none."""
    found: dict[bytes, bytes] = {}
    name = b""
    for line in head.splitlines():
        match = _HEADER.match(line)
        if match:
            name = match[1].lower()
            found.setdefault(name, line[match.end() :].strip())
        elif line[:1] in (b" ", b"\t") and line.strip() and name:
            found[name] += b" " + line.strip()
        else:
            break
    return found
