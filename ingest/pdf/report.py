"""What happened to the pages of a PDF while it was read, and the notes about it for the user."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ingest.errors import DamagedDocument, EmptyDocument, IngestError, LimitExceeded
from ingest.number_ranges import NumberRanges
from ingest.pdf.annotations import MAX_ANNOTATIONS
from ingest.pdf.ocr import Ocr


@dataclass
class PdfReport:
    """Page numbers, from 1 on and ascending, by what happened to the pages.

    Args:
        page_count: pages that were found.
        missing: how many more pages the file claims to have.
        failed: damaged pages.
        empty: pages without text, on which none was recognised either.
        too_large: pages whose content would unpack beyond the limits.
        left_out: notes on the pages that took too long or had too much text.
        from_pdfium: pages on which only PDFium found text.
        recognised: pages without text whose picture was recognised by OCR.
        garbled: pages whose fonts name no letters, or wrong ones; nothing of them was read.
        drawn: such pages that were recognised by OCR.
        filled: pages with some letters that were taken from their picture.
        lossy: pages with some characters that their fonts do not name.
        crowded: pages with more annotations than are looked at.
        comments: on the pages that were read but not yet cut into segments, by index.
        attachments: the sentence about the files that the PDF holds.
        is_dynamic_form: its pages do not show its content.
        unrecognised: notes on the pages whose recognition failed.
        ocr: the program that was asked to recognise text; None before the first page without text.
        chars: text of all pages so far.
    """

    page_count: int
    missing: int = 0
    failed: list[int] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)
    too_large: list[int] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    from_pdfium: list[int] = field(default_factory=list)
    recognised: list[int] = field(default_factory=list)
    garbled: list[int] = field(default_factory=list)
    drawn: list[int] = field(default_factory=list)
    filled: list[int] = field(default_factory=list)
    lossy: list[int] = field(default_factory=list)
    crowded: list[int] = field(default_factory=list)
    comments: dict[int, str] = field(default_factory=dict)
    attachments: str = ""
    is_dynamic_form: bool = False
    unrecognised: list[str] = field(default_factory=list)
    ocr: Ocr | None = None
    chars: int = 0

    def notes(self) -> Iterator[str]:
        """Yield the sentences for the user about pages without text, or with uncertain text."""
        if self.empty and self.chars:
            yield f"{page_list(self.empty)} had no text (scanned?){self._why_none_recognised()}."
        if self.recognised:
            yield (
                f"{page_list(self.recognised)} had no text but a picture of it, from which it was "
                f"recognised ({self.ocr}): it may have mistakes."
            )
        yield from self._notes_on_fonts()
        yield from self.unrecognised
        if self.failed:
            yield f"{page_list(self.failed)} could not be read (damaged)."
        if self.from_pdfium:
            pages = page_list(self.from_pdfium)
            yield f"{pages} gave no text at first and came from PDFium instead."
        if self.too_large:
            yield f"{page_list(self.too_large)} would unpack beyond the limits (left out)."
        yield from self.left_out
        if self.crowded:
            yield (
                f"{page_list(self.crowded)} had more than {MAX_ANNOTATIONS:,} annotations; those "
                "after that were not read."
            )
        if self.is_dynamic_form:
            yield (
                "Its content is a form in XFA, which is not read; its pages may only stand for it. "
                "Print it to a new PDF with Adobe Reader, and read that one."
            )
        if self.attachments:
            yield self.attachments

    def _notes_on_fonts(self) -> Iterator[str]:
        if self.drawn:
            yield (
                f"{page_list(self.drawn)} had fonts that do not name their letters, which were "
                f"recognised from the picture of the page ({self.ocr}): it may have mistakes."
            )
        if self.garbled and self.chars:
            yield f"{page_list(self.garbled)} could not be read: {self._why_garbled()}."
        if self.filled:
            yield (
                f"{page_list(self.filled)} had some letters that the fonts do not name; they were "
                f"recognised from the picture of the page ({self.ocr})."
            )
        if self.lossy:
            yield (
                f"{page_list(self.lossy)} had some letters that the fonts do not name: they are "
                "missing, each shown as \ufffd."
            )

    def _why_garbled(self) -> str:
        return (
            "the fonts do not say which letters they draw, so the text is garbled"
            f"{self._why_none_recognised()}"
        )

    def why_no_text(self, name: str) -> IngestError:
        """Return the error for a document without text on any page; `name` is what it is called."""
        if self.too_large or self.left_out:
            return LimitExceeded(
                f"No page of {name} gave text within the limits for one page: print it to a "
                "new PDF and read that one."
            )
        if self.garbled:
            return EmptyDocument(f"{name} could not be read: {self._why_garbled()}.")
        if self.empty and not self.missing:
            count = f"any of its {self.page_count:,} pages" if self.page_count > 1 else "its page"
            return EmptyDocument(
                f"{name} has no text on {count}: it looks scanned or blank"
                f"{self._why_none_recognised()}."
            )
        return DamagedDocument(
            f"None of the pages of {name} could be read: fetch it again, or repair it with "
            "another program (such as qpdf), and retry."
        )

    def _why_none_recognised(self) -> str:
        if self.ocr is None:
            return ""
        if self.ocr.problem:
            return f"; {self.ocr.problem}"
        return (
            f", and none was recognised (OCR by {self.ocr}); a text in another language needs that "
            "language named in AMMON_OCR_LANGUAGES"
        )


def page_list(pages: list[int], max_ranges: int = 12) -> str:
    """Return "Page 3" or "Pages 3, 7–9 and 40 more" for ascending page numbers."""
    ranges = NumberRanges(max_ranges)
    for page in pages:
        ranges.add(page)
    return ranges.describe("Page")
