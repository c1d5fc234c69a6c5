"""What kind of file is to be read: its content decides first, its suffix second.

A PDF named notes.txt is read as a PDF, and a program named notes.txt is refused. For text, the
suffix says whether it is plain text, a log or code.
"""

import codecs

from ingest.document import Kind
from ingest.errors import DamagedDocument, EncryptedDocument, IngestError, UnsupportedFormat
from ingest.input_file import InputFile, unpacked
from ingest.lines.code import CODE_SUFFIXES
from ingest.lines.log import looks_like_log
from ingest.mail.outlook import is_outlook_message
from ingest.markup.archive import Archive
from ingest.markup.docx import MAIN_PART
from ingest.markup.epub_package import CONTAINER
from ingest.markup.fb2 import packed_book
from ingest.markup.odf_package import ODF_TYPES, odf_type
from ingest.other_kinds import describe_carrier, describe_ole, describe_package
from ingest.slides.pptx import PRESENTATION
from ingest.sniffing import (
    DOCX,
    EPUB,
    OLE_MAGIC,
    SUPPORTED,
    UNKNOWN_BINARY,
    XLSX,
    ZIP_MAGIC,
    describe_non_text,
    has_pdf_header,
    is_session_export,
    looks_like_ods,
    starts_as_html,
    starts_as_pdf,
)
from ingest.source import GZIP_MAGIC
from ingest.structured_text import structured_kind
from ingest.tables.delimited import TABLE_SUFFIXES
from ingest.tables.delimiter import looks_like_table
from ingest.tables.xlsx_parts import BINARY_PART, WORKBOOK_PART

MARKDOWN_SUFFIXES = (".md", ".markdown", ".rst")
TEXT_SUFFIXES = (".txt", ".text", ".log", *MARKDOWN_SUFFIXES)
_WORKBOOK_SUFFIXES = (".xlsx", ".xlsm", ".ods")
HTML_SUFFIXES = (".html", ".htm", ".xhtml", ".xht")
KNOWN_SUFFIXES = frozenset(
    {*TEXT_SUFFIXES, *HTML_SUFFIXES, *TABLE_SUFFIXES, *CODE_SUFFIXES, *_WORKBOOK_SUFFIXES}
    | {".pdf", ".epub", ".docx", ".pptx", ".odt", ".odp", ".fodt", ".fodp", ".rtf", ".fb2"}
    | {".jsonl", ".ndjson", ".ipynb", ".srt", ".vtt", ".eml", ".emlx", ".msg", ".mbox"}
    | {".mhtml", ".mht", ".gz"}
)
"""Of the files that are taken from a folder; files that are named may have any other."""
_KINDS_BY_SUFFIX: dict[str, Kind] = {".pptx": "slides", ".odp": "slides", ".odt": "odt"}
"""Of archives that are damaged, so that their readers say so."""
# Files with these suffixes are recognised by their content; other content under them is an error.
_KINDS_BY_CONTENT = {
    ".pdf": "a PDF",
    ".epub": "an EPUB book",
    ".docx": "a Word document",
    ".xlsx": "an Excel workbook",
    ".xlsm": "an Excel workbook",
    ".ods": "an OpenDocument spreadsheet",
    ".pptx": "a PowerPoint presentation",
    ".odt": "an OpenDocument text",
    ".odp": "an OpenDocument presentation",
    ".msg": "an Outlook message",
    ".gz": "a gzip file",
}


def recognise(file: InputFile) -> tuple[Kind, InputFile]:
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
        file = unpacked(file)
    if file.head.startswith(OLE_MAGIC) and is_outlook_message(file.path):
        return "email", file
    structured = structured_kind(file.head, file.suffix)
    if structured is not None:
        return structured, file
    _refuse_other_kinds(file)
    return kind_of_text(file.head, file.suffix), file


def _kind_of_archive(file: InputFile) -> Kind | None:
    """Return the kind of a ZIP archive, None if it is another one; a damaged one is guessed."""
    looks = describe_non_text(file.head)
    try:
        with Archive(file.path, file.name, file.limits) as archive:
            is_epub = CONTAINER in archive
            is_docx = MAIN_PART in archive
            is_workbook = WORKBOOK_PART in archive
            is_binary = BINARY_PART in archive
            other = _kind_of_package(archive)
            if other is not None and not is_epub and not is_docx:
                return other
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
    if is_workbook or file.suffix in _WORKBOOK_SUFFIXES or looks == XLSX or is_ods(file):
        return "workbook"
    return _KINDS_BY_SUFFIX.get(file.suffix)


def _kind_of_package(archive: Archive) -> Kind | None:
    """Return the kind of an archive with slides, an OpenDocument text or a FictionBook in it."""
    if packed_book(archive.names()):
        return "fb2"
    media_type = odf_type(archive)
    if media_type.startswith(ODF_TYPES["odt"]):
        return "odt"
    return "slides" if PRESENTATION in archive or media_type.startswith(ODF_TYPES["odp"]) else None


def is_ods(file: InputFile) -> bool:
    """Return whether a workbook is one of OpenDocument, not of Excel."""
    return looks_like_ods(file.head) or (
        file.suffix == ".ods" and XLSX != describe_non_text(file.head)
    )


def kind_of_text(head: bytes, suffix: str) -> Kind:
    """Return what a text is read as.

    Args:
        head: the first bytes; empty: only the suffix decides.
        suffix: of the file's name, in lower case.
    """
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


def _is_pdf(head: bytes, suffix: str) -> bool:
    # A text may mention the PDF header; a PDF with junk before it is seldom named like a text.
    return starts_as_pdf(head) or (has_pdf_header(head) and suffix not in TEXT_SUFFIXES)


def _describe_unread(file: InputFile) -> str | None:
    """Return what kind of file this is, None if it may be text."""
    kind = describe_non_text(file.head)
    if kind == UNKNOWN_BINARY and file.encoding is not None:
        kind = None  # text in an encoding that was not recognised, such as UTF-16
    if kind is None:
        is_source = file.suffix in CODE_SUFFIXES or file.suffix in MARKDOWN_SUFFIXES
        return None if is_source else describe_carrier(file.head)
    if file.head.startswith(OLE_MAGIC):
        return describe_ole(file.path) or kind
    if file.head.startswith(ZIP_MAGIC):
        try:
            with Archive(file.path, file.name, file.limits) as archive:
                return describe_package(archive.names(), odf_type(archive)) or kind
        except IngestError:
            return kind
    return kind


def _refuse_other_kinds(file: InputFile) -> None:
    if is_session_export(file.head):
        raise UnsupportedFormat(
            f"{file.name} is a session that Ammon exported, not a document: import it with python "
            "launch.py import FILE, or drop it on the page."
        )
    kind = _describe_unread(file)
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
