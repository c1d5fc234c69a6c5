"""Excel workbooks: sheets, tables, formats, and what is left out."""

import pytest

from ingest import (
    DamagedDocument,
    EmptyDocument,
    EncryptedDocument,
    IngestError,
    Limits,
    UnsupportedFormat,
)
from tests.support.workbook_samples import cell, make_xlsx, row
from tests.support.zip_samples import make_zip

HEAD = row(1, "SKU", "Name", "Price")
STOCK = HEAD + "".join(row(i + 1, f"SKU-{i:04d}", f"Lamp {i}", i + 0.5) for i in range(1, 301))
SMALL = HEAD + row(2, "S-1", "Lamp", 3.5) + row(3, "S-2", "Desk", 12)


def read(document, data, name="book.xlsx", **options):
    opened = document(data, name, **options)
    return opened, list(opened.segments())


def test_every_segment_has_the_header_and_counts_rows(document):
    opened, found = read(document, make_xlsx({"Stock": STOCK}))
    assert (opened.kind, opened.unit_name, opened.unit_count) == ("workbook", "row", 301)
    assert len(found) > 10
    assert all(s.text.startswith("SKU | Name | Price\nSKU-") for s in found)
    (one,) = [s for s in found if "SKU-0173" in s.text]
    assert "SKU-0173 | Lamp 173 | 173.5\n" in one.text
    assert one.locator.start <= 174 <= one.locator.end
    assert one.locator.chapter == (1, "Stock")


def test_each_sheet_is_a_chapter_and_its_name_a_part_of_the_text(document):
    _, found = read(document, make_xlsx({"Berlin": SMALL, "Kiel": SMALL.replace("Lamp", "Mast")}))
    assert [s.text.splitlines()[0] for s in found] == ["Berlin", "Kiel"]
    assert [str(s.locator) for s in found] == ["rows 1–3 (Berlin)", "rows 1–3 (Kiel)"]


def test_titles_blank_rows_and_a_second_table_in_one_sheet(document):
    rows = (
        row(2, "Stock in May") + row(4, "SKU", "Price") + row(5, "S-1", 3) + row(6, "S-2", 4)
        + row(9, "Town", "Ships") + row(10, "Kiel", 30) + row(11, "Bonn", 2)
    )  # fmt: skip
    _, found = read(document, make_xlsx({"One": rows}))
    assert [s.text for s in found] == [
        "Stock in May\nSKU | Price\nS-1 | 3\nS-2 | 4\n",
        "Town | Ships\nKiel | 30\nBonn | 2\n",
    ]
    assert [str(s.locator) for s in found] == ["rows 2–6 (One)", "rows 9–11 (One)"]


def test_numbers_dates_and_percent_are_written_as_the_cell_shows_them(document):
    rows = row(1, "Day", "Share", "Price", "Sure", "Bad") + row(
        2, cell("A2", 45316, 1), cell("B2", 0.256, 2), cell("C2", 1234.5, 3),
        '<c r="D2" t="b"><v>1</v></c>', '<c r="E2" t="e"><v>#DIV/0!</v></c>',
    )  # fmt: skip
    formats = ("dd.mm.yyyy", "0.0%", '#,##0.00 "€"')
    _, (one,) = read(document, make_xlsx({"One": rows}, formats=formats))
    assert one.text.endswith("25.01.2024 | 25.6% | 1,234.50 € | TRUE | #DIV/0!\n")


def test_shared_texts_with_parts_and_without_readings(document):
    shared = (
        "<si><t>Key</t></si>",
        "<si><r><t>Two </t></r><r><t>parts\nof text</t></r></si>",
        "<si><t>東京</t><rPh><t>トウキョウ</t></rPh></si>",
    )
    rows = "".join(
        f'<row r="{i}"><c r="A{i}" t="s"><v>{i - 1}</v></c><c r="B{i}"><v>{i}</v></c></row>'
        for i in (1, 2, 3)
    )
    _, (one,) = read(document, make_xlsx({"One": rows}, shared=shared))
    assert one.text == "A | B\nKey | 1\nTwo parts of text | 2\n東京 | 3\n"


def test_rows_without_a_header_have_the_letters_of_their_columns(document):
    rows = "".join(row(i, i, i + 0.5, f"L-{i}") for i in range(1, 5))
    _, found = read(document, make_xlsx({"Depths": rows, "Other": row(1, "Key", "Price")}))
    assert found[0].text == (
        "Depths\nA | B | C\n1 | 1.5 | L-1\n2 | 2.5 | L-2\n3 | 3.5 | L-3\n4 | 4.5 | L-4\n"
    )


