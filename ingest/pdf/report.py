"""What happened to the pages of a PDF while it was read, and what a person is told of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ingest.errors import DamagedDocument, EmptyDocument, IngestError, LimitExceeded
from ingest.number_ranges import Runs
from ingest.pdf.ocr import Ocr


@dataclass
class PdfReport:
    """The pages by what became of them, 1-based numbers in order.

    Args:
        empty: without text, and without any that could be recognised.
        ocr: what was asked to recognise text; None before the first page without any.
        unrecognised: how the recognition of single pages failed.
    """

    page_count: int
    missing: int = 0
    failed: list[int] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)
    too_large: list[int] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    spared: list[int] = field(default_factory=list)
    recognised: list[int] = field(default_factory=list)
    unrecognised: list[str] = field(default_factory=list)
    ocr: Ocr | None = None
    chars: int = 0

    def notes(self) -> Iterator[str]:
        if self.empty and self.chars:
            yield f"{page_list(self.empty)} had no text (scanned?){self._why_none_recognised()}."
        if self.recognised:
            yield (
                f"{page_list(self.recognised)} had no text but a picture of it, from which it was "
                f"recognised ({self.ocr}): it may have mistakes."
            )
        yield from self.unrecognised
        if self.failed:
            yield f"{page_list(self.failed)} could not be read (damaged)."
        if self.spared:
            yield f"{page_list(self.spared)} gave no text at first and came from PDFium instead."
        if self.too_large:
            yield f"{page_list(self.too_large)} would unpack beyond the limits (left out)."
        yield from self.left_out

    def why_no_text(self, name: str) -> IngestError:
        """Return the error for a document in which no page gave text."""
        if self.too_large or self.left_out:
            return LimitExceeded(
                f"No page of {name} gave text within the limits for one page: print it to a "
                "new PDF and read that one."
            )
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


def page_list(pages: list[int], most: int = 12) -> str:
    """Return "Page 3" or "Pages 3, 7–9 and 40 more": sorted numbers with runs drawn together."""
    runs = Runs(most)
    for page in pages:
        runs.add(page)
    return runs.words("Page")
