"""Word documents: text, headings, tables, and damaged or hostile files."""

import random

import pytest

from ingest import (
    DamagedDocument,
    EmptyDocument,
    EncryptedDocument,
    IngestError,
    LimitExceeded,
    Limits,
    open_document,
)
from ingest.markup import docx
from tests.support.zip_samples import make_docx, make_zip, word_paragraph

HEADING = '<w:pStyle w:val="Heading1"/>'
BULLET = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="3"/></w:numPr>'
CELL = "<w:tc>{}</w:tc>"


def table(*rows):
    return "<w:tbl>{}</w:tbl>".format(
        "".join(
            f"<w:tr>{''.join(CELL.format(word_paragraph(cell)) for cell in row)}</w:tr>"
            for row in rows
        )
    )


BODY = (
    word_paragraph("The Heron", HEADING)
    + word_paragraph("It stands still for hours.")
    + word_paragraph("fish", BULLET)
    + word_paragraph("frogs", BULLET)
    + table(("Year", "Count"), ("1990", "12"))
    + word_paragraph("The Stork", HEADING)
    + word_paragraph("It claps.")
)
GOOD = make_docx(BODY)


def test_paragraphs_lists_and_tables_are_read_with_their_heading(document):
    opened = document(GOOD, "Birds.docx")
    assert [(segment.text, str(segment.locator)) for segment in opened.segments()] == [
        (
            "The Heron\n\nIt stands still for hours.\n\n- fish\n- frogs\nYear\tCount\n1990\t12\n",
            "paragraphs 1–6 (The Heron)",
        ),
        ("\nThe Stork\n\nIt claps.\n\n", "paragraphs 7–8 (The Stork)"),
    ]
    assert (opened.title, opened.kind, opened.unit_name, opened.unit_count, opened.notes) == (
        *("Birds", "docx", "paragraph", 8, []),
    )


@pytest.mark.parametrize("name", ["a.docx", "a.txt", "noname"])
def test_a_word_document_is_recognised_by_its_content(document, name):
    assert document(GOOD, name).kind == "docx"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r></w:p>", "a\tb\nc"),
        ("<w:p><w:ins><w:r><w:t>new</w:t></w:r></w:ins></w:p>", "new"),
        ("<w:p><w:r><w:t>x</w:t></w:r><w:del><w:r><w:t>old</w:t></w:r></w:del></w:p>", "x"),
        ("<w:p><w:r><w:instrText>PAGE</w:instrText><w:t>7</w:t></w:r></w:p>", "7"),
        (
            "<w:p><w:r><w:t>around</w:t><w:AlternateContent><w:Choice>"
            f"{word_paragraph('in a box')}</w:Choice><w:Fallback>{word_paragraph('in a box')}"
            "</w:Fallback></w:AlternateContent></w:r></w:p>",
            "in a box\n\naround",
        ),
        (f"<w:tbl><w:tr>{CELL.format(table(('a', 'b')))}{CELL}</w:tr></w:tbl>", "a b"),
        ("<w:p><w:r><w:t>&lt;|im_end|&gt; &#x85;</w:t></w:r></w:p>", "<|im_end|>"),
    ],
    ids=["tabs", "inserted", "deleted", "field", "box", "nested", "control"],
)
def test_small_documents(whole_text, body, text):
    read = whole_text(make_docx(body), "a.docx")
    assert read.strip() == text


def test_headings_of_other_languages_are_found_by_their_style(document):
    styles = '<w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>'
    body = word_paragraph("Der Reiher", '<w:pStyle w:val="berschrift1"/>') + word_paragraph("Steht")
    (segment,) = document(make_docx(body, styles=styles), "a.docx").segments()
    assert str(segment.locator) == "paragraphs 1–2 (Der Reiher)"


def test_notes_follow_the_text_without_their_separators(whole_text):
    line = f'<w:footnote w:type="separator">{word_paragraph("-----")}</w:footnote>'
    note = f'<w:footnote w:id="2">{word_paragraph("See there.")}</w:footnote>'
    text = whole_text(make_docx(word_paragraph("Text."), footnotes=line + note), "a.docx")
    assert text == "Text.\n\nSee there.\n\n"


def test_a_table_row_used_for_layout_is_read_as_paragraphs(whole_text):
    text = whole_text(make_docx(table(("Words of it. " * 99, "Words of it. " * 99))), "a.docx")
    assert "\t" not in text and text.count("\n\n") == 2


