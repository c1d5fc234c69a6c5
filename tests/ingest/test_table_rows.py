"""The rows of a table are found with its header and caption, in every kind of file."""

import pytest

from ingest.captions import is_table_caption
from tests.support.mail_samples import message, part
from tests.support.office_samples import make_odf, make_pptx, shape, slide_table
from tests.support.ole_samples import make_msg, make_ole
from tests.support.zip_samples import chapter, make_docx, make_epub, word_paragraph

CAPTION = "Table 2: Depths of the harbours"
NAMES = ("Port", "Depth", "Crane")
ROWS = [(f"Brae {n}", f"{n} m", "no crane here but the one of the mill") for n in range(150)]


def xml_rows(row, cell, *, paragraph=""):
    begin, end = (f"<{paragraph}>", f"</{paragraph}>") if paragraph else ("", "")
    return "".join(
        f"<{row}>" + "".join(f"<{cell}>{begin}{text}{end}</{cell}>" for text in texts) + f"</{row}>"
        for texts in (NAMES, *ROWS)
    )


def html(before=f"<p>{CAPTION}</p>", inside=""):
    return f"<p>Words.</p>{before}<table>{inside}{xml_rows('tr', 'td')}</table><p>End.</p>"


def page(body):
    return f"<!doctype html><html><body>{body}</body></html>"


def odf_table(caption=f"<text:p>{CAPTION}</text:p>", rows=None):
    rows = rows or xml_rows("table:table-row", "table:table-cell", paragraph="text:p")
    return f"<text:p>Words.</text:p>{caption}<table:table>{rows}</table:table><text:p>End.</text:p>"


def slide(body):
    return f"<draw:page><draw:frame>{body}</draw:frame></draw:page>"


def word_table(before):
    rows = "".join(
        "<w:tr>" + "".join(f"<w:tc>{word_paragraph(text)}</w:tc>" for text in texts) + "</w:tr>"
        for texts in (NAMES, *ROWS)
    )
    return f"{before}<w:tbl>{rows}</w:tbl>{word_paragraph('End.')}"


def rtf(before=CAPTION + r"\par ", note=""):
    rows = "".join(
        r"\trowd\cellx100\cellx200\cellx300\pard\intbl "
        + "".join(rf"{text}{note * (text == '3 m')}\cell " for text in texts)
        + r"\row "
        for texts in (NAMES, *ROWS)
    )
    return rf"{{\rtf1\ansi Words.\par {before}{rows}\pard End.\par}}".encode()


def markdown(caption):
    lines = "\n".join("| " + " | ".join(texts) + " |" for texts in ROWS)
    return f"Words.\n\n{caption}\n\n| {' | '.join(NAMES)} |\n|---|---|---|\n{lines}\n\nEnd.\n"


def fb2(before):
    return (
        f"<FictionBook><body><section><p>Words.</p>{before}<table>{xml_rows('tr', 'td')}</table>"
        "<p>End.</p></section></body></FictionBook>"
    )


def mail(content, kind="text/html", **options):
    return message(part(content, kind, **options)).encode()


