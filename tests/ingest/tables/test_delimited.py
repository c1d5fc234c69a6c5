"""CSV and TSV files, read as tables in a stream."""

import re
import tracemalloc

import pytest

from ingest import EmptyDocument, Limits

STOCK = "SKU,Name,Purchase price\n" + "".join(
    f"SKU-{i:04d},Lamp {i},{i}.50\n" for i in range(1, 301)
)


def texts(document, data, name="table.csv", **options):
    opened = document(data if isinstance(data, bytes) else data.encode(), name, **options)
    return opened, [segment.text for segment in opened.segments()]


def test_every_segment_has_the_header_line(document):
    opened, found = texts(document, STOCK)
    assert (opened.kind, opened.unit_name, opened.unit_count) == ("table", "row", 301)
    assert len(found) > 10
    assert all(text.startswith("SKU | Name | Purchase price\nSKU-") for text in found)
    (row,) = [text for text in found if "SKU-0173" in text]
    assert "SKU-0173 | Lamp 173 | 173.50\n" in row


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("t.csv", b"Key;Price\r\nA;3,50\r\nB;4,00\r\n"),
        ("t.tsv", b"Key\tPrice\nA\t3,50\nB\t4,00\n"),
        ("t.tab", b"Key\tPrice\nA\t3,50\nB\t4,00"),
        ("t.csv", b"Key|Price\nA|3,50\nB|4,00\n"),
        ("t.csv", b'Key,Price\n"A","3,50"\n"B","4,00"\n'),
        ("t.csv", b"\xef\xbb\xbfKey;Price\nA;3,50\nB;4,00\n"),
        ("t.csv", b"sep=;\nKey;Price\nA;3,50\nB;4,00\n"),
        ("t.csv", "Key;Price\nA;3,50\nB;4,00\n".encode("utf-16")),
        ("t.csv", b"Key;Pri\0ce\nA;3,50\nB;4,00\n"),
    ],
    ids=["semicolon", "tab", "no-newline", "pipe", "quoted", "bom", "sep", "utf16", "nul"],
)
def test_delimiters_quotes_and_encodings(document, name, data):
    _, found = texts(document, data, name)
    assert found == ["Key | Price\nA | 3,50\nB | 4,00\n"]


def test_accents_in_an_old_encoding_are_read_with_a_note(document):
    rows = "".join(f"{i};Möbelstück für Gärten;{i},50\n" for i in range(20))
    opened, found = texts(document, f"Nr;Name;Preis\n{rows}".encode("cp1252"))
    assert "3 | Möbelstück für Gärten | 3,50\n" in found[0]
    assert opened.notes == [
        "The text's encoding was not marked; it was read as cp1252 (Western European)."
    ]


def test_titles_above_the_header_are_the_caption_of_every_segment(document):
    _, found = texts(document, f"Stock in May,,\n\n{STOCK}")
    assert all(text.startswith("Stock in May\nSKU | Name | Purchase price\nSKU-") for text in found)


def test_the_columns_of_numbers_without_a_header_have_letters(document):
    _, found = texts(document, "".join(f"{i},{i + 1}\n" for i in range(5)))
    assert found == ["A | B\n0 | 1\n1 | 2\n2 | 3\n3 | 4\n4 | 5\n"]
    opened, found = texts(document, "".join(f"{i},{i % 7}.5,x\n" for i in range(300)))
    assert len(found) > 5 and all(re.match(r"A \| B \| C\n\d", text) for text in found)
    first, second, *_ = opened.segments()
    assert first.locator.start == 1 and second.locator.start == first.locator.end + 1
    assert first.text.count("\n") == 1 + first.locator.end


@pytest.mark.parametrize(
    "data",
    [
        "2024-01-05,Rome,3\n2024-01-06,Oslo,4\n2024-01-07,Kiel,9\n",
        "S-1,Lamp,3.50\nS-2,Desk,12.00\nS-3,Chair,7.25\n",
        ".5,1.25\n1.5,.75\n2.5,3\n",
        "\u22125,12\n3,\u22127\n4,8\n",
        "12:30,open\n13:45,shut\n14:00,open\n",
    ],
)
def test_a_first_row_of_the_kinds_below_it_is_no_header(document, data):
    _, (found,) = texts(document, data)
    assert found.startswith("A | B")
    assert found.splitlines()[1].split(" | ") == data.splitlines()[0].split(",")


def test_one_column_without_a_header_has_no_letter(document):
    assert texts(document, "3\n4\n5\n")[1] == ["3\n4\n5\n"]


