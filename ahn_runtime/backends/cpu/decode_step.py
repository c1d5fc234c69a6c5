"""One token through all layers of an int8 model on a CPU, in one compiled call for each thread.

Decoding reads every weight once for each token, so memory bandwidth bounds it. One call per thread
avoids dispatch between products: the threads share the rows of every product and the heads of every
attention, and synchronise at barriers inside the call.

The twin is `TorchBackend.run_layers`: the same numbers but for the rounding of sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from torch import Tensor

from ahn_runtime.aligned import empty
from ahn_runtime.backends.cpu.attention import decode_attention
from ahn_runtime.backends.cpu.bfloat16 import bf16_to_float, float_to_bf16
from ahn_runtime.backends.cpu.fast_exp import silu
from ahn_runtime.backends.cpu.gated_delta_rule import fused_recurrent_gated_delta_rule, write_gates
from ahn_runtime.backends.cpu.int8_layer import Int8Layer
from ahn_runtime.backends.cpu.int8_linear import REFINEMENT, Int8Linear
from ahn_runtime.backends.cpu.int8_rows import (
    norm_quantize,
    quantize_heads,
    quantize_two_terms,
    split_heads,
)
from ahn_runtime.backends.cpu.jit import jit
from ahn_runtime.backends.cpu.threads import (
    CAN_YIELD,
    barrier,
    blocks_at,
    float32_at,
    int8_at,
    parallel_for,
    prefetch,
    run_with_barriers,
    share_of,
)
from ahn_runtime.model.attention import BlockPlan
from ahn_runtime.model.cache import ModelState
from ahn_runtime.model.cells.base import L2_EPS, NORM_EPS
from ahn_runtime.model.cells.gated_delta_net import GatedDeltaNetCell
from ahn_runtime.model.qwen2 import Qwen2, Rotations

f32, i8, i32 = np.float32, np.int8, np.int32
FINER = f32(REFINEMENT)
LINE_BYTES = 64
PREFETCH_BYTES = 4096
"""How far ahead of a product's arithmetic its weights are prefetched."""

CACHE_DTYPES = {torch.float32: np.float32, torch.bfloat16: np.uint16}
"""Dtypes of cached keys and values, and of the arrays that the loops see; see `bfloat16`."""

Array = np.ndarray[Any, Any]


class Sizes(NamedTuple):
    """Of the model, and the cache's capacity in positions."""

    hidden: int
    inner: int
    heads: int
    kv_heads: int
    head_dim: int
    capacity: int


class Epsilons(NamedTuple):
    """Under the roots of the layers' norms, of the keys' norm and of the memory's norm; float32."""

    norm: np.float32
    l2: np.float32
    memory_norm: np.float32


class Step(NamedTuple):
    """The token's place in the cache.

    Args:
        held: positions in the cache, this one among them.
        slot: this position's slot.
        evicts: whether another position leaves that slot.
        has_memory: whether evicted positions go into a memory.
        memory_scale: float32, factor of what the memory adds to the attention output.
    """

    held: int
    slot: int
    evicts: bool
    has_memory: bool
    memory_scale: np.float32


class LayerWeights(NamedTuple):
    """A layer's weights; "scale" is a product's, for each output row. A: H + 2 Hkv heads."""

    norm: Array  # float32 [hidden]
    qkv: Array  # int8 [A D, hidden]
    qkv_scale: Array  # float32 [A D]
    qkv_bias: Array  # float32 [A D]
    out: Array  # int8 [hidden, H D]
    out_scale: Array  # float32 [hidden]
    mlp_norm: Array  # float32 [hidden]
    gate_up: Array  # int8 [2 inner, hidden]
    gate_up_scale: Array  # float32 [2 inner]
    down: Array  # int8 [hidden, inner]
    down_scale: Array  # float32 [hidden]
    beta: Array  # float32 [H, hidden]; this and what follows belong to the memory
    decay: Array  # float32 [H, hidden]
    dt_bias: Array  # float32 [H]
    A_log: Array  # float32 [H]
    read_gate: Array  # float32 [H, hidden]
    read_norm: Array  # float32 [D]
    read_out: Array  # float32 [H, D, D]


