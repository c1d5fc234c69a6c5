"""Delimited text divided into records and cells."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from ingest.tables.records import Dialect, split_records

COMMA = Dialect(",")
CELLS = st.text(alphabet='ab ",;\n', max_size=8).map(str.strip)


def records(text, dialect=COMMA):
    return list(split_records(io.StringIO(text), dialect))


@given(st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=6))
def test_what_a_program_writes_is_read_back(rows):
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    assert records(text.getvalue()) == rows


def test_a_newline_in_a_quoted_cell_stays_in_its_record():
    assert records('a,"two\nlines"\nb,c\n') == [["a", "two\nlines"], ["b", "c"]]


def test_a_quotation_mark_inside_a_cell_is_a_character():
    assert records('pipe of 5",3\nrod,4\n') == [['pipe of 5"', "3"], ["rod", "4"]]


def test_a_quotation_mark_that_is_never_closed_swallows_no_other_record():
    text = 'a,"never closed\n' + "b,1\n" * 2000
    found = records(text)
    assert len(found) == 2001
    assert found[0] == ["a", '"never closed'] and found[-1] == ["b", "1"]
    assert records('a,"open\nb,1\nc,"x\n') == [["a", '"open'], ["b", "1"], ["c", '"x']]


def test_blank_lines_are_records_and_the_last_newline_is_none():
    assert records("a,b\n\nc,d") == [["a", "b"], [""], ["c", "d"]]


def test_without_a_delimiter_a_line_is_a_cell():
    assert records('one, two\n"three"\n', Dialect(None)) == [["one, two"], ["three"]]


def test_a_long_quoted_cell_is_one_cell():
    cell = "word, " * 50_000
    assert records(f'a,"{cell}",b\n') == [["a", cell, "b"]]