def test_no_bar_is_between_the_parts_of_a_caption(document):
    """With one, a sheet's name and a title looked like a header of two columns."""
    rows = row(1, "Stock in May") + row(2, "SKU", "Price") + row(3, "S-1", 3) + row(4, "S-2", 4)
    _, found = read(document, make_xlsx({"Berlin": rows, "Other": row(1, "Key", "Price")}))
    assert found[0].text == "Berlin: Stock in May\nSKU | Price\nS-1 | 3\nS-2 | 4\n"


def test_merged_cells_repeat_their_value(document):
    rows = (
        row(1, "Region", "2023", None, "2024")
        + row(2, None, "Q1", "Q2", "Q1", "Q2")
        + row(3, "North", 1, 2, 3, 4)
        + row(4, None, 5, 6, 7, 8)
    )
    merged = "".join(f'<mergeCell ref="{ref}"/>' for ref in ("A1:A2", "B1:C1", "D1:E1", "A3:A4"))
    after = f"<mergeCells>{merged}</mergeCells>"
    _, (one,) = read(document, make_xlsx({"One": rows}, after=after))
    assert one.text == (
        "Region | 2023 Q1 | 2023 Q2 | 2024 Q1 | 2024 Q2\n"
        "North | 1 | 2 | 3 | 4\nNorth | 5 | 6 | 7 | 8\n"
    )


def test_a_merged_title_above_a_blank_row_is_the_caption(document):
    rows = row(1, "Sales in May") + row(3, "SKU", "Price") + row(4, "S-1", 3) + row(5, "S-2", 4)
    after = '<mergeCells><mergeCell ref="A1:D1"/></mergeCells>'
    _, (one,) = read(document, make_xlsx({"One": rows}, after=after))
    assert one.text == "Sales in May\nSKU | Price\nS-1 | 3\nS-2 | 4\n"


def test_formulas_are_read_by_their_saved_value(document):
    rows = SMALL + row(4, "Sum", cell("B4", None, formula="A1&A2"), cell("C4", 15.5, formula="C2"))
    opened, (one,) = read(document, make_xlsx({"One": rows}))
    assert one.text.endswith("Sum |  | 15.5\n")
    assert opened.notes == [
        "1 formula had no saved value (left out): open the workbook in a spreadsheet program and "
        "save it again."
    ]


def test_what_is_hidden_or_left_out_is_named_in_notes(document):
    rows = SMALL + row(4, "S-3", "Sofa", 99, attributes='hidden="1"')
    comments = '<comments xmlns="x"><commentList><comment ref="A1"/><comment ref="A2"/>'
    opened, found = read(
        document,
        make_xlsx(
            {"Seen": rows, "Secret": SMALL, "Deep": SMALL},
            states={"Secret": "hidden", "Deep": "veryHidden"},
            extra={
                "xl/comments1.xml": f"{comments}</commentList></comments>",
                "xl/charts/chart1.xml": "<c/>",
                "xl/media/image1.png": b"x",
            },
        ),
    )
    assert len(found) == 1 and "Sofa" in found[0].text
    assert opened.notes == [
        "Left out, hidden: sheets Secret, Deep.",
        "Hidden in the workbook, but read: 1 row.",
        "Left out of the workbook: 2 comments, 1 chart, 1 picture.",
    ]


def test_a_damaged_sheet_is_read_up_to_the_damage(document):
    data = make_xlsx({"One": SMALL + "<row><c>", "Two": SMALL})
    opened, found = read(document, data)
    assert [s.locator.chapter.title for s in found] == ["One", "Two"]
    assert opened.notes == ["Damaged, read up to the damage: sheet One."]


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, EncryptedDocument, "password"),
        (make_zip({"xl/workbook.xml": "no markup"}), DamagedDocument, "list of sheets"),
        (b"plain words\n", DamagedDocument, "named like an Excel workbook"),
        (make_xlsx({"One": ""}), EmptyDocument, "spreadsheet in which no visible cell has text"),
        (make_zip({"xl/workbook.bin": b"x"}), UnsupportedFormat, "binary Excel workbook"),
        (make_xlsx({"One": SMALL})[:-900], IngestError, "book.xlsx"),
    ],
    ids=["password", "no-sheets", "text", "empty", "binary", "cut"],
)
def test_what_cannot_be_read_is_one_sentence(document, data, error, words):
    with pytest.raises(error, match=words):
        list(document(data, "book.xlsx").segments())


