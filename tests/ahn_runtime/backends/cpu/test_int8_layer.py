"""The compiled loops against the same layers in plain torch calls."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from ahn_runtime import Runtime, Session
from ahn_runtime.backends.cpu.backend import CpuBackend
from ahn_runtime.backends.cpu.int8_layer import Int8Layer
from ahn_runtime.backends.cpu.int8_linear import FusedLinear
from ahn_runtime.backends.cpu.jit import FEW_TOKENS
from ahn_runtime.backends.torch import TorchBackend
from ahn_runtime.config import ModelConfig
from ahn_runtime.model.cells import cell_class
from tests.support.model import token_ids

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
    loops, calls = CpuBackend(), TorchBackend()
    with torch.inference_mode():
        gates = calls.write_gates(cell, x)
        expected, after = calls.memory_step(cell, q, k, v, gates, x, memory)
        torch.testing.assert_close(loops.write_gates(cell, x), gates, rtol=1e-5, atol=1e-6)
        ours, ours_after = loops.memory_step(cell, q, k, v, gates, x, memory)
    assert not torch.equal(ours, expected), "both were computed in the same calls"
    torch.testing.assert_close(ours, expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(ours_after, after, rtol=1e-5, atol=1e-5)
    assert torch.equal(memory, before), "a fork may still read the memory"


def both_backends(tiny_dir, cell, kv_dtype="float32", retain=0):
    """One int8 model with its loops, and the same model in plain torch calls."""
    loops = Runtime.load(
        tiny_dir,
        ahn=f"untrained:{cell}" if cell else None,
        window=WINDOW,
        sinks=SINKS,
        quantize="int8",
        kv_dtype=kv_dtype,
        retain=retain,
    )
    assert isinstance(loops.backend, CpuBackend)
    return loops, loops.with_stream(backend=TorchBackend())


@pytest.mark.parametrize("cell", [None, "GatedDeltaNet", "DeltaNet", "Mamba2"])
@pytest.mark.parametrize("sizes", [[1] * 12, [5, 1, 16, 2], [FEW_TOKENS, FEW_TOKENS], [24, 23]])
def test_a_layer_in_loops_equals_the_layer_in_calls(tiny_dir, cell, sizes):
    loops, calls = (runtime.session() for runtime in both_backends(tiny_dir, cell))
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


def test_rebased_sinks_and_gradients_are_left_to_torch(tiny_dir):
    loops, _ = both_backends(tiny_dir, "GatedDeltaNet")
    layer = loops.model.layers[0]
    attn, mlp = layer.self_attn, layer.mlp
    projections = (attn.q_proj, attn.k_proj, attn.v_proj), (mlp.gate_proj, mlp.up_proj)
    int8 = Int8Layer(layer, *map(FusedLinear, projections))
    x = torch.zeros(1, loops.config.hidden_size)

    class Rebased:
        sink_positions = x

    class Plain:
        sink_positions = None

    with torch.inference_mode():
        assert int8.supports(x, Plain()) and not int8.supports(x, Rebased())
    assert not int8.supports(x, Plain())


@pytest.mark.parametrize("kv_dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("cell", [None, "GatedDeltaNet"])
@pytest.mark.parametrize("read", [3, WINDOW + SINKS, 40])
@pytest.mark.parametrize("retain", [0, 7])
def test_a_single_token_takes_one_call_on_any_number_of_threads(
    tiny_dir, cell, read, kv_dtype, retain
):
    runtime, calls = both_backends(tiny_dir, cell, kv_dtype, retain)
    assert runtime.backend.has_decode_step
    ids, threads, found = token_ids(read + 9), torch.get_num_threads(), []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            session = runtime.session()
            session.feed(ids[:read], logits=None)
            logits = torch.cat([session.feed([i]) for i in ids[read:]])
            found.append((logits, session.state))
    finally:
        torch.set_num_threads(threads)
    twin = calls.session()
    twin.feed(ids[:read], logits=None)
    expected = torch.cat([twin.feed([i]) for i in ids[read:]])
    (first, state), *others = found
    assert (first - expected).norm() < 0.02 * expected.norm()
    for logits, other in others:
        assert torch.equal(logits, first)
        for ours, theirs in zip(state.layers, other.layers, strict=True):
            for name in ("k", "v", "gates", "memory", "attention", "retained"):
                assert torch.equal(getattr(ours, name), getattr(theirs, name))


@pytest.mark.parametrize("kv_dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("cell", [None, "GatedDeltaNet"])
def test_a_single_token_keeps_and_loses_what_the_twin_does(tiny_dir, cell, kv_dtype):
    """From each of the twin's states on, one token through the loops and through the calls."""
    loops, calls = both_backends(tiny_dir, cell, kv_dtype, retain=7)
    session, ids, lost = calls.session(), token_ids(100), 0
    for token in ids.tolist():
        ours = Session(loops, session.state.fork())
        before = [layer.retained.clone() for layer in session.state.layers]
        for each in (ours, session):
            each.feed([token], logits=None)
        for old, mine, plain in zip(before, ours.state.layers, session.state.layers, strict=True):
            assert torch.equal(mine.retained, plain.retained)
            if old.shape == plain.retained.shape:
                lost += int((old != plain.retained).sum())
            pairs = [(mine.memory, plain.memory), (mine.attention, plain.attention)]
            pairs += [(getattr(mine, n), getattr(plain, n)) for n in ("k", "v", "gates")]
            for one, other in pairs:
                one, other = one.float(), other.float()
                assert (one - other).norm() <= 0.02 * other.norm()
    assert lost > 7 * 2 * len(before), "more than the first seven, in both heads of each layer"


def test_sessions_on_several_threads_do_not_wait_for_each_other_for_ever(tiny_dir):
    runtime, _ = both_backends(tiny_dir, "GatedDeltaNet")
    ids = token_ids(60)

    def answer(shift):
        session = runtime.session()
        session.feed(ids[shift:40], logits=None)
        return list(session.generate(12, stop_ids=()))

    alone = [answer(shift) for shift in range(6)]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(answer, range(6), timeout=60)) == alone
