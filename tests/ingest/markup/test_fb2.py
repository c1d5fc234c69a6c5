"""FictionBook: chapters, poems and notes, without the cover."""

import base64
import gzip
import random

import pytest

from ingest import DamagedDocument, EmptyDocument
from tests.support.zip_samples import make_zip

NOISE = base64.b64encode(random.Random(9).randbytes(4000)).decode()
STORM = (
    "<section><title><p>Part one</p><p>The storm</p></title>"
    "<epigraph><p>For Brae.</p><text-author>Ada</text-author></epigraph>"
    "<section><title><p>One</p></title><p>The pilot <emphasis>Ivar</emphasis> moored"
    '<a l:href="#n1" type="note">1</a> at 10<sup>5</sup> <strikethrough>no</strikethrough>.</p>'
    "<poem><stanza><v>A verse,</v><v>and one more.</v></stanza></poem><p>Prose.</p></section>"
    "<section><p>Untitled.</p><table><tr><th>Port</th><th>Depth</th></tr>"
    "<tr><td>Brae</td><td>4 m</td></tr></table></section></section>"
)
NOTES = (
    '<body name="notes"><section id="n1"><title><p>1</p></title><p>He tied a knot.</p></section>'
    "</body>"
)


def make_fb2(body: str, more: str = NOTES, encoding: str = "utf-8") -> bytes:
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?><FictionBook '
        'xmlns="http://www.gribuser.ru/xml/fictionbook/2.0" xmlns:l="http://www.w3.org/1999/xlink">'
        "<description><title-info><book-title>Storm</book-title></title-info></description>"
        f'<body>{body}</body>{more}<binary id="c.jpg">{NOISE}</binary></FictionBook>'
    )
    return text.encode(encoding)


def read(document, data, name="a.fb2", **options):
    opened = document(data, name, **options)
    segments = list(opened.segments())
    return opened, segments, "".join(segment.text for segment in segments)


def test_a_book_is_read_chapter_by_chapter(document):
    opened, segments, text = read(document, make_fb2(STORM))
    assert text == (
        "Part one The storm\n\nFor Brae.\n\nAda\n\nOne\n\n"
        "The pilot Ivar moored[1] at 10⁵ ~~no~~.\n\nA verse,\nand one more.\n\nProse.\n\n"
        "Untitled.\n\nPort\tDepth\nBrae\t4 m\n\n1\n\nHe tied a knot.\n\n"
    )
    assert [str(segment.locator) for segment in segments] == [
        "chapter 1 (Part one The storm)",
        "chapter 2 (One)",
        "chapter 4 (1)",
    ]
    assert (opened.kind, opened.unit_name, opened.unit_count) == ("fb2", "chapter", 4)


@pytest.mark.parametrize("encoding", ["windows-1251", "koi8-r", "utf-16", "utf-8"])
def test_the_declared_encoding_is_used(document, encoding):
    data = make_fb2("<section><p>Лодка у причала.</p></section>", encoding=encoding)
    assert "Лодка у причала." in read(document, data)[2]


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.fb2.zip", lambda data: make_zip({"a.fb2": data})),
        ("book.zip", lambda data: make_zip({"Книга.fb2": data})),
        ("a.fb2.gz", gzip.compress),
        ("a.xml", bytes),
        ("noname", bytes),
    ],
)
def test_a_book_is_recognised_by_its_content_and_unpacked(document, name, pack):
    opened, _, text = read(document, pack(make_fb2(STORM)), name)
    assert opened.kind == "fb2" and "The pilot Ivar" in text


def test_a_damaged_book_is_read_up_to_the_damage(document):
    opened, _, text = read(document, make_fb2(STORM).replace(b"<p>Prose", b"</v><p>Prose"))
    assert "A verse," in text and opened.notes == [
        "The book is damaged; what comes before the damage was read."
    ]


def test_no_entity_reads_a_file(document):
    data = make_fb2("<section><p>Words &a;</p></section>").replace(
        b"<FictionBook ", b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><FictionBook '
    )
    text = read(document, data)[2]
    assert "root:" not in text and "Words" in text


def test_entities_that_grow_without_end_are_damage(document):
    grown = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 20}">' for n in range(1, 12))
    data = make_fb2("<section><p>First.</p><p>&e11;</p></section>").replace(
        b"<FictionBook ", f'<!DOCTYPE x [<!ENTITY e0 "word">{grown}]><FictionBook '.encode()
    )
    opened, _, text = read(document, data)
    assert text.startswith("First.") and len(text) < 12_000_000 and "damaged" in opened.notes[0]


def test_deep_nesting_is_read(document):
    data = make_fb2("<section>" * 5000 + "<p>x</p>" + "</section>" * 5000)
    assert read(document, data)[2].startswith("x\n\n")


def test_a_huge_cover_is_passed_over(document):
    data = make_fb2(STORM).replace(NOISE.encode(), b"QUJD" * 5_000_000)
    opened, _, text = read(document, data)
    assert "He tied a knot." in text and opened.notes == []


@pytest.mark.parametrize("data", [make_fb2("<section/>", ""), make_fb2("", "")])
def test_a_book_without_text_is_empty(document, data):
    with pytest.raises(EmptyDocument):
        read(document, data)


def test_a_file_that_is_no_xml_is_damaged(document):
    with pytest.raises(DamagedDocument, match="XML is damaged"):
        read(document, b"Just words.\n")
