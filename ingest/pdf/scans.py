"""Recognises PDF pages from their pictures: PDFium renders them, OCR reads them.

That is for pages that are only images of text, and for those whose fonts name no letters.
"""

from collections.abc import Callable

from ingest.limits import Limits
from ingest.pdf.ocr import OcrFailed, find_ocr
from ingest.pdf.report import PdfReport
from ingest.sandbox.pdfium import PdfiumExtractor

_MAX_FAILED_PAGES = 3


class ScannedPages:
    """Recognises single pages during one reading of a document, if an OCR program is installed.

    The program is searched for at the first page, so a program that was just installed is found by
    the next reading.

    Args:
        pdfium: renders the pages.
        report: gets the pages that were recognised and those that failed.
        limits: `seconds_per_ocr_page` holds for each page.
        on_recognising: called before a page is recognised.
    """

    def __init__(
        self,
        pdfium: PdfiumExtractor,
        report: PdfReport,
        limits: Limits,
        on_recognising: Callable[[], None] = lambda: None,
    ) -> None:
        self._pdfium, self._report, self._limits = pdfium, report, limits
        self._on_recognising = on_recognising

    def text(self, index: int) -> str:
        """Return the recognised text of a page without text, "" if there is none.

        Args:
            index: of the page, from 0 on.
        """
        text = self.recognise(index)
        if text:
            self._report.recognised.append(index + 1)
        return text

    def recognise(self, index: int) -> str:
        """Return the text on the picture of the page at a 0-based index, "" if there is none."""
        report = self._report
        if report.ocr is None:
            report.ocr = find_ocr()
        if report.ocr.problem or len(report.unrecognised) >= _MAX_FAILED_PAGES:
            return ""
        self._on_recognising()
        image = self._pdfium.page_image(index)
        if image is None:
            return ""
        try:
            text = report.ocr.text_of(image, self._limits)
        except OcrFailed as error:
            report.unrecognised.append(f"The text recognition of page {index + 1} {error}.")
            if len(report.unrecognised) == _MAX_FAILED_PAGES:
                report.unrecognised[-1] += " No more pages were tried."
            return ""
        return text.strip()
