"""Numbers of a workbook, written as their cells show them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.tables.number_format import BUILT_IN, format_number


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (1234.5, "General", "1234.5"),
        (0.30000000000000004, "General", "0.3"),
        (12.0, "General", "12"),
        (-3.0, "General", "-3"),
        (1234.5, "#,##0.00", "1,234.50"),
        (0.0, "0.00", "0.00"),
        (0.0, '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)', "$-"),
        (0.256, "0%", "26%"),
        (0.256, "0.0%", "25.6%"),
        (-1234.5, "#,##0.00;(#,##0.00)", "(1,234.50)"),
        (-2.5, "0.0", "-2.5"),
        (1234.5, '#,##0.00 "€"', "1,234.50 €"),
        (1234.5, "[$€-407] #,##0.00", "€ 1,234.50"),
        (12.0, '0.0" kg"', "12.0 kg"),
        (7.0, "00000", "00007"),
        (1.5, "#.##", "1.5"),
        (12345678.0, '#,##0.0,,"M"', "12.3M"),
        (12345.0, "0.00E+00", "1.23E+04"),
        (0.5, "# ?/?", "0.5"),
        (0.0, '0;-0;"none"', "none"),
        (5.0, "[Red]0", "5"),
        (7.0, "@", "7"),
        (45316.0, "yyyy-mm-dd", "2024-01-25"),
        (45316.0, "dd.mm.yyyy", "25.01.2024"),
        (45316.0, "m/d/yy", "1/25/24"),
        (45316.0, "d mmmm yyyy", "25 January 2024"),
        (45316.0, "ddd, d-mmm-yy", "Thu, 25-Jan-24"),
        (45316.25, "yyyy-mm-dd hh:mm", "2024-01-25 06:00"),
        (0.75, "h:mm AM/PM", "6:00 PM"),
        (0.5208333, "hh:mm:ss", "12:30:00"),
        (1.25, "[h]:mm", "30:00"),
        (1.0, "yyyy-mm-dd", "1900-01-01"),
        (-5.0, "yyyy-mm-dd", "-5"),
        (1e300, "yyyy", "1e+300"),
    ],
)
def test_a_number_as_its_cell_shows_it(value, code, text):
    assert format_number(value, code) == text


def test_dates_counted_from_1904():
    assert format_number(43854.0, "yyyy-mm-dd", from_1904=True) == "2024-01-25"


@given(st.floats(), st.text(alphabet='0#?.,;%"\\[]$E+-ymdhs/AMPM@_* G', max_size=20))
def test_any_number_in_any_format_is_a_text(value, code):
    assert isinstance(format_number(value, code), str)
    assert all(isinstance(format_number(value, known), str) for known in BUILT_IN.values())
