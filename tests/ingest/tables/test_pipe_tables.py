"""Tables of Markdown: a segment that begins in a row has the header line before it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import Limits
from ingest.lines.text import segment_blocks
from ingest.segmenting import cut_rows
from ingest.tables.pipe_tables import mark_rows

HEAD = "| SKU | Name | Price |\n"
TABLE = f"{HEAD}|---|:-:|---:|\n" + "".join(
    f"| SKU-{i:03d} | Lamp. it {i} | {i}.50 |\n" for i in range(60)
)
LINES = st.sampled_from(["| a | b |\n", "a | b\n", "|---|---|\n", "--|--\n", "text\n", "\n", "x|"])
SMALL = Limits(target_segment_chars=20, max_segment_chars=40)


def test_every_segment_of_a_long_table_has_the_header_and_whole_rows():
    text = f"# Stock\n\n{TABLE}\nText after it.\n"
    segments = list(segment_blocks([text], Limits()))
    inside = [s for s in segments if "SKU-0" in s.text]
    assert len(inside) >= 3
    assert all(s.text.count(HEAD) == 1 for s in inside)
    assert all(line.count("|") in {0, 4} for s in inside for line in s.text.splitlines())
    (one,) = [s for s in inside if "SKU-037" in s.text]
    assert one.locator.start <= 5 + 37 <= one.locator.end


@given(st.lists(LINES, max_size=40), st.lists(st.integers(0, 200), max_size=6))
def test_without_the_header_lines_the_segments_join_to_the_text(lines, cuts):
    text = "".join(lines)
    ends = sorted(min(cut, len(text)) for cut in cuts)
    blocks = [text[a:b] for a, b in zip([0, *ends], [*ends, len(text)], strict=True)]
    assert "".join(row.text for row in mark_rows(blocks, 20)) == text
    segments = list(segment_blocks(blocks, SMALL))
    assert segments == list(segment_blocks([text], SMALL))
    assert all(0 < len(s.text) <= 40 for s in segments)
    pieces = list(cut_rows(mark_rows(blocks, 20), 20, 40))
    assert "".join(piece.text for piece in pieces) == text
    assert [s.text for s in segments] == [piece.repeated + piece.text for piece in pieces]
    assert all(piece.repeated in f"\n{text}" for piece in pieces)


def test_lines_with_bars_that_are_no_table_are_text():
    text = "a | b\nc | d\n" * 50
    assert [row.header for row in mark_rows([text], 100)] == [""]


def test_a_table_ends_at_a_line_without_bars():
    rows = list(mark_rows(["a|b\n-|-\n1|2\nwords\n3|4\n"], 100))
    assert [(row.text, row.header) for row in rows] == [
        ("a|b\n", ""),
        ("-|-\n", "a|b\n"),
        ("1|2\n", "a|b\n"),
        ("words\n3|4\n", ""),
    ]


def test_a_long_header_is_shortened():
    head = "| " + " | ".join(f"A long name of column {i}" for i in range(5)) + " |\n"
    rows = list(mark_rows([f"{head}{'|---' * 5}|\n{'| 1 ' * 5}|\n"], 90))
    assert len(rows[-1].header) <= 90
    assert rows[-1].header.count("A long") == 5 and "…" in rows[-1].header


@pytest.mark.parametrize("head", ["|  |  |  |\n", "| | | |\n", "> |\u00a0|  |\t|\n"])
def test_an_empty_header_is_none_and_letters_name_the_columns(head):
    text = f"Table 3: Lamps\n\n{TABLE.replace(HEAD, head)}"
    segments = [segment.text for segment in segment_blocks([text], Limits())]
    assert len(segments) >= 3 and segments[0].startswith(f"Table 3: Lamps\n\n{head}|---|")
    assert all(s.startswith("Table 3: Lamps\nA | B | C\n| SKU-0") for s in segments[1:])
    assert "".join(segments).count(head) == 1
    assert all(line.count("|") in {0, 2, 4} for s in segments[1:] for line in s.splitlines())


def test_a_header_with_one_name_is_one():
    rows = list(mark_rows(["|  | Price |\n|--|--|\n| a | 1 |\n"], 100))
    assert rows[-1].header == "|  | Price |\n"


def test_a_very_long_line_is_passed_on_at_once():
    blocks = ["a | b\n--|--\n", *["x | " * 3000] * 5]
    rows = list(mark_rows(blocks, 100))
    assert max(len(row.text) for row in rows) <= 12_000 and rows[-1].header == ""


def test_a_line_of_blanks_below_a_line_with_a_bar_is_decided_at_once():
    line = " " * 4000 + "-" + " " * 4000 + "x|\n"
    text = f"A | B\n{line}" * 3
    assert "".join(row.text for row in mark_rows([text], 20)) == text
