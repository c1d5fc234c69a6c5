"""Equal numbers give equal bits, at whatever addresses the bytes lay that they were read from."""

import hashlib
import json
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from ahn_runtime import Runtime, load_checkpoint, save_checkpoint
from ahn_runtime.aligned import ALIGNMENT_BYTES, aligned, empty
from ahn_runtime.backends.cpu.attention import decode_attention
from ahn_runtime.backends.cpu.decode_products import product, two_term_product
from ahn_runtime.backends.cpu.gated_delta_rule import fused_recurrent_gated_delta_rule, write_gates
from ahn_runtime.backends.cpu.int8_layer import Int8Layer
from ahn_runtime.backends.cpu.int8_linear import FusedLinear
from ahn_runtime.backends.cpu.int8_rows import norm_quantize, quantize_two_terms
from ahn_runtime.loading import int8_file
from ahn_runtime.loading.embedded import CACHE_VARIABLE
from ahn_runtime.loading.tiny import TINY, write_tiny
from tests.support.gguf_files import write_gguf
from tests.support.model import token_ids

SHIFTS = [4, 12, 16, 32, 52]
"""Bytes behind an aligned address: all that a float32 can lie at in a file, in kind."""

OPTIONS = {"window": 24, "sinks": 4}
TOKENS = 65


def is_aligned(tensor: torch.Tensor) -> bool:
    return tensor.is_contiguous() and tensor.data_ptr() % ALIGNMENT_BYTES == 0


def shifted_bytes(blob: bytes, shift: int) -> bytes:
    """The same safetensors with its numbers `shift` bytes behind a multiple of 64."""
    (size,) = struct.unpack("<Q", blob[:8])
    header = blob[8 : 8 + size].rstrip()
    header += b" " * ((shift - 8 - len(header)) % ALIGNMENT_BYTES)
    return struct.pack("<Q", len(header)) + header + blob[8 + size :]


def shift_file(path: Path, shift: int) -> None:
    path.write_bytes(shifted_bytes(path.read_bytes(), shift))


def shifted(tensor: torch.Tensor, shift: int) -> torch.Tensor:
    """A copy that lies `shift` bytes behind an aligned address."""
    raw = torch.empty(tensor.nbytes + ALIGNMENT_BYTES, dtype=torch.uint8)
    copy = raw[shift : shift + tensor.nbytes].view(tensor.dtype).view(tensor.shape)
    return copy.copy_(tensor)


def outcome(session, ids):
    """Everything a session comes to: logits of blocks and of single tokens, and its state."""
    parts = [session.feed(ids[:50], logits="all"), session.feed(ids[50:57], logits="all")]
    parts += [session.feed([int(i)]) for i in ids[57:]]
    state = session.state
    parts += [part for la in state.layers for part in (la.k, la.v, la.gates, la.memory)]
    return [*parts, state.last_hidden]


def assert_same_bits(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        assert a.dtype == b.dtype and torch.equal(a, b)


# The function


@pytest.mark.parametrize("shift", SHIFTS)
def test_a_misaligned_tensor_is_copied(shift):
    tensor = shifted(torch.randn(5, 7), shift)
    assert not is_aligned(tensor)
    assert is_aligned(aligned(tensor)) and torch.equal(aligned(tensor), tensor)


def test_an_aligned_tensor_is_not_copied():
    for tensor in (torch.randn(5, 7), torch.empty(0), torch.ones(3, dtype=torch.int8)):
        assert aligned(tensor) is tensor


@pytest.mark.parametrize(
    "tensor",
    [torch.randn(5, 7).T, torch.randn(4, 16)[1], torch.from_numpy(np.zeros(40, np.float32))],
    ids=["transposed", "part", "numpy"],
)
def test_what_does_not_own_its_memory_is_copied(tensor):
    copy = aligned(tensor)
    assert torch.equal(copy, tensor) and is_aligned(copy)
    assert copy.untyped_storage().data_ptr() != tensor.untyped_storage().data_ptr()


@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.int32, np.uint16])
def test_empty_arrays_are_aligned(dtype):
    for shape in (1, (3, 5), (2, 0), (7, 1, 33)):
        array = empty(shape, dtype)
        assert array.dtype == dtype and array.shape == np.empty(shape).shape
        assert array.flags.c_contiguous
        assert array.size == 0 or array.ctypes.data % ALIGNMENT_BYTES == 0


# Weights


