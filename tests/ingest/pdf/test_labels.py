"""The labels of PDF pages: numerals, prefixes, and damaged or hostile ones."""

import pytest

from ingest.pdf.labels import PageLabels
from tests.support.pdf_samples import make_pdf


def nums(*entries):
    return PageLabels({"/PageLabels": {"/Nums": list(entries)}})


@pytest.mark.parametrize(
    ("style", "labels"),
    [("/r", ["i", "iv", "xlix"]), ("/R", ["I", "IV", "XLIX"]), ("/a", ["a", "d", "ww"])],
)
def test_page_labels_in_roman_numerals_and_letters(style, labels):
    pages = nums(0, {"/S": style})
    assert [pages.label(index) for index in (0, 3, 48)] == labels


@pytest.mark.parametrize(
    "tree",
    [None, 7, {"/Nums": 3}, {"/Nums": [0]}, {"/Nums": ["a", {}]}, {"/Kids": [None, 5]}, {}],
)
def test_damaged_page_labels_are_ignored(tree):
    assert PageLabels({"/PageLabels": tree}).label(3) is None


def test_a_cyclic_tree_of_page_labels_ends():
    tree = {"/Nums": [0, {"/S": "/r"}]}
    tree["/Kids"] = [tree]
    assert PageLabels({"/PageLabels": tree}).label(1) == "ii"


def test_page_labels_are_bounded_and_clean():
    label = nums(0, {"/P": "\n\u202e" + "x" * 10**6, "/S": "/D"}).label(0)
    assert label is not None and len(label) <= 24 and label.isprintable()


def test_a_page_label_out_of_the_range_of_its_numerals_is_a_plain_number():
    assert nums(0, {"/S": "/r", "/St": 10**9}).label(0) == "1000000000"


def test_a_pdf_with_cyclic_labels_is_read(document):
    kids = "12 0 R " * 300
    data = make_pdf(*"abcd", catalog="/PageLabels 12 0 R", objects=[f"<< /Kids [{kids}] >>"])
    assert len(list(document(data, "a.pdf").segments())) == 4
