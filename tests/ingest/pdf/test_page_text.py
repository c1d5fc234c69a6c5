"""Which text of a page is taken: pypdf's, PDFium's, or what its picture says."""

import shutil

import pytest

from ingest import EmptyDocument
from ingest.pdf.page_text import PageText
from ingest.pdf.report import PdfReport
from tests.support.pdf_samples import first_free, lines_content, make_pdf

SENTENCE = "The keeper of the light is named Halvard and he lives below the tower."
SHIFTED = "".join(chr(ord(letter) + 3) for letter in SENTENCE)
GLYPHS = "/g1/g2/g3/g4/g5/g6/g7/g8"


class Fakes:
    """A PDFium that gives a text and an OCR that reads a picture; both note what they are asked."""

    def __init__(self, text="", picture=""):
        self.words, self.picture, self.asked = text, picture, []

    def page_text(self, index):
        self.asked.append("pdfium")
        return self.words

    def recognise(self, index):
        self.asked.append("picture")
        return self.picture

    text = recognise


def chosen(text, *, pdfium="", picture="", unmapped=False):
    fakes, report = Fakes(pdfium, picture), PdfReport(1)
    chooser = PageText(fakes, fakes, report, lambda: None)
    return chooser.choose(0, text, unmapped, False), report, fakes.asked


def test_nothing_else_is_asked_for_a_sound_page():
    assert chosen(SENTENCE)[::2] == (SENTENCE, [])


def test_the_more_legible_text_of_the_two_is_taken():
    text, report, asked = chosen(GLYPHS, pdfium=SENTENCE)
    assert (text, asked, list(report.notes())) == (SENTENCE, ["pdfium"], [])


def test_a_text_that_leaves_out_the_lost_letters_is_not_better():
    lossy = "the con\x00dent \x00sherman met the \x00nder of it"
    text, report, _ = chosen(lossy, pdfium=lossy.replace("\x00", ""))
    assert text == lossy.replace("\x00", "\ufffd") and report.lossy == [1]
    picture = "the confident fisherman met the finder of it"
    text, report, _ = chosen(lossy, pdfium=lossy.replace("\x00", ""), picture=picture)
    assert text == picture and report.filled == [1] and not report.lossy


def test_nonsense_is_recognised_from_the_picture_or_left_out():
    text, report, asked = chosen(SHIFTED, pdfium=SHIFTED, picture=SENTENCE)
    assert (text, asked, report.drawn) == (SENTENCE, ["pdfium", "picture"], [1])
    text, report, _ = chosen(SHIFTED, pdfium=SHIFTED, picture=SHIFTED[::-1])
    assert (text, report.garbled, report.drawn) == ("", [1], [])


def test_strange_words_that_the_page_really_shows_are_kept():
    genes = "acgtacgttag cacgtacgttagc gcgatatcgcgat atagcgcgatta"
    text, report, _ = chosen(genes, picture=genes)
    assert (text, list(report.notes())) == (genes, [])


def font_with(ranges, encoding="/WinAnsiEncoding"):
    """Return a font whose map to characters has these ranges, in the first free object."""
    return (
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica "
        f"/Encoding {encoding} /ToUnicode {first_free(1)} 0 R >>",
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def "
        f"1 begincodespacerange <00> <FF> endcodespacerange {ranges} endcmap end end",
    )


def pdf_with(content, ranges, encoding="/WinAnsiEncoding"):
    font, to_unicode = font_with(ranges, encoding)
    stream = f"<< /Length {len(to_unicode)} >>\nstream\n{to_unicode}\nendstream"
    return make_pdf(content, font=font, objects=[stream])


FALSE_MAP = "1 beginbfrange <20> <7E> <0023> endbfrange"
TRUE_MAP = "1 beginbfrange <20> <7E> <0020> endbfrange"


def test_a_page_with_a_false_map_is_named_and_never_stored(document):
    with pytest.raises(EmptyDocument, match="do not say which letters.*AMMON_OCR_LANGUAGES"):
        list(document(pdf_with(lines_content(SENTENCE), FALSE_MAP), "a.pdf").segments())


def test_a_page_with_a_true_map_has_no_note(document):
    opened = document(pdf_with(lines_content(SENTENCE), TRUE_MAP), "a.pdf")
    assert [segment.text for segment in opened.segments()] == [SENTENCE + "\n"]
    assert opened.notes == []


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="Tesseract is not installed")
def test_a_page_with_a_false_map_is_recognised(document, monkeypatch):
    monkeypatch.delenv("AMMON_OCR_LANGUAGES")
    opened = document(pdf_with(lines_content(SENTENCE), FALSE_MAP), "a.pdf")
    assert "keeper of the light" in "".join(segment.text for segment in opened.segments())
    (note,) = opened.notes
    assert note.startswith("Page 1 had fonts that do not name their letters")


def test_letters_without_a_map_are_marked_and_noted(document):
    content = b"BT /F1 12 Tf 72 740 Td (The con\\001dent \\001sherman met her.) Tj ET"
    ligature = "<< /Type /Encoding /BaseEncoding /WinAnsiEncoding /Differences [1 /fi] >>"
    data = pdf_with(content, f"1 beginbfchar <01> <0000> endbfchar {TRUE_MAP}", ligature)
    opened = document(data, "a.pdf")
    texts = [segment.text for segment in opened.segments()]
    assert texts == ["The con\ufffddent \ufffdsherman met her.\n"]
    assert opened.notes == [
        "Page 1 had some letters that the fonts do not name: they are missing, each shown as "
        "\ufffd."
    ]
