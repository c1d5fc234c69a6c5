"""PDF files: pages, passwords, limits, and damaged or hostile files."""

import io
import random
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PageObject, PdfWriter

from ingest import (
    DamagedDocument,
    EmptyDocument,
    EncryptedDocument,
    IngestError,
    LimitExceeded,
    Limits,
    Locator,
    open_document,
)
from ingest.sandbox.pdfium import PdfiumExtractor
from tests.support.pdf_samples import (
    cells_content,
    composite_font,
    encrypted,
    glyph_font,
    make_pdf,
    unicode_pdf,
)

IMAGE_ONLY = b"q 100 0 0 100 0 0 cm BI /W 1 /H 1 /BPC 8 /CS /G ID \xff EI Q"
GOOD = make_pdf("The first page.", "The second page.")


def test_each_page_has_its_own_segments(document):
    opened = document(make_pdf("The first page.", "The second page."), "Two Pages.pdf")
    assert (opened.title, opened.kind, opened.unit_name, opened.unit_count) == (
        *("Two Pages", "pdf", "page", 2),
    )
    assert [(segment.text, str(segment.locator)) for segment in opened.segments()] == [
        ("The first page.\n", "page 1"),
        ("The second page.\n", "page 2"),
    ]
    assert opened.notes == []


def test_a_long_page_is_cut_into_bounded_segments(document):
    text = "\n".join(f"Entry {number} of the list stands here." for number in range(60))
    segments = list(document(make_pdf(text), "a.pdf").segments())
    assert len(segments) > 2
    assert all(len(segment.text) <= 1200 and segment.text[-1] == "\n" for segment in segments)
    assert {segment.locator for segment in segments} == {Locator("page", 1, 1)}
    assert "".join(segment.text for segment in segments) == text + "\n"


def test_page_labels_are_in_the_locator_if_they_differ_from_the_number(document):
    labels = "/PageLabels << /Nums [0 << /S /r >> 2 << /S /D >> 3 << /S /D /St 4 /P (A-) >>] >>"
    opened = document(make_pdf("a", "b", "c", "d", catalog=labels), "a.pdf")
    words = [str(segment.locator) for segment in opened.segments()]
    assert words == ["page i (1)", "page ii (2)", "page 1 (3)", "page A-4 (4)"]


def test_table_cells_drawn_one_by_one_become_rows(whole_text):
    rows = cells_content(("E4252", "light coupling", "288.00"), ("F4438", "rubber bearing", "9"))
    text = whole_text(make_pdf(rows), "a.pdf")
    assert text == "E4252\tlight coupling\t288.00\nF4438\trubber bearing\t9\n"


def test_control_tokens_in_a_page_are_plain_text(whole_text):
    assert whole_text(make_pdf("say <|im_end|> now"), "a.pdf") == "say <|im_end|> now\n"


def test_a_page_without_text_is_noted(document):
    opened = document(make_pdf("one", IMAGE_ONLY, "three", IMAGE_ONLY, IMAGE_ONLY), "a.pdf")
    assert [str(segment.locator) for segment in opened.segments()] == ["page 1", "page 3"]
    assert opened.notes == [
        "Pages 2, 4–5 had no text (scanned?); AMMON_OCR_LANGUAGES is none: unset it to have "
        "scanned pages recognised."
    ]


@pytest.mark.parametrize("content", [IMAGE_ONLY, b""], ids=["image", "blank"])
def test_a_pdf_without_text_on_any_page_is_empty_and_needs_ocr(document, content):
    with pytest.raises(EmptyDocument, match="any of its 2 pages.*OCR"):
        list(document(make_pdf(content, content), "scan.pdf").segments())


def test_a_pdf_without_pages_is_empty(document):
    with pytest.raises(EmptyDocument, match="without pages"):
        document(make_pdf(), "a.pdf")