class LayerCache(NamedTuple):
    """A layer's part of a session's state."""

    keys: Array  # float32 or bfloat16 [Hkv, capacity, D]
    values: Array  # like keys
    gates: Array  # float32 [2, capacity, H]
    memory: Array  # float32 [H, D, D]
    memory_after: Array  # float32 [H, D, D]: gets the memory after this token


class Shared(NamedTuple):
    """Arrays that all threads write their parts of, and read whole behind a barrier; float32."""

    x: Array  # [1, hidden]: the layer's input, and its output
    heads: Array  # [A, 1, D]: queries, keys, values
    scores: Array  # [H, held]
    mixed: Array  # [H, 1, D]: what the heads found
    middle: Array  # [1, hidden]: the residual between attention and MLP
    inner: Array  # [1, inner]: silu(gate) * up


class Own(NamedTuple):
    """A thread's own arrays.

    What every thread needs whole (a normed row, its int8 values) each computes for itself: that
    takes less time than waiting for another thread to do it.
    """

    h: Array  # float32 [1, hidden], normed
    row: Array  # int8 [1, hidden]
    scale: Array  # float32 [1], of a quantized row
    mixed_row: Array  # int8 [1, H D]
    two_terms: Array  # int8 [2, inner]
    sums: Array  # int32, for the longest product
    two_term_sums: Array  # float32 [hidden]
    old_keys: Array  # float32 [Hkv, 1, D]: what leaves the slot
    old_values: Array  # float32 [Hkv, 1, D]
    old_gates: Array  # float32 [2, 1, H]
    gates: Array  # float32 [2, 1, H]: of this token
    added: Array  # float32 [H, 1, D]: what the memory adds


def _addresses(names: type) -> np.dtype[Any]:
    """A record of one int64 address for each field of a NamedTuple of arrays."""
    return np.dtype([(name, np.int64) for name in cast(Any, names)._fields])


WEIGHT_ADDRESSES, CACHE_ADDRESSES = _addresses(LayerWeights), _addresses(LayerCache)


@jit
def weights_at(at, sizes, like):  # type: ignore[no-untyped-def]
    """The `LayerWeights` at a record's addresses; `like`: any float32 array."""
    hidden, inner, heads, dim = sizes.hidden, sizes.inner, sizes.heads, sizes.head_dim
    columns = (heads + 2 * sizes.kv_heads) * dim
    return LayerWeights(
        float32_at(at.norm, 1, hidden)[0],
        int8_at(at.qkv, columns, hidden),
        float32_at(at.qkv_scale, 1, columns)[0],
        float32_at(at.qkv_bias, 1, columns)[0],
        int8_at(at.out, hidden, heads * dim),
        float32_at(at.out_scale, 1, hidden)[0],
        float32_at(at.mlp_norm, 1, hidden)[0],
        int8_at(at.gate_up, 2 * inner, hidden),
        float32_at(at.gate_up_scale, 1, 2 * inner)[0],
        int8_at(at.down, hidden, inner),
        float32_at(at.down_scale, 1, hidden)[0],
        float32_at(at.beta, heads, hidden),
        float32_at(at.decay, heads, hidden),
        float32_at(at.dt_bias, 1, heads)[0],
        float32_at(at.A_log, 1, heads)[0],
        float32_at(at.read_gate, heads, hidden),
        float32_at(at.read_norm, 1, dim)[0],
        blocks_at(at.read_out, heads, dim, dim, like),
    )


@jit
def cache_at(at, sizes, kv_like, like):  # type: ignore[no-untyped-def]
    """The `LayerCache` at a record's addresses; `kv_like`: any array of the keys' dtype."""
    heads, dim, capacity = sizes.heads, sizes.head_dim, sizes.capacity
    return LayerCache(
        blocks_at(at.keys, sizes.kv_heads, capacity, dim, kv_like),
        blocks_at(at.values, sizes.kv_heads, capacity, dim, kv_like),
        blocks_at(at.gates, 2, capacity, heads, like),
        blocks_at(at.memory, heads, dim, dim, like),
        blocks_at(at.memory_after, heads, dim, dim, like),
    )


