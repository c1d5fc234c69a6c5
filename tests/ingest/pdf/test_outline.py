"""Chapters from a PDF's outline: the pages of each chapter, and damaged or hostile outlines."""

import io
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter

from ingest import open_document
from ingest.pdf.outline import Outline
from tests.support.pdf_samples import encrypted, first_free, make_pdf, page_ref

LETTERS = "abcdefgh"


def outlined(tree, pages=8):
    """Return a PDF with an outline that pypdf wrote.

    Args:
        tree: (title, page index, children) for each entry.
    """
    writer = PdfWriter(io.BytesIO(make_pdf(*LETTERS[:pages])))

    def add(entries, parent):
        for title, index, *children in entries:
            add(children, writer.add_outline_item(title=title, page_number=index, parent=parent))

    add(tree, None)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def chapters(data):
    """Return the (number, title) of each page's chapter."""
    pdf = PdfReader(io.BytesIO(data))
    outline = Outline(pdf.root_object, pdf.pages)
    return [outline.chapter(index) for index in range(len(pdf.pages))]


def numbers(data):
    return [chapter and chapter.number for chapter in chapters(data)]


def handmade(*items, pages=4, catalog="", more=()):
    """Return a PDF whose outline has these items as consecutive objects."""
    first = first_free(pages)
    root = f"/Outlines << /Type /Outlines /First {first} 0 R >> {catalog}"
    return make_pdf(*LETTERS[:pages], catalog=root, objects=[*items, *more])


def test_each_page_belongs_to_the_chapter_that_begins_on_or_before_it():
    data = outlined([("Preface", 1), ("Chapter I", 2), ("Chapter II", 5)])
    titles = [chapter and chapter.title for chapter in chapters(data)]
    assert titles == [None, "Preface", *["Chapter I"] * 3, *["Chapter II"] * 3]
    assert numbers(data) == [None, 1, 2, 2, 2, 3, 3, 3]


def test_the_locator_of_a_page_has_its_chapter(document):
    catalog = "/PageLabels << /Nums [0 << /S /r >> 2 << /S /D >>] >>"
    writer = PdfWriter(io.BytesIO(make_pdf("a", "b", "c", "d", catalog=catalog)))
    for index, title in ((1, "Preface"), (2, "Chapter II")):
        writer.add_outline_item(title=title, page_number=index)
    out = io.BytesIO()
    writer.write(out)
    segments = list(document(out.getvalue(), "a.pdf").segments())
    assert [str(segment.locator) for segment in segments] == [
        *("page i (1)", "page ii (2, Preface)"),
        *("page 1 (3, Chapter II)", "page 2 (4, Chapter II)"),
    ]
    assert [segment.locator.chapter_number for segment in segments] == [None, 1, 2, 2]


def test_sections_are_in_their_chapter():
    tree = [("One", 0, ("1.1", 1), ("1.2", 2)), ("Two", 4, ("2.1", 5))]
    assert numbers(outlined(tree)) == [1, 1, 1, 1, 2, 2, 2, 2]


def test_the_chapters_are_below_a_single_title():
    tree = [("The Whole Book", 0, ("One", 1), ("Two", 3))]
    assert numbers(outlined(tree)) == [None, 1, 1, 2, 2, 2, 2, 2]
    assert numbers(outlined([("Report", 2)])) == [None, None, 1, 1, 1, 1, 1, 1]


def test_the_chapters_of_parts_are_used_and_the_first_one_gets_the_opening_pages():
    tree = [
        ("Preface", 0),
        ("Part I", 1, ("One", 2), ("Two", 3)),
        ("PART II: The end", 5, ("Three", 6)),
        ("Index", 7),
    ]
    assert numbers(outlined(tree)) == [1, 2, 2, 3, 3, 4, 4, 5]


def test_a_page_on_which_several_chapters_begin_belongs_to_the_first():
    assert numbers(outlined([("One", 1), ("Two", 1), ("Three", 3)])) == [None, 1, 2, 3, 3, 3, 3, 3]


def test_an_outline_out_of_order_is_numbered_by_pages():
    assert numbers(outlined([("Index", 6), ("One", 0), ("Two", 3)])) == [1, 1, 1, 2, 2, 2, 3, 3]


def test_an_entry_that_points_nowhere_is_counted_but_has_no_pages():
    data = handmade(
        f"<< /Title (One) /Dest [{page_ref(0)} /Fit] /Next 13 0 R >>",
        "<< /Title (Two) /Dest [999 0 R /Fit] /Next 14 0 R >>",
        f"<< /Title (Three) /Dest [{page_ref(2)} /Fit] >>",
    )
    assert numbers(data) == [1, 1, 3, 3]


