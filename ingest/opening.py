"""From a path to a document: checks the file, recognises its kind, chooses its reader.

The content decides first, the suffix second: a PDF named notes.txt is read as a PDF, and a program
named notes.txt is refused. For text, the suffix says whether it is plain text, a log or code.
"""

import codecs
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple, Protocol

from ingest.document import Document, Kind, Reader, Unit
from ingest.errors import (
    DamagedDocument,
    DocumentNotFound,
    EmptyDocument,
    EncryptedDocument,
    IngestError,
    LimitExceeded,
    UnsupportedFormat,
)
from ingest.limits import DEFAULT_LIMITS, Limits
from ingest.lines.code import CODE_SUFFIXES, CodeReader
from ingest.lines.json_lines import JsonLinesReader
from ingest.lines.log import LogReader, looks_like_log
from ingest.lines.text import TextReader
from ingest.markup.archive import Archive
from ingest.markup.docx import MAIN_PART, DocxReader
from ingest.markup.epub import EpubReader
from ingest.markup.epub_package import CONTAINER
from ingest.markup.html import HtmlReader
from ingest.naming import file_name, title_from_name, without_gz
from ingest.pdf.reader import PdfReader
from ingest.sniffing import (
    DOCX,
    EPUB,
    HEAD_BYTES,
    OLE_MAGIC,
    SUPPORTED,
    XLSX,
    ZIP_MAGIC,
    describe_non_text,
    has_pdf_header,
    looks_like_ods,
    starts_as_html,
    starts_as_pdf,
)
from ingest.source import GZIP_MAGIC, FileSource, GzipSource, Source
from ingest.tables.delimited import TABLE_SUFFIXES, DelimitedReader
from ingest.tables.delimiter import looks_like_table
from ingest.tables.ods import OdsReader
from ingest.tables.xlsx import XlsxReader
from ingest.tables.xlsx_parts import BINARY_PART, WORKBOOK_PART

MARKDOWN_SUFFIXES = (".md", ".markdown", ".rst")
TEXT_SUFFIXES = (".txt", ".text", ".log", *MARKDOWN_SUFFIXES)
_WORKBOOK_SUFFIXES = (".xlsx", ".xlsm", ".ods")
HTML_SUFFIXES = (".html", ".htm", ".xhtml", ".xht")
# Files with these suffixes are recognised by their content; other content under them is an error.
_KINDS_BY_CONTENT = {
    ".pdf": "a PDF",
    ".epub": "an EPUB book",
    ".docx": "a Word document",
    ".xlsx": "an Excel workbook",
    ".xlsm": "an Excel workbook",
    ".ods": "an OpenDocument spreadsheet",
    ".gz": "a gzip file",
}


@dataclass(frozen=True)
class _File:
    """A file that is there and within the limits.

    Args:
        name: what messages call it.
        suffix: of the name, in lower case.
        head: the first bytes; of a gzip file that was looked into, the first bytes inside.
        source: gives all bytes from `head` on.
    """

    path: Path
    name: str
    suffix: str
    head: bytes
    source: Source
    limits: Limits
    password: str | None = field(repr=False)


class InspectableReader(Reader, Protocol):
    """A reader that can tell before the reading what makes a file unreadable."""

    def inspect(self) -> tuple[int | None, list[str]]:
        """Return the number of units, if it is known before the reading, and notes for the user.

        Raises:
            IngestError: the file cannot be read.
        """
        ...


class _Format(NamedTuple):
    """How files of one kind are read, and what their locators count."""

    unit: Unit
    make_reader: Callable[[_File], InspectableReader]


def _text_format(reader: type[TextReader], unit: Unit = "line") -> _Format:
    return _Format(unit, lambda file: reader(file.source, file.name, file.limits))


_FORMATS: dict[Kind, _Format] = {
    "text": _text_format(TextReader),
    "log": _text_format(LogReader),
    "jsonl": _text_format(JsonLinesReader),
    "code": _text_format(CodeReader),
    "table": _text_format(DelimitedReader, "row"),
    "html": _text_format(HtmlReader, "paragraph"),
    "epub": _Format("chapter", lambda file: EpubReader(file.path, file.name, file.limits)),
    "docx": _Format("paragraph", lambda file: DocxReader(file.path, file.name, file.limits)),
    "workbook": _Format("row", lambda file: _workbook_reader(file)),
    "pdf": _Format("page", lambda f: PdfReader(f.path, f.name, f.limits, f.password)),
}


def _workbook_reader(file: _File) -> InspectableReader:
    reader = OdsReader if _is_ods(file) else XlsxReader
    return reader(file.path, file.name, file.limits)