@jit
def own_arrays(sizes):  # type: ignore[no-untyped-def]
    """An `Own` of undefined numbers."""
    hidden, inner, heads, dim = sizes.hidden, sizes.inner, sizes.heads, sizes.head_dim
    # numba takes arrays that are unpacked from one for strided ones, and sums over those in another
    # order. The memory's bits are those of earlier versions because these stay so.
    old_keys, old_values = np.empty((2, sizes.kv_heads, 1, dim), f32)
    gates, old_gates = np.empty((2, 2, 1, heads), f32)
    return Own(
        np.empty((1, hidden), f32),
        np.empty((1, hidden), i8),
        np.empty(1, f32),
        np.empty((1, heads * dim), i8),
        np.empty((2, inner), i8),
        np.empty(max((heads + 2 * sizes.kv_heads) * dim, 2 * inner, hidden), i32),
        np.empty(hidden, f32),
        old_keys,
        old_values,
        old_gates,
        gates,
        np.empty((heads, 1, dim), f32),
    )


@jit
def product(weights, row, out, first, last):  # type: ignore[no-untyped-def]
    """out[n] = weights[n] . row, in int32: int8 [N, K], int8 [K]; rows `first` to `last`."""
    size = row.shape[0]
    for n in range(first, last):
        ahead = n * size + PREFETCH_BYTES
        for byte in range(ahead, ahead + size, LINE_BYTES):
            prefetch(weights, byte)
        total = i32(0)
        for i in range(size):
            total = i32(total + i32(i32(weights[n, i]) * i32(row[i])))
        out[n] = total


@jit
def two_term_product(weights, rows, out, first, last):  # type: ignore[no-untyped-def]
    """out[n] = weights[n] . (rows[0] + rows[1] / 254): int8 [N, K], int8 [2, K] -> float32 [N].

    Both rows are multiplied while a row of weights is in the nearest cache.
    """
    size = rows.shape[1]
    coarse, rest = rows[0], rows[1]
    for n in range(first, last):
        ahead = n * size + PREFETCH_BYTES
        for byte in range(ahead, ahead + size, LINE_BYTES):
            prefetch(weights, byte)
        total, finer = i32(0), i32(0)
        for i in range(size):
            total = i32(total + i32(i32(weights[n, i]) * i32(coarse[i])))
        for i in range(size):
            finer = i32(finer + i32(i32(weights[n, i]) * i32(rest[i])))
        out[n] = f32(total) + f32(finer) / FINER


@jit
def decode_layers(  # type: ignore[no-untyped-def]
    part,
    threads,
    arrivals,
    weights,
    caches,
    kv_like,
    sizes,
    epsilons,
    step,
    rotation,
    shared,
):
    """One token through all layers: the part of thread `part`; all get the same arrays.

    Args:
        part, threads: this thread, and how many there are.
        arrivals: int64 [1], 0 at first; see `barrier`.
        weights: [layers] of `WEIGHT_ADDRESSES`.
        caches: [layers] of `CACHE_ADDRESSES`.
        kv_like: any array of the dtype of the loops' keys and values.
        sizes, epsilons, step: `Sizes`, `Epsilons`, `Step`.
        rotation: of the token's position, float32 [2, 1, D].
        shared: `Shared`; its x is the token's embedding, and becomes the last layer's output.
    """
    own = own_arrays(sizes)
    for layer in range(weights.shape[0]):
        of = weights_at(weights[layer], sizes, shared.x)
        cache = cache_at(caches[layer], sizes, kv_like, shared.x)
        project_heads(part, threads, of, sizes, epsilons, rotation, own, shared)
        if step.evicts:
            copy_evicted(cache, step, own)
        barrier(arrivals, threads)
        write_cache(part, threads, cache, sizes, step, shared)
        barrier(arrivals, threads)
        attend_and_remember(part, threads, of, cache, sizes, epsilons, step, own, shared)
        barrier(arrivals, threads)
        add_attention(part, threads, of, sizes, own, shared)
        barrier(arrivals, threads)
        expand_mlp(part, threads, of, sizes, epsilons, own, shared)
        barrier(arrivals, threads)
        add_mlp(part, threads, of, sizes, own, shared)
        barrier(arrivals, threads)


