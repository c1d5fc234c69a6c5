"""Style sheets: which classes raise, lower or strike out text."""

import time

import pytest

from ingest.markup.css import class_styles


def test_rules_for_a_class_are_used_and_others_are_not():
    sheet = """@charset "utf-8"; .a { vertical-align: Super; color: red } /* .b { } */
    span.c, .d:hover, p .e, .f { text-decoration: line-through !important }
    @media print { .g { vertical-align: sub } } .h { display: none } .a { text-decoration: none }"""
    assert class_styles([sheet, ".i{vertical-align:sub}"]) == {
        "a": {"vertical-align": "super", "text-decoration": "none"},
        "c": {"text-decoration": "line-through"},
        "f": {"text-decoration": "line-through"},
        "i": {"vertical-align": "sub"},
    }


@pytest.mark.parametrize("sheet", ["{" * 100_000, "}" * 100_000, "/* " * 100_000, ".a{" * 100_000])
def test_endless_sheets_are_read_in_time(sheet):
    started_s = time.thread_time()
    assert class_styles([sheet]) == {}
    assert time.thread_time() - started_s < 3.0
