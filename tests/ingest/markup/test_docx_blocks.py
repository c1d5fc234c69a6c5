"""WordprocessingML as blocks: styles, lists, tables, and what revisions leave out."""

import pytest

from ingest.markup.docx_blocks import WordTarget
from ingest.markup.docx_numbering import read_numbering
from ingest.markup.docx_styles import RunFormat, Style, Styles
from ingest.markup.xml import feed_xml


def target_of(body, styles=None, numbering=None):
    target = WordTarget(styles, numbering)
    for _ in feed_xml([f"<body>{body}</body>".encode()], target):
        pass
    return target


def blocks(body, **headings):
    styles = Styles({name: Style(level=level) for name, level in headings.items()})
    return target_of(body, styles).take_blocks()


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
    target = WordTarget()
    for _ in feed_xml([f"<body>{paragraph('x')}</body>".encode()], target):
        pass
    assert len(target.take_blocks()) == 1 and target.take_blocks() == []


def texts(body, styles=None, numbering=None):
    return [block.text.strip() for block in target_of(body, styles, numbering).take_blocks()]


def run(text, properties=""):
    return f"<r><rPr>{properties}</rPr><t>{text}</t></r>"


UP, DOWN = '<vertAlign val="superscript"/>', '<vertAlign val="subscript"/>'


@pytest.mark.parametrize(
    ("runs", "text"),
    [
        (run("held 10") + run("5", UP) + run(" cells"), "held 10⁵ cells"),
        (run("x 10") + run("1", UP) + run("3", UP + "<b/>") + run(" km"), "x 10¹³ km"),
        (run("H") + run("2", DOWN) + run("O"), "H₂O"),
        (run("410", "<strike/>") + run(" 385"), "~~410~~ 385"),
        (run("60", "<dstrike/>") + run(" 45"), "~~60~~ 45"),
        (run("open", '<strike val="0"/>'), "open"),
        (run("seen ") + run("secret", "<vanish/>") + run("too"), "seen too"),
        (run("seen", '<vanish val="false"/>'), "seen"),
        (run("a\uf0b1b", '<rFonts ascii="Symbol"/>'), "a±b"),
        ('<r><sym font="Symbol" char="F0B1"/><t>3</t></r>', "±3"),
        ('<r><sym font="Symbol" char="no"/></r>', "\ufffd"),
        (run("light") + "<r><softHyphen/></r>" + run("house"), "lighthouse"),
        (run("light\u00ad") + run("house"), "lighthouse"),
        ("<r><t>light</t><lastRenderedPageBreak/><t>house</t></r>", "lighthouse"),
        (f"<r><ruby><rt>{run('toudai')}</rt><rubyBase>{run('灯台')}</rubyBase></ruby></r>", "灯台"),
        (f"<sdt><sdtPr>{run('x')}</sdtPr><sdtContent>{run('kept')}</sdtContent></sdt>", "kept"),
        (f"<smartTag><customXml>{run('kept')}</customXml></smartTag>", "kept"),
    ],
)
def test_runs_of_a_paragraph(runs, text):
    assert texts(f"<p>{runs}</p>") == [text]


def test_runs_are_set_as_their_styles_say():
    styles = Styles({"Gone": Style(run_format=RunFormat(is_struck=True)), "Up": Style()})
    gone, kept = '<rStyle val="Gone"/>', '<strike val="0"/>'
    assert texts(f"<p>{run('old', gone)}{run(' new')}</p>", styles) == ["~~old~~ new"]
    body = f'<p><pPr><pStyle val="Gone"/></pPr>{run("a")}{run(" b", kept)}</p>'
    assert texts(body, styles) == ["~~a~~ b"]


FIELD = '<r><fldChar fldCharType="{}"/></r>'


def test_a_field_is_its_result():
    code = FIELD.format("begin") + run("code") + FIELD.format("separate")
    assert texts(f"<p>{run('page ')}{code}{run('7')}{FIELD.format('end')}</p>") == ["page 7"]
    assert texts(f"<p>{code.replace('code', code)}{run('7')}</p>") == []
    assert texts(f"<p>{FIELD.format('begin')}{run('lost')}</p><p>{run('kept')}</p>") == ["kept"]


def test_only_the_first_alternative_for_a_drawing_is_read():
    boxes = "".join(f"<{name}>{paragraph(name)}</{name}>" for name in ("Choice", "Choice"))
    boxes += f"<Fallback>{paragraph('Fallback')}</Fallback>"
    assert texts(f"<p><r><AlternateContent>{boxes}</AlternateContent></r></p>") == ["Choice"]
    only = f"<AlternateContent><Fallback>{paragraph('only')}</Fallback></AlternateContent>"
    assert texts(f"<p><r>{only}</r></p>") == ["only"]


def test_properties_before_a_change_are_not_used():
    old = '<pStyle val="Heading1"/><numPr><numId val="3"/></numPr>'
    now = "<rPrChange><rPr><strike/></rPr></rPrChange>"
    before = f"<pPr><pPrChange><pPr>{old}</pPr></pPrChange></pPr>"
    (block,) = blocks(f"<p>{before}{run('x', now)}</p>")
    assert (block.text, block.level) == ("x\n\n", 0)


