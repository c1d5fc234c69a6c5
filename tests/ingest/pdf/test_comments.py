"""Comments on a page: marked as such, one a line, and only those that people wrote."""

import pytest

from ingest.pdf.annotations import MAX_ANNOTATIONS
from ingest.pdf.comments import comments
from tests.support.pdf_samples import make_pdf


def note(contents, subtype="/Text", **more):
    entries = {f"/{key}": value for key, value in more.items()}
    return {"/Subtype": subtype, "/Contents": contents, **entries}


def test_a_comment_says_whose_it_is():
    page = {"/Annots": [note("45 Nm,\rnot\x07 54", T="Ina"), note("ask", "/Highlight", T=7)]}
    assert comments(page) == "[Comment by Ina: 45 Nm, not 54]\n[Comment: ask]"


@pytest.mark.parametrize(
    "annotation",
    [
        *(note(""), note(None), note("x", F=2), note("x", F=32), note("x", "/Popup")),
        *(note("x", "/Link"), note("Accepted", StateModel="Review"), "no annotation", None),
    ],
)
def test_what_is_no_comment_gives_none(annotation):
    assert comments({"/Annots": [annotation]}) == ""


def test_comments_are_bounded():
    page = {"/Annots": [note("x" * 20_000)] * (MAX_ANNOTATIONS + 5)}
    assert len(comments(page)) == 200_000
    assert comments({"/Annots": 7}) == comments({}) == ""


def annotated(page, annotations):
    return make_pdf(*page).replace(b"/Contents", b"/Annots [%s] /Contents" % annotations, 1)


STICKY = b"<< /Type /Annot /Subtype /Text /T (Ina) /Contents (must be 45 Nm) >>"


def test_comments_follow_the_text_of_their_page(document):
    opened = document(annotated(["Tighten it to 54 Nm.", "two"], STICKY), "a.pdf")
    assert [(segment.text, segment.locator.start) for segment in opened.segments()] == [
        ("Tighten it to 54 Nm.\n\n[Comment by Ina: must be 45 Nm]\n", 1),
        ("two\n", 2),
    ]
    assert opened.notes == []


def test_comments_are_read_on_a_page_without_text(document):
    opened = document(annotated([b"", "two"], STICKY), "a.pdf")
    texts = [segment.text for segment in opened.segments()]
    assert texts == ["[Comment by Ina: must be 45 Nm]\n", "two\n"]


def test_a_page_with_too_many_annotations_is_noted(document):
    opened = document(annotated(["one"], b"<< /Subtype /Link >> " * 1001), "a.pdf")
    assert len(list(opened.segments())) == 1
    assert opened.notes == [
        "Page 1 had more than 1,000 annotations; those after that were not read."
    ]
