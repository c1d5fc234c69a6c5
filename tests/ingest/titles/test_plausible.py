"""What a file states as its title is passed over where nobody would call it so."""

import pytest

from ingest.naming import MAX_TITLE_CHARS
from ingest.titles.plausible import MAX_STATED_CHARS, plausible_title


@pytest.mark.parametrize(
    "title",
    [
        *(
            "Moby-Dick; or, The Whale",
            "1984",
            "Catch-22",
            "Fahrenheit 451",
            "It",
            "VALIS",
            "R.U.R.",
        ),
        *("RFC-2119", "EN 50128:2011", "AC/DC", "Book Two", "Main Street", "The TeXbook"),
        *("The Scanner Darkly", "Print culture in the 1790s", "Microsoft Word for beginners"),
        *("Universal Declaration of Human Rights", "Größe und Äpfel", "銀河鉄道の夜", "Ταξίδι"),
        *("Document design", "Test results 2024", "Index of names", "Home economics", "I, Robot"),
    ],
)
def test_what_a_person_would_say_is_a_title(title):
    assert plausible_title(title) == title


@pytest.mark.parametrize(
    "stated",
    [
        *(
            "Microsoft Word - Document1.doc",
            "untitled",
            "Untitled document",
            "(Untitled)",
            "no title",
        ),
        *(
            "Document1",
            "Scan_001",
            "IMG_2034",
            "DSC01234",
            "Präsentation1",
            "Sans titre",
            "Unbenannt",
        ),
        *(
            "Sin título",
            "PowerPoint Presentation",
            "Title",
            "Click to add title",
            "[Your title here]",
        ),
        *(
            "/home/ann/report",
            "C:\\texts\\report.doc",
            "D:draft",
            "file:///a/b",
            "https://a.example/b",
        ),
        *("report_final_v3.docx", "paper.tex", "index.html", "book.indd", "sample_paper"),
        *("", " \n ", "A", "--", "xxxxx", "12345678", "a3f9bc1244aa99bb", "urn:isbn:9780000000000"),
        *("þÿ\x00R\x00e\x00p", "R\ufffdp\ufffdrt", "Ã¼ber", "{{ title }}", "<title>", "Page 1"),
        *("Acrobat Distiller 5.0", "Created by Word", "Lorem ipsum dolor sit amet", "n/a", "null"),
        "a paragraph " * 40,
        "x y " * 1_000_000,
    ],
)
def test_what_programs_write_is_no_title(stated):
    assert plausible_title(stated) is None


def test_a_title_is_one_clean_line_of_bounded_length():
    assert plausible_title("\x1b[31mThe\nred\u202e book\x00") == "[31mThe red book"
    long = plausible_title("word " * (MAX_STATED_CHARS // 5))
    assert long is not None and len(long) <= MAX_TITLE_CHARS and long.endswith("…")


def test_a_heading_of_a_part_is_no_title_of_the_whole():
    for heading in ("Contents", "Introduction.", "Chapter I", "Kapitel 3", "Vorwort", "IV"):
        assert plausible_title(heading, is_heading=True) is None, heading
    assert plausible_title("Introduction to Botany", is_heading=True) == "Introduction to Botany"
