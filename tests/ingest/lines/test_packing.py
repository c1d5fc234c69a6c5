"""Whole lines packed into segments."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import Limits
from ingest.lines.packing import Line, numbered_lines, pack_lines

SMALL = Limits(target_segment_chars=20, max_segment_chars=40)
BLOCKS = st.lists(st.text(alphabet="ab .!\n\té", max_size=90), max_size=8)


@given(BLOCKS, st.integers(1, 30), st.integers(0, 30))
def test_segments_join_to_the_text_and_do_not_depend_on_blocks(blocks, target, more):
    limits = Limits(target_segment_chars=target, max_segment_chars=target + more)
    whole = "".join(blocks)
    segments = list(pack_lines(numbered_lines(blocks, limits), limits, lambda *_: 0))
    assert "".join(segment.text for segment in segments) == whole
    assert all(0 < len(segment.text) <= target + more for segment in segments)
    assert segments == list(pack_lines(numbered_lines([whole], limits), limits, lambda *_: 0))


@given(BLOCKS)
def test_locators_name_the_lines_of_the_segment(blocks):
    lines = "".join(blocks).split("\n")
    for segment in pack_lines(numbered_lines(blocks, SMALL), SMALL, lambda *_: 0):
        there = "\n".join(lines[segment.locator.start - 1 : segment.locator.end])
        assert segment.text.strip() in there


@given(st.lists(st.integers(1, 40), max_size=30))
def test_a_line_that_fits_is_never_cut(lengths):
    lines = [Line("x" * (length - 1) + "\n", at) for at, length in enumerate(lengths, start=1)]
    for segment in pack_lines(lines, SMALL, lambda *_: 0):
        assert segment.text.endswith("\n")


def test_the_best_cut_is_chosen_and_among_equals_the_nearest_to_the_target():
    lines = [Line(f"line {at}\n", at) for at in range(1, 10)]
    good = {"line 3\n": 1, "line 4\n": 1}
    first, *_ = pack_lines(lines, SMALL, lambda line, _: good.get(line, 0))
    assert first.text.endswith("line 3\n")


@pytest.mark.parametrize("newline", ["", "\n"])
def test_parts_of_a_long_line_share_its_number(newline):
    text = "short\n" + "word " * 30 + newline
    lines = list(numbered_lines([text], SMALL))
    assert [line.number for line in lines[:2]] == [1, 2]
    assert {line.number for line in lines[1:]} == {2}
    assert [line.is_start for line in lines[:3]] == [True, True, False]
    for left, right in itertools.pairwise(lines[1:]):
        assert left.text.endswith(" ") and not right.text.startswith(" ")