@jit
def project_heads(  # type: ignore[no-untyped-def]
    part, threads, weights, sizes, epsilons, rotation, own, shared
):
    """Norm; queries, keys and values of this thread's heads, rotated: `shared.heads`."""
    dim, rotated = sizes.head_dim, sizes.heads + sizes.kv_heads
    first, last = share_of(rotated + sizes.kv_heads, part, threads)
    norm_quantize(shared.x, weights.norm, epsilons.norm, own.h, own.row, own.scale, 0, 1)
    product(weights.qkv, own.row[0], own.sums, first * dim, last * dim)
    split_heads(
        own.sums[first * dim : last * dim].reshape(1, -1),
        own.scale,
        weights.qkv_scale[first * dim : last * dim],
        weights.qkv_bias[first * dim : last * dim],
        rotation,
        rotated - first,
        shared.heads[first:last],
        0,
        1,
    )


@jit
def copy_evicted(cache, step, own):  # type: ignore[no-untyped-def]
    """Copy what leaves the slot, for this thread alone, before any thread overwrites it."""
    for head in range(cache.keys.shape[0]):
        for i in range(cache.keys.shape[2]):
            own.old_keys[head, 0, i] = bf16_to_float(cache.keys[head, step.slot, i])
            own.old_values[head, 0, i] = bf16_to_float(cache.values[head, step.slot, i])


@jit
def write_cache(part, threads, cache, sizes, step, shared):  # type: ignore[no-untyped-def]
    """Put keys and values into the slot, every so many heads by another thread."""
    heads, keys, values = shared.heads, cache.keys, cache.values
    for head in range(part, sizes.kv_heads, threads):
        key, value = sizes.heads + head, sizes.heads + sizes.kv_heads + head
        for i in range(sizes.head_dim):
            keys[head, step.slot, i] = float_to_bf16(heads[key, 0, i], keys)
            values[head, step.slot, i] = float_to_bf16(heads[value, 0, i], values)


@jit
def attend_and_remember(  # type: ignore[no-untyped-def]
    part, threads, weights, cache, sizes, epsilons, step, own, shared
):
    """Attention of this thread's heads, plus what their memory adds: `shared.mixed`."""
    first, last = share_of(sizes.heads, part, threads)
    q, mixed = shared.heads[: sizes.heads], shared.mixed
    decode_attention(q, cache.keys, cache.values, step.held, shared.scores, mixed, first, last)
    if not step.has_memory:
        return
    exchange_gates(weights, cache, step, own, first, last)
    if not step.evicts:
        return
    fused_recurrent_gated_delta_rule(
        q,
        own.old_keys,
        own.old_values,
        own.old_gates,
        own.h,
        cache.memory,
        weights.read_gate,
        weights.read_norm,
        weights.read_out,
        epsilons.l2,
        epsilons.memory_norm,
        own.added,
        cache.memory_after,
        first,
        last,
    )
    for head in range(first, last):
        for i in range(sizes.head_dim):
            mixed[head, 0, i] += step.memory_scale * own.added[head, 0, i]


@jit
def exchange_gates(weights, cache, step, own, first, last):  # type: ignore[no-untyped-def]
    """Put the token's write gates into its slot; those that leave it become `own.old_gates`."""
    write_gates(
        own.h,
        weights.beta,
        weights.decay,
        weights.dt_bias,
        weights.A_log,
        own.gates,
        first,
        last,
    )
    for gate in range(2):
        for head in range(first, last):
            own.old_gates[gate, 0, head] = cache.gates[gate, step.slot, head]
            cache.gates[gate, step.slot, head] = own.gates[gate, 0, head]


@jit
def add_attention(part, threads, weights, sizes, own, shared):  # type: ignore[no-untyped-def]
    """The output product of what the heads found, added to the input: `shared.middle`."""
    first, last = share_of(sizes.hidden, part, threads)
    quantize_heads(shared.mixed, own.mixed_row, own.scale, 0, 1)
    product(weights.out, own.mixed_row[0], own.sums, first, last)
    scale = own.scale[0]
    for n in range(first, last):
        shared.middle[0, n] = shared.x[0, n] + f32(own.sums[n]) * scale * weights.out_scale[n]


