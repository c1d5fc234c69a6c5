"""Files inside a PDF are named, whatever their lists look like."""

import time

import pytest

from ingest import UnsupportedFormat
from tests.support.pdf_samples import first_free, make_pdf

FREE = first_free(1)
SPEC = "<< /Type /Filespec /F (a.csv) /EF << /F 9 0 R >> >>"


def notes_of(document, catalog, *objects, pages=("the cover",)):
    opened = document(make_pdf(*pages, catalog=catalog, objects=objects), "a.pdf")
    assert [segment.text for segment in opened.segments()] == ["the cover\n"]
    return opened.notes


def embedded(tree):
    return f"/Names << /EmbeddedFiles {tree} >>"


def test_attached_files_are_named(document):
    spec = "<< /UF (b.docx) /F (other) /EF << /F 9 0 R >> >>"
    tree = f"<< /Names [(a) {FREE} 0 R (b) {spec} (c) {FREE} 0 R] >>"
    assert notes_of(document, embedded(tree), SPEC) == [
        "Holds 2 attached files that were not read: a.csv, b.docx. Save what you need of that from "
        "a PDF viewer, and add it."
    ]


def test_a_portfolio_is_called_so(document):
    tree = embedded(f"<< /Names [(a) {FREE} 0 R] >>") + " /Collection << /Type /Collection >>"
    (note,) = notes_of(document, tree, SPEC)
    assert note.startswith("It is a portfolio: it holds 1 attached file that was not read: a.csv.")


def test_a_file_that_is_pinned_to_a_page_is_named(document):
    pin = b"/Annots [<< /Subtype /FileAttachment /FS %d 0 R >>] /Contents" % FREE
    data = make_pdf("the cover", objects=[SPEC]).replace(b"/Contents", pin, 1)
    opened = document(data, "a.pdf")
    assert len(list(opened.segments())) == 1
    assert opened.notes[0].startswith("Holds 1 attached file that was not read: a.csv.")


@pytest.mark.parametrize(
    "tree",
    [
        "<< >>",
        "7",
        "<< /Names [(a) 7 (b) << /F (elsewhere.txt) >>] >>",
        f"{FREE} 0 R",
    ],
    ids=["empty", "no tree", "no files", "no such object"],
)
def test_without_files_there_is_no_note(document, tree):
    assert notes_of(document, embedded(tree)) == []


def test_a_tree_in_circles_and_a_long_list_are_bounded(document):
    began_s = time.monotonic()
    names = " ".join(f"(n{n}) << /F (n{n}.txt) /EF << >> >>" for n in range(3000))
    tree = f"<< /Kids [{FREE} 0 R {FREE} 0 R] /Names [{names}] >>"
    (note,) = notes_of(document, embedded(f"{FREE} 0 R"), tree)
    assert "holds at least 1,000 attached files" in note.lower()
    assert "n0.txt, " in note and note.count(".txt") == 10 and "and 990 more" in note
    assert time.monotonic() - began_s < 10


def test_a_name_cannot_break_the_note(document):
    spec = r"<< /F (a\nb\000\033[31m.csv) /EF << >> >>"
    (note,) = notes_of(document, embedded(f"<< /Names [(a) {spec}] >>"))
    assert "\n" not in note and "\x1b" not in note


XFA = f"/NeedsRendering true /AcroForm << /Fields [] /XFA {FREE} 0 R >>"
STREAM = "<< /Length 3 >>\nstream\n<a/\nendstream"
WAITING = "Please wait...\nIf this stays, your viewer cannot show the form."


def test_a_form_that_only_asks_to_wait_is_refused(document):
    with pytest.raises(UnsupportedFormat, match=r"a\.pdf is a dynamic form \(XFA\).*print it"):
        document(make_pdf(WAITING, catalog=XFA, objects=[STREAM]), "a.pdf")


def test_a_dynamic_form_with_words_of_its_own_is_read_with_a_note(document):
    (note,) = notes_of(document, XFA, STREAM)
    assert note.startswith("Its content is a form in XFA")


def test_a_page_that_says_please_wait_is_a_page_without_xfa(document):
    opened = document(make_pdf(WAITING, catalog="/AcroForm << /Fields [] >>"), "a.pdf")
    assert len(list(opened.segments())) == 1 and opened.notes == []


def test_a_static_form_has_its_fields_in_the_pdf_and_no_note(document):
    static = f"/AcroForm << /Fields [{FREE} 0 R] /XFA {FREE} 0 R >>"
    assert notes_of(document, static, STREAM) == []
