"""The pages of a PDF that are only pictures of text: rendered by PDFium, recognised by OCR."""

from ingest.document import Limits
from ingest.pdf.ocr import OcrFailed, find_ocr
from ingest.pdf.report import PdfReport
from ingest.sandbox.pdfium import SpareExtractor

_MAX_FAILED_PAGES = 3


class ScannedPages:
    """Recognises the text of single pages of one reading, where the machine can.

    What there is to do it with is looked for at the first page, so that what was installed
    meanwhile is found by the next reading.
    """

    def __init__(self, spare: SpareExtractor, report: PdfReport, limits: Limits) -> None:
        self._spare, self._report, self._limits = spare, report, limits

    def text(self, index: int) -> str:
        """Return the text on the picture of the page at a 0-based index, "" where there is none."""
        report = self._report
        if report.ocr is None:
            report.ocr = find_ocr()
        if report.ocr.problem or len(report.unrecognised) >= _MAX_FAILED_PAGES:
            return ""
        picture = self._spare.page_picture(index)
        if picture is None:
            return ""
        try:
            text = report.ocr.text_of(picture, self._limits)
        except OcrFailed as error:
            report.unrecognised.append(f"The text recognition of page {index + 1} {error}.")
            if len(report.unrecognised) == _MAX_FAILED_PAGES:
                report.unrecognised[-1] += " No more pages were tried."
            return ""
        if text.strip():
            report.recognised.append(index + 1)
        return text.strip()
