"""Workbooks with a damaged part inside an undamaged archive, and damaged text: many of them."""

import random
import time
import zipfile
from io import BytesIO

import pytest

from ingest import IngestError, Limits, open_document
from tests.support.workbook_samples import cell, make_ods, make_xlsx, ods_cell, ods_row, row
from tests.support.zip_samples import make_zip

MUTANTS = 400
LIMITS = Limits(max_text_chars=100_000, max_unpacked_bytes=2_000_000, max_record_chars=20_000)
XLSX = make_xlsx(
    {
        "One": row(1, "Key", "Day", "Price")
        + "".join(row(i, f"K-{i}", cell(f"B{i}", 45000 + i, 1), i / 4) for i in range(2, 9)),
        "Two": '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="s"><v>1</v></c></row>',
    },
    shared=("<si><t>first</t></si>", "<si><r><t>sec</t></r><r><t>ond</t></r></si>"),
    formats=("dd.mm.yyyy", "0.0%"),
    after='<mergeCells><mergeCell ref="A2:B3"/></mergeCells>',
)
ODS = make_ods(
    {
        "One": ods_row("Key", "Price")
        + ods_row("A", ods_cell("1", 'table:number-columns-repeated="3"'))
        + ods_row("B", "2", attributes='table:number-rows-repeated="4"'),
        "Two": ods_row(ods_cell("x", 'table:number-rows-spanned="2"'), "y"),
    },
    hidden=("Two",),
)
CSV = ("Key;Name;Price\n" + 'A-1;"two\nlines";3,50\nB-2;"a ""b""";4\n' * 9).encode()
# What a part may ask for: repetitions, places far away, and texts and styles that are not there.
NASTY = [
    *(b"1048576", b"99999999999", b"-1", b"XFD1048576", b'r="ZZZ0"', b"\x00", b"\xff\xfe", b"&x;"),
    *(b"<c>", b"</row>", b"<row>", b"<v>", b't="s"', b"<t>", b"]]>", b'"', b"\n", b";", b"1e999"),
]


def damaged(data, words):
    """Return bytes in which a few were changed, left out, repeated, or replaced by nasty ones."""
    changed = bytearray(data)
    for _ in range(words.randint(1, 4)):
        at = words.randrange(len(changed) + 1)
        until = min(len(changed), at + words.randint(1, 40))
        deed = words.choice(("flip", "cut", "nasty", "repeat", "digit"))
        if deed == "flip" and at < len(changed):
            changed[at] ^= 1 << words.randrange(8)
        elif deed == "cut":
            del changed[at:until]
        elif deed == "nasty":
            changed[at:until] = words.choice(NASTY)
        elif deed == "repeat":
            changed[at:at] = changed[at:until] * words.randint(1, 30)
        elif deed == "digit":
            digits = [i for i, byte in enumerate(changed) if byte in b"0123456789"]
            if digits:
                place = words.choice(digits)
                changed[place : place + 1] = words.choice([b"0", b"16384", b"1048576", b"x"])
    return bytes(changed)


def damaged_archive(data, words):
    """Return an archive in which one part is damaged, and its checksum right."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = words.choice([name for name in parts if name != "mimetype"])
    parts[name] = damaged(parts[name], words)
    return make_zip(parts)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "good", "damage"),
    [
        ("a.xlsx", XLSX, damaged_archive),
        ("a.xlsx", XLSX, damaged),
        ("a.ods", ODS, damaged_archive),
        ("a.ods", ODS, damaged),
        ("a.csv", CSV, damaged),
    ],
    ids=["xlsx-parts", "xlsx-bytes", "ods-parts", "ods-bytes", "csv"],
)
def test_damaged_tables_are_read_in_part_or_refused_in_a_sentence(tmp_path, name, good, damage):
    path = tmp_path / name
    for seed in range(MUTANTS):
        path.write_bytes(damage(good, random.Random(seed)))
        started = time.thread_time()
        try:
            opened = open_document(path, limits=LIMITS)
            for segment in opened.segments():
                assert 0 < len(segment.text) <= LIMITS.max_segment_chars, seed
                assert "\0" not in segment.text, seed
            assert all(note.isprintable() for note in opened.notes), seed
        except IngestError as error:
            assert name in str(error) and str(error).endswith("."), (seed, error)
        assert time.thread_time() - started < 5, seed