@jit
def expand_mlp(part, threads, weights, sizes, epsilons, own, shared):  # type: ignore[no-untyped-def]
    """Norm, gate and up product: `shared.inner`."""
    inner = sizes.inner
    first, last = share_of(inner, part, threads)
    norm_quantize(shared.middle, weights.mlp_norm, epsilons.norm, own.h, own.row, own.scale, 0, 1)
    product(weights.gate_up, own.row[0], own.sums, first, last)
    product(weights.gate_up, own.row[0], own.sums, inner + first, inner + last)
    scale = own.scale[0]
    for n in range(first, last):
        gate = f32(own.sums[n]) * scale * weights.gate_up_scale[n]
        up = f32(own.sums[inner + n]) * scale * weights.gate_up_scale[inner + n]
        shared.inner[0, n] = silu(gate) * up


@jit
def add_mlp(part, threads, weights, sizes, own, shared):  # type: ignore[no-untyped-def]
    """The down product, added to the residual: `shared.x`."""
    first, last = share_of(sizes.hidden, part, threads)
    quantize_two_terms(shared.inner, own.two_terms, own.scale, 0, 1)
    two_term_product(weights.down, own.two_terms, own.two_term_sums, first, last)
    scale = own.scale[0]
    for n in range(first, last):
        added = own.two_term_sums[n] * scale * weights.down_scale[n]
        shared.x[0, n] = shared.middle[0, n] + added


@jit
def two_term_row(weights, scale, x, out, first, last):  # type: ignore[no-untyped-def]
    """A two-term layer without bias for a single row; rows `first` to `last` of its weights.

    Args:
        weights: int8 [N, K]; scale: float32 [N], of its rows.
        x: float32 [1, K]; out: gets float32 [N].
    """
    rows, row_scale = np.empty((2, x.shape[1]), i8), np.empty(1, f32)
    quantize_two_terms(x, rows, row_scale, 0, 1)
    two_term_product(weights, rows, out, first, last)
    for n in range(first, last):
        out[n] *= row_scale[0] * scale[n]


class DecodeStep:
    """One token through all layers of a model.

    Args:
        model: one that `can_decode`; not changed.
        layers: its layers, in order.
    """

    def __init__(self, model: Qwen2, layers: Sequence[Int8Layer]) -> None:
        config = model.config
        self._first_layer = layers[0]
        self._heads, self._kv_heads = config.num_heads, config.num_kv_heads
        self._hidden, self._inner = config.hidden_size, config.intermediate_size
        self._head_dim = config.head_dim
        self._has_memory = model.layers[0].ahn is not None
        self._epsilons = Epsilons(f32(config.rms_norm_eps), f32(L2_EPS), f32(NORM_EPS))
        self._tensors = [_weights(layer) for layer in layers]  # which keeps the addresses valid
        self._weights = _records(self._tensors, WEIGHT_ADDRESSES)

    def supports(self, x: Tensor, state: ModelState, rotations: Rotations) -> bool:
        """Whether a block x [T, hidden] is a token that this can compute."""
        return (
            len(x) == 1
            and self._first_layer.supports(x, rotations)
            and all(
                layer.k.dtype in CACHE_DTYPES and tensor.is_contiguous()
                for layer in state.layers
                for tensor in (layer.k, layer.v, layer.gates, layer.memory)
            )
        )

    def __call__(
        self, x: Tensor, state: ModelState, plan: BlockPlan, rotations: Rotations
    ) -> Tensor:
        """One token through all layers; `state` gets its keys, values and gates.

        Args:
            x: the token's embedding, float32 [1, hidden]; not changed.

        Returns:
            The last layer's output, float32 [1, hidden], before the final norm.
        """
        after = [torch.empty_like(layer.memory) for layer in state.layers]
        for layer in state.layers:
            layer.make_own()
        caches = [
            [layer.k, layer.v, layer.gates, layer.memory, memory]
            for layer, memory in zip(state.layers, after, strict=True)
        ]
        evicts = plan.evict_slots is not None
        assert isinstance(plan.write_slots, slice)
        out, threads = x.clone(), torch.get_num_threads()
        arguments = (
            threads,
            np.zeros(1, np.int64),
            self._weights,
            _records(caches, CACHE_ADDRESSES),
            empty(0, CACHE_DTYPES[state.layers[0].k.dtype]),
            self._sizes(state.layers[0].k.shape[1]),
            self._epsilons,
            Step(
                plan.held_after,
                plan.write_slots.start,
                evicts,
                self._has_memory,
                f32(plan.memory_scale),
            ),
            rotations.positions.numpy(),
            self._shared(out.numpy(), plan.held_after),
        )
        run_with_barriers(lambda part: decode_layers(part, *arguments), threads)
        if evicts:
            for layer, memory in zip(state.layers, after, strict=True):
                layer.memory = memory
        return out

    def _sizes(self, capacity: int) -> Sizes:
        return Sizes(
            self._hidden, self._inner, self._heads, self._kv_heads, self._head_dim, capacity
        )

    def _shared(self, x: Array, held: int) -> Shared:
        heads, dim = self._heads, self._head_dim
        return Shared(
            x,
            empty((heads + 2 * self._kv_heads, 1, dim), f32),
            empty((heads, held), f32),
            empty((heads, 1, dim), f32),
            empty((1, self._hidden), f32),
            empty((1, self._inner), f32),
        )


