"""Name and number trees of a PDF: read in order, and bounded when they are hostile."""

import io

import pytest
from pypdf import PdfReader

from ingest.pdf.trees import tree_pairs
from tests.support.pdf_samples import make_pdf


@pytest.mark.parametrize("key, leaf", [("/PageLabels", "/Nums"), ("/Dests", "/Names")])
def test_a_tree_that_contains_itself_ends(key, leaf):
    kids = "13 0 R " * 300
    data = make_pdf(
        *"abcd", catalog=f"{key} 13 0 R", objects=["null", f"<< /Kids [{kids}] {leaf} [0 (x)] >>"]
    )
    root = PdfReader(io.BytesIO(data)).root_object
    assert len(list(tree_pairs(root.get(key), leaf, 10))) == 1


def leaf(*pairs):
    return {"/Nums": [value for pair in pairs for value in pair]}


def test_the_pairs_of_nested_branches_come_in_order():
    tree = {"/Kids": [leaf((0, "a"), (3, "b")), {"/Kids": [leaf((5, "c"))]}, leaf((9, "d"))]}
    assert list(tree_pairs(tree, "/Nums", 10)) == [(0, "a"), (3, "b"), (5, "c"), (9, "d")]
    assert list(tree_pairs(tree, "/Nums", 3)) == [(0, "a"), (3, "b"), (5, "c")]


@pytest.mark.parametrize("root", [None, 7, "text", [], {}, {"/Nums": 3}, {"/Kids": 5}])
def test_what_is_not_a_tree_has_no_pairs(root):
    assert list(tree_pairs(root, "/Nums", 10)) == []


def test_a_last_key_without_a_value_is_ignored():
    assert list(tree_pairs({"/Nums": [0, "a", 1]}, "/Nums", 10)) == [(0, "a")]


def test_a_very_long_chain_of_branches_is_cut():
    tree = leaf((0, "far too deep"))
    for _ in range(30_000):
        tree = {"/Kids": [tree]}
    assert list(tree_pairs(tree, "/Nums", 10)) == []
