"""Tokens regrouped into chunks on a grid."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import Locator, Segment, encode_segments, token_chunks


def cut(ids, lengths):
    """Return ids in pieces of these lengths, and the rest as the last piece."""
    pieces = []
    for length in lengths:
        pieces.append(ids[:length])
        ids = ids[length:]
    return [*pieces, ids]


@given(
    st.lists(st.integers(), max_size=60),
    st.lists(st.integers(0, 9), max_size=12),
    st.integers(1, 11),
)
def test_chunks_do_not_depend_on_how_the_pieces_are_cut(ids, lengths, chunk_tokens):
    chunks = list(token_chunks(cut(ids, lengths), chunk_tokens))
    assert chunks == [ids[at : at + chunk_tokens] for at in range(0, len(ids), chunk_tokens)]


@given(
    st.lists(st.integers(), max_size=60),
    st.lists(st.integers(0, 9), max_size=12),
    st.integers(1, 11),
    st.data(),
)
def test_resuming_at_a_grid_point_gives_the_remaining_chunks(ids, lengths, chunk_tokens, data):
    whole = list(token_chunks([ids], chunk_tokens))
    done = data.draw(st.integers(0, len(whole)))
    skip = sum(len(chunk) for chunk in whole[:done])
    assert list(token_chunks(cut(ids, lengths), chunk_tokens, skip)) == whole[done:]


def test_skip_off_the_grid_is_refused_unless_it_is_the_end():
    assert list(token_chunks([[1, 2, 3], [4, 5]], 4, skip_tokens=5)) == []
    with pytest.raises(ValueError, match="multiple of 4"):
        list(token_chunks([[1, 2, 3], [4, 5]], 4, skip_tokens=3))


def test_skip_beyond_the_end_is_refused():
    with pytest.raises(ValueError, match="only 5 tokens"):
        list(token_chunks([[1, 2, 3], [4, 5]], 4, skip_tokens=8))


@pytest.mark.parametrize(("chunk_tokens", "skip_tokens"), [(0, 0), (-1, 0), (4, -4)])
def test_bad_numbers_are_refused_at_once(chunk_tokens, skip_tokens):
    with pytest.raises(ValueError):
        token_chunks([], chunk_tokens, skip_tokens)


def test_chunks_are_streamed():
    def endless():
        while True:
            yield [7, 7, 7]

    chunks = token_chunks(endless(), 4)
    assert [next(chunks), next(chunks)] == [[7] * 4, [7] * 4]


def test_each_segment_is_encoded_alone():
    segments = [Segment("ab", Locator("line", 1, 1)), Segment("c", Locator("line", 2, 2))]
    pairs = list(encode_segments(segments, lambda text: [ord(letter) for letter in text]))
    assert pairs == [(segments[0], [97, 98]), (segments[1], [99])]