def test_a_paragraph_whose_end_was_deleted_continues_in_the_next():
    deleted = '<pPr><numPr><numId val="1"/></numPr><rPr><del/></rPr></pPr>'
    body = f"<p>{deleted}{run('The rent ')}</p><p>{run('is 385.')}</p>"
    assert texts(body) == ["The rent is 385."]
    assert texts(f"<p>{deleted}</p>{paragraph('Next.')}") == ["Next."]
    cell = f"<tc><p>{deleted}{run('last')}</p></tc><tc>{paragraph('b')}</tc>"
    assert texts(f"<tbl><tr>{cell}</tr></tbl>") == ["last\tb"]
    assert texts(f"<p>{deleted}{run('at the end')}</p>") == ["at the end"]


def test_what_was_left_out_is_counted():
    body = (
        f"<p><del><r><delText>old</delText></r></del>{run('x', '<vanish/>')}<r><object/></r>"
        f"<moveFrom>{run('moved')}</moveFrom><r><ruby><rt>{run('a')}</rt></ruby></r>{run('y')}</p>"
    )
    left_out = +target_of(body).left_out
    assert left_out == {"deleted": 1, "hidden": 1, "objects": 1, "ruby": 1, "": 1}
    assert not +target_of(f"<p><del><r><delText> </delText></r></del>{run('y')}</p>").left_out


NUMBERING = (
    b'<numbering><abstractNum abstractNumId="0">'
    b'<lvl ilvl="0"><start val="1"/><numFmt val="decimal"/><lvlText val="%1."/></lvl>'
    b'<lvl ilvl="1"><start val="1"/><numFmt val="decimal"/><lvlText val="%1.%2"/>'
    b'<pStyle val="Sub"/></lvl>'
    b'<lvl ilvl="2"><numFmt val="bullet"/><lvlText val="\xc2\xb7"/></lvl></abstractNum>'
    b'<num numId="1"><abstractNumId val="0"/></num></numbering>'
)


def numbered(text, level, more=""):
    return paragraph(text, f'<numPr><ilvl val="{level}"/><numId val="1"/></numPr>{more}')


def test_clauses_have_the_numbers_that_people_see():
    styles = Styles({"Sub": Style(numbering="1"), "Off": Style(base="Sub", numbering="0")})
    body = (
        numbered("Definitions", 0, '<pStyle val="Heading1"/>')
        + numbered("Supplier means Holm.", 1)
        + paragraph("Buyer means Brae.", '<pStyle val="Sub"/>')
        + numbered("", 1)
        + numbered("a point", 2)
        + paragraph("not numbered", '<pStyle val="Off"/>')
        + paragraph("nor this", '<pStyle val="Sub"/><numPr><numId val="0"/></numPr>')
        + numbered("Payment", 0, '<pStyle val="Heading1"/>')
        + numbered("long " * 99, 1)
    )
    target = target_of(body, styles, read_numbering(NUMBERING, styles))
    found = target.take_blocks()
    assert [block.text for block in found[:-1]] == [
        *("1. Definitions\n\n", "1.1 Supplier means Holm.\n", "1.2 Buyer means Brae.\n"),
        *("- a point\n", "\nnot numbered\n\n", "nor this\n\n", "2. Payment\n\n"),
    ]
    assert found[-1].text.startswith("2.1 long") and found[-1].text.endswith("long\n\n")


def cell(text, properties=""):
    return f"<tc><tcPr>{properties}</tcPr>{paragraph(text)}</tc>"


def test_rows_of_a_table_carry_its_header_and_merged_cells_repeat_their_value():
    merged, below = cell("north", '<vMerge val="restart"/>'), cell("", "<vMerge/>")
    wide, caption = cell("both", '<gridSpan val="2"/>'), '<pStyle val="Caption"/>'
    rows = (
        f"<tr>{cell('Coast')}{cell('Year')}{cell('Count')}</tr>"
        f"<tr>{merged}{cell('1990')}{cell('')}</tr><tr>{below}{wide}</tr>"
    )
    styles = Styles({"Caption": Style(name="caption")})
    body = f"{paragraph('Table 3: Storks', caption)}<tbl>{rows}</tbl>"
    found = target_of(body, styles).take_blocks()
    header = "Table 3: Storks\nCoast\tYear\tCount\n"
    assert [(block.text, block.header) for block in found[1:]] == [
        ("Coast\tYear\tCount\n", ""),
        ("north\t1990\t\n", header),
        ("north\tboth\tboth\n", header),
    ]


def test_rows_that_are_marked_as_header_are_it():
    head = "<trPr><tblHeader/></trPr>"
    rows = f"<tr>{head}{cell('a')}{cell('')}</tr><tr>{head}{cell('b')}{cell('c')}</tr>"
    found = target_of(f"<tbl>{rows}<tr>{cell('1')}{cell('2')}</tr></tbl>").take_blocks()
    assert [block.header for block in found] == ["", "", "a\t\nb\tc\n"]


def math_run(text):
    return f"<r><t>{text}</t></r>"


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (f"<sSup><e>{math_run('x')}</e><sup>{math_run('2')}</sup></sSup>", "x²"),
        (f"<f><num>{math_run('a+b')}</num><den>{math_run('c')}</den></f>", "(a+b)/c"),
        (f"<rad><deg/><e>{math_run('x+1')}</e></rad>", "√(x+1)"),
        (f'<d><dPr><begChr val="["/></dPr><e>{math_run("y")}</e></d>', "[y)"),
        (f'<nary><naryPr><chr val="∑"/></naryPr><sub>{math_run("i=1")}</sub></nary>', "∑_(i=1)"),
    ],
)
def test_formulas_are_text_in_order(formula, text):
    assert texts(f"<p>{run('f: ')}<oMath>{formula}</oMath></p>") == [f"f: {text}"]