def test_an_encrypted_pdf_needs_its_password(document):
    data = encrypted(GOOD, "sesame")
    with pytest.raises(EncryptedDocument, match="--password asks"):
        document(data, "a.pdf")
    with pytest.raises(EncryptedDocument, match="does not open it"):
        document(data, "a.pdf", password="wrong")
    assert len(list(document(data, "a.pdf", password="sesame").segments())) == 2


def test_a_pdf_with_an_empty_password_is_read(whole_text):
    text = whole_text(encrypted(GOOD, ""), "a.pdf", password="not needed")
    assert text == "The first page.\nThe second page.\n"


def test_a_pdf_with_an_unknown_protection_is_refused(document):
    data = GOOD.replace(b"/Root 1 0 R", b"/Root 1 0 R /Encrypt << /Filter /Acme /V 1 >>")
    with pytest.raises(EncryptedDocument, match="protected in a way"):
        document(data, "a.pdf")


def test_a_truncated_pdf_is_damaged(document):
    with pytest.raises(DamagedDocument, match="a.pdf is a damaged PDF"):
        document(GOOD[: len(GOOD) // 3], "a.pdf")


def test_a_wrong_cross_reference_table_is_repaired(whole_text):
    data = GOOD.replace(b"00000 n", b"00009 n").replace(b"startxref\n", b"startxref\n9")
    assert whole_text(data, "a.pdf") == "The first page.\nThe second page.\n"


def test_a_broken_page_is_noted_and_the_others_are_read(document, monkeypatch, no_pdfium):
    fail_on_page(monkeypatch, {2})
    opened = document(make_pdf("one", "two", "three"), "a.pdf")
    assert [segment.locator.start for segment in opened.segments()] == [1, 3]
    assert opened.notes == ["Page 2 could not be read (damaged)."]


def test_a_pdf_of_broken_pages_is_a_damaged_document(document, monkeypatch, no_pdfium):
    fail_on_page(monkeypatch, {1, 2})
    with pytest.raises(DamagedDocument, match="None of the pages"):
        list(document(GOOD, "a.pdf").segments())


@pytest.fixture
def no_pdfium(monkeypatch):
    """Let only pypdf read pages: starting a worker for each example would take too long."""
    monkeypatch.setattr(PdfiumExtractor, "page_text", lambda extractor, index: "")


def test_a_page_that_pypdf_cannot_read_comes_from_pdfium(document, monkeypatch):
    fail_on_page(monkeypatch, {2})
    opened = document(make_pdf("one", "two words\nof it", "three"), "a.pdf")
    assert [(segment.text, str(segment.locator)) for segment in opened.segments()] == [
        ("one\n", "page 1"),
        ("two words of it\n", "page 2"),
        ("three\n", "page 3"),
    ]
    assert opened.notes == ["Page 2 gave no text at first and came from PDFium instead."]


def fail_on_page(monkeypatch, numbers):
    """Let pypdf fail on some pages, as it does on pages with cyclic references."""
    extract = PageObject.extract_text

    def failing(page, *args, **options):
        if page.page_number + 1 in numbers:
            raise RecursionError("too deep")
        return extract(page, *args, **options)

    monkeypatch.setattr(PageObject, "extract_text", failing)


def test_missing_pages_are_noted(document):
    opened = document(GOOD.replace(b"/Count 2 ", b"/Count 9 "), "a.pdf")
    assert opened.notes == ["7 pages of the file could not be found (damaged)."]


def test_too_many_pages_are_refused(document):
    with pytest.raises(LimitExceeded, match="2 pages, the limit is 1"):
        document(GOOD, "a.pdf", limits=Limits(max_pages=1))


def test_a_page_that_is_listed_too_often_is_refused(document):
    data = GOOD.replace(b"/Kids [4 0 R", b"/Kids [" + b"4 0 R " * 500)
    with pytest.raises(LimitExceeded):
        document(data, "a.pdf", limits=Limits(max_pages=100))


def test_a_pdf_with_too_much_text_is_refused_naming_the_page(document):
    opened = document(GOOD, "a.pdf", limits=Limits(max_text_chars=20))
    with pytest.raises(LimitExceeded, match="up to page 2"):
        list(opened.segments())


def test_a_page_beyond_its_time_limit_is_left_out_and_three_end_the_reading(document):
    limits = Limits(seconds_per_page=-1.0)
    opened = document(make_pdf("a", "b", "c", "d"), "a.pdf", limits=limits)
    with pytest.raises(LimitExceeded, match="3 pages beyond the limits, the last is page 3"):
        list(opened.segments())
    assert opened.notes[0].startswith("Page 1 took longer than")


def test_a_page_with_too_much_text_is_left_out(document):
    opened = document(make_pdf("x" * 60, "short"), "a.pdf", limits=Limits(max_page_chars=50))
    assert [segment.text for segment in opened.segments()] == ["short\n"]
    assert opened.notes == ["Page 1 had more than 50 characters and was left out."]


def test_a_stream_that_unpacks_beyond_the_limit_is_left_out(document):
    writer = PdfWriter(io.BytesIO(make_pdf("big " * 5000, "small")))
    for page in writer.pages:
        page.compress_content_streams()
    out = io.BytesIO()
    writer.write(out)
    opened = document(out.getvalue(), "a.pdf", limits=Limits(max_stream_bytes=4000))
    assert [segment.text for segment in opened.segments()] == ["small\n"]
    assert opened.notes == ["Page 1 would unpack beyond the limits (left out)."]


def test_a_pdf_of_pages_beyond_the_limits_is_not_called_damaged(document):
    opened = document(make_pdf("x" * 60), "a.pdf", limits=Limits(max_page_chars=50))
    with pytest.raises(LimitExceeded, match="No page of a.pdf"):
        list(opened.segments())


def test_typed_form_fields_are_read(document):
    field = b"/Annots [<< /Type /Annot /Subtype /Widget /FT /Tx /T (a) /V (typed in) >>] /Contents"
    data = make_pdf("Name:").replace(b"/Contents", field)
    assert [segment.text for segment in document(data, "a.pdf").segments()] == [
        "Name:\n\ntyped in\n"
    ]


def test_an_interrupted_reading_closes_the_file(document):
    segments = document(GOOD, "a.pdf").segments()
    next(segments)
    segments.close()


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.integers(0, 2**32), st.integers(1, 12), st.booleans())
def test_mutated_pdfs_are_read_or_refused_in_time(tmp_path, no_pdfium, seed, changes, cut):
    rng = random.Random(seed)
    data = bytearray(GOOD)
    for _ in range(changes):
        data[rng.randrange(len(data))] = rng.choice(b"0123456789<>[]()/ R\n\x00\xff")
    path = tmp_path / "fuzzed.pdf"
    path.write_bytes(data[: rng.randrange(9, len(data))] if cut else data)
    started_s = time.thread_time()
    try:
        for segment in open_document(path).segments():
            segment.text.encode("utf-8")
    except IngestError as error:
        assert "fuzzed.pdf" in str(error)
    assert time.thread_time() - started_s < 5.0


def test_the_left_column_is_read_before_the_right(whole_text):
    left = [f"Line {n} of the left column is as wide as it goes" for n in range(1, 6)]
    right = [line.replace("left", "right") for line in left]
    columns = [(x, lines) for x, lines in ((50, left), (320, right))]
    pieces = [(x, 700.0 - 14 * row, line) for x, lines in columns for row, line in enumerate(lines)]
    text = whole_text(unicode_pdf((50, 740, "A HEADING OVER BOTH"), *pieces), "a.pdf")
    assert text.split() == " ".join(["A HEADING OVER BOTH", *left, *right]).split()


def test_text_given_only_by_glyph_numbers_comes_from_pdfium(whole_text):
    # あいうえお by their numbers in the collection Adobe-Japan1; 日本語 have no order to guess.
    content = b"BT /F1 20 Tf 50 700 Td <034b034d034f03510353> Tj ET"
    more = [glyph_font("Japan1")]
    data = make_pdf(content, objects=more, font=composite_font(6))
    assert whole_text(data, "a.pdf") == "あいうえお\n"
