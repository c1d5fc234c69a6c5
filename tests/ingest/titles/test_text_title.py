"""Titles at the beginning of plain texts: Project Gutenberg, front matter, headings."""

import pytest

from ingest.titles.text_title import gutenberg_title, markdown_titles, without_marks

HEADER = (
    "The Project Gutenberg eBook of The Whale\r\n\r\nThis ebook is for the use of anyone\r\n\r\n"
    "Title: The Whale\r\n       or, Moby-Dick\r\n\r\nAuthor: Herman Melville\r\n\r\n*** START"
)


def test_the_header_of_project_gutenberg_has_the_title():
    assert gutenberg_title(HEADER) == "The Whale or, Moby-Dick"
    assert gutenberg_title("Title: A form\n\nName: Ann") is None
    assert gutenberg_title("Project Gutenberg\n" * 1000 + "Title: too late") is None


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("# The *Great* Book\n\ntext\n\n# Second\n", ["The Great Book"]),
        ("[![build](b.svg)](c) \n\n# Tool #\n", ["Tool"]),
        ("The Title\n=========\n\nText.\n", ["The Title"]),
        ("=====\nTitle\n=====\n\nText.\n", ["Title"]),
        ("---\ntitle: 'Stated'\ndate: 2024\n---\n# Heading\n", ["Stated", "Heading"]),
        ("```\n# a comment\n```\n# Real\n", ["Real"]),
        ("<!-- # hidden -->\n## Lower but first\n\n### x\n", ["Lower but first"]),
        ("Some text.\n\n## Section\n", []),
        ("no heading at all", []),
        ("#hashtag\n#5 in the list\n", []),
        ("", []),
    ],
)
def test_markdown_has_its_title_in_front_or_as_its_first_heading(text, titles):
    assert list(markdown_titles(text)) == titles


def test_marks_are_taken_off_a_heading():
    assert without_marks("**Bold _and_** `code` [link](http://a.example/b_c) &amp; snake_case") == (
        "Bold and code link & snake_case"
    )


def test_hostile_beginnings_are_read_quickly():
    for text in ("[" * 60_000, "![" * 30_000, "*" * 60_000, "<!--" * 15_000, "# " + "_a" * 30_000):
        list(markdown_titles(text))
        without_marks(text)
