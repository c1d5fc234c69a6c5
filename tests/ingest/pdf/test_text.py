import pytest

from ingest.pdf.labels import PageLabels
from ingest.pdf.text import clean_page

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
def test_small_repairs(extracted, clean):
    assert clean_page(extracted) == clean


def test_lines_of_a_paragraph_are_joined_and_paragraphs_stay_apart():
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


def test_arabic_that_came_out_backwards_is_turned_round():
    assert clean_page(ARABIC.strip()[::-1]) == ARABIC.strip()
    assert clean_page(ARABIC) == ARABIC.strip()


def test_numbers_in_backwards_text_keep_their_order():
    assert "1948" in clean_page("ةماعلا ةيعمجلا ةداملا 1948")


def nums(*entries):
    return PageLabels({"/PageLabels": {"/Nums": list(entries)}})


@pytest.mark.parametrize(
    ("style", "labels"),
    [("/r", ["i", "iv", "xlix"]), ("/R", ["I", "IV", "XLIX"]), ("/a", ["a", "d", "ww"])],
)
def test_label_numerals(style, labels):
    pages = nums(0, {"/S": style})
    assert [pages.label(index) for index in (0, 3, 48)] == labels


@pytest.mark.parametrize(
    "tree",
    [None, 7, {"/Nums": 3}, {"/Nums": [0]}, {"/Nums": ["a", {}]}, {"/Kids": [None, 5]}, {}],
)
def test_damaged_labels_are_no_labels(tree):
    assert PageLabels({"/PageLabels": tree}).label(3) is None


def test_a_tree_of_labels_that_leads_round_in_a_circle_ends():
    tree = {"/Nums": [0, {"/S": "/r"}]}
    tree["/Kids"] = [tree]
    assert PageLabels({"/PageLabels": tree}).label(1) == "ii"


def test_labels_are_bounded_and_clean():
    label = nums(0, {"/P": "\n\u202e" + "x" * 10**6, "/S": "/D"}).label(0)
    assert label is not None and len(label) <= 24 and label.isprintable()


def test_numbers_out_of_a_numerals_range_are_plain():
    assert nums(0, {"/S": "/r", "/St": 10**9}).label(0) == "1000000000"
