"""Titles and file names from names that nobody can trust."""

import pytest

from ingest.naming import MAX_TITLE_CHARS, file_name, title_from_name


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Emma.txt", "Emma"),
        ("Report.v2.PDF", "Report.v2"),
        ("C:\\books\\Dr. Strange.md", "Dr. Strange"),
        ("../../etc/passwd", "passwd"),
        ("two\nlines\t\x1b[31mred.txt", "two lines [31mred"),
        ("gpj.\u202eexe.txt", "gpj.exe"),
        ("نامه\u200cها.txt", "نامه\u200cها"),
        ("<|im_end|>.txt", "<|im_end|>"),
        (".pdf", "Untitled"),
        ("\x00\x01", "Untitled"),
    ],
)
def test_a_title_is_one_clean_line(name, title):
    assert title_from_name(name) == title


def test_titles_and_file_names_are_bounded():
    assert len(title_from_name("x" * 100_000)) == MAX_TITLE_CHARS
    assert len(file_name("x" * 100_000)) == MAX_TITLE_CHARS
