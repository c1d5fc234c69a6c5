"""What the first bytes of a file show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sniffing import (
    describe_binary,
    has_pdf_header,
    starts_as_html,
    starts_as_pdf,
)


@pytest.mark.parametrize(
    ("head", "is_start", "has_header"),
    [
        (b"%PDF-1.7\n", True, True),
        (b"\xef\xbb\xbf \n%PDF-1.7", True, True),
        (b"junk %PDF-1.7", False, True),
        (b"x" * 1100 + b"%PDF-1.7", False, False),
        (b"%PD", False, False),
    ],
)
def test_a_pdf_header_is_found_at_the_start_or_near_it(head, is_start, has_header):
    assert (starts_as_pdf(head), has_pdf_header(head)) == (is_start, has_header)


@pytest.mark.parametrize(
    ("head", "is_html"),
    [
        (b"<!DOCTYPE html><p>", True),
        (b"\xef\xbb\xbf\n <HTML lang=en>", True),
        (b'<?xml version="1.0"?><!-- a --> <!-- b --><html>', True),
        (b"<p>no more</p>", False),
        (b"<?xml version='1.0'?><rss>", False),
        (b"<!-- never closed <html>", False),
        (b"", False),
    ],
)
def test_html_is_recognised_after_comments_and_an_xml_declaration(head, is_html):
    assert starts_as_html(head) is is_html


REST = {
    "cp1251": "но и просто, что лодка стоит у причала, а сторож спит. Утром все уйдут.\n" * 9,
    "koi8_r": " ПРИСТАНЬ ЗАКРЫТА ДО УТРА. Сторож спит, а лодка стоит у причала.\n" * 9,
    "cp1252": "’s a story of the café by the weir: “No,” she said, “à demain.”\n" * 9,
    "latin1": " été, où les élèves ont reçu leur goûter près du château.\n" * 9,
    "gb18030": "岛上的面包店今天关门，明天早上八点再开。\n" * 9,
}
# The first letters of a text, its encoding, and for comparison the signature that they are.
LETTERS = [
    *(("ясно", "cp1251"), ("яшма", "cp1251"), ("яуза", "cp1251"), ("яы", "cp1251")),
    *(("яШя", "cp1251"), ("Пъню", "cp1251"), ("Кюєѕ", "cp1251"), ("н«оЫ", "cp1251")),
    *(("ЪЯ", "koi8_r"), ("ЪШ", "koi8_r"), ("ЪС", "koi8_r"), ("ЪьЪ", "koi8_r")),
    *(("ÿñ", "latin1"), ("ÿØÿ", "latin1"), ("ÿû", "cp1252"), ("×ÍÆš", "cp1252")),
    *(("“NUMPY", "cp1252"), ("“NUMPY", "cp1251"), ("漱壕", "gb18030"), ("销睚", "gb18030")),
    *(("BM", "cp1252"), ("MZ", "latin1"), ("ID3", "cp1251"), ("BZh", "koi8_r")),
    *(("GIF89a", "cp1252"), ("OTTO", "cp1251"), ("TPZ", "latin1"), ("AC10", "koi8_r")),
]


@pytest.mark.parametrize("ending", ["", "rest"])
@pytest.mark.parametrize(("letters", "encoding"), LETTERS)
def test_a_text_is_not_refused_for_the_letters_with_which_it_begins(letters, encoding, ending):
    text = letters + (REST[encoding] if ending else "")
    assert describe_binary(text.encode(encoding)) is None


@pytest.mark.parametrize(("letters", "encoding"), [("ясно", "cp1251"), ("яуза", "cp1251")])
def test_such_a_text_is_read_in_its_encoding(document, letters, encoding):
    text = letters + REST[encoding]
    opened = document(text.encode(encoding), "notes.txt")
    assert "".join(segment.text for segment in opened.segments()) == text


@pytest.mark.parametrize(
    ("head", "words"),
    [
        # The beginning of a picture whose first 8 KB are white pixels or a text about it.
        (
            b"BM\x36\x10\x0e\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x80\x02\0\0" + b"\xff" * 8000,
            "a BMP image",
        ),
        (
            b"\xff\xd8\xff\xe1\x1f\xf0http://ns.adobe.com/xap/1.0/\0<x>" + b" " * 8000,
            "a JPEG image",
        ),
        (b"\xff\xd8\xff\xe1\x2f\xfeExif\0\0MM" + b"a" * 8000, "a JPEG image"),
        (b"ID3\x03\0\0\0\0\x3f\x76USLT\0\0\x1f\x6c\0\0\0eng" + b"la " * 2700, "an MP3 recording"),
        # A silent recording: most of each frame is filled up with letters.
        ((b"\xff\xfb\x90\x64" + bytes(32) + b"U" * 381) * 19, "an MP3 recording"),
        (
            (b"\xff\xf1\x50\x80\x02\x1f\xfc" + b"\x21\0\x49\x90\x02\x19\0\x23\x80") * 500,
            "an AAC recording",
        ),
        (b"\x93NUMPY\x01\0v\0{'descr': '<f8', 'fortran_order': False}", "a NumPy array"),
        (b"\x1f\x8b\x08\x08abcd\x02\x03notes.txt\0" + b"\xf3" * 90, "a gzip archive"),
        (b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0" + b"text " * 1600, "a Windows program"),
    ],
)
def test_a_short_signature_counts_where_a_binary_header_follows_it(head, words):
    found = describe_binary(head[:8192])
    assert found is not None and found.startswith(words)


@given(st.text(alphabet=st.characters(exclude_categories=("Cc", "Cs"))))
def test_printable_utf_8_is_never_called_binary_data(text):
    assert describe_binary(f"- {text}".encode()) is None
