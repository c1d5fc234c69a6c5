"""Running headers and footers are removed, other lines are kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.pdf.running_headers import without_running_headers
from tests.support.pdf_samples import make_pdf

BODIES = ["It was late.", "The cat slept.", "Rain fell.", "Nobody came.", "Dawn broke.", "Ate."]


def bodies(pages):
    return [text.strip() for text in without_running_headers(pages)]


@pytest.mark.parametrize(
    "layout",
    [
        "THE HERON\n{page}\n{body}",
        "{page} THE HERON\n{body}",
        "{body}\n{page}",
        "{body}\nPage {page} of 340",
        "\n\n  The Heron   \n{body}\n— {page} —\n",
    ],
)
def test_running_headers_and_footers_are_removed(layout):
    pages = [layout.format(page=page, body=body) for page, body in enumerate(BODIES, start=118)]
    assert bodies(pages) == BODIES


def test_different_headers_on_left_and_right_pages_are_removed():
    heads = ["THE HERON 2", "CHAPTER ONE 3", "THE HERON 4", "", "THE HERON 6", "CHAPTER ONE 7"]
    heads += ["THE HERON 8", "CHAPTER ONE 9"]
    texts = BODIES + ["More.", "The end."]
    pages = [f"{head}\n{body}" for head, body in zip(heads, texts, strict=True)]
    assert bodies(pages) == texts


@pytest.mark.parametrize(
    "page",
    [
        "Item\tPrice\n{body}",  # a table's head says what its columns are
        "In {year} it rained.\n{body}",
        "{year}\n{body}",
        "x" * 200 + "\n{body}",
        "THE HERON",  # the only line of its page
    ],
)
def test_lines_that_are_no_running_headers_are_kept(page):
    pages = [page.format(body=body, year=1900 + at**2) for at, body in enumerate(BODIES)]
    assert bodies(pages) == pages


def test_a_line_that_only_two_pages_have_is_kept():
    pages = ["Alike\none", "Alike\ntwo", "Other\nthree"]
    assert bodies(pages) == pages


@given(st.lists(st.text(alphabet="ab1\n\t ", max_size=30), max_size=14))
def test_only_whole_lines_are_removed_and_never_all_lines_of_a_page(pages):
    for page, body in zip(pages, without_running_headers(pages), strict=True):
        rest = iter(page.splitlines(keepends=True))
        assert all(line in rest for line in body.splitlines(keepends=True))
        assert bool(body.strip()) == bool(page.strip())


def test_pages_are_streamed():
    seen = []

    def pages():
        for number in range(100):
            seen.append(number)
            yield f"THE HERON\n{number}\nText {number * number}."

    next(without_running_headers(pages()))
    assert len(seen) <= 8


def test_a_pdf_is_read_without_its_running_headers(document):
    data = make_pdf(*(f"THE HERON\n{page}\n{body}" for page, body in enumerate(BODIES, start=1)))
    opened = document(data, "a.pdf")
    assert [(segment.text, str(segment.locator)) for segment in opened.segments()] == [
        (f"{body}\n", f"page {page}") for page, body in enumerate(BODIES, start=1)
    ]


def test_a_title_with_the_words_of_the_header_below_it_is_kept():
    first = "ALICE IN WONDERLAND\nAlice in Wonderland\nby Carroll\n"
    others = [f"ALICE IN WONDERLAND\nText of page {number} in words.\n" for number in "abcd"]
    bodies = list(without_running_headers([first, *others]))
    assert bodies[0] == "Alice in Wonderland\nby Carroll\n"
    assert not any("ALICE" in body for body in bodies)
