"""The header of a table, found by how its cells differ from those below."""

import pytest

from ingest.tables.header import column_names, find_header
from ingest.tables.rows import TableRow


def table(*lines, spans=()):
    return [
        TableRow(number, line.split("|"), number in spans) for number, line in enumerate(lines, 1)
    ]


@pytest.mark.parametrize(
    ("lines", "titles", "rows"),
    [
        (["SKU|Name|Price", "S-1|Lamp|3.50", "S-2|Desk|12.00"], 0, 1),
        (["Stock in May||", "SKU|Name|Price", "S-1|Lamp|3.50", "S-2|Desk|12.00"], 1, 1),
        (["# made by hand", "SKU|Price", "S-1|3.50", "S-2|12.00"], 1, 1),
        (["Country|2019|2020", "Peru|3.5|4", "Chile|1.5|2"], 0, 1),
        (["Region|Q1 2024|Q2 2024", "North|1,200|900", "South|800|1.1"], 0, 1),
        (["Name|City", "Ann|Rome", "Bob|Oslo", "Cid|Rome"], 0, 1),
        (["date|close", "2024-01-05|3", "2024-01-06|4"], 0, 1),
        (["1|2|3", "4|5|6", "7|8|9"], 0, 0),
        (["2019|1.5", "2020|1.6", "2021|1.7"], 0, 0),
        (["S-1|Lamp|3.50", "S-2|Desk|12.00", "S-3|Chair|7.25"], 0, 0),
        (["Rome|yes", "Oslo|no", "Rome|yes"], 0, 0),
        (["alone"], 0, 0),
        ([".5|1", "1.5|2", "2.5|3"], 0, 0),
        (["3|4|x", "5|6|y", "7|8|z"], 0, 0),
        (["Ann|Ann", "Bob|Cid", "Dan|Eve"], 0, 0),
        (["Code", "A-1", "A-2", "A-3"], 0, 1),
    ],
)
def test_where_the_header_is(lines, titles, rows):
    found = find_header(table(*lines))
    assert (found.titles, found.rows) == (titles, rows)


def test_a_header_of_two_rows_below_merged_cells_is_one_name_for_each_column():
    sample = table(
        "Region|2023|2023|2024|2024", "Region|Q1|Q2|Q1|Q2", "North|1|2|3|4", "South|5|6|7|8",
        spans=(1,),
    )  # fmt: skip
    found = find_header(sample)
    assert (found.titles, found.rows) == (0, 2)
    assert column_names(sample[:2]) == ["Region", "2023 Q1", "2023 Q2", "2024 Q1", "2024 Q2"]


def test_a_merged_title_is_no_header():
    sample = table("Sales|Sales|Sales", "SKU|Name|Price", "S-1|Lamp|3", "S-2|Desk|4", spans=(1,))
    assert find_header(sample)[:2] == (1, 1)