TABLE_STYLE = (
    '<style:style style:name="P7" style:family="paragraph" style:parent-style-name="Table"/>'
)
SLIDE_TABLE = slide_table(NAMES, *ROWS) + shape("End.")
OWN_WORDS = "Depths of the harbours"
FILES = {
    "a.html": (page(html()), CAPTION),
    "caption.html": (page(html("", f"<caption>{OWN_WORDS}</caption>")), OWN_WORDS),
    "figure.html": (
        page(f"<figure>{html(f'<figcaption>{OWN_WORDS}</figcaption>')}</figure>"),
        OWN_WORDS,
    ),
    "heading.html": (page(html(f"<h3>{CAPTION}</h3>")), CAPTION),
    "a.epub": (make_epub({"one.xhtml": chapter("One", "It began.") + html()}), CAPTION),
    "a.docx": (make_docx(word_table(word_paragraph(CAPTION))), CAPTION),
    "a.odt": (make_odf(odf_table()), CAPTION),
    "style.odt": (
        make_odf(odf_table(f'<text:p text:style-name="P7">{OWN_WORDS}</text:p>'), TABLE_STYLE),
        OWN_WORDS,
    ),
    "a.odp": (make_odf(slide(odf_table()), kind="presentation"), CAPTION),
    "a.pptx": (make_pptx(shape("Words.", CAPTION) + SLIDE_TABLE), CAPTION),
    "notes.pptx": (
        make_pptx(shape("One"), notes={1: shape(CAPTION) + SLIDE_TABLE}),
        CAPTION,
    ),
    "a.fb2": (fb2(f"<subtitle>{CAPTION}</subtitle>"), CAPTION),
    "a.rtf": (rtf(), CAPTION),
    "note.rtf": (rtf(note=r"\chftn{\footnote\chftn  A note.}"), CAPTION),
    "a.eml": (mail(page(html())), CAPTION),
    "coded.eml": (mail(page(html()), how="quoted-printable"), CAPTION),
    "a.msg": (make_ole(make_msg({"0037001F": "Keys", "10130102": page(html()).encode()})), CAPTION),
    "a.mhtml": (
        message(part(page(html()), "text/html"), "Page", "Snapshot-Content-Location: x").encode(),
        CAPTION,
    ),
    "a.md": (markdown(f"**{CAPTION}**"), CAPTION),
    "heading.md": (markdown(f"### {CAPTION}"), CAPTION),
    "pandoc.md": (markdown(f": {OWN_WORDS}"), OWN_WORDS),
    "a.txt": (markdown(CAPTION), CAPTION),
    "sentence.md": (markdown("Table 2 shows the depths."), ""),
    "sentence.html": (page(html("<p>Table 2 shows the depths.</p>")), ""),
    "sentence.odt": (make_odf(odf_table("<text:p>Words above.</text:p>")), ""),
}


def segments_of(document, name, content):
    data = content.encode() if isinstance(content, str) else content
    return [segment.text for segment in document(data, name).segments()]


@pytest.mark.parametrize("name", FILES)
def test_each_segment_with_rows_has_the_header_and_the_caption_of_their_table(document, name):
    content, caption = FILES[name]
    texts = segments_of(document, name, content)
    with_rows = [text for text in texts if "Brae " in text]
    assert len(with_rows) > 3
    for text in with_rows[1:]:
        header, row = text.index("Port"), text.index("Brae ")
        assert header < row and "Crane" in text[header:row]
        assert text.startswith(caption) if caption else "above" not in text and "shows" not in text
    # Every row is there once, and what follows the table does not repeat its header.
    assert all(
        sum(f"Brae {n} " in one.replace("\t", " ") for one in texts) == 1 for n in range(150)
    )
    assert sum("End." in text for text in texts) == 1


def test_header_rows_that_the_file_marks_are_repeated(document):
    def row(*texts):
        cells = (f"<table:table-cell><text:p>{text}</text:p></table:table-cell>" for text in texts)
        return f"<table:table-row>{''.join(cells)}</table:table-row>"

    rows = "".join(row(*texts) for texts in ROWS)
    two = f"<table:table-header-rows>{row('2024', '', '')}{row(*NAMES)}</table:table-header-rows>"
    texts = segments_of(document, "a.odt", make_odf(odf_table("", two + rows)))
    assert all(
        text.startswith("2024\t\t\nPort\tDepth\tCrane\nBrae")
        for text in texts[1:]
        if "Brae " in text
    )
    marked = slide_table(("2024", "2025", "2026"), *ROWS).replace(
        "<a:tbl>", '<a:tbl><a:tblPr firstRow="1"/>'
    )
    texts = segments_of(document, "a.pptx", make_pptx(marked))
    assert all(text.startswith("2024\t2025\t2026\nBrae") for text in texts if "Brae " in text)
    years = rtf("").replace(b"Port", b"2023").replace(b"Depth", b"2024").replace(b"Crane", b"2025")
    marked_rtf = years.replace(rb"\trowd", rb"\trowd\trhdr", 1)
    texts = segments_of(document, "a.rtf", marked_rtf)
    assert all(text.startswith("2023\t2024\t2025\nBrae") for text in texts[1:] if "Brae " in text)


