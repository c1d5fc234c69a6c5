"""Right-to-left lines come in reading order, however a PDF draws them."""

import pytest

from ingest.pdf.bidi import restore_reading_order
from ingest.pdf.text import clean_page
from tests.support.pdf_samples import unicode_pdf

PERSIAN = "از آنجا که این اعلامیه در سال ۱۹۴۸ (پاریس) است"


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
        # One piece after the other in reading order, as some programs do.
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


def test_right_to_left_text_drawn_from_left_to_right_is_reversed(whole_text):
    # Drawn in reading order from left to right, by programs that know only one direction.
    data = unicode_pdf((50, 700, PERSIAN), (50, 680, PERSIAN))
    assert whole_text(data, "a.pdf") == f"{PERSIAN} {PERSIAN}\n"


@pytest.mark.parametrize("text", [PERSIAN, "חופש הביטוי של אדם (12.5%) ב-Paris, 1948"])
def test_right_to_left_text_in_reading_order_is_not_changed(text):
    assert restore_reading_order(text) == text and clean_page(text) == text
