"""From a path to a document: is it there, is it small enough, what is it, who reads it.

The content decides first, the suffix second: a PDF named notes.txt is read as a PDF, and a
program named notes.txt is refused. What text is read as, plain, log or code, the suffix says.
"""

import os
import stat
from pathlib import Path

from ingest.document import DEFAULT_LIMITS, Document, Kind, Limits, Unit
from ingest.errors import (
    DamagedDocument,
    DocumentNotFound,
    EmptyDocument,
    EncryptedDocument,
    IngestError,
    LimitExceeded,
    UnsupportedFormat,
)
from ingest.lines.code import CODE_SUFFIXES, CodeReader
from ingest.lines.json_lines import JsonLinesReader
from ingest.lines.log import LogReader, looks_like_log
from ingest.lines.text import TextReader
from ingest.markup.archive import Archive
from ingest.markup.docx import MAIN_PART, DocxFile
from ingest.markup.epub import EpubFile
from ingest.markup.epub_package import CONTAINER
from ingest.markup.html import HtmlReader
from ingest.naming import file_name, title_from_name, without_gz
from ingest.pdf.reader import PdfFile
from ingest.sniffing import (
    DOCX,
    EPUB,
    HEAD_BYTES,
    OLE_MAGIC,
    SUPPORTED,
    ZIP_MAGIC,
    describe_no_text,
    has_pdf_header,
    starts_as_html,
    starts_as_pdf,
)
from ingest.source import GZIP_MAGIC, FileSource, GzipSource, Source

MARKDOWN_SUFFIXES = (".md", ".markdown", ".rst")
TEXT_SUFFIXES = (".txt", ".text", ".log", *MARKDOWN_SUFFIXES)
HTML_SUFFIXES = (".html", ".htm", ".xhtml", ".xht")
# Suffixes whose files are told by their content; under such a name it must be that.
_PROMISES = {
    ".pdf": "a PDF",
    ".epub": "an EPUB book",
    ".docx": "a Word document",
    ".gz": "a gzip file",
}


