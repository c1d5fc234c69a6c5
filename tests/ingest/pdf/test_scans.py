"""Scanned pages with a fake PDFium and a fake OCR program: what is asked, reported and given up."""

import pytest

from ingest import Limits
from ingest.pdf.ocr import Ocr, OcrFailed
from ingest.pdf.report import PdfReport
from ingest.pdf.scans import ScannedPages
from ingest.sandbox.pdfium import PageImage


class FakePdfium:
    """Has images of all pages but the blank ones."""

    def __init__(self, blank=()):
        self.blank, self.asked = blank, []

    def page_image(self, index):
        self.asked.append(index)
        return None if index in self.blank else PageImage(b"%d" % index, 300)


@pytest.fixture
def recognise(monkeypatch):
    """Return a function that recognises pages with fakes and returns what happened."""

    def run(indices, text_of, blank=(), ocr=None):
        monkeypatch.setattr("ingest.pdf.scans.find_ocr", lambda: ocr or Ocr("tesseract"))
        monkeypatch.setattr(Ocr, "text_of", lambda _, image, limits: text_of(int(image.pgm)))
        report, pdfium = PdfReport(10), FakePdfium(blank)
        begun: list[int] = []
        scans = ScannedPages(pdfium, report, Limits(), lambda: begun.append(len(pdfium.asked)))
        texts = [scans.text(index) for index in indices]
        assert begun == list(range(len(pdfium.asked))), "told before each page, and of no other"
        return texts, report, pdfium.asked

    return run


def failing(index):
    raise OcrFailed("took longer than 1 s")


def test_the_text_of_a_page_is_stripped_and_reported(recognise):
    texts, report, _ = recognise([0, 2], lambda index: f" text {index}\n")
    assert texts == ["text 0", "text 2"] and report.recognised == [1, 3]


def test_a_blank_page_and_white_space_are_not_recognised_text(recognise):
    texts, report, _ = recognise([0, 1], lambda index: " \n", blank=(0,))
    assert texts == ["", ""] and report.recognised == [] and report.unrecognised == []


def test_three_failures_end_the_recognition(recognise):
    texts, report, asked = recognise(range(5), failing)
    assert texts == [""] * 5 and asked == [0, 1, 2] and len(report.unrecognised) == 3
    assert report.unrecognised[0] == "The text recognition of page 1 took longer than 1 s."
    assert report.unrecognised[2].endswith("No more pages were tried.")


def test_no_page_is_rendered_without_an_ocr_program(recognise):
    texts, report, asked = recognise([0, 1], failing, ocr=Ocr(problem="install it"))
    assert texts == ["", ""] and asked == [] and report.ocr.problem == "install it"
