"""Paragraphs packed into segments: joined they are the text, and none spans two sections."""

from hypothesis import given
from hypothesis import strategies as st

from ingest import Limits
from ingest.markup.paragraphs import Block, ParagraphCutter, heading_label

SMALL = Limits(target_segment_chars=20, max_segment_chars=40)
WORDS = st.text(alphabet="ab .", min_size=1, max_size=60).map(lambda text: f"x{text}\n\n")
BLOCKS = st.lists(st.builds(Block, WORDS, st.sampled_from([0, 0, 0, 1, 2])), max_size=9)


@given(BLOCKS)
def test_the_segments_join_to_the_blocks_within_the_limits(blocks):
    cutter = ParagraphCutter(SMALL)
    segments = list(cutter.segments(blocks))
    assert "".join(segment.text for segment in segments) == "".join(b.text for b in blocks)
    assert all(0 < len(segment.text) <= 40 for segment in segments)
    assert cutter.count == len(blocks)


@given(BLOCKS)
def test_locators_name_the_paragraphs_and_no_segment_spans_a_heading(blocks):
    for segment in ParagraphCutter(SMALL).segments(blocks):
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
    found = [str(segment.locator) for segment in ParagraphCutter(SMALL).segments(blocks)]
    assert found == ["paragraphs 1–2 (One)", "paragraphs 3–4 (Two)"]


def test_a_heading_as_a_label_is_one_bounded_line():
    label = heading_label("A heading\nof two lines " + "and more " * 40)
    assert label is not None and 50 < len(label) <= 60 and "\n" not in label
    assert heading_label(" \n\u200b") is None