@pytest.mark.parametrize(
    "target",
    [
        f"/Dest [{page_ref(2)} /XYZ 0 0 0]",
        "/Dest [2 /Fit]",
        f"/A << /S /GoTo /D [{page_ref(2)} /Fit] >>",
        "/Dest (tree.name)",
        "/A << /S /GoTo /D (tree.name) >>",
        "/Dest /old.name",
    ],
)
def test_destinations_of_every_kind_are_followed(target):
    catalog = (
        "/Names << /Dests << /Kids [13 0 R] >> >> "
        f"/Dests << /old.name << /D [{page_ref(2)} /Fit] >> >>"
    )
    names = f"<< /Names [(other) [{page_ref(0)} /Fit] (tree.name) << /D [{page_ref(2)} /Fit] >>] >>"
    data = handmade(f"<< /Title (Here) {target} >>", catalog=catalog, more=[names])
    assert numbers(data) == [None, None, 1, 1]


@pytest.mark.parametrize(
    "target",
    [
        *("/Dest [77 /Fit]", "/Dest [-1 /Fit]", "/Dest []", "/Dest (nobody)", "/Dest /nobody", ""),
        *("/Dest 5", "/Dest [(text)]", "/A << /S /URI /URI (http://a) >>", "/A 3", "/Dest 12 0 R"),
    ],
)
def test_invalid_destinations_give_no_chapter(target):
    assert numbers(handmade(f"<< /Title (Here) {target} >>")) == [None] * 4


def test_a_chapter_title_is_one_bounded_line_or_the_number():
    long = handmade(f"<< /Title ({'long ' * 99}\\nline) /Dest [{page_ref(0)}] >>")
    (title,) = {chapter.title for chapter in chapters(long)}
    assert len(title) <= 60 and "\n" not in title
    nameless = handmade(f"<< /Dest [{page_ref(0)}] >>")
    assert chapters(nameless)[0] == (1, "chapter 1")


@pytest.mark.parametrize(
    "items",
    [
        ["<< /Title (a) /Dest [0] /Next 12 0 R >>"],
        ["<< /Title (a) /Dest [0] /Next 13 0 R >>", "<< /Title (b) /Dest [1] /Next 12 0 R >>"],
        ["<< /Title (a) /Dest [0] /First 12 0 R /Next 12 0 R >>"],
        ["<< /Title (Part I) /Dest [0] /First 12 0 R /Next 12 0 R >>"],
        ["<< /Title (a) /Dest [0] /First 13 0 R >>", "<< /Title (b) /Dest [0] /First 12 0 R >>"],
    ],
)
def test_cyclic_outlines_end(items):
    assert numbers(handmade(*items))[0] == 1


@pytest.mark.parametrize("link", ["/Next", "/First"])
def test_a_very_long_outline_is_cut_in_time(document, link):
    count = 30_000
    items = [f"<< /Title (x) /Dest [0] {link} {13 + i} 0 R >>" for i in range(count)]
    started_s = time.thread_time()
    segments = list(document(handmade(*items), "a.pdf").segments())
    assert [segment.text for segment in segments] == ["a\n", "b\n", "c\n", "d\n"]
    assert time.thread_time() - started_s < 20.0


@pytest.mark.parametrize("outlines", ["5", "(text)", "[]", "99 0 R", "<< /First (x) >>", "<< >>"])
def test_an_invalid_outline_is_ignored(document, outlines):
    data = make_pdf("a", catalog=f"/Outlines {outlines}")
    (segment,) = document(data, "a.pdf").segments()
    assert str(segment.locator) == "page 1"


def test_an_encrypted_outline_is_readable(document):
    data = encrypted(outlined([("Chapter I", 0)]), "")
    segments = document(data, "a.pdf").segments()
    assert str(next(segments).locator) == "page 1 (Chapter I)"
    segments.close()


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_chapter_numbers_never_decrease_in_any_outline(data):
    """Reading "up to chapter 3" means up to a page, so no lower number follows a higher one."""
    index = st.integers(-2, 9)
    link = st.sampled_from(["", "/Next", "/First"])
    count = data.draw(st.integers(1, 6))
    items = []
    for _ in range(count):
        links = "".join(
            f" {data.draw(link) or '/X'} {12 + data.draw(st.integers(0, count))} 0 R"
            for _ in range(2)
        )
        title = data.draw(st.sampled_from(["Part I", "Chapter", ""]))
        items.append(f"<< /Title ({title}) /Dest [{data.draw(index)} /Fit] {links} >>")
    found = [number for number in numbers(handmade(*items)) if number is not None]
    assert found == sorted(found)


def test_a_mutated_outline_is_read_or_ignored(tmp_path):
    good = outlined([("One", 0, ("1.1", 1)), ("Two", 2)], pages=4)
    start = good.index(b"/Outlines")
    for at in range(start - 200, len(good) - 20, 23):
        path = tmp_path / "mutated.pdf"
        path.write_bytes(good[:at] + b"9" + good[at + 1 :])
        try:
            list(open_document(path).segments())
        except Exception as error:
            assert type(error).__module__.startswith("ingest"), error
