"""Numbers and times on the page: plain English in the HTML, marked for the browser's language."""

import doctest

import pytest

from app.web import formatting
from app.web.formatting import moment, number, with_numbers


def test_the_examples_hold():
    assert doctest.testmod(formatting).failed == 0


@pytest.mark.parametrize(
    "text, value",
    [
        ("1,616 tokens", "1616"),
        ("at most 64.8 MB", "64.8"),
        ("1,234,567.5%", "1234567.5"),
        ("(12,000)", "12000"),
        ("1,616.", "1616"),
        ("took 5.1, or so", "5.1"),
    ],
)
def test_numbers_with_a_separator_are_marked(text, value):
    assert f'<data value="{value}">' in with_numbers(text)


@pytest.mark.parametrize(
    "text",
    ["12 pages", "version 0.1.0", "Qwen2.5-Coder-0.5B", "127.0.0.1", "12,34", "1,2345", "x1.5"],
)
def test_what_is_no_number_or_is_written_alike_everywhere_is_left(text):
    assert with_numbers(text) == text


def test_text_around_numbers_is_escaped_and_damaged_times_too():
    assert with_numbers("<b>1,000 & 2</b>") == (
        '&lt;b&gt;<data value="1000">1,000</data> &amp; 2&lt;/b&gt;'
    )
    assert number(0.25, 2) == '<data value="0.25">0.25</data>' and number(-5) == "-5"
    assert moment("<yesterday>") == "&lt;yesterday&gt;"
