"""PowerPoint: slides in their order, with titles, tables and notes."""

import pytest

from ingest import DamagedDocument, EmptyDocument
from tests.support.office_samples import make_pptx, shape, slide_table

FIRST = shape("Harbour", kind="title") + shape("The pilot is Ivar.", "He moors at Brae.")
SECOND = shape("Depths", kind="ctrTitle") + slide_table(("Port", "Depth"), ("Brae", "4 m"))


def read(document, data, name="a.pptx"):
    opened = document(data, name)
    segments = list(opened.segments())
    return opened, segments, "".join(segment.text for segment in segments)


def test_slides_are_read_in_the_order_of_the_presentation(document):
    opened, segments, text = read(document, make_pptx(FIRST, SECOND))
    assert (opened.kind, opened.unit_name, opened.unit_count) == ("slides", "slide", 2)
    assert [str(segment.locator) for segment in segments] == [
        "slide 1 (Harbour)",
        "slide 2 (Depths)",
    ]
    assert text == (
        "Harbour\nThe pilot is Ivar.\nHe moors at Brae.\n\nDepths\nPort\tDepth\nBrae\t4 m\n\n"
    )


def test_notes_follow_their_slide(document):
    notes = shape("7", kind="sldNum") + shape("Speak slowly.", kind="body")
    text = read(document, make_pptx(FIRST, SECOND, notes={1: notes}))[2]
    assert "He moors at Brae.\n\nNotes: Speak slowly.\n\nDepths" in text and "7" not in text


def test_hidden_slides_are_read_and_noted(document):
    opened, _, text = read(document, make_pptx(FIRST, f" hidden{SECOND}"))
    assert "Depths" in text and opened.notes == ["Hidden slides were read, too: 2."]


def test_numbers_dates_and_footers_of_slides_are_left_out(document):
    frame = shape("12", kind="sldNum") + shape("2024", kind="dt") + shape("ACME", kind="ftr")
    assert read(document, make_pptx(FIRST + frame))[2].endswith("Brae.\n\n")


def test_raised_and_struck_out_text_stays_apart(document):
    runs = (
        "<p:sp><a:p><a:r><a:t>10</a:t></a:r><a:r><a:rPr baseline='30000'/><a:t>5</a:t></a:r>"
        "<a:r><a:rPr strike='sngStrike'/><a:t> old</a:t></a:r><a:br/><a:fld><a:t>x</a:t></a:fld>"
        "</a:p></p:sp>"
    )
    assert read(document, make_pptx(runs))[2] == "10⁵ ~~old~~\nx\n\n"


def test_a_damaged_slide_is_noted_and_the_others_are_read(document):
    others = {"ppt/slides/slide2.xml": "<p:sld><broken"}
    opened, _, text = read(document, make_pptx(FIRST, SECOND, others=others))
    assert text.startswith("Depths") and "damaged or missing" in opened.notes[0]
    assert opened.unit_count == 2


@pytest.mark.parametrize("name", ["a.zip", "a.bin", "talk"])
def test_a_presentation_is_recognised_by_its_content(document, name):
    assert document(make_pptx(FIRST), name).kind == "slides"


def test_a_presentation_without_text_is_empty(document):
    with pytest.raises(EmptyDocument):
        read(document, make_pptx("<p:pic/>"))


@pytest.mark.parametrize("content", ["", "no xml", "\0"])
def test_a_presentation_without_its_list_is_damaged(document, content):
    with pytest.raises(DamagedDocument, match="list of slides"):
        read(document, make_pptx(others={"ppt/presentation.xml": content}))


def test_references_that_lead_out_of_the_archive_are_ignored(document):
    relations = (
        '<Relationships><Relationship Id="rId1" Target="../../../etc/passwd"/></Relationships>'
    )
    with pytest.raises(DamagedDocument, match="No slide"):
        read(document, make_pptx(FIRST, others={"ppt/_rels/presentation.xml.rels": relations}))
