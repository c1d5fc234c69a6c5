"""OpenDocument spreadsheets: sheets, tables, repetitions, and what is left out."""

import pytest

from ingest import DamagedDocument, EmptyDocument, EncryptedDocument
from ingest.tables.ods import column_letters
from tests.support.workbook_samples import make_ods, ods_cell, ods_row
from tests.support.zip_samples import make_zip

HEAD = ods_row("SKU", "Name", "Price")
SMALL = HEAD + ods_row("S-1", "Lamp", "3,50 €") + ods_row("S-2", "Desk", "12,00 €")


def read(document, data, name="book.ods", **options):
    opened = document(data, name, **options)
    return opened, list(opened.segments())


def test_every_segment_has_the_header_and_counts_rows(document):
    rows = HEAD + "".join(ods_row(f"SKU-{i:04d}", f"Lamp {i}", f"{i}.50") for i in range(1, 301))
    opened, found = read(document, make_ods({"Stock": rows}))
    assert (opened.kind, opened.unit_name, opened.unit_count) == ("workbook", "row", 301)
    assert len(found) > 10 and all(s.text.startswith("SKU | Name | Price\n") for s in found)
    (one,) = [s for s in found if "SKU-0173" in s.text]
    assert one.locator.start <= 174 <= one.locator.end


def test_sheets_are_chapters_and_hidden_ones_are_named(document):
    data = make_ods({"Berlin": SMALL, "Secret": SMALL, "Kiel": SMALL}, hidden=("Secret",))
    opened, found = read(document, data)
    assert [str(s.locator) for s in found] == ["rows 1–3 (Berlin)", "rows 1–3 (Kiel)"]
    assert (
        found[0].text == "Berlin\nSKU | Name | Price\nS-1 | Lamp | 3,50 €\nS-2 | Desk | 12,00 €\n"
    )
    assert opened.notes == ["Left out, hidden: sheet Secret."]


def test_repeated_cells_and_rows(document):
    empty = '<table:table-cell table:number-columns-repeated="2"/>'
    rows = (
        ods_row("a", "b", "c", "d")
        + ods_row(empty, ods_cell("7", 'table:number-columns-repeated="2"'))
        + ods_row("1", "2", "3", "4", attributes='table:number-rows-repeated="2"')
        + ods_row(empty, attributes='table:number-rows-repeated="1048572"')
    )
    _, (one,) = read(document, make_ods({"One": rows}))
    assert one.text == "a | b | c | d\n|  | 7 | 7\n1 | 2 | 3 | 4\n1 | 2 | 3 | 4\n"
    assert str(one.locator) == "rows 1–4 (One)"


def test_merged_cells_repeat_their_value(document):
    covered = "<table:covered-table-cell/>"
    rows = (
        ods_row("Region", ods_cell("2023", 'table:number-columns-spanned="2"'), covered)
        + ods_row("", "Q1", "Q2")
        + ods_row(ods_cell("North", 'table:number-rows-spanned="2"'), "1", "2")
        + ods_row(covered, "3", "4")
    )
    _, (one,) = read(document, make_ods({"One": rows}))
    assert one.text == "Region | 2023 Q1 | 2023 Q2\nNorth | 1 | 2\nNorth | 3 | 4\n"


def test_lines_spaces_and_comments_of_a_cell(document):
    note = "<office:annotation><text:p>a comment</text:p></office:annotation>"
    paragraphs = "<text:p>two<text:s/>words</text:p><text:p>below</text:p>"
    lines = f"<table:table-cell>{paragraphs}</table:table-cell>"
    rows = ods_row("Key", "Price") + ods_row(ods_cell("A", inside=note), "1") + ods_row(lines, "2")
    opened, (one,) = read(document, make_ods({"One": rows}))
    assert one.text == ("Key | Price\nA | 1\n[Comment on A2: a comment]\ntwo words below | 2\n")
    assert opened.notes == []


def test_a_file_made_of_repetitions_only_is_bounded(document):
    cells = ods_cell("x" * 50, 'table:number-columns-repeated="16384"')
    rows = ods_row(cells, attributes='table:number-rows-repeated="3"')
    _, found = read(document, make_ods({"One": rows}))
    assert sum(len(s.text) for s in found) < 1_000_000


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (
            make_ods({"A": SMALL}, extra={"META-INF/manifest.xml": "<m:encryption-data/>"}),
            EncryptedDocument,
            "protected with a password",
        ),
        (make_zip({"other.xml": "x"}), DamagedDocument, "content.xml is missing"),
        (make_zip({"content.xml": "no markup"}), DamagedDocument, "Nothing of book.ods"),
        (make_ods({"A": ""}), EmptyDocument, "spreadsheet in which no visible cell has text"),
    ],
    ids=["password", "no-content", "no-markup", "empty"],
)
def test_what_cannot_be_read_is_one_sentence(document, data, error, words):
    with pytest.raises(error, match=words):
        list(document(data, "book.ods").segments())


def test_a_damaged_sheet_is_read_up_to_the_damage(document):
    data = make_ods({"One": SMALL + "<table:table-row><broken"})
    opened, found = read(document, data)
    assert "S-2 | Desk" in found[0].text
    assert opened.notes == ["Damaged, read up to the damage: sheet One."]


def note(*paragraphs):
    shown = "".join(f"<text:p>{text}</text:p>" for text in paragraphs)
    return f"<office:annotation><creator>Ada</creator><date>2024</date>{shown}</office:annotation>"


def test_comments_are_read_below_their_row_and_those_of_empty_rows_are_counted(document):
    rows = (
        ods_row("Key", ods_cell("Price", inside=note("without tax")))
        + ods_row("A", ods_cell("1", inside=note("asked on", "the phone")), "x")
        + ods_row(ods_cell("", inside=note("alone")))
        + ods_row("B", "2", ods_cell("", inside=note("x" * 3000)))
        + "".join(ods_row(f"C{n}", str(n)) for n in range(300))
    )
    opened, found = read(document, make_ods({"One": rows}))
    assert opened.notes == ["Left out of the workbook: 1 comment."]
    assert found[0].text.startswith(
        "Key | Price\n[Comment on B1: without tax]\n"
        "A | 1 | x\n[Comment on B2: asked on the phone]\n"
    )
    text = "".join(one.text for one in found)
    assert text.count("Comment on") == 3 and f"B | 2\n[Comment on C4: {'x' * 600}" in text
    assert all(one.text.startswith("Key | Price\n") for one in found)


def test_columns_have_the_letters_that_programs_show():
    assert [column_letters(index) for index in (0, 25, 26, 701, 702)] == [
        "A",
        "Z",
        "AA",
        "ZZ",
        "AAA",
    ]