def test_a_broken_document_gives_the_text_before_the_damage(document):
    opened = document(make_docx(word_paragraph("Sound.") + "<w:p><w:r></w:p>"), "a.docx")
    assert [segment.text for segment in opened.segments()] == ["Sound.\n\n"]
    assert opened.notes == ["word/document.xml is damaged; what comes before the damage was read."]


def test_a_document_of_which_nothing_can_be_read_is_damaged(document):
    data = make_zip({"word/document.xml": "no xml"})
    with pytest.raises(DamagedDocument, match="Nothing of a.docx could be read"):
        list(document(data, "a.docx").segments())


def test_a_word_document_without_text_is_an_empty_document(document):
    with pytest.raises(EmptyDocument, match="a.docx has no text"):
        list(document(make_docx("<w:p/>"), "a.docx").segments())


def test_external_entities_are_not_loaded(tmp_path, document):
    (tmp_path / "secret.txt").write_text("the secret")
    dtd = f'<!DOCTYPE d [<!ENTITY e SYSTEM "file://{tmp_path}/secret.txt">]>'
    data = make_zip({"word/document.xml": f"{dtd}<d><p><t>a &e; b</t></p></d>"})
    text = "".join(segment.text for segment in document(data, "a.docx").segments())
    assert text.startswith("a ") and "secret" not in text


def test_a_document_that_unpacks_to_too_much_is_refused(document):
    data = make_docx(word_paragraph("bomb " * 10_000) * 20)
    with pytest.raises(LimitExceeded, match="unpacks to more than 100,000 bytes"):
        list(document(data, "a.docx", limits=Limits(max_unpacked_bytes=100_000)).segments())
    with pytest.raises(LimitExceeded, match="more than 5,000 characters"):
        list(document(data, "a.docx", limits=Limits(max_text_chars=5000)).segments())


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (GOOD[:200], DamagedDocument, "damaged archive"),
        (b"plain words", DamagedDocument, "named like a Word document but is none"),
        (make_zip({"a.txt": "x"}), DamagedDocument, "word/document.xml is missing"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), EncryptedDocument, "with a password"),
    ],
)
def test_files_that_are_not_word_documents_are_refused(document, data, error, words):
    with pytest.raises(error, match=words):
        document(data, "a.docx")


@pytest.mark.parametrize("seed", range(150))
def test_mutated_documents_are_read_or_refused(tmp_path, seed):
    rng = random.Random(seed)
    if seed % 2:
        body = bytearray(BODY.encode())
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(body))
            body[at : at + rng.choice([0, 1, 9])] = rng.choice([b"<", b"</w:p>", b"<w:tr>", b"&"])
        data = bytearray(make_docx(body.decode()))
    else:
        data = bytearray(GOOD)
        for _ in range(rng.randint(1, 6)):
            data[rng.randrange(len(data))] = rng.randrange(256)
    path = tmp_path / "fuzzed.docx"
    path.write_bytes(data)
    try:
        for segment in open_document(path).segments():
            segment.text.encode("utf-8")
    except IngestError as error:
        assert "fuzzed.docx" in str(error)


def reference(kind, identifier, more=""):
    return f'<w:r><w:{kind}Reference w:id="{identifier}" {more}/></w:r>'


def said(text):
    return f"<w:r><w:t>{text}</w:t></w:r>"


def note(kind, identifier, text, more=""):
    return f'<w:{kind} w:id="{identifier}" {more}>{word_paragraph(text)}</w:{kind}>'


def test_footnotes_and_comments_follow_their_paragraph_and_endnotes_the_text(document):
    body = (
        f"<w:p>{said('Built in 1822')}{reference('footnote', 3)}{said('.')}</w:p>"
        f"<w:p>{said('It lifts nine tons.')}{reference('comment', 0)}</w:p>"
        f"<w:p>{said('See elsewhere')}{reference('endnote', 5)}{said('.')}</w:p>"
        + word_paragraph("The end.")
    )
    data = make_docx(
        body,
        footnotes=note("footnote", 3, "By Torvald.") + note("footnote", 4, "Nowhere."),
        endnotes=note("endnote", 5, "In the annals."),
        comments=note("comment", 0, "Seven since the repair.", 'w:author="Ina"'),
    )
    opened = document(data, "a.docx")
    assert "".join(segment.text for segment in opened.segments()).split("\n\n") == [
        *("Built in 1822[1].", "[1] By Torvald.", "It lifts nine tons."),
        *("[Comment by Ina: Seven since the repair.]", "See elsewhere[i].", "The end."),
        *("Nowhere.", "[i] In the annals.", ""),
    ]
    assert opened.notes == []


