"""Trimming a state: the last tokens of a block are dropped as if they had never been fed."""

import pytest
import torch

from tests.support.model import assert_same_state, token_ids


def write_memory(runtime):
    return lambda i, *evicted: runtime.model.layers[i].write_memory(*evicted, runtime.backend)


@pytest.mark.parametrize("quantize", [None, "int8"])
@pytest.mark.parametrize("read", [1, 19, 24, 31, 43, 60])  # a block of five inside a grid cell
@pytest.mark.parametrize("keep", [1, 2, 4])
@pytest.mark.parametrize("retain", [0, 7, 40])
@torch.inference_mode()
def test_a_trimmed_block_is_a_shorter_block(load_each, quantize, read, keep, retain):
    runtime, ids = load_each(quantize=quantize, retain=retain), token_ids(65)
    session = runtime.session()
    session.feed(ids[:read], logits=None)
    parent, shorter = session.fork(), session.fork()
    before = parent.next_logits()
    backup = session.state.backup(5, runtime.stream)
    session.feed(ids[read : read + 5], logits=None)
    shorter.feed(ids[read : read + keep], logits=None)
    kept = ids[read : read + keep].tolist()
    last_hidden = shorter.state.last_hidden
    session.state.trim(backup, kept, last_hidden, write_memory(runtime), runtime.stream)
    assert session.tokens_seen == shorter.tokens_seen
    assert session.state.prefix_hash == shorter.state.prefix_hash
    if quantize is None:
        assert_same_state(session, shorter)
    else:  # the block's length decides how sums are rounded, and that a value of 127 steps
        for ours, theirs in zip(session.state.layers, shorter.state.layers, strict=True):
            held = runtime.stream.in_ring(session.tokens_seen)
            pairs = [(getattr(ours, n)[:, :held], getattr(theirs, n)[:, :held]) for n in "kv"]
            if not retain:  # else such a step may decide what is retained
                pairs += [(ours.gates, theirs.gates), (ours.memory, theirs.memory)]
            for mine, other in pairs:
                assert (mine - other).norm() <= 0.02 * other.norm()
    assert torch.equal(parent.next_logits(), before), "a fork is not changed"


@pytest.mark.parametrize("retain", [0, 7])
@torch.inference_mode()
def test_nothing_of_the_dropped_tokens_is_left(load_each, retain):
    """Slots that the dropped tokens overwrote hold again what they held, bit for bit."""
    runtime, ids = load_each(retain=retain), token_ids(65)
    session = runtime.session()
    session.feed(ids[:60], logits=None)
    before = session.fork()
    backup = session.state.backup(5, runtime.stream)
    session.feed(ids[60:], logits=None)
    kept = ids[60:61].tolist()
    session.state.trim(backup, kept, ids.float(), write_memory(runtime), runtime.stream)
    dropped = backup.plan.write_slots[1:]
    for ours, theirs in zip(session.state.layers, before.state.layers, strict=True):
        for name in ("k", "v", "gates"):
            assert torch.equal(getattr(ours, name)[:, dropped], getattr(theirs, name)[:, dropped])


@pytest.mark.parametrize("quantize", [None, "int8"])
def test_a_retained_set_takes_memory_as_it_fills(load_tiny, quantize):
    """However large it may become: the tensors grow with the text."""
    runtime, ids = load_tiny(24, 4, retain=10**9, quantize=quantize), token_ids(600)
    session = runtime.session()
    for part in (ids[:5], ids[5:300], ids[300:301], ids[301:302], ids[302:]):
        session.feed(part, logits=None)
    layer = session.state.layers[0]
    assert layer.retained[:, : 600 - 28].sort().values.tolist() == [list(range(4, 576))] * 2
    assert layer.k.shape[1] == 1024 and layer.retained.shape[1] == 1024 - 28
    plain = load_tiny(window=None, sinks=0, ahn=None, quantize=quantize).session()
    plain.feed(ids, logits=None)
    ours, full = session.next_logits(), plain.next_logits()
    assert (ours - full).norm() < (1e-4 if quantize is None else 0.02) * full.norm()