def _weights(int8: Int8Layer) -> list[Tensor | None]:
    """A layer's tensors in the order of `LayerWeights`; None for those of a missing memory."""
    layer, qkv, gate_up = int8.layer, int8.qkv, int8.gate_up
    attn, mlp = layer.self_attn, layer.mlp
    out, down = (cast(Int8Linear, linear) for linear in (attn.o_proj, mlp.down_proj))
    base = [
        layer.input_layernorm.weight,
        qkv.weight,
        qkv.scale,
        torch.zeros_like(qkv.scale) if qkv.bias is None else qkv.bias,
        out.weight,
        out.scale,
        layer.post_attention_layernorm.weight,
        gate_up.weight,
        gate_up.scale,
        down.weight,
        down.scale,
    ]
    if layer.ahn is None:
        return [*base, *([None] * (len(LayerWeights._fields) - len(base)))]
    cell = cast(GatedDeltaNetCell, layer.ahn.fn)
    own = (cell.b_proj.weight, cell.a_proj.weight, cell.dt_bias, cell.A_log, cell.g_proj.weight)
    return [*base, *own, cell.o_norm.weight, cell.o_proj.weight]


def _records(layers: list[Any], dtype: np.dtype[Any]) -> Array:
    """The addresses of each layer's tensors as records; 0 for None and for empty tensors."""
    return np.array([tuple(_address(tensor) for tensor in each) for each in layers], dtype)


def _address(tensor: Tensor | None) -> int:
    return 0 if tensor is None or tensor.numel() == 0 else tensor.data_ptr()


class TwoTermRow:
    """A two-term int8 layer without bias, such as the output layer, for a single row."""

    def __init__(self, layer: Int8Linear) -> None:
        self._weight, self._scale = layer.weight.data.numpy(), layer.scale.data.numpy()

    def __call__(self, x: Tensor) -> Tensor:
        """x float32 [1, K] -> float32 [1, N]."""
        rows = len(self._scale)
        out, row = empty(rows, f32), x.contiguous().numpy()
        parallel_for(two_term_row, rows, True, self._weight, self._scale, row, out)
        return torch.from_numpy(out)[None]


def can_decode(model: Qwen2) -> bool:
    """Whether a model of int8 layers can be computed by a `DecodeStep` on this system."""
    return CAN_YIELD and all(
        (layer.ahn is None or _is_supported(layer.ahn.fn))
        and layer.input_layernorm.weight.dtype == torch.float32
        for layer in model.layers
    )


def _is_supported(cell: torch.nn.Module) -> bool:
    """Whether a memory is a float32 GatedDeltaNet."""
    return isinstance(cell, GatedDeltaNetCell) and all(
        parameter.dtype == torch.float32 and parameter.is_contiguous()
        for parameter in cell.parameters()
    )
