"""The delimiter and the quotation mark of a text, found from its beginning."""

import pytest

from ingest.tables.delimiter import declared_delimiter, find_dialect


@pytest.mark.parametrize(
    ("sample", "delimiter"),
    [
        ("a,b,c\n1,2,3\n4,5,6\n", ","),
        ("Name;Price\nLamp;3,50\nDesk;12,00\n", ";"),
        ("1,5;2,5;3\n4,5;5;6,5\n", ";"),
        ("a\tb\n1, or so\t2\n3\t4\n", "\t"),
        ("a|b\n1|2\n3|4\n", "|"),
        ("Title of the table\n\na;b;c\n1;2;3\n4;5;6\n7;8;9\n", ";"),
        ('a,b\n"x;y;z",1\n"p;q;r",2\n', ","),
        ('id,text\n1,"two\nlines, and more"\n2,"x"\n', ","),
        ("a,b,c\n1,2\n3,4,5\n6,7,8\n", ","),
        ("one\ntwo\nthree\n", None),
        ("A sentence, with commas, goes on.\nAnother has none.\nAnd one, here.\nNone.\n", None),
    ],
)
def test_the_delimiter_is_the_one_with_which_records_agree(sample, delimiter):
    assert find_dialect(sample, is_whole=True).delimiter == delimiter


def test_the_name_of_the_file_decides_between_equals():
    sample = "a\tb,c\n1\t2,3\n"
    assert find_dialect(sample, is_whole=True, preferred="\t").delimiter == "\t"


def test_an_incomplete_last_line_does_not_count():
    assert find_dialect("a,b\n1,2\n3", is_whole=False).delimiter == ","


def test_single_quotation_marks():
    sample = "'a, b','c'\n'd','e, f'\n"
    assert find_dialect(sample, is_whole=True) == (",", "'")


def test_a_declared_delimiter():
    assert declared_delimiter("sep=;\na;b\n") == (";", 6)
    assert declared_delimiter("a;b\n") == (None, 0)
