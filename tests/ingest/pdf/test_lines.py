"""Pieces of a page's text joined to lines and table rows by their positions."""

import math

import pytest

from ingest.pdf.lines import PageLines

IDENTITY = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def joined(*pieces, space=IDENTITY, size=10.0):
    """Return the text of pieces of (text, x, y)."""
    lines = PageLines()
    for text, x, y in pieces:
        lines.add(text, space, (1.0, 0.0, 0.0, 1.0, x, y), size)
    return lines.text()


def test_a_cell_on_the_same_baseline_and_further_along_is_joined_with_a_tab():
    assert joined(("a\n", 50, 700), ("b\n", 140, 700), ("c", 230, 701)) == "a\tb\tc"


@pytest.mark.parametrize(
    ("x", "y"), [(140, 690), (50, 700), (55, 700), (20, 700)], ids=["lower", "same", "near", "left"]
)
def test_a_piece_elsewhere_begins_a_line(x, y):
    assert joined(("a\n", 50, 700), ("b", x, y)) == "a\nb"


def test_a_piece_after_an_unfinished_line_continues_it():
    assert joined(("a ", 50, 700), ("b", 140, 700)) == "a b"


def test_white_space_between_two_cells_is_replaced_by_the_tab():
    assert joined(("a", 50, 700), (" \n", 60, 700), ("b", 140, 700)) == "a\tb"


def test_the_position_after_a_piece_of_several_lines_is_unknown():
    assert joined(("a\nb\n", 50, 700), ("c", 140, 700)) == "a\nb\nc"


def test_cells_of_a_rotated_page_are_joined():
    quarter = (0.0, 1.0, -1.0, 0.0, 0.0, 0.0)
    assert joined(("a\n", 50, 700), ("b", 140, 700), space=quarter) == "a\tb"


@pytest.mark.parametrize("number", [math.inf, math.nan])
def test_a_position_that_is_not_finite_is_ignored(number):
    assert joined(("a\n", 50, 700), ("b\n", number, 700), ("c", 230, 700)) == "a\nb\nc"
    assert joined(("a\n", 50, 700), ("b", 140, 700), space=(0.0,) * 6) == "a\nb"