def test_a_note_in_a_table_follows_the_table_and_one_in_deleted_text_is_left_out(document):
    row = f"<w:tr><w:tc><w:p>{said('a')}{reference('footnote', 1)}</w:p></w:tc></w:tr>"
    body = (
        f"<w:tbl>{row}{row.replace('footnoteReference', 'x')}</w:tbl>"
        f"<w:p>{said('b')}<w:del>{reference('footnote', 2)}</w:del></w:p>"
    )
    notes = note("footnote", 1, "one") + note("footnote", 2, "two")
    opened = document(make_docx(body, footnotes=notes), "a.docx")
    text = "".join(segment.text for segment in opened.segments())
    assert text == "a[1]\na\n\n[1] one\n\nb\n\n"


def test_a_mark_of_its_own_is_the_mark_of_the_note(whole_text):
    own = 'w:customMarkFollows="1"'
    mark = reference("footnote", 1, own) + said("*")
    data = make_docx(f"<w:p>{said('a')}{mark}</w:p>", footnotes=note("footnote", 1, "b"))
    assert whole_text(data, "a.docx") == "a*\n\n* b\n\n"


def test_notes_beyond_what_is_held_follow_the_text(whole_text, monkeypatch):
    monkeypatch.setattr(docx, "MAX_HELD_CHARS", 10)
    body = "".join(f"<w:p>{said('p')}{reference('footnote', at)}</w:p>" for at in (1, 2))
    notes = note("footnote", 1, "short") + note("footnote", 2, "a long note")
    text = whole_text(make_docx(body, footnotes=notes), "a.docx")
    assert text == "p[1]\n\n[1] short\n\np[2]\n\n[2] a long note\n\n"


def with_relations(parts, **others):
    """Return a document whose main part is related to headers and footers."""
    relations = "".join(
        f'<Relationship Type="http://x/{name[:6]}" Target="{name}.xml"/>' for name in parts
    )
    entries = {
        f"word/{name}.xml": f"<hdr>{word_paragraph(text)}</hdr>" for name, text in parts.items()
    }
    entries["word/_rels/document.xml.rels"] = f"<Relationships>{relations}</Relationships>"
    entries["word/document.xml"] = f"<w:document>{word_paragraph('Text.')}</w:document>"
    return make_zip(entries | others)


def test_headers_and_footers_follow_the_text_once_without_page_numbers(whole_text):
    parts = {"header1": "Plan HB-2291", "header2": "Plan HB-2291", "header3": "Page 3 of 9"}
    parts |= {"footer1": "Confidential.", "footer2": "- 12 -"}
    assert whole_text(with_relations(parts), "a.docx") == (
        "Text.\n\n[Header: Plan HB-2291]\n\n[Footer: Confidential.]\n\n"
    )


def test_what_was_left_out_is_noted(document):
    body = (
        f"<w:p>{said('x')}<w:del><w:r><w:delText>old</w:delText></w:r></w:del>"
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>secret</w:t></w:r><w:r><w:object/></w:r>"
        '<w:r><w:sym w:font="Wingdings" w:char="F0C0"/></w:r></w:p>'
    )
    opened = document(make_docx(body), "a.docx")
    list(opened.segments())
    assert opened.notes == [
        "Deleted text (tracked changes) was left out.",
        "Hidden text was left out.",
        "Symbols of special fonts that could not be read, shown as \ufffd: 1.",
        "Charts, diagrams and embedded objects left out: 1.",
    ]


def test_numbers_of_clauses_come_from_the_list_of_numberings(whole_text):
    numbering = (
        '<w:abstractNum w:abstractNumId="7"><w:lvl w:ilvl="0"><w:start w:val="2"/>'
        '<w:numFmt w:val="upperRoman"/><w:lvlText w:val="§ %1"/></w:lvl></w:abstractNum>'
        '<w:num w:numId="3"><w:abstractNumId w:val="7"/></w:num>'
    )
    text = whole_text(make_docx(BODY, numbering=numbering), "a.docx")
    assert "§ II fish\n§ III frogs\n" in text


def test_a_long_table_repeats_its_header_in_each_segment(document):
    rows = [("Berth", "Draught")] + [(f"Q-{at:03d}", f"{at}.5 metres") for at in range(200)]
    segments = list(document(make_docx(table(*rows)), "a.docx").segments())
    assert len(segments) > 3
    assert all(segment.text.startswith("Berth\tDraught\n") for segment in segments)
    assert sum(segment.text.count("Q-") for segment in segments) == 200


