"""Positions far beyond the trained range, and the sinks' distance counted inside the cache."""

import pytest
import torch

from ahn_runtime.model.rope import rope_rotation, rotate
from tests.support.model import assert_same_state, feed_split, token_ids

MILLION = 1_000_000


def test_neighbours_at_a_million_are_one_position_apart():
    """The product of rotated vectors depends on the distance alone, as exactly as near zero."""
    g = torch.Generator().manual_seed(0)
    q, k = (torch.randn(1, 1, 64, generator=g) for _ in range(2))

    def score(at: int, distance: int) -> float:
        positions = torch.tensor([at, at - distance])
        rotated = rope_rotation(positions, 64, 1e6, torch.float32)
        return float((rotate(q, rotated[:, :1]) * rotate(k, rotated[:, 1:])).sum())

    for distance in (1, 7, 2000):
        assert score(MILLION, distance) == pytest.approx(score(2000, distance), abs=1e-4)


@pytest.mark.parametrize("cell", [None, "auto"])
def test_below_the_window_the_two_agree(load_tiny, cell):
    ids = token_ids(28)
    absolute = load_tiny(ahn=cell).session().feed(ids, logits="all")
    rebased = load_tiny(ahn=cell, positions="cache").session().feed(ids, logits="all")
    assert torch.equal(absolute, rebased)


def test_past_the_window_they_differ(load_tiny):
    ids = token_ids(60)
    absolute = load_tiny().session().feed(ids, logits="all")
    rebased = load_tiny(positions="cache").session().feed(ids, logits="all")
    assert (absolute[29:] - rebased[29:]).abs().max() > 1e-4


@pytest.mark.parametrize("lengths", [[1] * 90, [13, 1, 40], [24] * 3])
def test_any_split_gives_the_same_logits_and_state(load_tiny, lengths):
    runtime, ids = load_tiny(positions="cache"), token_ids(110)
    whole, split = runtime.session(), runtime.session()
    torch.testing.assert_close(
        feed_split(split, ids, lengths), whole.feed(ids, logits="all"), rtol=0, atol=1e-4
    )
    assert_same_state(split, whole)


def test_one_layer_equals_plain_attention_over_the_cache_as_a_text(tmp_path):
    """Without memory, one layer's logits at t are those of stock attention over sinks and window
    laid end to end: with a single layer no key depends on what was attended to before it."""
    from ahn_runtime import Runtime
    from ahn_runtime.loading.tiny import TINY, write_tiny

    directory = write_tiny(tmp_path / "one", None, config={**TINY, "num_hidden_layers": 1})
    window, sinks, ids = 24, 4, token_ids(90)
    rebased = Runtime.load(directory, window=window, sinks=sinks, positions="cache")
    plain = Runtime.load(directory, window=None)
    got = rebased.session().feed(ids, logits="all")
    for t in (40, 63, 89):
        laid = torch.cat((ids[:sinks], ids[t - window + 1 : t + 1]))
        expected = plain.session().feed(laid)
        torch.testing.assert_close(got[t : t + 1], expected, rtol=0, atol=1e-4)
