"""Rows of a table packed into segments, each with caption and header line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import Chapter, Limits, Locator
from ingest.tables.cutter import Table, cut_table
from ingest.tables.rows import TableRow

SMALL = Limits(target_segment_chars=60, max_segment_chars=120)
HEADER = TableRow(1, ["Key", "Name", "Price"])
CELLS = st.text(alphabet="ab1 .é🙂", max_size=30).map(str.strip)


def rows_of(count, first=2):
    return [TableRow(first + i, [f"K-{i:03d}", f"Lamp {i}", f"{i}.50"]) for i in range(count)]


def test_every_segment_has_caption_and_header_and_every_row_is_in_one_segment():
    segments = list(cut_table(Table("Lamps", [HEADER], 1), rows_of(20), SMALL))
    assert len(segments) > 5
    assert all(s.text.startswith("Lamps\nKey | Name | Price\n") for s in segments)
    assert all(len(s.text) <= 120 for s in segments)
    lines = [line for s in segments for line in s.text.splitlines()[2:]]
    assert lines == [f"K-{i:03d} | Lamp {i} | {i}.50" for i in range(20)]


def test_locators_count_rows_and_the_first_begins_at_the_header():
    chapter = Chapter(2, "Berlin")
    segments = list(cut_table(Table("", [HEADER], 1, chapter), rows_of(9), SMALL))
    assert segments[0].locator == Locator("row", 1, 3, None, chapter)
    assert str(segments[1].locator) == "rows 4–5 (Berlin)"
    assert segments[-1].locator.end == 10


@given(
    st.lists(st.lists(CELLS, min_size=1, max_size=6), max_size=8),
    st.lists(st.text(alphabet="xy ", max_size=70).map(str.strip), max_size=6),
    st.text(alphabet="zc ", max_size=300).map(str.strip),
    st.integers(40, 200),
)
def test_no_value_is_lost_within_the_limits(cells, names, caption, limit):
    limits = Limits(target_segment_chars=limit // 2, max_segment_chars=limit)
    header = [TableRow(1, names)] if any(names) else []
    rows = [TableRow(number, row) for number, row in enumerate(cells, start=2)]
    segments = list(cut_table(Table(caption, header, 1 if header else None), rows, limits))
    assert all(len(segment.text) <= limit for segment in segments)
    for row in rows:
        texts = [s.text for s in segments if s.locator.start <= row.number <= s.locator.end]
        assert texts
        joined = "".join(texts).replace("\n", "").replace(" ", "")
        for cell in row.cells:
            assert len(cell) > limit // 4 or cell.replace(" ", "") in joined


def test_empty_cells_stay_so_that_no_column_shifts():
    rows = [TableRow(2, ["a", "", "3"]), TableRow(3, ["", "b", ""]), TableRow(4, ["c"])]
    (segment,) = cut_table(Table("", [HEADER], 1), rows, SMALL)
    assert segment.text == "Key | Name | Price\na |  | 3\n| b |\nc\n"


def test_a_row_that_is_too_wide_has_the_names_beside_its_values():
    row = TableRow(7, ["K-7", "long words " * 30, "12.50"])
    segments = list(cut_table(Table("Lamps", [HEADER], 1), [*rows_of(2), row], SMALL))
    wide = [s for s in segments if s.locator.end == 7]
    assert len(wide) > 2
    assert all(s.text.startswith("Lamps\nKey: K-7\n") for s in wide)
    assert all(": " in line for s in wide for line in s.text.splitlines()[1:])
    assert wide[-1].text.endswith("Price: 12.50\n")
    assert [sum(s.text.count(word) for s in wide) for word in ("long", "words")] == [30, 30]


def test_a_wide_header_is_shortened_to_at_most_half_a_segment():
    names = [f"Name of column {i} with more words" for i in range(4)]
    rows = [TableRow(i, [f"v{i}"] * 4) for i in range(2, 9)]
    segments = list(cut_table(Table("", [TableRow(1, names)], 1), rows, SMALL))
    headers = {s.text.splitlines()[0] for s in segments}
    assert len(headers) == 1
    (header,) = headers
    assert len(header) <= 60 and header.count(" | ") == 3 and "…" in header


def test_a_header_without_room_gives_names_beside_all_values():
    names = [f"column {i}" for i in range(50)]
    (first, *rest) = cut_table(
        Table("", [TableRow(1, names)], 1), [TableRow(2, [f"v{i}" for i in range(50)])], SMALL
    )
    assert first.text.startswith("column 0: v0\ncolumn 1: v1\n")
    assert all(s.text.startswith("column 0: v0\n") for s in rest)
    assert "column 49: v49\n" in rest[-1].text


def test_columns_without_a_name_are_numbered():
    long = "x" * 150
    segments = list(cut_table(Table(), [TableRow(1, ["a", long])], SMALL))
    assert segments[0].text.startswith("column 1: a\ncolumn 2: xx")


def test_a_table_without_rows_gives_its_header():
    (segment,) = cut_table(Table("Lamps", [HEADER], 1), [], SMALL)
    assert segment.text == "Lamps\nKey | Name | Price\n"
    assert list(cut_table(Table("Lamps"), [], SMALL)) == []


def test_rows_with_many_empty_cells_at_their_end_are_short():
    (segment,) = cut_table(Table("", [HEADER], 1), [TableRow(2, ["a", "b", *[""] * 500])], SMALL)
    assert segment.text == "Key | Name | Price\na | b |\n"


@pytest.mark.parametrize("target", [20, 600])
def test_a_segment_is_near_its_target(target):
    limits = Limits(target_segment_chars=target, max_segment_chars=1200)
    segments = list(cut_table(Table("", [HEADER], 1), rows_of(200), limits))
    sizes = [len(s.text) for s in segments[:-1]]
    assert max(sizes) <= target + 40
