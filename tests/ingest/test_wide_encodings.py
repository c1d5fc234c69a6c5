"""UTF-16 and UTF-32 without a byte order mark."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sniffing import describe_binary, describe_non_text
from ingest.wide_encodings import unicode_without_mark
from tests.support.encoded_texts import TEXTS, encoded_texts

WIDE = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]


@pytest.mark.parametrize("encoding", WIDE)
def test_plain_words_are_text_in_their_byte_order(encoding):
    head = "Plain words.\n".encode(encoding)
    assert unicode_without_mark(head) == encoding
    assert describe_non_text(head) is None and describe_binary(head) is not None


@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize("language", TEXTS)
def test_every_script_is_text_in_its_byte_order(language, encoding):
    text = TEXTS[language][1]
    assert unicode_without_mark(text.encode(encoding)) == encoding
    assert unicode_without_mark(f"{text[:30]}\n".encode(encoding)) == encoding


def test_a_head_that_ends_inside_a_character_is_text():
    head = ("Words and 🦔 " * 9).encode("utf-16-le")
    assert [unicode_without_mark(head[:end]) for end in range(40, 60)] == ["utf-16-le"] * 20


def test_texts_in_other_encodings_are_not_wide():
    for language, encoding, text in encoded_texts():
        if "utf-16" not in encoding:
            assert unicode_without_mark(text.encode(encoding)) is None, (language, encoding)
        assert unicode_without_mark(text.encode()) is None, language


@given(st.binary(min_size=64, max_size=400))
def test_random_bytes_are_not_wide(data):
    assert unicode_without_mark(data) is None or data.count(0) > 9


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"a\0", b"\0" * 100, bytes(range(256)) * 4, b"\1\0\2\0" * 50]
)
def test_what_is_no_text_is_not_wide(data):
    assert unicode_without_mark(data) is None
