"""Extracted text repaired: words, paragraphs, ligatures, reversed lines."""

import pytest

from ingest.pdf.text import clean_page
from tests.support.pdf_samples import unicode_pdf

ARABIC = "الجمعية العامة، المادة الأولى\n"


@pytest.mark.parametrize(
    ("extracted", "clean"),
    [
        ("an exam-\nple of it", "an example of it"),
        ("the Anglo-\nSaxon way", "the Anglo-\nSaxon way"),
        ("pages 3-\n5", "pages 3-\n5"),
        ("co\u00adope\u00ad\nrate", "cooperate"),
        ("e\ufb03cient \ufb02ow of \ufb01re", "efficient flow of fire"),
        ("a\x00b\x07c\ud800d", "abc\ufffdd"),
        ("a pair \ud83d\ude42", "a pair 🙂"),
        ("CHAPTER ONE\nIt was late.", "CHAPTER ONE\nIt was late."),
        ("Qty\nBin\nPrice", "Qty\nBin\nPrice"),
        (
            "Part number\tBin\tUnit price of it\nA1\tS2\t3",
            "Part number\tBin\tUnit price of it\nA1\tS2\t3",
        ),
        ("one \nfield\r\n\n\nnext", "one field\n\n\nnext"),
        ("\ufee3\ufeae\ufea3\ufe92\ufe8e", "مرحبا"),
    ],
)
def test_small_repairs_of_extracted_text(extracted, clean):
    assert clean_page(extracted) == clean


def test_lines_of_a_paragraph_are_joined_and_paragraphs_stay_separate():
    page = (
        "It was the best of times, it was the worst of times, said Mr\n"
        "Dombey, and it was the age of wisdom, the age of foolishness,\n"
        "and so on.\n"
        "A second paragraph begins here and it is long enough to be\n"
        "wrapped as well.\n"
        " An indented one."
    )
    assert clean_page(page).split("\n") == [
        "It was the best of times, it was the worst of times, said Mr Dombey, and it was the age "
        "of wisdom, the age of foolishness, and so on.",
        "A second paragraph begins here and it is long enough to be wrapped as well.",
        " An indented one.",
    ]


def test_chinese_lines_are_joined_without_a_space():
    line = "鉴于对人类家庭所有成员的固有尊严及其平等的和不移的权利的承认乃是世"
    assert clean_page(line + "\n界自由的基础。") == line + "界自由的基础。"


def test_reversed_arabic_is_reversed_again():
    assert clean_page(ARABIC.strip()[::-1]) == ARABIC.strip()
    assert clean_page(ARABIC) == ARABIC.strip()


def test_numbers_in_reversed_text_keep_their_order():
    assert "1948" in clean_page("ةماعلا ةيعمجلا ةداملا 1948")


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
def test_lines_are_joined_as_their_script_requires(whole_text, lines, whole):
    pieces = [(50.0, 700.0 - 14 * row, line) for row, line in enumerate(lines)]
    assert whole_text(unicode_pdf(*pieces), "a.pdf") == whole + "\n"
