"""One token through all layers of an int8 model on a CPU, in one compiled call for each thread.

Decoding reads every weight once for each token, so memory bandwidth bounds it. One call per thread
avoids dispatch between products: the threads share the rows of every product and the heads of every
attention, and synchronise at barriers inside the call.

The twin is `TorchBackend.run_layers`: the same numbers but for the rounding of sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from ahn_runtime.aligned import empty
from ahn_runtime.backends.cpu.attention import decode_attention
from ahn_runtime.backends.cpu.bfloat16 import bf16_to_float, float_to_bf16
from ahn_runtime.backends.cpu.decode_products import product, two_term_product, two_term_row
from ahn_runtime.backends.cpu.decode_records import (
    CACHE_ADDRESSES,
    CACHE_DTYPES,
    WEIGHT_ADDRESSES,
    Array,
    Epsilons,
    LayerWeights,
    Shared,
    Sizes,
    Step,
    cache_at,
    own_arrays,
    weights_at,
)
from ahn_runtime.backends.cpu.fast_exp import silu
from ahn_runtime.backends.cpu.gated_delta_rule import fused_recurrent_gated_delta_rule, write_gates
from ahn_runtime.backends.cpu.int8_layer import Int8Layer
from ahn_runtime.backends.cpu.int8_linear import Int8Linear
from ahn_runtime.backends.cpu.int8_rows import (
    norm_quantize,
    quantize_heads,
    quantize_two_terms,
    split_heads,
)
from ahn_runtime.backends.cpu.jit import jit
from ahn_runtime.backends.cpu.retained import slot_to_free
from ahn_runtime.backends.cpu.threads import (
    CAN_YIELD,
    barrier,
    parallel_for,
    run_with_barriers,
    share_of,
)
from ahn_runtime.model.attention import BlockPlan
from ahn_runtime.model.cache import ModelState
from ahn_runtime.model.cells.base import L2_EPS, NORM_EPS
from ahn_runtime.model.cells.gated_delta_net import GatedDeltaNetCell
from ahn_runtime.model.qwen2 import Qwen2, Rotations

f32 = np.float32
ZERO = f32(0)


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
            copy_evicted(cache, sizes, step, own)
        barrier(arrivals, threads)
        write_cache(part, threads, cache, sizes, step, own, shared)
        barrier(arrivals, threads)
        attend_and_remember(part, threads, of, cache, sizes, epsilons, step, own, shared)
        barrier(arrivals, threads)
        if step.counted_head >= 0:
            count_attention(part, threads, cache, sizes, step, shared)
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
def copy_evicted(cache, sizes, step, own):  # type: ignore[no-untyped-def]
    """Copy what is lost, for this thread alone, before any thread overwrites it."""
    for head in range(cache.keys.shape[0]):
        lost = step.slot
        if sizes.room > 0:
            strength, positions = cache.attention[0, head], cache.retained[0, head]
            first, filled = step.first_retained, step.filled
            lost = slot_to_free(strength, positions, lost, first, filled, sizes.room)
        own.lost[head] = lost
        for i in range(cache.keys.shape[2]):
            own.old_keys[head, 0, i] = bf16_to_float(cache.keys[head, lost, i])
            own.old_values[head, 0, i] = bf16_to_float(cache.values[head, lost, i])


@jit
def retain_leaver(cache, step, own, head):  # type: ignore[no-untyped-def]
    """Move what leaves the slot to that of the token that is lost instead."""
    lost, slot = own.lost[head], step.slot
    if lost == slot:
        return
    for i in range(cache.keys.shape[2]):
        cache.keys[head, lost, i] = cache.keys[head, slot, i]
        cache.values[head, lost, i] = cache.values[head, slot, i]
    for row in range(2):
        cache.attention[row, head, lost] = cache.attention[row, head, slot]
    cache.retained[0, head, lost - step.first_retained] = step.leaver


@jit
def count_attention(part, threads, cache, sizes, step, shared):  # type: ignore[no-untyped-def]
    """Add one head's weights of each group to what the held tokens received, as `write_cache`."""
    group = sizes.heads // sizes.kv_heads
    for head in range(part, sizes.kv_heads, threads):
        query = head * group + step.counted_head
        for j in range(step.held):
            cache.attention[1, head, j] += shared.scores[query, j]


@jit
def write_cache(part, threads, cache, sizes, step, own, shared):  # type: ignore[no-untyped-def]
    """Put keys and values into the slot, every so many heads by another thread."""
    heads, keys, values = shared.heads, cache.keys, cache.values
    for head in range(part, sizes.kv_heads, threads):
        if sizes.room > 0:
            if step.evicts:
                retain_leaver(cache, step, own, head)
            cache.attention[0, head, step.slot] = ZERO
            cache.attention[1, head, step.slot] = ZERO
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
    exchange_gates(weights, cache, sizes, step, own, first, last)
    if not step.loses:
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
def exchange_gates(weights, cache, sizes, step, own, first, last):  # type: ignore[no-untyped-def]
    """Put the token's write gates into its slot; those of the lost one become `own.old_gates`."""
    group = sizes.heads // sizes.kv_heads
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
            lost = own.lost[head // group] if step.evicts and sizes.room > 0 else step.slot
            own.old_gates[gate, 0, head] = cache.gates[gate, lost, head]
            cache.gates[gate, lost, head] = cache.gates[gate, step.slot, head]
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
        self._group = config.num_heads // config.num_kv_heads
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
                for tensor in (layer.k, layer.v, layer.gates, layer.memory, layer.attention)
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
            [layer.k, layer.v, layer.gates, layer.memory, memory, layer.attention, layer.retained]
            for layer, memory in zip(state.layers, after, strict=True)
        ]
        step = self._step(plan)
        assert isinstance(plan.write_slots, slice)
        out, threads = x.clone(), torch.get_num_threads()
        arguments = (
            threads,
            np.zeros(1, np.int64),
            self._weights,
            _records(caches, CACHE_ADDRESSES),
            empty(0, CACHE_DTYPES[state.layers[0].k.dtype]),
            self._sizes(state.layers[0].k.shape[1], state.layers[0].retained.shape[1]),
            self._epsilons,
            step,
            rotations.positions.numpy(),
            self._shared(out.numpy(), plan.held_after),
        )
        run_with_barriers(lambda part: decode_layers(part, *arguments), threads)
        for layer, memory in zip(state.layers, after, strict=True):
            if step.loses:
                layer.memory = memory
            layer.end_block(plan)
        return out

    def _step(self, plan: BlockPlan) -> Step:
        assert isinstance(plan.write_slots, slice)
        evicts, competition = plan.evict_slots is not None, plan.competition
        return Step(
            held=plan.held_after,
            slot=plan.write_slots.start,
            evicts=evicts,
            has_memory=self._has_memory,
            memory_scale=f32(plan.memory_scale),
            loses=evicts if competition is None else competition.lost > 0,
            leaver=plan.start - (plan.window or 0),
            first_retained=0 if competition is None else competition.first_slot,
            filled=0 if competition is None else competition.filled,
            counted_head=(
                -1
                if competition is None
                else competition.grid.counted_head(plan.start, self._group)
            ),
        )

    def _sizes(self, capacity: int, room: int) -> Sizes:
        return Sizes(
            self._hidden, self._inner, self._heads, self._kv_heads, self._head_dim, capacity, room
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
    if not CAN_YIELD or model.config.qk_norm:
        return False
    return all(
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
