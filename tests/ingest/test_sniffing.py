"""What the first bytes of a file show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sniffing import (
    describe_binary,
    has_pdf_header,
    starts_as_html,
    starts_as_pdf,
)


@pytest.mark.parametrize(
    ("head", "is_start", "has_header"),
    [
        (b"%PDF-1.7\n", True, True),
        (b"\xef\xbb\xbf \n%PDF-1.7", True, True),
        (b"junk %PDF-1.7", False, True),
        (b"x" * 1100 + b"%PDF-1.7", False, False),
        (b"%PD", False, False),
    ],
)
def test_a_pdf_header_is_found_at_the_start_or_near_it(head, is_start, has_header):
    assert (starts_as_pdf(head), has_pdf_header(head)) == (is_start, has_header)


@pytest.mark.parametrize(
    ("head", "is_html"),
    [
        (b"<!DOCTYPE html><p>", True),
        (b"\xef\xbb\xbf\n <HTML lang=en>", True),
        (b'<?xml version="1.0"?><!-- a --> <!-- b --><html>', True),
        (b"<p>no more</p>", False),
        (b"<?xml version='1.0'?><rss>", False),
        (b"<!-- never closed <html>", False),
        (b"", False),
    ],
)
def test_html_is_recognised_after_comments_and_an_xml_declaration(head, is_html):
    assert starts_as_html(head) is is_html


@given(st.text(alphabet=st.characters(exclude_categories=("Cc", "Cs"))))
def test_printable_utf_8_is_never_called_binary_data(text):
    assert describe_binary(f"- {text}".encode()) is None
