"""Reads PDF files page by page with pypdf; with PDFium, then OCR, where pypdf's text is no good.

A PDF from outside may be broken or hostile. pypdf runs no scripts and opens no attachments here,
and `Limits` bound its work on each stream and page. An error that it raises costs only the page,
where possible, else the file. The objects of a page are dropped afterwards, so that memory does not
grow with the number of pages.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pypdf
from pypdf.errors import DependencyError, FileNotDecryptedError, LimitReachedError

from ingest.document import Document, Locator, Segment
from ingest.errors import (
    DamagedDocument,
    EmptyDocument,
    EncryptedDocument,
    IngestError,
    LimitExceeded,
    UnsupportedFormat,
)
from ingest.limits import Limits
from ingest.pdf.annotations import has_too_many
from ingest.pdf.attachments import Attachments
from ingest.pdf.comments import comments
from ingest.pdf.forms import typed_text
from ingest.pdf.labels import PageLabels
from ingest.pdf.limits import PageBeyondLimits, PageGuard, bounded_pypdf, quiet_pypdf
from ingest.pdf.outline import Outline
from ingest.pdf.page_text import PageText
from ingest.pdf.report import PdfReport
from ingest.pdf.running_headers import without_running_headers
from ingest.pdf.scans import ScannedPages
from ingest.pdf.text import clean_page
from ingest.pdf.trees import resolved
from ingest.pdf.xfa import is_dynamic_form, is_placeholder
from ingest.sandbox.pdfium import PdfiumExtractor
from ingest.segmenting import cut_text
from ingest.source import open_file

# Neighbouring pages share fonts, so objects are not dropped after every page. A book of 656 pages
# then peaks at 40 MiB instead of 46 MiB, in the same time; one with heavy pages gains far more.
_PAGES_BETWEEN_DROPS = 16
_MAX_SLOW_PAGES = 3
_LOG = logging.getLogger(__name__)

quiet_pypdf()


@dataclass(frozen=True)
class _PageNames:
    """The labels and the outline of a PDF, where it has them; they name its pages."""

    labels: PageLabels | None
    outline: Outline | None

    def locator(self, index: int) -> Locator:
        """Return the locator of the page at a 0-based index."""
        label = self.labels.label(index) if self.labels else None
        chapter = self.outline.chapter(index) if self.outline else None
        return Locator("page", index + 1, index + 1, label, chapter)


@dataclass(frozen=True)
class PdfReader:
    """Reads one PDF.

    Args:
        path: of the file.
        name: what messages call it.
        limits: what it may ask for.
        password: that opens it, if it is encrypted.
    """

    path: Path
    name: str
    limits: Limits
    password: str | None = field(default=None, repr=False)

    def inspect(self) -> tuple[int | None, list[str]]:
        """Return the number of pages, and notes on what is wrong with them, before the reading.

        Raises:
            IngestError: the file cannot be opened, or has no pages or too many.
        """
        with open_file(self.path, self.name) as stream:
            pdf = self._parse(stream)
            page_count = len(pdf.pages)
            missing = _missing_pages(pdf)
            self._check_form(pdf)
        if page_count == 0:
            raise EmptyDocument(f"{self.name} is a PDF without pages: there is nothing to read.")
        if missing:
            return page_count, [f"{missing:,} pages of the file could not be found (damaged)."]
        return page_count, []

    def stated_title(self) -> str:
        """Return the title in the file's metadata, "" if it states none; nobody has judged it.

        Raises:
            IngestError: the file cannot be opened.
        """
        with open_file(self.path, self.name) as stream, bounded_pypdf(self.limits):
            pdf = pypdf.PdfReader(stream)
            if pdf.is_encrypted:
                self._unlock(pdf)
            stated = resolved((resolved(pdf.trailer.get("/Info")) or {}).get("/Title"))
        return stated if isinstance(stated, str) else ""

    def read(self, document: Document) -> Iterator[Segment]:
        """Yield the segments of each page in order; no segment spans two pages.

        Raises:
            IngestError: the rest of the file cannot be read, or no page has text.
        """
        with open_file(self.path, self.name) as stream:
            pdf = self._parse(stream)
            report = PdfReport(len(pdf.pages), missing=_missing_pages(pdf))
            report.is_dynamic_form = _is_dynamic_form(pdf)
            names = _PageNames(_labels(pdf), _outline(pdf, self.limits))
            try:
                with PdfiumExtractor(self.path, self.password, self.limits) as pdfium:

                    def on_recognising() -> None:
                        document.is_recognising = True
                        document.on_step()

                    scans = ScannedPages(pdfium, report, self.limits, on_recognising)
                    chooser = PageText(pdfium, scans, report, document.on_step)
                    raw = self._raw_pages(document, pdf, chooser, report)
                    for index, text in enumerate(without_running_headers(raw)):
                        yield from self._page_segments(index, text, names, report)
            finally:
                for note in report.notes():
                    document.add_note(note)
            if not report.chars:
                raise report.why_no_text(self.name)

    def _raw_pages(
        self, document: Document, pdf: Any, chooser: PageText, report: PdfReport
    ) -> Iterator[str]:
        """Yield the lines of each page, and what is typed on it; keep its comments for later."""
        files = _attachments(pdf, self.limits)
        for index in range(report.page_count):
            document.at_unit, document.is_recognising = index + 1, False
            chooser.on_step()
            guard = PageGuard(self.limits)
            text = self._raw_text(pdf, index, guard, report)
            has_more = guard.has_annotations
            typed = self._annotations(pdf, index, files, report) if has_more else ""
            is_unmapped = bool(text) and self._has_unmapped_font(pdf, index)
            self._drop_objects(pdf, index)
            text = chooser.choose(index, text, is_unmapped, guard.order.is_doubtful)
            if typed:
                text = f"{(text or '').rstrip()}\n\n{typed}"
            if text is None and index not in report.comments:
                report.failed.append(index + 1)
            yield text or ""
        report.attachments = files.note() if files else ""

    def _annotations(
        self, pdf: Any, index: int, files: Attachments | None, report: PdfReport
    ) -> str:
        """Return what is typed on a page; add its comments and the files pinned to it."""
        try:
            with bounded_pypdf(self.limits):
                page = pdf.pages[index]
                if has_too_many(page):
                    report.crowded.append(index + 1)
                if files:
                    files.add_pinned(page)
                if remarks := comments(page):
                    report.comments[index] = remarks
                return typed_text(page)
        except Exception as error:  # damaged annotations: the page is read without them
            _LOG.debug("%s page %d, annotations: %r", self.name, index + 1, error)
            return ""

    def _has_unmapped_font(self, pdf: Any, index: int) -> bool:
        """Return whether some text of a page is given only by the numbers of its glyphs.

        pypdf takes these numbers for letters. PDFium knows what they mean in the usual collections
        of Chinese, Japanese and Korean glyphs.
        """
        try:
            with bounded_pypdf(self.limits):
                fonts = resolved(resolved(pdf.pages[index]["/Resources"])["/Font"])
                return any(_is_unmapped(resolved(font)) for font in fonts.values())
        except Exception:  # no fonts, or damaged ones
            return False

    def _parse(self, stream: BinaryIO) -> Any:
        """Return a pypdf reader whose page tree was read and is within the limits."""
        try:
            with bounded_pypdf(self.limits):
                pdf = pypdf.PdfReader(stream)
                if pdf.is_encrypted:
                    self._unlock(pdf)
                page_count = len(pdf.pages)
        except IngestError:
            raise
        except Exception as error:  # pypdf raises nearly anything on a broken file
            raise self._opening_error(error) from error
        if page_count > self.limits.max_pages:
            raise LimitExceeded(
                f"{self.name} has {page_count:,} pages, the limit is {self.limits.max_pages:,}: "
                "split it into parts and read them one after another."
            )
        return pdf

    def _unlock(self, pdf: Any) -> None:
        """Decrypt the file with the empty password or the given one."""
        if pdf.decrypt("") or (self.password and pdf.decrypt(self.password)):
            return
        if self.password:
            raise EncryptedDocument(
                f"The password given for {self.name} does not open it: try again, minding capital "
                "letters and the keyboard's language."
            )
        raise EncryptedDocument(_needs_password(self.name))

    def _opening_error(self, error: Exception) -> IngestError:
        if isinstance(error, FileNotDecryptedError):
            return EncryptedDocument(_needs_password(self.name))
        if isinstance(error, DependencyError):
            return EncryptedDocument(
                f"{self.name} is encrypted with AES, which needs the Python package "
                "'cryptography': install it, or remove the encryption with another program."
            )
        if isinstance(error, NotImplementedError):
            return EncryptedDocument(
                f"{self.name} is protected in a way that Ammon cannot open: remove the protection "
                "with the program that made it."
            )
        if isinstance(error, LimitReachedError):
            return LimitExceeded(
                f"{self.name} asks for more pages or memory than the limits allow: it is damaged "
                "or made to exhaust its reader; print it to a new PDF and read that one."
            )
        return DamagedDocument(
            f"{self.name} is a damaged PDF and cannot be opened: fetch it again, or repair it with "
            "another program (such as qpdf), and retry."
        )

    def _check_form(self, pdf: Any) -> None:
        """Raise `UnsupportedFormat` for a form whose only page says that it cannot be shown."""
        if len(pdf.pages) != 1 or not _is_dynamic_form(pdf):
            return
        if is_placeholder(self._raw_text(pdf, 0, PageGuard(self.limits), PdfReport(1)) or ""):
            raise UnsupportedFormat(
                f"{self.name} is a dynamic form (XFA), whose content Ammon cannot read: open it in "
                "Adobe Reader, print it to a new PDF, and read that one."
            )

    def _page_segments(
        self, index: int, raw: str, names: _PageNames, report: PdfReport
    ) -> Iterator[Segment]:
        text = clean_page(raw)
        if remarks := report.comments.pop(index, ""):
            text = f"{text}\n\n{remarks}" if text.strip() else remarks
        if raw and (not text or text.isspace()):
            report.empty.append(index + 1)
            return
        report.chars += len(text)
        if report.chars > self.limits.max_text_chars:
            raise LimitExceeded(
                f"{self.name} has more than {self.limits.max_text_chars:,} characters up to page "
                f"{index + 1}, the limit for one document: split it and read the parts."
            )
        locator = names.locator(index)
        for piece in page_pieces(text, self.limits):
            yield Segment(piece, locator)

    def _raw_text(self, pdf: Any, index: int, guard: PageGuard, report: PdfReport) -> str | None:
        """Return a page's lines, white space if it has no text.

        Returns:
            "" for a page beyond the limits, after adding it to the report; None for a damaged page.
        """
        try:
            with bounded_pypdf(self.limits):
                page = pdf.pages[index]
                guard.has_annotations = "/Annots" in page
                page.extract_text(
                    visitor_operand_before=guard.on_operator, visitor_text=guard.on_text
                )
                return f"{guard.lines.text().rstrip()}\n\n"
        except PageBeyondLimits as error:
            self._leave_out(index + 1, str(error), report)
        except (DependencyError, FileNotDecryptedError) as error:
            # This concerns the file, not the page: no other page can be read either.
            raise self._opening_error(error) from error
        except LimitReachedError:
            report.too_large.append(index + 1)
        except Exception as error:  # RecursionError, KeyError, AssertionError...: one page's damage
            _LOG.debug("%s page %d: %r", self.name, index + 1, error)
            return None
        return ""

    def _drop_objects(self, pdf: Any, index: int) -> None:
        if (index + 1) % _PAGES_BETWEEN_DROPS == 0:
            # pypdf keeps every object that it has read, with its decompressed stream.
            pdf.resolved_objects.clear()

    def _leave_out(self, page: int, reason: str, report: PdfReport) -> None:
        report.left_out.append(f"Page {page} {reason} and was left out.")
        if len(report.left_out) >= _MAX_SLOW_PAGES:
            raise LimitExceeded(
                f"{self.name} has {_MAX_SLOW_PAGES} pages beyond the limits, the last is page "
                f"{page}, which {reason}: print it to a new PDF and read that one."
            )


def page_pieces(text: str, limits: Limits) -> Iterator[str]:
    """Yield a page's text in pieces of at most `max_segment_chars`; each ends with a newline."""
    limit = max(1, limits.max_segment_chars - 1)
    target = min(limits.target_segment_chars, limit)
    for piece in cut_text(text, target, limit):
        # A cut may be between two sentences: the space there becomes the newline.
        body = piece.rstrip(" \t")
        if body and not body.isspace():
            yield body if body.endswith("\n") else body + "\n"


