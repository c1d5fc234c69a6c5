"""Rows of tables: merged cells repeat their value, empty cells stay, the header is known."""

import time

import pytest

from ingest.markup.rows import MAX_ROW_CHARS, Cell, TableRows


def cells(*texts, **options):
    return [Cell(parts=[text] if text else [], **options) for text in texts]


def test_rows_carry_the_header_lines_and_the_caption_above_them():
    rows = TableRows("Table 3: Storks")
    assert rows.end_row(cells("Year", "Count"), is_header=True) == ("Year\tCount", "")
    assert rows.end_row(cells("1990", "12"), is_header=False) == (
        *("1990\t12", "Table 3: Storks\nYear\tCount\n"),
    )


def test_a_header_row_below_other_rows_is_a_row():
    rows = TableRows()
    rows.end_row(cells("a", "b"), is_header=False)
    assert rows.end_row(cells("c", "d"), is_header=True) == ("c\td", "")
    assert rows.end_row(cells("e", "f"), is_header=False) == ("e\tf", "")


@pytest.mark.parametrize(
    ("first", "is_header"),
    [
        (["Year", "Count"], True),
        (["", "1990", "Count", "Sum"], True),
        (["Year", ""], False),
        (["1990", "12"], False),
        (["only one"], False),
        ([], False),
    ],
)
def test_a_first_row_that_names_the_columns_is_a_header(first, is_header):
    rows = TableRows()
    assert rows.first_row_is_header(cells(*first)) is is_header
    rows.end_row(cells("a", "b"), is_header=False)
    assert not rows.first_row_is_header(cells(*first))


def test_a_title_over_all_columns_and_the_row_below_it_are_the_header():
    rows = TableRows()
    for row in ([Cell(columns=2, parts=["Storks"])], cells("Year", "Count")):
        assert rows.first_row_is_header(row)
        rows.end_row(row, is_header=True)
    assert not rows.first_row_is_header(cells("a", "b"))
    assert rows.end_row(cells("1990", "12"), is_header=False).header == (
        "Storks\tStorks\nYear\tCount\n"
    )


@pytest.mark.parametrize(
    ("first", "is_marked", "is_kept"),
    [
        (["S-1", "Lamp", "3.50"], False, False),
        (["S-1", "Lamp", "3.50"], True, True),
        (["Key", "Name", "Price"], False, True),
    ],
)
def test_a_header_that_nothing_marks_is_given_up_if_its_kinds_are_those_below_it(
    first, is_marked, is_kept
):
    rows = TableRows("Stock")
    assert is_marked or rows.first_row_is_header(cells(*first))
    rows.end_row(cells(*first), is_header=True, is_marked=is_marked)
    for number in range(2, 9):
        row = rows.end_row(cells(f"S-{number}", "Desk", f"{number}.00"), is_header=False)
    header = "\t".join(first) + "\n" if is_kept else ""
    assert row.header == f"Stock\n{header}"


def test_empty_cells_stay_and_an_empty_row_is_none():
    rows = TableRows()
    assert rows.end_row(cells("a", "", "c", ""), is_header=False).text == "a\t\tc\t"
    assert rows.end_row(cells("", ""), is_header=False).text == ""
    assert rows.end_row([], is_header=False).text == ""


def test_a_cell_over_columns_and_rows_repeats_its_value():
    rows = TableRows()
    first = [Cell(rows=3, parts=["north"]), Cell(columns=2, parts=["both"]), *cells("x")]
    assert rows.end_row(first, is_header=False).text == "north\tboth\tboth\tx"
    assert rows.end_row(cells("a", "b", "c"), is_header=False).text == "north\ta\tb\tc"
    assert rows.end_row(cells("d"), is_header=False).text == "north\td"
    assert rows.end_row(cells("e", "f"), is_header=False).text == "e\tf"


def test_a_cell_that_continues_the_one_above_repeats_its_value():
    rows = TableRows()
    rows.end_row(cells("north", "1"), is_header=False)
    below = [Cell(continues=True), *cells("2")]
    assert rows.end_row(below, is_header=False).text == "north\t2"
    again = [Cell(continues=True), *cells("3")]
    assert rows.end_row(again, is_header=False).text == "north\t3"


def test_huge_spans_neither_take_long_nor_make_long_rows():
    rows, started_s = TableRows(), time.thread_time()
    for _ in range(300):
        wide = [Cell(columns=10**6, rows=10**6, parts=["x" * 1000])]
        assert len(rows.end_row(wide, is_header=False).text) < 4 * MAX_ROW_CHARS
    assert time.thread_time() - started_s < 3.0
