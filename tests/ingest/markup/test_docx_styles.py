"""Styles of Word documents: headings, numbering and formats, also through their bases."""

import pytest

from ingest.markup.docx_styles import RunFormat, Styles, read_styles

XML = """<styles>
<style styleId="Clause"><name val="Clause"/><basedOn val="berschrift2"/></style>
<style styleId="berschrift2"><name val="heading 2"/>
  <pPr><numPr><ilvl val="1"/><numId val="4"/></numPr><outlineLvl val="1"/></pPr></style>
<style styleId="TocHead"><name val="TOC Heading"/><basedOn val="berschrift2"/>
  <pPr><outlineLvl val="9"/></pPr></style>
<style styleId="Gone"><name val="Gone"/><rPr><strike/></rPr></style>
<style styleId="Back"><name val="Back"/><basedOn val="Gone"/><rPr><strike val="0"/></rPr></style>
<style styleId="Ref"><name val="Ref"/><basedOn val="Gone"/>
  <rPr><vertAlign val="superscript"/></rPr></style>
<style styleId="Loop"><name val="a"/><basedOn val="Pool"/></style>
<style styleId="Pool"><name val="b"/><basedOn val="Loop"/></style>
<style styleId="Beschriftung"><name val="Caption"/></style>
</styles>"""
STYLES = read_styles(XML.encode())


@pytest.mark.parametrize(
    ("style", "level"),
    [("berschrift2", 2), ("Clause", 2), ("TocHead", 0), ("Title", 1), ("Loop", 0), ("None", 0)],
)
def test_the_level_of_a_heading_is_that_of_the_style_or_its_base(style, level):
    assert STYLES.level(style) == level


def test_numbering_comes_through_the_base_with_the_style_that_says_it():
    assert STYLES.numbering("Clause") == ("4", 1, "berschrift2")
    assert STYLES.numbering("Gone") == ("", None, "Gone")
    assert STYLES.numbering("Loop")[0] == ""


def test_a_style_can_take_back_what_its_base_says():
    assert STYLES.run_format("Gone").is_struck and STYLES.run_format("Back").is_struck is False
    reference = STYLES.run_format("Ref")
    assert (reference.script, reference.is_struck) == ("sup", True)


def test_captions_are_found_by_the_english_name_of_their_style():
    assert STYLES.is_caption("Beschriftung") and not STYLES.is_caption("Gone")


@pytest.mark.parametrize(
    ("elements", "is_struck"),
    [
        ([("strike", "")], True),
        ([("strike", "false")], False),
        ([("dstrike", "1")], True),
        ([("strike", ""), ("dstrike", "0")], True),
        ([("dstrike", "off")], False),
    ],
)
def test_striking_out_can_be_on_or_off(elements, is_struck):
    run_format = RunFormat()
    for name, value in elements:
        run_format = run_format.with_property(name, {"val": value} if value else {})
    assert run_format.is_struck is is_struck


@pytest.mark.parametrize("data", [b"", b"<", b"<styles><style/></styles>"])
def test_a_broken_list_of_styles_leaves_the_usual_headings(data):
    assert read_styles(data).level("Heading3") == Styles().level("Heading3") == 3
