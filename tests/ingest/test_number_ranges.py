"""Ranges of numbers for a note: joined, bounded, and stored."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.number_ranges import NumberRanges


def ranges_of(numbers, **options):
    ranges = NumberRanges(**options)
    for number in numbers:
        ranges.add(number)
    return ranges


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ([3], "Line 3"),
        ([3, 4], "Lines 3–4"),
        ([3, 7, 8, 9], "Lines 3, 7–9"),
        ([1, 3, 5, 7, 8], "Lines 1, 3 and 3 more"),
        (range(1, 2000, 2), "Lines 1, 3 and 998 more"),
    ],
)
def test_numbers_are_described_in_words(numbers, words):
    assert ranges_of(numbers, max_ranges=2 if len(numbers) > 4 else 12).describe("Line") == words


def test_a_number_after_one_that_was_left_out_does_not_extend_the_last_range():
    assert ranges_of([1, 5, 6, 9, 10], max_ranges=1).describe("Page") == "Pages 1 and 4 more"


@given(st.sets(st.integers(1, 60)).map(sorted), st.integers(0, 60))
def test_stored_ranges_continue_as_the_others_do(numbers, cut):
    whole, first = ranges_of(numbers), ranges_of(numbers[:cut])
    stored = json.loads(json.dumps(first.as_dict()))
    assert set(stored) == {"count", "kept"}
    resumed = NumberRanges.from_dict(stored)
    for number in numbers[cut:]:
        resumed.add(number)
    assert resumed == whole and resumed.describe("Page") == whole.describe("Page")
