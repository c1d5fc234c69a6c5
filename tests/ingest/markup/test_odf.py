"""OpenDocument texts and presentations: what people see, in their order."""

import pytest

from ingest import DamagedDocument, EmptyDocument, EncryptedDocument
from tests.support.office_samples import make_odf, odf_content
from tests.support.zip_samples import make_zip

STYLES = (
    '<style:style style:name="T1"><style:text-properties style:text-position="super 58%"/>'
    '</style:style><style:style style:name="T2"><style:text-properties '
    'style:text-line-through-style="solid"/></style:style><style:style style:name="T3">'
    '<style:text-properties text:display="none"/></style:style>'
    '<text:list-style style:name="L1"><text:list-level-style-number text:level="1" '
    'style:num-format="1" style:num-suffix="." text:start-value="3"/>'
    '<text:list-level-style-number text:level="2" style:num-format="a" style:num-suffix=")" '
    'text:display-levels="2"/></text:list-style>'
    '<text:list-style style:name="L2"><text:list-level-style-bullet text:level="1"/>'
    "</text:list-style>"
)


def p(text: str) -> str:
    return f"<text:p>{text}</text:p>"


def items(style: str, *contents: str) -> str:
    inner = "".join(f"<text:list-item>{content}</text:list-item>" for content in contents)
    return f'<text:list text:style-name="{style}">{inner}</text:list>'


def read(document, data, name="a.odt"):
    opened = document(data, name)
    segments = list(opened.segments())
    return opened, segments, "".join(segment.text for segment in segments)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (p("A<text:s text:c='2'/>words<text:tab/>a<text:line-break/>b"), "A  words\ta\nb\n\n"),
        (p("10<text:span text:style-name='T1'>5</text:span>"), "10⁵\n\n"),
        (p("<text:span text:style-name='T2'>old</text:span> new"), "~~old~~ new\n\n"),
        (items("L1", p("One"), p("Two")), "3. One\n4. Two\n"),
        (items("L1", p("One") + items("", p("In"), p("Side"))), "3. One\n3.a) In\n3.b) Side\n"),
        (items("L2", p("One"), p("Two")), "- One\n- Two\n"),
        (p("A<text:note><text:note-citation>1</text:note-citation><text:note-body>" + p("Why.")
           + "</text:note-body></text:note> b"), "A[1] b\n\n[1] Why.\n\n"),
        (p("a\n  b"), "a   b\n\n"),
    ],
)  # fmt: skip
def test_the_text_is_what_people_see(document, body, text):
    opened, _, read_text = read(document, make_odf(body, STYLES))
    assert (opened.kind, opened.unit_name, read_text, opened.notes) == (
        "odt",
        "paragraph",
        text,
        [],
    )


def test_headings_begin_sections(document):
    body = '<text:h text:outline-level="2">Part</text:h>' + p("Words.")
    _, segments, _ = read(document, make_odf(body))
    assert str(segments[0].locator) == "paragraphs 1–2 (Part)"


def test_tables_are_read_row_by_row_and_merged_cells_repeat(document):
    def row(*cells: str) -> str:
        return f"<table:table-row>{''.join(cells)}</table:table-row>"

    def cell(text: str) -> str:
        return f"<table:table-cell>{p(text)}</table:table-cell>"

    rows = row(cell("Port"), cell("Depth"), cell("Flag")) + row(
        cell("Brae"), "<table:covered-table-cell/>", cell("x")
    )
    body = f"<table:table>{rows}</table:table>" + p("End.")
    assert read(document, make_odf(body))[2] == "Port\tDepth\tFlag\nBrae\tBrae\tx\n\nEnd.\n\n"


def test_every_segment_of_a_table_has_the_names_of_its_columns(document):
    rows = [("Port", "Depth"), *((f"Port {n}", f"{n} m") for n in range(300))]
    cells = (
        "".join(f"<table:table-cell>{p(cell)}</table:table-cell>" for cell in row) for row in rows
    )
    body = "".join(f"<table:table-row>{row}</table:table-row>" for row in cells)
    _, segments, _ = read(document, make_odf(f"<table:table>{body}</table:table>"))
    assert len(segments) > 3
    assert all(segment.text.startswith("Port\tDepth\nPort ") for segment in segments)


def test_what_is_left_out_is_noted(document):
    body = (
        "<text:tracked-changes><text:changed-region>" + p("old") + "</text:changed-region>"
        "</text:tracked-changes>" + p("New<office:annotation>" + p("Why?") + "</office:annotation>")
        + p("<text:span text:style-name='T3'>secret</text:span>")
    )  # fmt: skip
    opened, _, text = read(document, make_odf(body, STYLES))
    assert text == "New\n\n" and opened.notes == [
        "Left out: text that was deleted in a revision (1).",
        "Left out: comments (1).",
        "Left out: hidden text (1).",
    ]


def test_the_styles_of_the_document_are_used(document):
    data = make_odf(items("L1", p("One")), styles_xml=odf_content("", STYLES))
    assert read(document, data)[2] == "3. One\n"