def open_document(
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    password: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Document:
    """Recognise a file and return the document that streams it.

    Args:
        name: what the person calls the file, where `path` is a temporary one: it gives the title
            and the suffix. A PDF's own /Title is not used: it is seldom set with care, and
            anybody may have set it.
        password: for an encrypted PDF.

    Raises:
        IngestError: see `errors.py`. An encrypted or damaged PDF, an empty file and a wrong kind
            are found here; scanned pages only at the end of `segments()`.
    """
    path = Path(path)
    shown = file_name(name if name is not None else path.name)
    byte_count, head = _examine(path, shown, limits)
    title, suffix = title_from_name(shown), _suffix(shown)
    if _is_pdf(head, suffix):
        pdf = PdfFile(path, shown, limits, password)
        page_count, notes = pdf.inspect()
        return Document(title, "pdf", path, byte_count, "page", page_count, pdf, notes)
    if head.startswith(ZIP_MAGIC):
        packed = _archive_reader(path, shown, head, suffix, limits)
        if packed is not None:
            packed.inspect()
            return Document(title, packed.kind, path, byte_count, packed.unit, None, packed)
    source: Source = FileSource(path, shown)
    if head.startswith(GZIP_MAGIC):
        source = GzipSource(path, shown, limits)
        head, suffix = _unpacked_head(source, shown), _suffix(without_gz(shown))
    _refuse_other_kinds(head, suffix, shown)
    kind = _kind_of_text(head, suffix)
    reader = _TEXT_READERS[kind](source, shown, limits)
    unit: Unit = "paragraph" if kind == "html" else "line"
    return Document(title, kind, path, byte_count, unit, None, reader)


_TEXT_READERS: dict[Kind, type[TextReader]] = {
    "text": TextReader,
    "log": LogReader,
    "jsonl": JsonLinesReader,
    "code": CodeReader,
    "html": HtmlReader,
}


def kind_to_follow(name: str) -> Kind:
    """Return what a file is read as while it grows: records or, as a log, lines.

    Its name alone says so, for there may be nothing in it yet: records are read of what will be
    read as records once it is finished.
    """
    is_records = _kind_of_text(b"", _suffix(file_name(name))) == "jsonl"
    return "jsonl" if is_records else "log"


def _archive_reader(
    path: Path, shown: str, head: bytes, suffix: str, limits: Limits
) -> EpubFile | DocxFile | None:
    """Return the reader of a ZIP archive, or None; a damaged one is what it looks like."""
    looks = describe_no_text(head)
    try:
        with Archive(path, shown, limits) as archive:
            is_epub = CONTAINER in archive
            is_docx = MAIN_PART in archive
    except IngestError:
        is_epub = is_docx = False
    if is_epub or (not is_docx and (suffix == ".epub" or looks == EPUB)):
        return EpubFile(path, shown, limits)
    if is_docx or suffix == ".docx" or looks == DOCX:
        return DocxFile(path, shown, limits)
    return None


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _kind_of_text(head: bytes, suffix: str) -> Kind:
    if suffix in {".jsonl", ".ndjson"}:
        return "jsonl"
    if suffix in CODE_SUFFIXES:
        return "code"
    if suffix in HTML_SUFFIXES or (suffix not in MARKDOWN_SUFFIXES and starts_as_html(head)):
        return "html"
    # Logs come without a suffix, or with a number in its place: syslog, access.log.1.
    if suffix == ".log" or (
        suffix not in TEXT_SUFFIXES and looks_like_log(head.decode("utf-8", "replace"))
    ):
        return "log"
    return "text"


def _unpacked_head(source: GzipSource, shown: str) -> bytes:
    """Return the first bytes of what a gzip file holds, which is a text."""
    with source.open(lambda note: None) as stream:
        head = stream.read(HEAD_BYTES)
    if not head:
        raise EmptyDocument(f"{shown} holds an empty file: there is nothing to read.")
    if starts_as_pdf(head) or head.startswith(GZIP_MAGIC):
        kind = "a PDF" if starts_as_pdf(head) else "another gzip file"
        raise UnsupportedFormat(f"{shown} holds {kind}: unpack it and read what is inside.")
    return head


def _examine(path: Path, shown: str, limits: Limits) -> tuple[int, bytes]:
    """Return the file's size and first bytes."""
    try:
        # Looked at before it is opened: opening a pipe would wait for its writer for ever.
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise DocumentNotFound(f"{shown} is a directory: name a file in it.")
        if not stat.S_ISREG(status.st_mode):
            raise DocumentNotFound(f"{shown} is not a regular file: copy its content to one.")
        if status.st_size > limits.max_bytes:
            raise LimitExceeded(
                f"{shown} has {status.st_size:,} bytes, the limit is {limits.max_bytes:,}: split "
                "it into parts and read them one after another."
            )
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        raise DocumentNotFound(
            f"{shown} cannot be opened ({reason}): check the path and that you may read it."
        ) from error
    if not head:
        raise EmptyDocument(f"{shown} is empty (zero bytes): there is nothing to read.")
    return status.st_size, head


def _is_pdf(head: bytes, suffix: str) -> bool:
    # A text may talk about the PDF header; a PDF with junk before it is seldom named like a text.
    return starts_as_pdf(head) or (has_pdf_header(head) and suffix not in TEXT_SUFFIXES)


def _refuse_other_kinds(head: bytes, suffix: str, shown: str) -> None:
    kind = describe_no_text(head)
    if suffix == ".docx" and head.startswith(OLE_MAGIC):
        raise EncryptedDocument(
            f"{shown} is protected with a password, or a document of an older Word: open it in a "
            "word processor and save it as docx without a password."
        )
    if suffix in _PROMISES:
        raise DamagedDocument(
            f"{shown} is named like {_PROMISES[suffix]} but is none (it looks like "
            f"{kind or 'plain text'}): fetch it again, or give it the right name."
        )
    if kind is not None:
        raise UnsupportedFormat(
            f"{shown} looks like {kind}; {SUPPORTED}: convert it to one of these first."
        )
