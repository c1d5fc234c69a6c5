"""Paragraphs packed into segments: joined they are the text, and none spans two sections."""

from hypothesis import given
from hypothesis import strategies as st

from ingest import Limits
from ingest.markup.paragraphs import Block, ParagraphCutter, block_pieces, heading_label

SMALL = Limits(target_segment_chars=20, max_segment_chars=40)
WORDS = st.text(alphabet="ab .", min_size=1, max_size=60).map(lambda text: f"x{text}\n\n")
PROSE = st.tuples(WORDS, st.sampled_from([0, 0, 0, 1, 2])).map(lambda pair: Block(*pair))
BLOCKS = st.lists(PROSE, max_size=9)


@given(BLOCKS)
def test_the_segments_join_to_the_blocks_within_the_limits(blocks):
    cutter = ParagraphCutter("a.html", SMALL)
    segments = list(cutter.segments(blocks))
    assert "".join(segment.text for segment in segments) == "".join(b.text for b in blocks)
    assert all(0 < len(segment.text) <= 40 for segment in segments)
    assert cutter.count == len(blocks)


@given(BLOCKS)
def test_locators_name_the_paragraphs_and_no_segment_spans_a_heading(blocks):
    for segment in ParagraphCutter("a.html", SMALL).segments(blocks):
        start, end = segment.locator.start, segment.locator.end
        inside = blocks[start - 1 : end]
        body = segment.text.strip()
        assert body in "".join(block.text for block in inside)
        after_first = [
            later for one, later in zip(inside, inside[1:], strict=False) if not one.level
        ]
        assert not any(block.level for block in after_first)


def test_the_label_is_the_last_heading():
    blocks = [Block("One\n\n", 1), Block("Text.\n\n"), Block("Two\n\n", 2), Block("More.\n\n")]
    found = [str(segment.locator) for segment in ParagraphCutter("a.html", SMALL).segments(blocks)]
    assert found == ["paragraphs 1–2 (One)", "paragraphs 3–4 (Two)"]


def test_a_heading_as_a_label_is_one_bounded_line():
    label = heading_label("A heading\nof two lines " + "and more " * 40)
    assert label is not None and 50 < len(label) <= 60 and "\n" not in label
    assert heading_label(" \n\u200b") is None


HEADER = "Key\tValue\n"
ROWS = [Block(f"k{number:02d}\tis about. it\n", header=HEADER) for number in range(30)]


def test_a_segment_that_begins_in_a_row_repeats_the_header_of_the_table():
    limits = Limits(target_segment_chars=60, max_segment_chars=100)
    blocks = [Block("A note.\n\n"), Block(HEADER), *ROWS, Block("\nMore text.\n\n")]
    *segments, after = ParagraphCutter("a.html", limits).segments(blocks)
    assert after.text == "More text.\n\n"
    assert len(segments) > 5
    assert all(segment.text.count(HEADER) == 1 for segment in segments)
    assert all(len(segment.text) <= 100 for segment in segments)
    # Rows stay whole, though there is the end of a sentence in each of them.
    assert all(row.text in "".join(s.text for s in segments) for row in ROWS)
    assert all(
        line.endswith("it\n")
        for s in segments[1:]
        for line in s.text.rstrip().splitlines(True)[1:-1]
    )
    found = next(segment for segment in segments if "k17" in segment.text)
    assert found.locator.start <= 3 + 17 <= found.locator.end


@given(st.lists(st.tuples(WORDS, st.sampled_from(["", HEADER, "Other\n"])), max_size=9))
def test_without_the_repeated_headers_the_segments_join_to_the_blocks(pairs):
    blocks = [Block(text, header=header) for text, header in pairs]
    pieces = list(block_pieces(blocks, SMALL))
    assert "".join(piece.text for piece in pieces) == "".join(text for text, _ in pairs)
    assert all(0 < len(piece.repeated + piece.text) <= 40 for piece in pieces)
    offset, starts = 0, {}
    for text, header in pairs:
        starts.update(dict.fromkeys(range(offset, offset + len(text)), header))
        offset += len(text)
    offset = 0
    for piece in pieces:
        assert piece.repeated == starts[offset]
        offset += len(piece.text)


def test_a_header_of_more_than_half_a_segment_is_not_repeated():
    blocks = [Block("row of words. \n", header="x" * 20 + "\n")] * 9
    assert all(not piece.repeated for piece in block_pieces(blocks, SMALL))