def test_slides_are_read_with_titles_and_notes(document):
    def page(title: str, text: str, notes: str = "") -> str:
        return (
            f'<draw:page><draw:frame presentation:class="title"><draw:text-box>{p(title)}'
            f"</draw:text-box></draw:frame><draw:frame><draw:text-box>{p(text)}</draw:text-box>"
            f"</draw:frame><presentation:notes>{notes}</presentation:notes></draw:page>"
        )

    body = page("Harbour", "The pilot.", p("Speak.") + p("Slowly.")) + page("Depths", "Four.")
    opened, segments, text = read(document, make_odf(body, kind="presentation"), "a.odp")
    assert (opened.kind, opened.unit_count) == ("slides", 2)
    assert [str(one.locator) for one in segments] == ["slide 1 (Harbour)", "slide 2 (Depths)"]
    assert text == "Harbour\n\nThe pilot.\n\nNotes: Speak.\n\nSlowly.\n\nDepths\n\nFour.\n\n"


@pytest.mark.parametrize(("kind", "found"), [("text", "odt"), ("presentation", "slides")])
def test_a_document_in_one_xml_file_is_read(document, kind, found):
    body = f"<draw:page>{p('Words.')}</draw:page>" if kind == "presentation" else p("Words.")
    text = odf_content(body, kind=kind).replace("document-content", "document")
    mime = f'office:mimetype="application/vnd.oasis.opendocument.{kind}" '
    opened, _, words = read(
        document, text.replace("xmlns:office", mime + "xmlns:office", 1).encode(), "a.xml"
    )
    assert (opened.kind, words) == (found, "Words.\n\n")


def test_a_protected_document_is_refused(document):
    data = make_zip({
        "mimetype": "application/vnd.oasis.opendocument.text", "content.xml": b"\1\2\3",
        "META-INF/manifest.xml": "<manifest><encryption-data/></manifest>",
    })  # fmt: skip
    with pytest.raises(EncryptedDocument, match="password"):
        read(document, data)


def test_a_damaged_document_is_read_up_to_the_damage(document):
    data = make_odf(p("First.") + "</text:p><broken" + p("x"))
    opened, _, text = read(document, data)
    assert text == "First.\n\n" and "is damaged" in opened.notes[0]
    with pytest.raises(DamagedDocument, match="Nothing of a.odt"):
        read(document, make_odf("<broken"))


def test_a_document_without_text_is_empty(document):
    with pytest.raises(EmptyDocument):
        read(document, make_odf(p("")))


@pytest.mark.parametrize(
    "body",
    [
        "<table:table><table:table-row>"
        + "<table:table-cell table:number-columns-repeated='999999'>" + p("x")
        + "</table:table-cell>"
        + "</table:table-row></table:table>",
        p("a<text:s text:c='99999999'/>b"),
        "<text:list><text:list-item>" * 100 + p("deep") + "</text:list-item></text:list>" * 100,
        "<table:table><table:table-row><table:table-cell>" * 60 + p("deep")
        + "</table:table-cell></table:table-row></table:table>" * 60,
    ],
)  # fmt: skip
def test_what_asks_for_much_is_bounded(document, body):
    assert 1 <= len(read(document, make_odf(body))[2]) < 5000


def test_a_cell_merged_with_the_one_above_repeats_that_value(document):
    def cell(text, name="table-cell", more=""):
        return f"<table:{name}{more}>{p(text) if text else ''}</table:{name}>"

    rows = [
        cell("Item") + cell("Supplier") + cell("Price"),
        cell("Lamp") + cell("Acme", more=' table:number-rows-spanned="2"') + cell("5"),
        cell("Chair") + cell("", "covered-table-cell") + cell("9"),
        cell("Both", more=' table:number-columns-spanned="2"')
        + cell("", "covered-table-cell")
        + cell("7"),
    ]
    body = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    _, _, text = read(document, make_odf(f"<table:table>{body}</table:table>"))
    assert "Chair\tAcme\t9" in text and "Both\tBoth\t7" in text


SVG = 'xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"'
PICTURE = (
    f"<draw:frame><draw:image/><svg:title {SVG}>Harbour</svg:title>"
    f"<svg:desc {SVG}>The mill\n at dawn.</svg:desc></draw:frame>"
)
SHOWN = "[Picture: Harbour]\n\n[Picture: The mill at dawn.]\n\n"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (p(f"The pilot{PICTURE} moors."), f"The pilot moors.\n\n{SHOWN}"),
        (p(PICTURE), SHOWN),
        (f"<text:h>One{PICTURE}</text:h>", f"One\n\n{SHOWN}"),
        (p(f"<text:a>Brae{PICTURE}</text:a>"), f"Brae\n\n{SHOWN}"),
        (
            f"<table:table><table:table-row><table:table-cell>{p('4 m' + PICTURE)}"
            f"</table:table-cell><table:table-cell>{p('x')}</table:table-cell>"
            "</table:table-row></table:table>",
            "4 m [Picture: Harbour] [Picture: The mill at dawn.]\tx\n",
        ),
        (p("Read <text:title>The Log</text:title> now."), "Read The Log now.\n\n"),
        (p(f"a<draw:frame><svg:desc {SVG}> </svg:desc></draw:frame>b"), "ab\n\n"),
    ],
)
def test_the_description_of_a_picture_is_set_apart_from_the_text(document, body, text):
    assert read(document, make_odf(body))[2] == text


def test_the_description_of_a_picture_on_a_slide_is_read(document):
    body = f"<draw:page><draw:frame>{p('Words.')}</draw:frame>{PICTURE}</draw:page>"
    text = read(document, make_odf(body, kind="presentation"), "a.odp")[2]
    assert text == f"Words.\n\n{SHOWN}"
