"""A session equals its definition; very long ones too, in constant memory to the byte."""

import pytest
import torch

from tests.support.model import feed_split, token_ids
from tests.support.naive_model import logits_by_definition

LONG = 200_000


@pytest.mark.parametrize("window, sinks", [(24, 4), (17, 0), (1, 3), (40, 9)])
def test_a_session_equals_its_definition(load_each, window, sinks):
    runtime, ids = load_each(window, sinks), token_ids(170)
    atol = 3e-4 if runtime.stream.cell == "Mamba2" else 1e-4
    got = runtime.session().feed(ids, logits="all")
    torch.testing.assert_close(got, logits_by_definition(runtime, ids), rtol=0, atol=atol)


@pytest.mark.parametrize("lengths", [[], [1] * 60, [7, 40, 1, 23, 3]])
@pytest.mark.parametrize("window, sinks, retain", [(24, 4, 9), (17, 0, 40), (3, 3, 2), (16, 2, 1)])
def test_a_retained_set_equals_its_definition(load_each, window, sinks, retain, lengths):
    runtime, ids = load_each(window, sinks, retain=retain), token_ids(170)
    atol = 3e-4 if runtime.stream.cell == "Mamba2" else 1e-4
    got = feed_split(runtime.session(), ids, lengths)
    torch.testing.assert_close(got, logits_by_definition(runtime, ids), rtol=0, atol=atol)


@pytest.mark.parametrize("lengths", [[], [1] * 60, [7, 40, 1, 23, 3]])
@pytest.mark.parametrize("most", [1, 2, 4])
def test_positions_that_do_not_count_are_the_definitions(load_each, monkeypatch, most, lengths):
    """As in long windows, whose cells have more positions than count."""
    monkeypatch.setattr("ahn_runtime.model.retained.MAX_COUNTED", most)  # of 6
    runtime, ids = load_each(24, 4, retain=9), token_ids(170)
    atol = 3e-4 if runtime.stream.cell == "Mamba2" else 1e-4
    got = feed_split(runtime.session(), ids, lengths)
    torch.testing.assert_close(got, logits_by_definition(runtime, ids), rtol=0, atol=atol)


@pytest.fixture
def one_thread():
    """A loop over tiny tensors is several times faster without threads to wake."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_two_hundred_thousand_tokens(load_tiny):
    """Fed in odd pieces; the logits after each piece are those of the definition."""
    runtime, ids = load_tiny(24, 4), token_ids(LONG)
    expected = logits_by_definition(runtime, ids)
    session, held, at = runtime.session(), set(), 0
    pieces = [28, 227, 1, 37, 3989, 718]  # 5,000 in all
    for piece in pieces * (LONG // sum(pieces)):
        logits = session.feed(ids[at : at + piece])
        at += piece
        held.add(session.cache_bytes)
        torch.testing.assert_close(logits[0], expected[at - 1], rtol=0, atol=1e-4)
    assert session.tokens_seen == LONG
    assert len(held) == 1
