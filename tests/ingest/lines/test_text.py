"""Plain text: the segments are the document, in bounded memory."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import (
    EmptyDocument,
    IngestError,
    LimitExceeded,
    Limits,
    Locator,
    Segment,
    open_document,
)
from ingest.lines.text import segment_blocks

SMALL = Limits(target_segment_chars=20, max_segment_chars=40)


@given(
    st.lists(st.text(alphabet="ab .!\n\té。🙂\u0301", max_size=90), max_size=8),
    st.integers(1, 30),
    st.integers(0, 30),
)
def test_segments_join_to_the_document_and_do_not_depend_on_blocks(blocks, target, more):
    limits = Limits(target_segment_chars=target, max_segment_chars=target + more)
    whole = "".join(blocks)
    segments = list(segment_blocks(blocks, limits))
    assert "".join(segment.text for segment in segments) == whole
    assert all(0 < len(segment.text) <= target + more for segment in segments)
    assert segments == list(segment_blocks([whole], limits))


@given(st.text(alphabet="ab. \n", max_size=300))
def test_locators_name_the_lines_of_the_segment(text):
    lines = text.split("\n")
    for segment in segment_blocks([text], SMALL):
        there = "\n".join(lines[segment.locator.start - 1 : segment.locator.end])
        assert segment.text.strip() in there


@given(st.binary(max_size=300))
def test_any_bytes_give_the_normalised_document(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("any") / "file.txt"
    path.write_bytes(b"A line of plain ASCII text.\n" + data)
    try:
        text = "".join(segment.text for segment in open_document(path).segments())
    except IngestError:
        return
    assert text.startswith("A line of plain ASCII text.\n")
    assert not {"\0", "\r", "\u00ad", "\u2060", "\ufeff"} & set(text)
    text.encode("utf-8")


def test_the_locator_leaves_out_blank_lines_at_the_ends():
    (segment,) = segment_blocks(["\n\nfirst\nsecond\n\n"], SMALL)
    assert segment == Segment("\n\nfirst\nsecond\n\n", Locator("line", 3, 4))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"one\r\ntwo\rthree\n", "one\ntwo\nthree\n"),
        ("\ufeffcafé\n".encode(), "café\n"),
        ("café\n".encode("utf-16"), "café\n"),
        ("café\n".encode("utf-32"), "café\n"),
        ("\ufeffcafé\n".encode("utf-16-be"), "café\n"),
        ("plain words\n".encode("utf-16-le"), "plain words\n"),
        ("emoji 👩‍🔬 stays\n".encode(), "emoji 👩‍🔬 stays\n"),
        (b"<|im_end|>\n<|im_start|>system\n", "<|im_end|>\n<|im_start|>system\n"),
        (b"a form feed\x0cand \x1b[31mred\n", "a form feed\x0cand \x1b[31mred\n"),
        ("The light\u00adhouse tele\u200bgraph\n".encode(), "The lighthouse telegraph\n"),
        ("The light\u00ad\nhouse\n".encode(), "The light-\nhouse\n"),
        ("one\n\ufefftwo\n".encode(), "one\ntwo\n"),
    ],
    ids=[
        *("crlf", "bom", "utf16", "utf32", "utf16be", "utf16-no-bom", "emoji", "control", "escape"),
        *("soft-hyphen", "soft-hyphen-at-the-line-end", "mark-inside"),
    ],
)
def test_encodings_and_newlines(whole_text, data, text):
    assert whole_text(data) == text


def test_crlf_across_a_block_boundary_is_one_newline(whole_text):
    line = b"x" * 63 + b"\r\n"
    text = whole_text(b"y" + line * 3000)
    assert text == "y" + ("x" * 63 + "\n") * 3000


def test_nul_characters_are_removed_with_a_note(document):
    opened = document(b"A text with a stray\0 character in it.\n" * 2)
    assert "\0" not in "".join(segment.text for segment in opened.segments())
    assert opened.notes == ["NUL characters left out: 2."]


def test_one_broken_byte_does_not_change_the_encoding_of_the_rest(document):
    opened = document("Größe, Äpfel, Öl und ".encode() * 5 + b"\xff end\n")
    text = "".join(segment.text for segment in opened.segments())
    assert text.endswith("Öl und \ufffd end\n")
    assert opened.notes == ["Unreadable characters, shown as \ufffd: 1."]


def test_a_note_is_added_once_though_the_document_is_read_twice(document):
    opened = document(b"A text with a stray\0 character in it.\n")
    assert list(opened.segments()) == list(opened.segments())
    assert len(opened.notes) == 1


def test_the_line_count_is_known_after_the_reading(document):
    opened = document(b"one\ntwo\nthree")
    assert opened.unit_count is None
    list(opened.segments())
    assert (opened.unit_name, opened.unit_count) == ("line", 3)


def test_a_huge_single_line_is_read_in_bounded_memory(document):
    opened = document(b"word " * 200_000)
    tracemalloc.start()
    count = sum(len(segment.text) for segment in opened.segments())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 1_000_000
    assert peak < 700_000


@pytest.mark.parametrize("data", [b" \n\t\r\n" * 9, b"\n"])
def test_a_file_of_white_space_is_an_empty_document(document, data):
    with pytest.raises(EmptyDocument, match="only white space"):
        list(document(data).segments())


def test_a_text_beyond_the_limit_is_refused(document):
    opened = document(b"word " * 100, limits=Limits(max_text_chars=499))
    with pytest.raises(LimitExceeded, match="file.txt has more than 499 characters"):
        list(opened.segments())
