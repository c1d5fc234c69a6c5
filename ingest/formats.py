"""How each kind of file is read: its reader, and what its locators count."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from ingest.document import Kind, Reader, Unit
from ingest.input_file import InputFile
from ingest.limits import Limits
from ingest.lines.code import CodeReader
from ingest.lines.json_lines import JsonLinesReader
from ingest.lines.log import LogReader
from ingest.lines.notebook import NotebookReader
from ingest.lines.subtitles import SubtitleReader
from ingest.lines.text import TextReader
from ingest.mail.mhtml import MhtmlReader
from ingest.mail.outlook import OutlookReader
from ingest.mail.reader import MailboxReader, MailReader
from ingest.markup.archive import Archive
from ingest.markup.docx import DocxReader
from ingest.markup.epub import EpubReader
from ingest.markup.fb2 import FictionBookReader, PackedFictionBookReader, packed_book
from ingest.markup.html import HtmlReader
from ingest.markup.odf import OdpReader, OdtReader
from ingest.markup.rtf import RtfReader
from ingest.recognition import is_ods
from ingest.slides.pptx import PRESENTATION, PptxReader
from ingest.sniffing import OLE_MAGIC, ZIP_MAGIC
from ingest.source import Source
from ingest.tables.delimited import DelimitedReader
from ingest.tables.ods import OdsReader
from ingest.tables.xlsx import XlsxReader


class InspectableReader(Reader, Protocol):
    """A reader that can tell before the reading what makes a file unreadable."""

    def inspect(self) -> tuple[int | None, list[str]]:
        """Return the number of units, if it is known before the reading, and notes for the user.

        Raises:
            IngestError: the file cannot be read.
        """
        ...


class Format(NamedTuple):
    """How files of one kind are read, and what their locators count."""

    unit: Unit
    make_reader: Callable[[InputFile], InspectableReader]
    takes_encoding: bool = False


# Makes a reader of a file that may be packed with gzip.
_FromSource = Callable[[Source, str, Limits], InspectableReader]


def _source_format(reader: _FromSource, unit: Unit) -> Format:
    return Format(unit, lambda file: reader(file.source, file.name, file.limits))


def _text_format(reader: type[TextReader], unit: Unit = "line") -> Format:
    return Format(
        unit, lambda f: reader(f.source, f.name, f.limits, f.encoding), takes_encoding=True
    )


FORMATS: dict[Kind, Format] = {
    "text": _text_format(TextReader),
    "log": _text_format(LogReader),
    "jsonl": _text_format(JsonLinesReader),
    "code": _text_format(CodeReader),
    "table": _text_format(DelimitedReader, "row"),
    "html": _text_format(HtmlReader, "paragraph"),
    "epub": Format("chapter", lambda file: EpubReader(file.path, file.name, file.limits)),
    "docx": Format("paragraph", lambda file: DocxReader(file.path, file.name, file.limits)),
    "workbook": Format("row", lambda file: _workbook_reader(file)),
    "odt": Format("paragraph", lambda file: _odf_reader(file, OdtReader)),
    "slides": Format("slide", lambda file: _slides_reader(file)),
    "rtf": _source_format(RtfReader, "paragraph"),
    "notebook": _text_format(NotebookReader, "cell"),
    "subtitles": _text_format(SubtitleReader, "cue"),
    "fb2": Format("chapter", lambda file: _fiction_book_reader(file)),
    "email": Format("message", lambda file: _mail_reader(file)),
    "mailbox": _source_format(MailboxReader, "message"),
    "mhtml": _source_format(MhtmlReader, "paragraph"),
    "pdf": Format("page", lambda file: _pdf_reader(file)),
}


def _pdf_reader(file: InputFile) -> InspectableReader:
    # To import pypdf takes as long as all other readers; most files do without it.
    from ingest.pdf.reader import PdfReader

    return PdfReader(file.path, file.name, file.limits, file.password)


def _workbook_reader(file: InputFile) -> InspectableReader:
    reader = OdsReader if is_ods(file) else XlsxReader
    return reader(file.path, file.name, file.limits)


def _mail_reader(file: InputFile) -> InspectableReader:
    if file.head.startswith(OLE_MAGIC):
        return OutlookReader(file.path, file.name, file.limits)
    return MailReader(file.source, file.name, file.limits)


def _odf_reader(file: InputFile, reader: type[OdtReader]) -> InspectableReader:
    is_packed = file.head.startswith(ZIP_MAGIC)
    return reader(file.path, file.source, file.name, file.limits, is_packed)


def _slides_reader(file: InputFile) -> InspectableReader:
    is_packed = file.head.startswith(ZIP_MAGIC)
    if is_packed:
        with Archive(file.path, file.name, file.limits) as archive:
            if PRESENTATION in archive:
                return PptxReader(file.path, file.name, file.limits)
    return _odf_reader(file, OdpReader)


def _fiction_book_reader(file: InputFile) -> InspectableReader:
    if not file.head.startswith(ZIP_MAGIC):
        return FictionBookReader(file.source, file.name, file.limits)
    with Archive(file.path, file.name, file.limits) as archive:
        entry = packed_book(archive.names()) or ""
    return PackedFictionBookReader(file.source, file.name, file.limits, file.path, entry)