def _labels(pdf: Any) -> PageLabels | None:
    try:
        return PageLabels(pdf.root_object)
    except Exception as error:  # damaged labels: page numbers are used
        _LOG.debug("page labels: %r", error)
        return None


def _outline(pdf: Any, limits: Limits) -> Outline | None:
    try:
        with bounded_pypdf(limits):
            return Outline(pdf.root_object, pdf.pages)
    except Exception as error:  # a damaged outline: pages have no chapters
        _LOG.debug("outline: %r", error)
        return None


def _attachments(pdf: Any, limits: Limits) -> Attachments | None:
    try:
        with bounded_pypdf(limits):
            return Attachments(pdf.root_object)
    except Exception as error:  # damaged lists of files
        _LOG.debug("attachments: %r", error)
        return None


def _is_dynamic_form(pdf: Any) -> bool:
    try:
        return is_dynamic_form(pdf.root_object)
    except Exception as error:  # a damaged form
        _LOG.debug("form: %r", error)
        return False


def _missing_pages(pdf: Any) -> int:
    """Return how many more pages the file claims to have than were found."""
    try:
        count = pdf.root_object["/Pages"]["/Count"]
        return max(0, int(count) - len(pdf.pages)) if isinstance(count, int) else 0
    except Exception:  # the count is optional for reading
        return 0


def _is_unmapped(font: Any) -> bool:
    encoding = resolved(font.get("/Encoding"))
    is_identity = isinstance(encoding, str) and encoding.startswith("/Identity")
    return font.get("/Subtype") == "/Type0" and is_identity and "/ToUnicode" not in font


def _needs_password(name: str) -> str:
    return (
        f"{name} is encrypted: give its password (on the command line, read FILE --password asks "
        "for it, or set AMMON_PDF_PASSWORD), or remove it with another program and read that copy."
    )
