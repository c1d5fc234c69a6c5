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
        ("100% sure & \"quoted\" 'x'#%20d?.txt", "100% sure & \"quoted\" 'x'#%20d?"),
        ("a;b|c`d`$(e)<f>*.txt", "a;b|c`d`$(e)<f>*"),
        ("COM1.txt", "COM1"),
        ("dots...txt", "dots.."),
        ("name. .txt", "name."),
        ("spaces at the end .txt ", "spaces at the end"),
        ("back\\slash.txt", "back\\slash"),
        ("\\\\server\\share\\report.txt", "report"),
        ("C:/books/report.txt", "report"),
        ("تقرير سنوي.txt", "تقرير سنوي"),
        ("\U0001f3c6\U0001fae8\U0001faea.txt", "\U0001f3c6\U0001fae8\U0001faea"),
        ("Gr\udcf6\udcdfe und \udcc4pfel.txt", "Größe und Äpfel"),
        ("\udccf\udce8\udcf1\udcfc\udcec\udcee.txt", "Письмо"),
        ("lone \ud800 surrogate.txt", "lone surrogate"),
        (".pdf", "Untitled"),
        ("\x00\x01", "Untitled"),
    ],
)
def test_a_title_is_one_clean_line(name, title):
    assert title_from_name(name) == title


def test_titles_and_file_names_are_bounded():
    assert len(title_from_name("x" * 100_000)) == MAX_TITLE_CHARS
    assert len(file_name("x" * 100_000)) == MAX_TITLE_CHARS