def test_a_long_row_below_letters_has_them_beside_its_values(document):
    long = "many words " * 150
    _, found = texts(document, f"1,2,x\n3,4,{long}\n5,6,y\n")
    assert found[0] == "A | B | C\n1 | 2 | x\n"
    assert found[1] == "A: 3\nB: 4\n" and found[2].startswith("A: 3\nC: many words")


def test_rows_of_another_length_are_kept_as_they_are(document):
    _, found = texts(document, "a,b,c\n1,2,3\n4\n5,6,7,8\n9,,\n")
    assert found == ["a | b | c\n1 | 2 | 3\n4\n5 | 6 | 7 | 8\n9 |  |\n"]


def test_a_newline_in_a_cell_stays_in_its_row_and_rows_are_counted_by_records(document):
    opened, found = texts(document, 'Key,Note\nA,"two\nlines"\nB,one\n')
    assert found == ["Key | Note\nA | two lines\nB | one\n"]
    assert opened.unit_count == 3


def test_a_second_table_after_a_blank_row_has_its_own_header(document):
    data = "Key,Price\nA,3\nB,4\n\nTown,Ships\nKiel,30\nBonn,2\n\nRome,7\nOslo,8\n"
    opened = document(data.encode(), "t.csv")
    found = list(opened.segments())
    assert [s.text for s in found] == [
        "Key | Price\nA | 3\nB | 4\n",
        "Town | Ships\nKiel | 30\nBonn | 2\nRome | 7\nOslo | 8\n",
    ]
    assert [str(s.locator) for s in found] == ["rows 1–3", "rows 5–10"]


def test_rows_between_blank_rows_stay_in_their_table(document):
    data = "Key,Price\n" + "".join(f"A-{i},{i}\n\n" for i in range(100))
    _, found = texts(document, data)
    assert len(found) < 5
    assert all(text.startswith("Key | Price\n") for text in found)


def test_a_packed_table_is_read(document):
    import gzip

    _, found = texts(document, gzip.compress(STOCK.encode()), "stock.csv.gz")
    assert found[3].startswith("SKU | Name | Purchase price\n")


def test_a_page_named_like_a_table_is_a_page(document):
    opened, _ = texts(document, "<html><body><p>Words of a page.</p></body></html>")
    assert opened.kind == "html"


def test_prose_with_commas_is_no_table_of_many_columns(document):
    lines = "Well, it was so, they said.\nNobody knew why.\nStill, it went on.\nThe end.\n" * 3
    _, found = texts(document, lines)
    assert "Well, it was so, they said.\n" in found[0]


def test_cells_without_text_are_an_empty_document(document):
    opened = document(b",,\n,,\n", "t.csv")
    with pytest.raises(EmptyDocument, match="empty cells only"):
        list(opened.segments())


def test_the_rest_of_an_endless_line_is_left_out_with_a_note(document):
    opened, found = texts(
        document, "Key,Note\nA," + "x" * 5000 + "\nB,2\n", limits=Limits(max_record_chars=1000)
    )
    assert sum(text.count("x") for text in found) == 998
    assert found[-1] == "Key | Note\nB | 2\n"
    assert opened.notes == ["Line 2 had more than 1,000 characters; the rest of it was left out."]


def test_a_long_table_is_read_in_bounded_memory(document):
    data = ("SKU,Name,Price\n" + "SKU-1,A lamp of words,12.50\n" * 100_000).encode()
    opened = document(data, "t.csv")
    tracemalloc.start()
    count = sum(segment.text.count("SKU-1") for segment in opened.segments())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 100_000
    assert peak < 2_000_000


TABS = "SKU\tName\tPrice\r\n" + "".join(f"S-{i}\tLamp {i}\t{i},50\r\n" for i in range(30))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("export.txt", TABS.encode()),
        ("export.txt", TABS.encode("utf-16")),
        ("export", TABS.encode()),
        ("export.xls", TABS.encode()),
    ],
)
def test_exported_tabs_are_a_table_under_any_name(document, name, data):
    opened, found = texts(document, data, name)
    assert opened.kind == "table"
    assert found[0].startswith("SKU | Name | Price\nS-0 | Lamp 0 | 0,50\n")


@pytest.mark.parametrize(
    "text",
    [
        "\tA paragraph that begins with a tab.\n" * 9,
        "word\tits meaning\n" * 9,
        "One, two, three.\nFour, five, six.\n" * 9,
        "a\tb\tc\nwords\n" * 9,
        "\t\tindented twice\n" * 9,
    ],
)
def test_prose_in_a_text_file_is_no_table(document, text):
    assert document(text.encode(), "notes.txt").kind == "text"
