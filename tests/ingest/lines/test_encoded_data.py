"""Encoded binary data inside text is taken out; everything else stays, character by character."""

import base64
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.lines.encoded_data import EncodedDataFilter, without_encoded_data


def encoded(byte_count: int, width: int = 76, newline: str = "\n") -> str:
    text = base64.b64encode(random.Random(byte_count).randbytes(byte_count)).decode()
    return newline.join(text[start : start + width] for start in range(0, len(text), width))


@pytest.mark.parametrize(
    ("width", "newline"), [(76, "\n"), (64, "\n    "), (76, "\\n"), (10**9, "")]
)
@pytest.mark.parametrize("byte_count", [350, 2000, 100_001])
def test_a_run_is_taken_out_whole_and_its_newlines_stay(width, newline, byte_count):
    data = encoded(byte_count, width, newline)
    text = f"Before.\n\n![x](data:image/png;base64,{data})\nAfter.\n"
    kept = without_encoded_data(text)
    assert kept.startswith("Before.\n\n![x](data:image/png;base64,…") and kept.endswith(
        "\nAfter.\n"
    )
    assert kept.count("\n") == text.count("\n") and len(kept) - kept.count("\n") < 150


@pytest.mark.parametrize(
    "text",
    [
        encoded(250),  # shorter than a picture is
        "ACGT" * 500,
        "MKVLAAGIVGLPNVGKST" * 100,
        "0123456789abcdef" * 100,
        "-" * 3000,
        "x" * 5000,
        "漢字" * 2000,
        "SomeVeryLongName42 " * 200,
        "\n".join("abcDEF123" for _ in range(500)),
    ],
)
def test_other_long_runs_stay(text):
    assert without_encoded_data(text) == text


@pytest.mark.parametrize("block_chars", [7, 100, 997, 65_536])
@pytest.mark.parametrize(("width", "newline"), [(76, "\n"), (64, "\n"), (76, "\\n"), (10**9, "")])
def test_the_blocks_do_not_change_what_is_taken_out(block_chars, width, newline):
    text = "Words here. " * 50 + encoded(30_000, width, newline) + "\nEnd.\n" + encoded(600) + " x"
    blocks = (text[start : start + block_chars] for start in range(0, len(text), block_chars))
    whole, parts = EncodedDataFilter(), EncodedDataFilter()
    assert "".join(parts.filtered(blocks)) == "".join(whole.filtered([text]))
    assert parts.count == whole.count == 2


@given(st.lists(st.text(max_size=700)))
def test_text_without_encoded_data_is_not_changed(blocks):
    assert "".join(EncodedDataFilter().filtered(blocks)) == "".join(blocks)


@pytest.mark.parametrize("name", ["a.md", "a.txt", "a.py", "a.log", "a.jsonl"])
def test_a_document_says_that_data_was_left_out_and_keeps_its_line_numbers(document, name):
    run = encoded(3000, 10**9, "")
    record = '{"text": "' if name == "a.jsonl" else ""
    line = f"{record}The first words. {run}{record and chr(34) + '}'}\n"
    last = '{"text": "The last words."}\n' if name == "a.jsonl" else "The last words.\n"
    opened = document((line + last).encode(), name)
    segments = list(opened.segments())
    text = "".join(segment.text for segment in segments)
    assert run[:100] not in text and "The first words. …" in text and "The last words." in text
    assert segments[-1].locator.end == 2
    assert [note for note in opened.notes if "Encoded binary data" in note]
