"""The notes and errors about the pages of a PDF."""

import pytest

from ingest import DamagedDocument, EmptyDocument, LimitExceeded
from ingest.pdf.ocr import Ocr
from ingest.pdf.report import PdfReport, page_list


def test_a_page_list_joins_consecutive_pages_and_is_bounded():
    assert page_list([3]) == "Page 3"
    assert page_list([3, 7, 8, 9]) == "Pages 3, 7–9"
    assert page_list([1, 3, 5, 7, 8], max_ranges=2) == "Pages 1, 3 and 3 more"


@pytest.mark.parametrize(
    ("found", "error", "words"),
    [
        ({"too_large": [1]}, LimitExceeded, "No page of a.pdf gave text within the limits"),
        ({"left_out": ["Page 1 …"]}, LimitExceeded, "No page of a.pdf gave text"),
        ({"empty": [1]}, EmptyDocument, "a.pdf has no text on its page: it looks scanned"),
        ({"empty": [1], "missing": 3}, DamagedDocument, "None of the pages of a.pdf"),
        ({"failed": [1]}, DamagedDocument, "None of the pages of a.pdf could be read"),
    ],
)
def test_the_error_for_a_pdf_without_text_says_why(found, error, words):
    reason = PdfReport(1, **found).why_no_text("a.pdf")
    assert type(reason) is error and str(reason).startswith(words)


@pytest.mark.parametrize(
    ("ocr", "words"),
    [
        (None, "Page 2 had no text (scanned?)."),
        (Ocr(problem="install it"), "Page 2 had no text (scanned?); install it."),
        (Ocr(languages="eng"), "none was recognised (OCR by Tesseract, eng); a text in another"),
    ],
)
def test_the_note_on_a_page_without_text_says_what_ocr_found(ocr, words):
    (note,) = PdfReport(2, empty=[2], chars=5, ocr=ocr).notes()
    assert words in note


def test_each_kind_of_page_has_its_note_in_a_fixed_order():
    report = PdfReport(
        *(9,),
        empty=[1],
        recognised=[2, 3],
        failed=[4],
        from_pdfium=[5],
        too_large=[6],
        left_out=["Page 7 was slow and was left out."],
        ocr=Ocr(languages="eng"),
        chars=1,
    )
    first_words = [" ".join(note.split()[:2]) for note in report.notes()]
    assert first_words == ["Page 1", "Pages 2–3", "Page 4", "Page 5", "Page 6", "Page 7"]
