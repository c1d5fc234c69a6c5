"""The parts that are noted: they end on the grid, at chapters' ends, and fit into the window."""

import pytest

from app.service.reading.parts import (
    MAX_PART_TOKENS,
    MIN_PART_TOKENS,
    Part,
    document_parts,
    longest_part,
)

GRID = 256


def parts(total, *ends, longest=2048):
    return [(p.start, p.end) for p in document_parts(total, ends, GRID, longest)]


def test_a_part_is_no_longer_than_the_window_and_a_small_window_has_none():
    assert longest_part(None, GRID) == longest_part(32_640, GRID) == MAX_PART_TOKENS
    assert longest_part(1600, GRID) == 1536
    assert longest_part(1000, GRID) == longest_part(4096, 4096) == 0
    assert parts(10_000, longest=0) == []


def test_a_text_without_chapters_is_cut_into_parts_of_about_the_same_length():
    assert parts(5000) == [(0, 1536), (1536, 3328), (3328, 5000)]
    assert parts(2048) == [(0, 2048)] and parts(1024) == [(0, 1024)]


def test_a_short_text_has_no_part():
    assert parts(MIN_PART_TOKENS - 1) == parts(0) == []


def test_a_part_ends_at_the_last_grid_point_before_its_chapters_end():
    assert parts(3000, 1300, 3000) == [(0, 1280), (1300, 3000)]


def test_short_chapters_are_noted_together_and_a_short_rest_is_not():
    assert parts(2000, 300, 600, 1100, 1400) == [(0, 1024)]


def test_a_long_chapter_is_cut_and_the_next_one_begins_a_part():
    assert parts(6500, 4200) == [(0, 2048), (2048, 4096), (4200, 5120), (5120, 6500)]


@pytest.mark.parametrize("chunk", [1, 7, 256, 300])
@pytest.mark.parametrize("longest", [1536, 2048])
@pytest.mark.parametrize("total", [1024, 1500, 2049, 4100, 9999, 50_001])
@pytest.mark.parametrize("step", [90, 700, 1030, 5000, 10**6])
def test_all_parts_are_on_the_grid_within_their_limits_and_in_order(chunk, longest, total, step):
    longest = longest // chunk * chunk
    ends = range(step, total, step)
    found = list(document_parts(total, ends, chunk, longest))
    starts = {0, *(p.end for p in found), *ends}
    is_long = step >= MIN_PART_TOKENS + chunk  # no chapter is noted with another one
    before = Part(0, 0)
    for part in found:
        assert part.start >= before.end and part.start in starts
        assert part.end % chunk == 0 or part.end == total
        assert MIN_PART_TOKENS // 2 - chunk < part.tokens <= longest
        assert not any(part.start < e < part.end for e in ends) or not is_long
        before = part
    assert total - before.end < MIN_PART_TOKENS + chunk


@pytest.mark.parametrize("step", [40, 1100])
def test_each_chapters_end_is_looked_at_once_however_many_there_are(step):
    looked_at = []

    class Ends(list):
        def __iter__(self):
            for end in super().__iter__():
                looked_at.append(end)
                yield end

    total = 200 * step
    ends = Ends(range(step, total, step))
    list(document_parts(total, ends, GRID, 2048))
    assert sorted(set(looked_at)) == looked_at and len(looked_at) > 100