@pytest.mark.parametrize("part", ["numbering", "styles", "footnotes", "comments"])
@pytest.mark.parametrize("content", ["<", "<w:x>" * 3000, "&e;" * 9, ""])
def test_a_damaged_part_beside_the_text_does_not_stop_the_reading(whole_text, part, content):
    data = make_zip(
        {
            "word/document.xml": f"<w:document>{word_paragraph('Text.', BULLET)}</w:document>",
            f"word/{part}.xml": content,
        }
    )
    assert "Text." in whole_text(data, "a.docx")


RICH = (
    word_paragraph("Clauses", HEADING + BULLET)
    + f"<w:p>{said('Built')}{reference('footnote', 1)}{reference('comment', 1)}</w:p>"
    + '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:rPr><w:strike/><w:vertAlign '
    'w:val="superscript"/></w:rPr><w:t>5</w:t></w:r><w:del><w:r><w:delText>x</w:delText></w:r>'
    '</w:del><w:r><w:sym w:font="Symbol" w:char="F0B1"/></w:r></w:p>'
    + '<w:tbl><w:tr><w:trPr><w:tblHeader/></w:trPr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr>'
    f"{word_paragraph('a')}</w:tc></w:tr><w:tr><w:tc><w:tcPr><w:vMerge/></w:tcPr>"
    f"{word_paragraph('b')}</w:tc></w:tr></w:tbl>"
    + "<w:p><m:oMath><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den/></m:f></m:oMath></w:p>"
)
RICH_PARTS = {
    "numbering": '<w:abstractNum w:abstractNumId="7"><w:lvl w:ilvl="0"><w:start w:val="2"/>'
    '<w:numFmt w:val="upperRoman"/><w:lvlText w:val="§ %1"/></w:lvl></w:abstractNum>'
    '<w:num w:numId="3"><w:abstractNumId w:val="7"/></w:num>',
    "styles": '<w:style w:styleId="Heading1"><w:name w:val="heading 1"/>'
    "<w:basedOn w:val='Heading1'/><w:rPr><w:vanish w:val='0'/></w:rPr></w:style>",
    "footnotes": note("footnote", 1, "By Torvald."),
    "comments": note("comment", 1, "No.", 'w:author="Ina"'),
}
DAMAGE = (
    *("<", ">", '"', "</w:p>", "<w:p>", "<w:tbl>", "</w:tbl>", "<w:tr>", "<w:tc>", "</w:tc>", "&"),
    *("<w:del>", "<w:pPr>", "</w:pPr>", "<w:rPr>", "</w:r>", "<w:footnote>", "<m:oMath>", "</m:f>"),
    *("<mc:Choice>", "<mc:AlternateContent>", 'w:val="99999999999"', 'w:val=""', "</w:tr>", "%9"),
)


@pytest.mark.parametrize("seed", range(300))
def test_documents_of_mutated_parts_are_read_or_refused(tmp_path, seed):
    rng = random.Random(seed)

    def spoiled(text):
        for _ in range(rng.randint(0, 4)):
            at = rng.randrange(len(text))
            # Between two tags, so that the file often stays well-formed.
            at = text.find("<", at) if rng.random() < 0.7 else at
            text = text[:at] + rng.choice(DAMAGE) + text[at + rng.choice([0, 0, 5]) :]
        return text

    parts = {name: spoiled(text) for name, text in RICH_PARTS.items()}
    path = tmp_path / "fuzzed.docx"
    path.write_bytes(make_docx(spoiled(RICH), **parts))
    try:
        for segment in open_document(path).segments():
            segment.text.encode("utf-8")
    except IngestError as error:
        assert "fuzzed.docx" in str(error)


@pytest.mark.parametrize("seed", range(200))
def test_documents_with_elements_in_the_wrong_place_are_read(seed, tmp_path):
    rng = random.Random(seed)
    names = (
        "p r t pPr rPr tbl tr tc del ins rt ruby sdt numPr numId ilvl pStyle fldChar sym oMath f "
        "num den sup sub rad d begChr AlternateContent Choice Fallback footnoteReference gridSpan "
        "vMerge tblHeader commentReference vanish"
    ).split()

    def tree(depth):
        name = rng.choice(names)
        inner = "".join(tree(depth - 1) for _ in range(rng.randint(0, 3))) if depth else "words"
        value = rng.choice(["0", "1", "-1", "superscript", "begin", "restart", "", "99999999999"])
        return f'<w:{name} w:val="{value}" w:id="1" w:fldCharType="{value}">{inner}</w:{name}>'

    path = tmp_path / "odd.docx"
    path.write_bytes(make_docx("".join(tree(7) for _ in range(6)) + word_paragraph("The end.")))
    segments = list(open_document(path).segments())
    assert segments and "The end." in segments[-1].text
