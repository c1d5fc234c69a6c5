"""Recognises kinds of files that are made of text and have a structure of their own.

The content decides where it can; source code and pages may quote such content, and stay what their
suffix says.
"""

from ingest.document import Kind
from ingest.lines.code import CODE_SUFFIXES
from ingest.lines.notebook import starts_as_notebook
from ingest.lines.subtitles import starts_as_subtitles
from ingest.mail.sniffing import mail_kind
from ingest.markup.fb2 import starts_as_fiction_book
from ingest.markup.rtf import starts_as_rtf
from ingest.sniffing import describe_binary, describe_non_text, starts_as_html

_BY_SUFFIX: dict[str, Kind] = {
    ".eml": "email",
    ".emlx": "email",
    ".mbox": "mailbox",
    ".rtf": "rtf",
    ".mht": "mhtml",
    ".mhtml": "mhtml",
    ".fb2": "fb2",
    ".ipynb": "notebook",
    ".srt": "subtitles",
    ".vtt": "subtitles",
}
# Files of these kinds may quote a message or be one: their suffix decides.
_KEPT = CODE_SUFFIXES | {".md", ".markdown", ".rst", ".html", ".htm", ".xhtml", ".log"}


def structured_kind(head: bytes, suffix: str) -> Kind | None:
    """Return the kind of a file, None if it is plain text, code, a page or no text.

    Args:
        head: the first bytes of the file.
        suffix: of its name, in lower case.
    """
    if starts_as_rtf(head):
        return "rtf"
    if starts_as_html(head):
        return None
    if describe_binary(head) is not None:  # UTF-16, too, in which only the suffix shows the kind
        kind = _BY_SUFFIX.get(suffix)
        is_text = kind in {"subtitles", "notebook", "fb2"} and describe_non_text(head) is None
        return kind if is_text else None
    if suffix not in _KEPT:
        kind = mail_kind(head)
        if kind is not None:
            return "mhtml" if kind == "email" and _BY_SUFFIX.get(suffix) == "mhtml" else kind
    if b"<office:document " in head:
        if b"opendocument.presentation" in head:
            return "slides"
        return "odt" if b"opendocument.text" in head else None
    if suffix not in _KEPT - {".xml"} and starts_as_fiction_book(head):
        return "fb2"
    if suffix in _BY_SUFFIX:
        return _BY_SUFFIX[suffix]
    text = head.decode("utf-8", "replace")
    if suffix not in _KEPT - {".json"} and starts_as_notebook(text):
        return "notebook"
    return "subtitles" if suffix not in _KEPT and starts_as_subtitles(text) else None