@pytest.mark.parametrize("quantize", [None, "int8"])
@pytest.mark.parametrize("shift", SHIFTS)
def test_weights_at_any_address_of_a_file_give_the_same_bits(load_each, tmp_path, shift, quantize):
    runtime = load_each(**OPTIONS, quantize=quantize)
    model = write_tiny(tmp_path / "model", runtime.stream.cell)
    shift_file(model / "model.safetensors", shift)
    moved = Runtime.load(model, **OPTIONS, quantize=quantize)
    assert moved.identity == runtime.identity
    ids = token_ids(TOKENS)
    assert_same_bits(outcome(moved.session(), ids), outcome(runtime.session(), ids))


def test_tied_weights_stay_one_tensor(tmp_path):
    model = write_tiny(tmp_path / "model", config={**TINY, "tie_word_embeddings": True})
    tensors = load_file(model / "model.safetensors")
    del tensors["lm_head.weight"]
    save_file(tensors, model / "model.safetensors")
    loaded = Runtime.load(model, **OPTIONS).model
    assert loaded.lm_head.weight.data_ptr() == loaded.model.embed_tokens.weight.data_ptr()


def test_quantized_weights_on_disk_give_the_same_bits_at_any_address(monkeypatch, tmp_path):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(int8_file, "MIN_BYTES", 0)
    model, ids = write_tiny(tmp_path / "model"), token_ids(TOKENS)
    expected = outcome(Runtime.load(model, **OPTIONS, quantize="int8").session(), ids)
    (kept,) = (tmp_path / "cache" / "int8").iterdir()
    for shift in SHIFTS:
        shift_file(kept, shift)
        # From the file: quantizing again would fail.
        monkeypatch.setattr("ahn_runtime.loading.weights.quantize_rows", lambda _: 1 / 0)
        again = Runtime.load(model, **OPTIONS, quantize="int8")
        scales = [p for n, p in again.model.named_parameters() if n.endswith("head.scale")]
        assert scales and all(is_aligned(each) for each in scales)
        assert_same_bits(outcome(again.session(), ids), expected)


@pytest.mark.parametrize("alignment", [8, 32])
def test_a_gguf_gives_the_bits_of_the_same_safetensors(tmp_path, alignment):
    model = write_tiny(tmp_path / "model", None)
    gguf = write_gguf(tmp_path / "model.gguf", model, alignment)
    runtimes = [Runtime.load(path, ahn=None, **OPTIONS) for path in (model, gguf)]
    assert all(is_aligned(parameter) for parameter in runtimes[1].model.parameters())
    ids = token_ids(TOKENS)
    ours, theirs = (outcome(runtime.session(), ids) for runtime in runtimes)
    assert_same_bits(ours, theirs)


# States


def moved_pages(manifest, pages, shift):
    """A checkpoint whose pages hold their numbers at another address, and are named so."""
    text, moved = json.dumps(manifest), {}
    for page_hash, blob in pages.items():
        other = shifted_bytes(blob, shift)
        name = hashlib.sha256(other).hexdigest()
        moved[name] = other
        text = text.replace(page_hash, name)
    return json.loads(text), moved


@pytest.mark.parametrize("quantize", [None, "int8"])
@pytest.mark.parametrize("shift", SHIFTS)
def test_a_state_from_pages_at_any_address_continues_bit_for_bit(load_each, shift, quantize):
    runtime = load_each(**OPTIONS, quantize=quantize)
    ids, session = token_ids(100 + TOKENS), runtime.session()
    session.feed(ids[:100], logits=None)
    checkpoint = save_checkpoint(session)
    manifest, pages = moved_pages(checkpoint.manifest, checkpoint.pages, shift)
    loaded = load_checkpoint(runtime, manifest, pages.__getitem__)
    state = loaded.state
    held = [part for la in state.layers for part in (la.k, la.v, la.gates, la.memory)]
    assert all(is_aligned(part) for part in [*held, state.last_hidden])
    assert torch.equal(loaded.next_logits(), session.next_logits())
    snapshot = loaded.snapshot()
    expected = outcome(session, ids[100:])
    for again in (loaded.fork(), loaded, runtime.restore(snapshot)):
        assert_same_bits(outcome(again, ids[100:]), expected)


def test_a_state_stays_in_aligned_memory_however_it_is_fed(load_each):
    session = load_each(**OPTIONS).session()
    ids = token_ids(140)
    for start, end in ((0, 1), (1, 20), (20, 60), (60, 61), (61, 68), (68, 140)):
        session.feed(ids[start:end], logits=None)
        state = session.state
        held = [part for la in state.layers for part in (la.k, la.v, la.gates, la.memory)]
        assert all(is_aligned(part) for part in [*held, state.last_hidden])