def open_document(
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    password: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Document:
    """Recognise a file and return the document that streams it.

    Args:
        path: of the file.
        name: the user's name for the file, where `path` is a temporary one. Title and suffix come
            from it. A PDF's own /Title is not used: it is seldom set with care, and anybody may
            have set it.
        password: for an encrypted PDF.
        limits: what the file may ask for.

    Raises:
        IngestError: the file cannot be read; `errors.py` has the classes. An encrypted or damaged
            PDF, an empty file and an unsupported kind are found here; that all pages are scanned
            is found only at the end of `segments()`.
    """
    path = Path(path)
    shown = file_name(name if name is not None else path.name)
    byte_count, head = _read_head(path, shown, limits)
    source = FileSource(path, shown)
    file = _File(path, shown, _suffix(shown), head, source, limits, password)
    kind, file = _recognise(file)
    unit, make_reader = _FORMATS[kind]
    reader = make_reader(file)
    unit_count, notes = reader.inspect()
    return Document(title_from_name(shown), kind, path, byte_count, unit, unit_count, reader, notes)


def kind_to_follow(name: str) -> Kind:
    """Return what a growing file is read as: "jsonl", or "log" for all other lines.

    Only its name decides, because the file may be empty. A file is followed as JSON Lines if the
    finished file would be read as JSON Lines.
    """
    is_json_lines = _kind_of_text(b"", _suffix(file_name(name))) == "jsonl"
    return "jsonl" if is_json_lines else "log"


def _recognise(file: _File) -> tuple[Kind, _File]:
    """Return the kind of a file, and the file; of a gzip file, the kind of its content.

    Raises:
        IngestError: it is of a kind that is not supported, or its name promises another kind.
    """
    if _is_pdf(file.head, file.suffix):
        return "pdf", file
    if file.head.startswith(ZIP_MAGIC):
        kind = _kind_of_archive(file)
        if kind is not None:
            return kind, file
    if file.head.startswith(GZIP_MAGIC):
        file = _unpacked(file)
    _refuse_other_kinds(file)
    return _kind_of_text(file.head, file.suffix), file


def _kind_of_archive(file: _File) -> Kind | None:
    """Return the kind of a ZIP archive, None if it is another one; a damaged one is guessed."""
    looks = describe_non_text(file.head)
    try:
        with Archive(file.path, file.name, file.limits) as archive:
            is_epub = CONTAINER in archive
            is_docx = MAIN_PART in archive
            is_workbook = WORKBOOK_PART in archive
            is_binary = BINARY_PART in archive
    except IngestError:
        is_epub = is_docx = is_workbook = is_binary = False
    if is_binary:
        raise UnsupportedFormat(
            f"{file.name} is a binary Excel workbook (xlsb); {SUPPORTED}: save it as xlsx first."
        )
    if is_epub or (not is_docx and (file.suffix == ".epub" or looks == EPUB)):
        return "epub"
    if is_docx or file.suffix == ".docx" or looks == DOCX:
        return "docx"
    if is_workbook or file.suffix in _WORKBOOK_SUFFIXES or looks == XLSX or _is_ods(file):
        return "workbook"
    return None


def _is_ods(file: _File) -> bool:
    return looks_like_ods(file.head) or (
        file.suffix == ".ods" and XLSX != describe_non_text(file.head)
    )


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _kind_of_text(head: bytes, suffix: str) -> Kind:
    if suffix in {".jsonl", ".ndjson"}:
        return "jsonl"
    if suffix in CODE_SUFFIXES:
        return "code"
    if suffix in HTML_SUFFIXES or (suffix not in MARKDOWN_SUFFIXES and starts_as_html(head)):
        return "html"
    if suffix in TABLE_SUFFIXES:
        return "table"
    # Logs come without a suffix, or with a number as the suffix: syslog, access.log.1.
    if suffix == ".log" or (
        suffix not in TEXT_SUFFIXES and looks_like_log(head.decode("utf-8", "replace"))
    ):
        return "log"
    if suffix in {"", ".txt"} and looks_like_table(_decoded(head)):
        return "table"
    return "text"


def _decoded(head: bytes) -> str:
    """Return the first bytes of a text as text; Excel exports its tabs in UTF-16."""
    is_utf16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return head.decode("utf-16" if is_utf16 else "utf-8", "replace").replace("\r\n", "\n")


def _unpacked(file: _File) -> _File:
    """Return the content of a gzip file as a file, which must be text.

    Raises:
        IngestError: it is empty or damaged, or holds a PDF or another gzip file.
    """
    source = GzipSource(file.path, file.name, file.limits)
    with source.open(lambda note: None) as stream:
        head = stream.read(HEAD_BYTES)
    if not head:
        raise EmptyDocument(f"{file.name} holds an empty file: there is nothing to read.")
    if starts_as_pdf(head) or head.startswith(GZIP_MAGIC):
        kind = "a PDF" if starts_as_pdf(head) else "another gzip file"
        raise UnsupportedFormat(f"{file.name} holds {kind}: unpack it and read what is inside.")
    return replace(file, source=source, head=head, suffix=_suffix(without_gz(file.name)))


def _read_head(path: Path, shown: str, limits: Limits) -> tuple[int, bytes]:
    """Return the file's size and first bytes.

    Raises:
        IngestError: it is not a readable regular file, is empty, or is larger than the limit.
    """
    try:
        # Checked before the file is opened: opening a pipe would wait for its writer for ever.
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
    # A text may mention the PDF header; a PDF with junk before it is seldom named like a text.
    return starts_as_pdf(head) or (has_pdf_header(head) and suffix not in TEXT_SUFFIXES)


def _refuse_other_kinds(file: _File) -> None:
    kind = describe_non_text(file.head)
    if file.suffix in _WORKBOOK_SUFFIXES and file.head.startswith(OLE_MAGIC):
        raise EncryptedDocument(
            f"{file.name} is protected with a password, or a workbook of an older Excel: open it "
            "in a spreadsheet program and save it as xlsx without a password."
        )
    if file.suffix == ".docx" and file.head.startswith(OLE_MAGIC):
        raise EncryptedDocument(
            f"{file.name} is protected with a password, or a document of an older Word: open it in "
            "a word processor and save it as docx without a password."
        )
    if file.suffix in _KINDS_BY_CONTENT:
        raise DamagedDocument(
            f"{file.name} is named like {_KINDS_BY_CONTENT[file.suffix]} but is none (it looks "
            f"like {kind or 'plain text'}): fetch it again, or give it the right name."
        )
    if kind is not None:
        raise UnsupportedFormat(
            f"{file.name} looks like {kind}; {SUPPORTED}: convert it to one of these first."
        )
