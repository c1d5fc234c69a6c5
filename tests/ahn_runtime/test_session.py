"""Feeding, generating, and what a session refuses."""

import pytest
import torch

from ahn_runtime import ModelMismatchError


@pytest.fixture(scope="module")
def runtime(load_tiny):
    return load_tiny()


def test_logits_shapes(runtime):
    session = runtime.session()
    assert session.feed([1, 2, 3]).shape == (1, 259)
    assert session.feed([4, 5], logits="all").shape == (2, 259)
    assert session.feed(torch.tensor([6]), logits=None) is None
    assert session.tokens_seen == 6


def test_empty_feed_returns_the_logits_of_the_last_token(runtime):
    session = runtime.session()
    logits = session.feed([1, 2])
    assert torch.equal(session.feed([]), logits)
    assert session.feed([], logits="all").shape == (0, 259)


def test_no_logits_before_the_first_token(runtime):
    with pytest.raises(ValueError, match="Nothing was fed"):
        runtime.session().feed([])


@pytest.mark.parametrize("ids", [[259], [-1], [[1, 2]]])
def test_bad_ids_are_refused_and_nothing_is_fed(runtime, ids):
    session = runtime.session()
    with pytest.raises(ValueError, match="ids must be"):
        session.feed(ids)
    assert session.tokens_seen == 0


def test_generate_feeds_what_it_yields(runtime):
    session = runtime.session()
    session.feed([1, 2, 3])
    twin = session.fork()
    tokens = list(session.generate(6, stop_ids=()))
    assert session.tokens_seen == 3 + len(tokens) == 9
    assert list(twin.generate(2, stop_ids=())) + list(twin.generate(4, stop_ids=())) == tokens


def test_generate_stops_before_a_stop_token(runtime):
    session = runtime.session()
    session.feed([1, 2, 3])
    first, second = list(session.fork().generate(2, stop_ids=()))
    stopping = session.fork()
    expected = [] if second == first else [first]
    assert list(stopping.generate(6, stop_ids={second})) == expected
    assert stopping.tokens_seen == 3 + len(expected)


def test_sampling_is_repeatable_with_a_seed(runtime):
    session = runtime.session()
    session.feed([1, 2, 3])
    drawn = [list(session.fork().generate(12, 1.5, top_p=0.95, seed=s)) for s in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize("options", [{"temperature": -1.0}, {"top_p": 0.0}, {"top_p": 1.1}])
def test_bad_sampling_is_refused(runtime, options):
    session = runtime.session()
    session.feed([1])
    with pytest.raises(ValueError, match="must be"):
        next(session.generate(1, **options))


def test_a_snapshot_of_another_window_is_refused(runtime, load_tiny):
    session = load_tiny(25, 4).session()
    session.feed([1])
    with pytest.raises(ModelMismatchError, match="window 25"):
        runtime.restore(session.snapshot())


def test_flops_of_reading_are_counted_and_fewer_than_full_attention(runtime):
    session = runtime.session()
    session.feed([1] * 500, logits=None)
    assert 0 < session.state.flops < session.state.flops_full
