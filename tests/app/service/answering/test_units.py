"""The units of a passage: each line, row or paragraph is told apart, or none is."""

from dataclasses import replace

import pytest

import storage
from app.service.answering.units import cut_to, units_of
from storage import NewSegment
from tests.support.passages import passage


def lined(text, first, last, kind="line"):
    place = f"{kind}s {first}–{last} (from here – to there)"
    return replace(
        passage(1, text), locator=place, locator_kind=kind, locator_start=first, locator_end=last
    )


@pytest.mark.parametrize(
    "text, first, last, units",
    [
        ("a\nb\nc\n", 7, 9, [(7, "a"), (8, "b"), (9, "c")]),
        ("\n\na\n\nc\n\n", 9, 11, [(9, "a"), (10, ""), (11, "c")]),
        ("  indented\nb", 1, 2, [(1, "  indented"), (2, "b")]),
        ("the middle of a long line", 5, 5, [(5, "the middle of a long line")]),
        ("a\nb\nc", 7, 8, []),
        ("a", 7, 8, []),
    ],
)
def test_a_line_has_its_number_if_there_are_as_many_lines_as_numbers(text, first, last, units):
    assert units_of(lined(text, first, last)) == units


def test_paragraphs_are_counted_without_the_empty_lines_between_them():
    assert units_of(lined("one\n\n- two\n- three\n", 4, 6, "paragraph")) == [
        (4, "one"), (5, "- two"), (6, "- three")
    ]  # fmt: skip
    assert units_of(lined("one\nand more\n\ntwo", 4, 5, "paragraph")) == []


def test_what_has_several_lines_each_is_not_told_apart():
    assert units_of(lined("a\nb", 1, 2, "cue")) == units_of(lined("a\nb", 1, 2, "page")) == []


def test_a_passage_is_cut_to_lines_and_its_locator_says_so(db):
    whole = lined("a\nb\nc\nd", 7, 10)
    cut = cut_to(db, whole, 8, 9)
    assert (cut.text, cut.locator) == ("b\nc", "lines 8–9")
    assert (cut.locator_start, cut.locator_end) == (8, 9)
    assert cut_to(db, whole, 10, 99).locator == "line 10"
    assert cut_to(db, whole, 1, 99) is whole
    unclear = lined("a\nb\nc\nd", 7, 9)
    assert cut_to(db, unclear, 8, 8) is unclear
    assert cut_to(db, lined("a\nb", 3, 4, "paragraph"), 4, 4).locator == (
        "paragraph 4 (from here – to there)"
    )


def test_a_row_below_letters_is_found_in_the_first_passage(db):
    first = lined("Depths\nA | B\n1 | 2\n3 | 4\n5 | 6\n", 1, 3, "row")
    cut = cut_to(db, first, 2, 2)
    assert (cut.text, cut.locator_start) == ("Depths\nA | B\n3 | 4", 2)


def test_a_row_is_found_behind_the_header_and_keeps_it(db):
    document = storage.add_document(
        db, 1, title="prices", kind="table", file_name="p.csv", sha256="p", byte_count=1
    )
    texts = ["fruit | price\nfig | 3\npear | 4\n", "fruit | price\nplum | 5\nkiwi | 6\n"]
    ends = [(1, 3), (4, 5)]
    storage.add_segments(
        db,
        document.id,
        [
            NewSegment(text, f"rows {first}–{last}", "row", first, last, 10 * first, 10)
            for text, (first, last) in zip(texts, ends, strict=True)
        ],
    )
    first, second = storage.passages_by_id(db, [1, 2])
    assert cut_to(db, first, 3, 3).text == "pear | 4"
    assert cut_to(db, first, 1, 1).text == "fruit | price"
    cut = cut_to(db, second, 5, 5)
    assert (cut.text, cut.locator) == ("fruit | price\nkiwi | 6", "row 5")
    skipped = replace(second, locator_end=6)  # an empty row was left out: which one is not known
    assert cut_to(db, skipped, 5, 5) is skipped