@pytest.mark.parametrize("shift", [4, 8, 20])
def test_ids_at_any_address_give_the_same_bits(load_tiny, shift):
    ids = token_ids(TOKENS)
    raw = np.empty(ids.nbytes + ALIGNMENT_BYTES, np.uint8)
    array = raw[shift : shift + ids.nbytes].view(np.int64)
    array[:] = ids.numpy()
    runtime = load_tiny(**OPTIONS)
    expected = runtime.session().feed(ids, logits="all")
    assert torch.equal(runtime.session().feed(torch.from_numpy(array), logits="all"), expected)


# Between the products of an int8 layer


def test_what_an_int8_layer_hands_to_products_is_aligned(load_tiny):
    runtime = load_tiny(**OPTIONS, quantize="int8")
    hidden, layer = runtime.config.hidden_size, runtime.model.layers[0]
    attn, mlp = layer.self_attn, layer.mlp
    projections = (attn.q_proj, attn.k_proj, attn.v_proj), (mlp.gate_proj, mlp.up_proj)
    int8 = Int8Layer(layer, *map(FusedLinear, projections))
    rotation = torch.randn(2, 21, runtime.config.head_dim)
    with torch.inference_mode():
        x = torch.randn(21, hidden)
        h, heads = int8.project(x, rotation)
        out = int8.finish(x, torch.randn(runtime.config.num_heads, 21, heads.q.shape[-1]))
    assert is_aligned(h) and is_aligned(heads.q) and is_aligned(out)


# Compiled loops: the same bits wherever their arrays lie


def run_norm(x, weight):
    h, rows, scales = (
        torch.zeros_like(x),
        torch.zeros(x.shape, dtype=torch.int8),
        torch.zeros(len(x)),
    )
    out = h.numpy(), rows.numpy(), scales.numpy()
    norm_quantize(x.numpy(), weight[0].numpy(), np.float32(1e-6), *out, 0, len(x))
    return h, rows, scales


def run_fine(x):
    rows, scales = torch.zeros((2 * len(x), x.shape[1]), dtype=torch.int8), torch.zeros(len(x))
    quantize_two_terms(x.numpy(), rows.numpy(), scales.numpy(), 0, len(x))
    return rows, scales


def run_attention(q, k, v):
    out, scores = torch.zeros_like(q), torch.zeros(len(q), k.shape[1])
    arrays = q.numpy(), k.numpy(), v.numpy()
    decode_attention(*arrays, k.shape[1], scores.numpy(), out.numpy(), 0, len(q))
    return (out,)


def run_gates(x, weights, bias):
    gates = torch.zeros(2, len(x), len(weights))
    arrays = [t.numpy() for t in (x, weights, weights, bias[0], bias[0], gates)]
    write_gates(*arrays, 0, len(weights))
    return (gates,)


def run_memory(q, k, gates, x, memory, weights, norm):
    added, after = torch.zeros_like(q), torch.zeros_like(memory)
    given = (q, k, k, gates, x, memory, weights, norm[0], memory)
    eps = np.float32(1e-6)
    arrays = [t.numpy() for t in given]
    fused_recurrent_gated_delta_rule(*arrays, eps, eps, added.numpy(), after.numpy(), 0, len(q))
    return added, after


def run_products(weights, rows):
    coarse = torch.zeros(len(weights), dtype=torch.int32)
    fine = torch.zeros(len(weights))
    product(weights.numpy(), rows.numpy()[0], coarse.numpy(), 0, len(weights))
    two_term_product(weights.numpy(), rows.numpy(), fine.numpy(), 0, len(weights))
    return coarse, fine


LOOPS = {
    "norm": (run_norm, [(5, 67), (1, 67)]),
    "fine": (run_fine, [(5, 67)]),
    "attention": (run_attention, [(6, 1, 12), (2, 133, 12), (2, 133, 12)]),
    "gates": (run_gates, [(5, 67), (6, 67), (1, 6)]),
    "memory": (
        run_memory,
        [(6, 5, 12), (6, 5, 12), (2, 5, 6), (5, 67), (6, 12, 12), (6, 67), (1, 12)],
    ),
    "products": (run_products, [(9, 67), (2, 67)]),
}


@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("loop", list(LOOPS))
def test_compiled_loops_give_the_same_bits_at_any_address(loop, shift):
    run, shapes = LOOPS[loop]
    torch.manual_seed(0)
    given = [torch.randn(shape) for shape in shapes]
    if loop == "products":
        given = [(40 * each).clamp(-127, 127).to(torch.int8) for each in given]
    moved = [shifted(each, shift) for each in given]
    assert_same_bits(run(*moved), run(*given))
