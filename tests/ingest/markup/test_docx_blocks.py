"""WordprocessingML as blocks: styles, lists, tables, and what revisions leave out."""

import pytest

from ingest.markup.docx_blocks import WordTarget
from ingest.markup.xml import feed_xml


def blocks(body, **headings):
    target = WordTarget({"Heading1": 1, **headings})
    for _ in feed_xml([f"<body>{body}</body>".encode()], target):
        pass
    return target.take_blocks()


def paragraph(text, properties=""):
    return f"<p><pPr>{properties}</pPr><r><t>{text}</t></r></p>"


@pytest.mark.parametrize(
    ("properties", "level"),
    [
        ('<pStyle val="Heading1"/>', 1),
        ('<pStyle val="Titre2"/>', 2),
        ('<pStyle val="Body"/>', 0),
        ('<outlineLvl val="2"/>', 3),
        ('<outlineLvl val="9"/>', 0),
        ('<outlineLvl val=""/>', 0),
    ],
)
def test_the_level_of_a_heading_comes_from_its_style_or_outline_level(properties, level):
    (block,) = blocks(paragraph("x", properties), Titre2=2)
    assert (block.text, block.level) == ("x\n\n", level)


def test_list_items_are_tight_and_numbering_zero_is_no_list():
    item = '<numPr><numId val="{}"/></numPr>'
    found = blocks(paragraph("a", item.format(3)) + paragraph("b", item.format(0)))
    assert [block.text for block in found] == ["- a\n", "\nb\n\n"]


def test_a_row_of_a_table_is_a_block_with_tabs():
    row = f"<tr><tc>{paragraph('a')}{paragraph('b')}</tc><tc>{paragraph('c')}</tc></tr>"
    assert [block.text for block in blocks(f"<tbl>{row}{row}</tbl>")] == ["a b\tc\n"] * 2


@pytest.mark.parametrize("name", ["del", "moveFrom", "instrText", "Fallback", "rPr"])
def test_deleted_text_and_field_codes_are_left_out(name):
    (block,) = blocks(f"<p><r><t>seen</t></r><{name}><r><t>not seen</t></r></{name}></p>")
    assert block.text == "seen\n\n"


def test_a_very_long_paragraph_is_cut():
    assert len(blocks(f"<p><r>{'<t>long text </t>' * 300_000}</r></p>")) > 1


def test_blocks_are_returned_once():
    target = WordTarget({})
    for _ in feed_xml([f"<body>{paragraph('x')}</body>".encode()], target):
        pass
    assert len(target.take_blocks()) == 1 and target.take_blocks() == []
