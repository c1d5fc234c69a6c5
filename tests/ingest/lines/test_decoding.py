"""Decoding in blocks, of a text in one encoding and of lines in two."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.lines.decoding import decode_part, decode_whole, decoder_for
from ingest.lines.encoding import Encoding

MIXED = Encoding("utf-8", for_other_lines="cp1252")
LINES = (
    "Größe\n".encode()
    + "Müller\n".encode("cp1252")
    + b"plain\n"
    + "日本\xff\n".encode()[:-1]
    + b"\xff\n"
)


def test_each_line_is_read_in_its_own_encoding():
    assert decode_whole(LINES, MIXED) == "Größe\nMüller\nplain\n日本ÿ\ufffd\n"


@given(st.lists(st.integers(1, 9), min_size=1, max_size=20))
def test_the_blocks_do_not_change_the_text(sizes):
    stream, decoder, text = io.BytesIO(LINES), decoder_for(MIXED), ""
    for size in sizes:
        text += decoder.decode(stream.read(size))
    assert text + decoder.decode(stream.read(), final=True) == decode_whole(LINES, MIXED)


def test_an_endless_line_is_decoded_in_bounded_memory():
    decoder = decoder_for(MIXED)
    text = "".join(decoder.decode("é".encode() * 50_000) for _ in range(30))
    assert len(text) > 900_000 and set(text) == {"é"}


@pytest.mark.parametrize("encoding", [MIXED, Encoding("utf-8"), Encoding("shift_jis")])
def test_an_incomplete_character_is_left_for_later(encoding):
    name = encoding.name
    data = "日本".encode(name)
    text, count = decode_part(data[:-1], encoding, is_last=False)
    assert data[:count].decode(name) == text == "日"


def test_a_line_in_utf_8_that_has_a_replacement_character_is_no_damage():
    data = "ok \ufffd äö\n".encode() + b"caf\xe9\n"
    assert decode_whole(data, MIXED) == "ok \ufffd äö\ncafé\n"
