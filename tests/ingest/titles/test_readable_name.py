"""Files' names as titles: words are set apart, and nothing that tells files apart is lost."""

import pytest

from ingest.titles.readable_name import readable_name


@pytest.mark.parametrize(
    ("name", "title"),
    [
        (
            "alleleiraugh-or-the-many-furred-creature.txt",
            "Alleleiraugh or the Many Furred Creature",
        ),
        ("john_sherman.txt", "John Sherman"),
        ("über-die-natur.txt", "Über die Natur"),
        ("My Report.docx", "My Report"),
        ("my_report of-today.txt", "My Report of-today"),
        ("My%20Report%20final.pdf", "My Report final"),
        ("Jane_Austen-Emma.epub", "Jane Austen Emma"),
        ("2024-01-05_minutes-of-meeting.docx", "2024-01-05 Minutes of Meeting"),
        ("report_2024_01_05.pdf", "Report 2024-01-05"),
        ("sales_2019-2020.csv", "Sales 2019-2020"),
        ("the_RFC-2119_guide.html", "the RFC-2119 guide"),
        ("COVID-19-guidelines.pdf", "COVID-19 guidelines"),
        ("version_1_2.txt", "Version 1_2"),
        ("a--b--c d.txt", "a--b--c d"),
    ],
)
def test_words_are_set_apart(name, title):
    assert readable_name(name) == title


@pytest.mark.parametrize(
    "name",
    [
        *("book", "RFC-2119", "rfc-2119", "Scan_001", "CamelCase", "x-y", "bro001", "__init__"),
        *("a3f9bc12-44aa-99bb", "2024_01_05", "100% sure", "Dr. Strange", "تقرير سنوي", "_", "-"),
    ],
)
def test_a_name_of_one_word_or_of_a_code_is_kept(name):
    assert readable_name(f"{name}.txt") == name


def test_there_is_always_a_title():
    for name in ("", ".txt", "\x00", "%20%20.txt", "___.txt", "- -.txt"):
        assert readable_name(name), name
