"""The order in which a page's text comes: columns, lines without spaces, right-to-left lines."""

import pytest

from ingest.pdf.bidi import restore_reading_order
from ingest.pdf.text import clean_page
from tests.support.pdf_samples import composite_font, glyph_font, make_pdf, unicode_pdf

PERSIAN = "از آنجا که این اعلامیه در سال ۱۹۴۸ (پاریس) است"


def test_the_left_column_is_read_before_the_right(whole_text):
    left = [f"Line {n} of the left column is as wide as it goes" for n in range(1, 6)]
    right = [line.replace("left", "right") for line in left]
    columns = [(x, lines) for x, lines in ((50, left), (320, right))]
    pieces = [(x, 700.0 - 14 * row, line) for x, lines in columns for row, line in enumerate(lines)]
    text = whole_text(unicode_pdf((50, 740, "A HEADING OVER BOTH"), *pieces), "a.pdf")
    assert text.split() == " ".join(["A HEADING OVER BOTH", *left, *right]).split()


@pytest.mark.parametrize(
    ("lines", "whole"),
    [
        (
            [
                "鉴于对人类家庭所有成员的固有尊严及其平等的和不移",
                "的权利的承认乃是世界自由的基础。",
            ],
            "鉴于对人类家庭所有成员的固有尊严及其平等的和不移的权利的承认乃是世界自由的基础。",
        ),
        (
            [
                "すべての人間は、生まれながらにして自由であり、かつ",
                "尊厳と権利とについて平等である。",
            ],
            "すべての人間は、生まれながらにして自由であり、かつ尊厳と権利とについて平等である。",
        ),
        (
            ["鉴于对这些权利和自由的普遍了解对于这个誓愿的充分", "，因此现在"],
            "鉴于对这些权利和自由的普遍了解对于这个誓愿的充分，因此现在",
        ),
        (
            ["모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에", "있어 동등하다."],
            "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
        ),
    ],
    ids=["chinese", "japanese", "punctuation", "korean"],
)
def test_lines_are_joined_as_their_script_is_written(whole_text, lines, whole):
    pieces = [(50.0, 700.0 - 14 * row, line) for row, line in enumerate(lines)]
    assert whole_text(unicode_pdf(*pieces), "a.pdf") == whole + "\n"


def test_glyphs_that_are_only_numbered_come_from_pdfium(whole_text):
    # あいうえお by their numbers in the collection Adobe-Japan1; 日本語 have no order to guess.
    content = b"BT /F1 20 Tf 50 700 Td <034b034d034f03510353> Tj ET"
    more = [glyph_font("Japan1")]
    data = make_pdf(content, objects=more, font=composite_font(6))
    assert whole_text(data, "a.pdf") == "あいうえお\n"


@pytest.mark.parametrize(
    ("drawn", "read"),
    [
        # From left to right as it looks: in one piece, in three, and word by word.
        ([(50, "(1948) םלוע לכל תורח")], "חרות לכל עולם (1948)"),
        ([(50, "סירפב "), (90, "1948"), (120, " תנשב הזרכה")], "הכרזה בשנת 1948 בפריס"),
        (
            [(50, "ةيبرعلا"), (90, " "), (95, "طوطخلا"), (130, " "), (135, "عاونا")],
            "انواع الخطوط العربية",
        ),
        ([(50, "دننک راتفر ۱۹۴۸ لاس رد")], "در سال ۱۹۴۸ رفتار کنند"),
        ([(50, "Paris, 2"), (90, "לש הזרכה")], "הכרזה של Paris, 2"),
        # Piece after piece in reading order, as some programs do.
        ([(120, "הזרכה "), (90, "1948"), (50, "סירפב ")], "הכרזה1948 בפריס"),
        # A right-to-left word in a left-to-right line.
        (
            [(50, "They said "), (100, "םולש"), (120, " to all of us")],
            "They said שלום to all of us",
        ),
    ],
    ids=["brackets", "number", "words", "digits", "latin", "logical", "inside"],
)
def test_right_to_left_lines_are_in_reading_order(whole_text, drawn, read):
    pieces = [(float(x), 700.0, text) for x, text in drawn]
    assert whole_text(unicode_pdf(*pieces), "a.pdf").split() == read.split()


def test_a_page_whose_text_looks_backwards_is_turned_round(whole_text):
    # Drawn in reading order from left to right, as programs do that know only one direction.
    data = unicode_pdf((50, 700, PERSIAN), (50, 680, PERSIAN))
    assert whole_text(data, "a.pdf") == f"{PERSIAN} {PERSIAN}\n"


@pytest.mark.parametrize("text", [PERSIAN, "חופש הביטוי של אדם (12.5%) ב-Paris, 1948"])
def test_what_is_in_order_stays(text):
    assert restore_reading_order(text) == text and clean_page(text) == text