def test_a_second_table_does_not_repeat_the_header_of_the_first(document):
    first = "<table><tr><th>Key</th><th>Price</th></tr><tr><td>A</td><td>1</td></tr></table>"
    for name, content in {
        "a.fb2": fb2(first),
        "a.eml": mail(page(first + html(""))),
        "a.odp": make_odf(
            slide(
                "<table:table><table:table-row><table:table-cell><text:p>Key</text:p>"
                "</table:table-cell><table:table-cell><text:p>Price</text:p></table:table-cell>"
                "</table:table-row></table:table>" + odf_table("")
            ),
            kind="presentation",
        ),
    }.items():
        texts = segments_of(document, name, content)
        assert sum("Key\tPrice" in text for text in texts) == 1


def test_merged_cells_of_slides_repeat_their_value(document):
    def row(*cells):
        inner = "".join(
            f"<a:tc{more}><a:p><a:r><a:t>{text}</a:t></a:r></a:p></a:tc>" for more, text in cells
        )
        return f"<a:tr>{inner}</a:tr>"

    rows = (
        row((' gridSpan="3"', "Depths"), (' hMerge="1"', ""), (' hMerge="1"', "")),
        row(("", "Port"), ("", "Depth"), ("", "Crane")),
        row(("", "Brae"), (' rowSpan="2"', "4 m"), ("", "no")),
        row(("", "Holm"), (' vMerge="1"', ""), ("", "yes")),
    )
    table = f"<p:graphicFrame><a:tbl>{''.join(rows)}</a:tbl></p:graphicFrame>"
    (text,) = segments_of(document, "a.pptx", make_pptx(table))
    assert text == ("Depths\tDepths\tDepths\nPort\tDepth\tCrane\nBrae\t4 m\tno\nHolm\t4 m\tyes\n\n")


def test_merged_cells_of_rtf_and_fb2_repeat_their_value(document):
    rows = (
        r"\trowd\cellx1\cellx2\cellx3 Port\cell Depth\cell Crane\cell\row "
        r"\trowd\cellx1\clvmgf\cellx2\cellx3 Brae\cell 4 m\cell no\cell\row "
        r"\trowd\cellx1\clvmrg\cellx2\cellx3 Holm\cell\cell yes\cell\row "
        r"\trowd\clmgf\cellx1\clmrg\cellx2\cellx3 Both\cell\cell no\cell\row "
    )
    (text,) = segments_of(document, "a.rtf", rf"{{\rtf1\ansi {rows}}}")
    assert text == "Port\tDepth\tCrane\nBrae\t4 m\tno\nHolm\t4 m\tyes\nBoth\tBoth\tno\n"
    book = (
        "<FictionBook><body><section><table><tr><th>Port</th><th>Depth</th><th>Crane</th></tr>"
        '<tr><td>Brae</td><td rowspan="2">4 m</td><td>no</td></tr><tr><td>Holm</td><td>yes</td>'
        '</tr><tr><td colspan="2">Both</td><td>no</td></tr></table></section></body></FictionBook>'
    )
    (text,) = segments_of(document, "a.fb2", book)
    assert text == "Port\tDepth\tCrane\nBrae\t4 m\tno\nHolm\t4 m\tyes\nBoth\tBoth\tno\n"


@pytest.mark.parametrize(
    ("text", "is_caption"),
    [
        *(("Table 3", True), ("Table 3: Depths", True), ("Table A-1. Depths", True)),
        *(("TABLE IV — Depths", True), ("Table: Depths", True), ("Tabelle 3.1 Tiefen", True)),
        *(("Tab. 4: Tiefen", True), ("Таблица 5. Глубины", True), ("表 3 港口", True)),
        *(("Tableau n° 2 : Profondeurs", True), ("Table S2 (continued)", True)),
        *(("Table 3 shows the depths.", False), ("Tables are nice", False), ("Tablet 3", False)),
        *(("The table 3: x", False), ("Table 3: " + "x" * 200, False), ("", False)),
        *(("Table 3 и далее", False), ("Tabelle 3 zeigt", False), ("Figure 3: A mill", False)),
    ],
)
def test_a_caption_of_a_table_is_told_from_a_sentence(text, is_caption):
    assert is_table_caption(text) is is_caption