def with_doctype(declarations, value):
    sheet = (
        f"<!DOCTYPE x [{declarations}]><worksheet><sheetData>"
        f'<row r="1"><c r="A1" t="str"><v>{value}</v></c></row></sheetData></worksheet>'
    )
    extra = {"xl/worksheets/s1.xml": sheet}
    return make_xlsx({"One": SMALL, "Two": SMALL}, extra=extra)


def test_entities_that_expand_exponentially_are_damage(document):
    bomb = "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">'
        for before, name in zip("abcdefghi", "bcdefghij", strict=True)
    )
    opened, found = read(document, with_doctype(f'<!ENTITY a "lol">{bomb}', "&j;"))
    assert sum(len(s.text) for s in found) < 200_000
    assert opened.notes[0] == "Damaged, read up to the damage: sheet One."


def test_external_entities_are_not_loaded(document, tmp_path):
    (tmp_path / "secret").write_text("a secret word")
    data = with_doctype(f'<!ENTITY f SYSTEM "file://{tmp_path}/secret">', "&f; shown")
    _, found = read(document, data)
    assert not any("secret" in s.text for s in found)


def test_a_million_styled_empty_rows_give_nothing_and_take_no_memory(document):
    rows = SMALL + '<row r="{}"><c r="A1" s="3"/></row>'.replace("{}", "9") * 1_048_576
    limits = Limits(max_unpack_ratio=10_000)
    _, (one,) = read(document, make_xlsx({"One": rows}), limits=limits)
    assert one.text.count("\n") == 3


def test_the_widest_row_is_cut_with_the_names_of_its_columns(document):
    def wide(number, word):
        return f'<row r="{number}">' + "".join(
            f'<c t="str"><v>{word}{i if word else "7"}</v></c>' for i in range(1, 16_390)
        ) + "</row>"  # fmt: skip

    _, found = read(document, make_xlsx({"One": wide(1, "name ") + wide(2, "")}))
    texts = "".join(s.text for s in found)
    assert "name 16384: 7\n" in texts and "16385" not in texts
    assert all(len(s.text) <= 1200 for s in found)


def test_a_huge_merged_cell_is_not_repeated(document):
    after = '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    _, (one,) = read(document, make_xlsx({"One": SMALL}, after=after))
    assert one.text == "SKU | Name | Price\nS-1 | Lamp | 3.5\nS-2 | Desk | 12\n"


def test_a_cell_of_ten_megabytes_is_cut_or_named(document):
    rows = row(1, "Key", "x" * 9_000_000) + row(2, "A", 1)
    opened, found = read(document, make_xlsx({"One": rows}), limits=Limits(max_unpack_ratio=10_000))
    assert sum(s.text.count("x") for s in found) <= 100_000
    assert opened.notes == ["1 cell had more than 100,000 characters; the rest was left out."]


def test_an_archive_that_unpacks_to_too_much_is_refused(document):
    rows = SMALL + " " * 3_000_000
    with pytest.raises(IngestError, match="unpacks to more than"):
        read(document, make_xlsx({"One": rows}), limits=Limits(max_unpacked_bytes=1_000_000))


def comments(**texts):
    inner = "".join(
        f'<comment ref="{place}"><text><r><t>{text}</t></r><rPh><t>as read</t></rPh></text>'
        "</comment>"
        for place, text in texts.items()
    )
    return f'<comments xmlns="x"><authors/><commentList>{inner}</commentList></comments>'


def test_comments_are_read_below_their_row_and_those_of_other_rows_are_counted(document):
    copy = "[Threaded comment] Your version of Excel allows you to read this. Comment: old"
    thread = "".join(
        f'<threadedComment ref="C3"><text>{text}</text></threadedComment>'
        for text in ("Why?", "So.")
    )
    relations = "".join(
        f'<Relationship Id="r{n}" Type="http://x/{kind}" Target="../{target}"/>'
        for n, (kind, target) in enumerate(
            [("comments", "comments1.xml"), ("threadedComment", "threadedComments/one.xml")]
        )
    )
    opened, (one,) = read(
        document,
        make_xlsx(
            {"One": SMALL},
            extra={
                "xl/worksheets/_rels/s1.xml.rels": f"<Relationships>{relations}</Relationships>",
                "xl/comments1.xml": comments(A1="Our number", B2="old\nstock", C3=copy, A99="lost"),
                "xl/threadedComments/one.xml": f"<ThreadedComments>{thread}</ThreadedComments>",
            },
        ),
    )
    lines = one.text.split("\n")
    assert lines[1] == "[Comment on A1: Our number]"
    assert lines[3] == "[Comment on B2: old stock]"
    assert lines[5] == "[Comment on C3: Why? – So.]"
    assert opened.notes == ["Left out of the workbook: 1 comment."]
