"""Which pages are laid out by positions, and what comes of them with the real PDFium."""

import pytest

from ingest.pdf.drawing import DrawingOrder
from ingest.sandbox.pdfium import PdfiumExtractor
from tests.support.pdf_samples import make_pdf


def at(x, y, text, font="/F1 10 Tf"):
    return f"BT {font} 1 0 0 1 {x} {y} Tm ({text}) Tj ET "


def column(x, *texts, top=700):
    return "".join(at(x, top - 18 * row, text) for row, text in enumerate(texts))


LINES = ["This line is as long as it is", "in a column of any letter", "and nothing else is in it"]


@pytest.fixture
def asked(monkeypatch):
    """Return the list of pages whose words are asked for."""
    pages, ask = [], PdfiumExtractor.page_words

    def page_words(extractor, index):
        pages.append(index)
        return ask(extractor, index)

    monkeypatch.setattr(PdfiumExtractor, "page_words", page_words)
    return pages


@pytest.mark.parametrize(
    "content",
    [
        "BT /F1 10 Tf 14 TL 50 700 Td (one line) Tj T* (and another) Tj ET",
        "BT /F1 10 Tf 50 700 Td (words ) Tj (of one ) Tj 50 0 Td (line) Tj ET",
        column(50, *LINES) + column(300, *LINES),
        "BT /F1 10 Tf 50 700 Td /Span <</MCID 0>> BDC (marked) Tj EMC ET",
        "BT /F1 10 Tf 0 1 -1 0 50 50 Tm (upwards) Tj 1 0 0 1 50 700 Tm (not) Tj ET",
    ],
    ids=["lines", "words", "columns in order", "marked", "upwards"],
)
def test_the_words_of_an_ordinary_page_are_not_asked_for(whole_text, asked, content):
    assert whole_text(make_pdf(content.encode()), "a.pdf") and asked == []


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (
            column(50, "Net amount", "Total due") + column(300, "1,000.00", "1,190.00"),
            "Net amount\t1,000.00\nTotal due\t1,190.00\n",
        ),
        (
            "BT /F1 11 Tf 72 700 Td (held 10) Tj /F1 7 Tf 5 Ts (5) Tj /F1 11 Tf 0 Ts ( cells) Tj "
            "ET",
            "held 10⁵ cells\n",
        ),
        (
            "BT /F1 11 Tf 72 700 Td (was 5,200) Tj /F1 7 Tf 50 4 Td (3) Tj /F1 11 Tf 4 -4 Td "
            "( in 1901) Tj ET",
            "was 5,200³ in 1901\n",
        ),
        (at(72, 700, "Total due") + at(72.4, 700, "Total due"), "Total due\n"),
        (at(72, 672, "T", "/F1 40 Tf") + at(98, 692, "here was a mill"), "There was a mill\n"),
        (
            "BT /F1 10 Tf 72 700 Td /Span << /ActualText (office) >> BDC (o\\001ce) Tj EMC ET",
            "office\n",
        ),
        (
            "".join(
                at(50, y, text) for y, text in ((600, "Third."), (650, "Second."), (700, "First."))
            ),
            "First.\nSecond.\nThird.\n",
        ),
        (
            "".join(
                at(50, 700 - 18 * row, left) + at(320, 700 - 18 * row, right)
                for row, (left, right) in enumerate(
                    zip([*LINES[:2], "it is the light-"], LINES, strict=True)
                )
            )
            + at(50, 646, "house of the island"),
            None,
        ),
    ],
    ids=["labels", "rise", "raised", "bold", "drop cap", "actual text", "upside down", "hyphen"],
)
def test_a_page_in_another_order_is_read_as_it_looks(whole_text, content, text):
    found = whole_text(make_pdf(content.encode()), "a.pdf")
    assert found == text if text else "lighthouse" in found


def test_a_lost_pdfium_leaves_the_order_of_the_drawing(whole_text, monkeypatch):
    monkeypatch.setattr(PdfiumExtractor, "page_words", lambda extractor, index: [])
    content = column(50, "Net", "Total") + column(300, "1.00", "1.19")
    assert whole_text(make_pdf(content.encode()), "a.pdf") == "Net\nTotal\n1.00\n1.19\n"


def test_operands_of_any_kind_are_no_error():
    order, one = DrawingOrder(), [1, 0, 0, 1, 0, 0]
    for operator in (b"Tj", b"TJ", b"'", b'"', b"Tf", b"Ts", b"BDC", b"BT"):
        for operands in ([], [None], [[None, 3, "x"]], ["/F1", "x"], [{}, 7]):
            order.see(operator, operands, one, one)
    for number in (float("nan"), float("inf"), 1e300):
        DrawingOrder().see(b"Tj", ["x"], [number] * 6, one)
