"""The compiled loops against the same layers in plain torch calls."""

import pytest
import torch

from ahn_runtime import Runtime
from ahn_runtime.cells import cell_class
from ahn_runtime.config import ModelConfig
from ahn_runtime.ops.compiled import FEW_TOKENS
from tests.ahn_runtime.test_laws import token_ids

WINDOW, SINKS = 24, 4
CLOSE = {"rtol": 1e-4, "atol": 1e-4}


@pytest.fixture
def cell():
    config = ModelConfig(
        vocab_size=64,
        hidden_size=48,
        intermediate_size=64,
        num_layers=1,
        num_heads=6,
        num_kv_heads=2,
        head_dim=8,
        rope_theta=1e4,
        rms_norm_eps=1e-6,
    )
    cell = cell_class("GatedDeltaNet")(config)
    generator = torch.Generator().manual_seed(0)
    cell.initialise(generator)
    cell.o_proj.weight.data.normal_(generator=generator)
    return cell


@pytest.mark.parametrize("tokens", [1, 2, FEW_TOKENS])
def test_the_memory_in_loops_equals_the_memory_in_calls(cell, tokens):
    torch.manual_seed(1)
    q, k, v = (torch.randn(6, tokens, 8) for _ in range(3))
    x, memory = torch.randn(tokens, 48), torch.randn(6, 8, 8)
    before = memory.clone()
    with torch.enable_grad():  # which keeps the loops out
        gates = cell.write_gates(x)
        expected, after = cell(q, k, v, gates, x, memory)
    with torch.inference_mode():
        torch.testing.assert_close(cell.write_gates(x), gates, rtol=1e-5, atol=1e-6)
        ours, ours_after = cell(q, k, v, gates, x, memory)
    torch.testing.assert_close(ours, expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(ours_after, after, rtol=1e-5, atol=1e-5)
    assert torch.equal(memory, before), "a fork may still read the memory"


def both_ways(tiny_dir, cell):
    """The same int8 model with its loops, and without them."""
    runtimes = [
        Runtime.load(
            tiny_dir,
            ahn=f"untrained:{cell}" if cell else None,
            window=WINDOW,
            sinks=SINKS,
            quantize="int8",
        )
        for _ in range(2)
    ]
    for layer in runtimes[1].model.model.layers:
        assert layer.fused is not None
        layer.fused = None
    return runtimes


@pytest.mark.parametrize("cell", [None, "GatedDeltaNet", "DeltaNet", "Mamba2"])
@pytest.mark.parametrize("sizes", [[1] * 12, [5, 1, 16, 2], [FEW_TOKENS, FEW_TOKENS], [24, 23]])
def test_a_layer_in_loops_equals_the_layer_in_calls(tiny_dir, cell, sizes):
    loops, calls = (runtime.session() for runtime in both_ways(tiny_dir, cell))
    ids = token_ids(40 + sum(sizes))
    for session in (loops, calls):
        session.feed(ids[:40], logits=None)
    kept, logits = loops.fork(), loops.next_logits()
    at = 40
    for size in sizes:
        ours, theirs = (s.feed(ids[at : at + size], logits="all") for s in (loops, calls))
        # A sum rounded otherwise may move a value to the next of 127 steps, now and then.
        assert (ours - theirs).norm() < 0.02 * theirs.norm()
        at += size
    for ours, theirs in zip(loops.state.layers, calls.state.layers, strict=True):
        for name in ("k", "v", "gates", "memory"):
            mine, plain = getattr(ours, name), getattr(theirs, name)
            assert (mine - plain).norm() <= 0.02 * plain.norm()
    assert torch.equal(kept.next_logits(), logits)
    kept.feed(ids[40:41], logits=None)
    again = kept.runtime.session()
    again.feed(ids[:40], logits=None)
    again.feed(ids[40:41], logits=None)
    assert torch.equal(kept.next_logits(), again.next_logits()), "a fork notices nothing"


def test_rebased_sinks_and_gradients_take_the_plain_way(tiny_dir):
    loops, _ = both_ways(tiny_dir, "GatedDeltaNet")
    fused = loops.model.model.layers[0].fused
    x = torch.zeros(1, loops.config.hidden_size)

    class Rebased:
        sink_view = x

    class Plain:
        sink_view = None

    with torch.inference_mode():
        assert fused.suits(x, Plain()) and not fused.suits(x, Rebased())
    assert not fused.suits(x, Plain())
