"""The arrays of the decode step: a layer's weights, its cache, and what threads share.

Loops take NamedTuples of arrays. A model has many layers, so their arrays are passed as one table
of record dtypes that hold addresses; inside a loop `weights_at` and `cache_at` make the tuples of
one layer from its row.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np
import torch

from ahn_runtime.backends.cpu.jit import jit
from ahn_runtime.backends.cpu.threads import blocks_at, float32_at, int8_at, int64_at

f32, i8, i32 = np.float32, np.int8, np.int32


CACHE_DTYPES = {torch.float32: np.float32, torch.bfloat16: np.uint16}
"""Dtypes of cached keys and values, and of the arrays that the loops see; see `bfloat16`."""

Array = np.ndarray[Any, Any]


class Sizes(NamedTuple):
    """Of the model; the cache's capacity in positions, and how many of them are behind the ring."""

    hidden: int
    inner: int
    heads: int
    kv_heads: int
    head_dim: int
    capacity: int
    room: int


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
        has_memory: whether lost tokens go into a memory.
        memory_scale: float32, factor of what the memory adds to the attention output.
        loses: whether each key/value head loses a token: the one that leaves the slot, or with a
            retained set the weakest one.
        leaver: position of the token that leaves the slot.
        first_retained: slot of the first retained token.
        filled: retained tokens before this one.
        counted_head: whose weights count, of each group, for a retained set; -1: none's.
    """

    held: int
    slot: int
    evicts: bool
    has_memory: bool
    memory_scale: np.float32
    loses: bool
    leaver: int
    first_retained: int
    filled: int
    counted_head: int


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
    attention: Array  # float32 [2, Hkv, capacity]: strength, received; this and the next
    retained: Array  # int64 [1, Hkv, room], positions: only with a retained set


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
    lost: Array  # int64 [Hkv]: slots that a leaving token frees or fills; only if one leaves


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
        blocks_at(at.attention, 2, sizes.kv_heads, capacity, like),
        int64_at(at.retained, 1, sizes.kv_heads, sizes.room),
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
        np.empty(sizes.kv_heads, np.int64),
    )
