"""One token through all layers of an int8 model on a CPU, in one compiled call for each thread.

Answering reads every weight once for each token, so it can be as fast as memory is, and no faster;
whatever stands between two products only keeps memory waiting. Here nothing does: the threads share
the rows of every product and the heads of every attention, and meet inside the call.

The twin is `TorchBackend.run_layers`: the same numbers but for the rounding of sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor

from ahn_runtime.aligned import empty
from ahn_runtime.backends.cpu.attention import attend_single
from ahn_runtime.backends.cpu.bfloat16 import narrowed, widened
from ahn_runtime.backends.cpu.fast_exp import silu
from ahn_runtime.backends.cpu.gated_delta_rule import remember, write_gates
from ahn_runtime.backends.cpu.int8_layer import Int8Layer
from ahn_runtime.backends.cpu.int8_linear import REFINEMENT, Int8Linear
from ahn_runtime.backends.cpu.int8_rows import (
    norm_quantize,
    quantize_fine,
    quantize_heads,
    split_heads,
)
from ahn_runtime.backends.cpu.jit import compiled
from ahn_runtime.backends.cpu.threads import (
    IS_POSSIBLE,
    bytes_,
    floats,
    meet,
    prefetch,
    share_meeting,
    share_range,
    stacked,
)
from ahn_runtime.model.attention import BlockPlan
from ahn_runtime.model.cache import ModelState
from ahn_runtime.model.cells.base import L2_EPS, NORM_EPS
from ahn_runtime.model.cells.gated_delta_net import GatedDeltaNetCell
from ahn_runtime.model.qwen2 import Qwen2, Rotations

f32, i8, i32 = np.float32, np.int8, np.int32
FINER = f32(REFINEMENT)
LINE_BYTES = 64
AHEAD_BYTES = 4096
"""So far ahead of a product's arithmetic its weights are asked for."""

HELD_AS = {torch.float32: np.float32, torch.bfloat16: np.uint16}
"""Dtype of held keys and values, and of the arrays that the loops see."""

# What a row of the table of weights holds the addresses of.
NORM, QKV, QKV_SCALE, QKV_BIAS, OUT, OUT_SCALE = range(6)
MLP_NORM, GATE_UP, GATE_UP_SCALE, DOWN, DOWN_SCALE = range(6, 11)
BETA, DECAY, DT_BIAS, A_LOG, READ_GATE, READ_NORM, READ_OUT = range(11, 18)
# And of the table of a session's state.
KEYS, VALUES, GATES, MEMORY, MEMORY_AFTER = range(5)


@compiled
def product(weights, row, out, first, last):  # type: ignore[no-untyped-def]
    """out[n] = weights[n] . row, in int32: int8 [N, K], int8 [K]; rows `first` to `last`."""
    size = row.shape[0]
    for n in range(first, last):
        ahead = n * size + AHEAD_BYTES
        for byte in range(ahead, ahead + size, LINE_BYTES):
            prefetch(weights, byte)
        total = i32(0)
        for i in range(size):
            total = i32(total + i32(i32(weights[n, i]) * i32(row[i])))
        out[n] = total


@compiled
def fine_product(weights, rows, out, first, last):  # type: ignore[no-untyped-def]
    """out[n] = weights[n] . (rows[0] + rows[1] / 254): both rows while the weights are at hand."""
    size = rows.shape[1]
    coarse, rest = rows[0], rows[1]
    for n in range(first, last):
        ahead = n * size + AHEAD_BYTES
        for byte in range(ahead, ahead + size, LINE_BYTES):
            prefetch(weights, byte)
        total, finer = i32(0), i32(0)
        for i in range(size):
            total = i32(total + i32(i32(weights[n, i]) * i32(coarse[i])))
        for i in range(size):
            finer = i32(finer + i32(i32(weights[n, i]) * i32(rest[i])))
        out[n] = f32(total) + f32(finer) / FINER


@compiled
def read_token(  # type: ignore[no-untyped-def]
    part,
    parts,
    counter,
    weights,
    states,
    sizes,
    epsilons,
    place,
    memory_scale,
    kind,
    rotation,
    x,
    heads,
    scores,
    mixed,
    middle,
    inner,
):
    """The share of thread `part` of `parts`; each is called with the same arrays.

    Args:
        counter: int64 [1], 0 at first.
        weights, states: tables of addresses, int64 [layers, ...].
        sizes: hidden, inner, H, Hkv, D and the ring's capacity.
        epsilons: under the roots of the layers' norms, the keys' and the memory's norm.
        place: positions held with this one, its slot, and 1 where another leaves that slot.
        kind: any array of the dtype of keys and values; see `rounded`.
        rotation: of its position, [2, 1, D].
        x: the token's embedding, [1, hidden]; becomes the last layer's output.
        heads, scores, mixed, middle, inner: scratch for all: [H + 2 Hkv, 1, D], [H, held],
            [H, 1, D], [1, hidden], [1, inner].
    """
    hidden, width, count, kv_count, dim, capacity = sizes
    held, slot, leaves = place
    eps, l2_eps, norm_eps = epsilons
    all_heads = count + 2 * kv_count
    first, last = all_heads * part // parts, all_heads * (part + 1) // parts
    first_head, last_head = count * part // parts, count * (part + 1) // parts
    first_out, last_out = hidden * part // parts, hidden * (part + 1) // parts
    first_inner, last_inner = width * part // parts, width * (part + 1) // parts
    # Of this thread alone: what each must know whole is worked out by each, sooner than waited for.
    h, row, scale = np.empty((1, hidden), f32), np.empty((1, hidden), i8), np.empty(1, f32)
    mixed_row = np.empty((1, count * dim), i8)
    fine_rows = np.empty((2, width), i8)
    sums = np.empty(max(all_heads * dim, 2 * width, hidden), i32)
    fine_sums = np.empty(hidden, f32)
    old_keys, old_values = np.empty((2, kv_count, 1, dim), f32)
    gates, old_gates = np.empty((2, 2, 1, count), f32)
    added = np.empty((count, 1, dim), f32)
    met = 0
    for layer in range(weights.shape[0]):
        of, state = weights[layer], states[layer]
        keys = stacked(state[KEYS], kv_count, capacity, dim, kind)
        values = stacked(state[VALUES], kv_count, capacity, dim, kind)
        norm_quantize(x, floats(of[NORM], 1, hidden)[0], eps, h, row, scale, 0, 1)
        product(bytes_(of[QKV], all_heads * dim, hidden), row[0], sums, first * dim, last * dim)
        split_heads(
            sums[first * dim : last * dim].reshape(1, -1),
            scale,
            floats(of[QKV_SCALE], 1, all_heads * dim)[0][first * dim : last * dim],
            floats(of[QKV_BIAS], 1, all_heads * dim)[0][first * dim : last * dim],
            rotation,
            count + kv_count - first,
            heads[first:last],
            0,
            1,
        )
        if leaves:  # every thread's own copies, before anyone overwrites the slot
            for head in range(kv_count):
                for i in range(dim):
                    old_keys[head, 0, i] = widened(keys[head, slot, i])
                    old_values[head, 0, i] = widened(values[head, slot, i])
        met += parts
        meet(counter, met)
        for head in range(part, kv_count, parts):
            for i in range(dim):
                keys[head, slot, i] = narrowed(heads[count + head, 0, i], keys)
                values[head, slot, i] = narrowed(heads[count + kv_count + head, 0, i], values)
        met += parts
        meet(counter, met)
        attend_single(heads[:count], keys, values, held, scores, mixed, first_head, last_head)
        if state[GATES]:
            ring = stacked(state[GATES], 2, capacity, count, x)
            write_gates(
                h,
                floats(of[BETA], count, hidden),
                floats(of[DECAY], count, hidden),
                floats(of[DT_BIAS], 1, count)[0],
                floats(of[A_LOG], 1, count)[0],
                gates,
                first_head,
                last_head,
            )
            for gate in range(2):
                for head in range(first_head, last_head):
                    old_gates[gate, 0, head] = ring[gate, slot, head]
                    ring[gate, slot, head] = gates[gate, 0, head]
        if leaves and state[MEMORY]:
            remember(
                heads[:count],
                old_keys,
                old_values,
                old_gates,
                h,
                stacked(state[MEMORY], count, dim, dim, x),
                floats(of[READ_GATE], count, hidden),
                floats(of[READ_NORM], 1, dim)[0],
                stacked(of[READ_OUT], count, dim, dim, x),
                l2_eps,
                norm_eps,
                added,
                stacked(state[MEMORY_AFTER], count, dim, dim, x),
                first_head,
                last_head,
            )
            for head in range(first_head, last_head):
                for i in range(dim):
                    mixed[head, 0, i] += memory_scale * added[head, 0, i]
        met += parts
        meet(counter, met)
        quantize_heads(mixed, mixed_row, scale, 0, 1)
        product(bytes_(of[OUT], hidden, count * dim), mixed_row[0], sums, first_out, last_out)
        out_scale = floats(of[OUT_SCALE], 1, hidden)
        for n in range(first_out, last_out):
            middle[0, n] = x[0, n] + f32(sums[n]) * scale[0] * out_scale[0, n]
        met += parts
        meet(counter, met)
        norm_quantize(middle, floats(of[MLP_NORM], 1, hidden)[0], eps, h, row, scale, 0, 1)
        gate_up = bytes_(of[GATE_UP], 2 * width, hidden)
        product(gate_up, row[0], sums, first_inner, last_inner)
        product(gate_up, row[0], sums, width + first_inner, width + last_inner)
        both_scale = floats(of[GATE_UP_SCALE], 1, 2 * width)
        for n in range(first_inner, last_inner):
            gate = f32(sums[n]) * scale[0] * both_scale[0, n]
            up = f32(sums[width + n]) * scale[0] * both_scale[0, width + n]
            inner[0, n] = silu(gate) * up
        met += parts
        meet(counter, met)
        quantize_fine(inner, fine_rows, scale, 0, 1)
        down = bytes_(of[DOWN], hidden, width)
        fine_product(down, fine_rows, fine_sums, first_out, last_out)
        down_scale = floats(of[DOWN_SCALE], 1, hidden)
        for n in range(first_out, last_out):
            x[0, n] = middle[0, n] + fine_sums[n] * scale[0] * down_scale[0, n]
        met += parts
        meet(counter, met)


@compiled
def head_share(weights, scale, x, out, first, last):  # type: ignore[no-untyped-def]
    """A fine layer without bias for one row x [1, K]: out [N], rows `first` to `last`."""
    rows, row_scale = np.empty((2, x.shape[1]), i8), np.empty(1, f32)
    quantize_fine(x, rows, row_scale, 0, 1)
    fine_product(weights, rows, out, first, last)
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
        self._first = layers[0]
        self._shape = (
            config.hidden_size,
            config.intermediate_size,
            config.num_heads,
            config.num_kv_heads,
            config.head_dim,
        )
        self._epsilons = f32(config.rms_norm_eps), f32(L2_EPS), f32(NORM_EPS)
        self._kept = [_weights(layer) for layer in layers]
        self._weights = np.array([[_address(each) for each in kept] for kept in self._kept])

    def supports(self, x: Tensor, state: ModelState, rotations: Rotations) -> bool:
        """Whether a block x [T, hidden] can be computed here."""
        return (
            len(x) == 1
            and self._first.supports(x, rotations)
            and all(
                layer.k.dtype in HELD_AS and ring.is_contiguous()
                for layer in state.layers
                for ring in (layer.k, layer.v, layer.gates, layer.memory)
            )
        )

    def __call__(
        self, x: Tensor, state: ModelState, plan: BlockPlan, rotations: Rotations
    ) -> Tensor:
        """x [1, hidden], a token's embedding -> the last layer's output; `state` moves on.

        Returns:
            [1, hidden], before the final norm.
        """
        leaves = plan.evict_slots is not None
        after = [torch.empty_like(layer.memory) for layer in state.layers]
        for layer in state.layers:
            layer.make_own()
        states = np.array(
            [
                [
                    *(_address(part) for part in (layer.k, layer.v, layer.gates, layer.memory)),
                    _address(memory),
                ]
                for layer, memory in zip(state.layers, after, strict=True)
            ]
        )
        hidden, width, heads, kv_heads, dim = self._shape
        assert isinstance(plan.write_slots, slice)
        out = x.clone()
        parts = torch.get_num_threads()
        arguments = (
            parts,
            np.zeros(1, np.int64),
            self._weights,
            states,
            (*self._shape, state.layers[0].k.shape[1]),
            self._epsilons,
            (plan.held_after, plan.write_slots.start, int(leaves)),
            f32(plan.memory_scale),
            empty(0, HELD_AS[state.layers[0].k.dtype]),
            rotations.positions.numpy(),
            out.numpy(),
            empty((heads + 2 * kv_heads, 1, dim), f32),
            empty((heads, plan.held_after), f32),
            empty((heads, 1, dim), f32),
            empty((1, hidden), f32),
            empty((1, width), f32),
        )
        share_meeting(lambda part: read_token(part, *arguments), parts)
        if leaves:
            for layer, memory in zip(state.layers, after, strict=True):
                layer.memory = memory
        return out


def _weights(int8: Int8Layer) -> list[Tensor | None]:
    """What the table of weights says of a layer, in its order; None where there is no memory."""
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
        return [*base, *([None] * (READ_OUT - DOWN_SCALE))]
    cell = cast(GatedDeltaNetCell, layer.ahn.fn)
    own = (cell.b_proj.weight, cell.a_proj.weight, cell.dt_bias, cell.A_log, cell.g_proj.weight)
    return [*base, *own, cell.o_norm.weight, cell.o_proj.weight]


def _address(tensor: Tensor | None) -> int:
    return 0 if tensor is None or tensor.numel() == 0 else tensor.data_ptr()


class SingleRow:
    """A fine int8 layer without bias, such as the output layer, for a single row."""

    def __init__(self, layer: Int8Linear) -> None:
        self._weight, self._scale = layer.weight.data.numpy(), layer.scale.data.numpy()

    def __call__(self, x: Tensor) -> Tensor:
        """x float32 [1, K] -> [1, N]."""
        rows = len(self._scale)
        out, row = empty(rows, f32), x.contiguous().numpy()
        share_range(head_share, rows, True, self._weight, self._scale, row, out)
        return torch.from_numpy(out)[None]


def can_decode(model: Qwen2) -> bool:
    """Whether a model of int8 layers can be computed by a `DecodeStep` on this system."""
    return IS_POSSIBLE and all(
        (layer.ahn is None or _is_plain(layer.ahn.fn))
        and layer.input_layernorm.weight.dtype == torch.float32
        for layer in model.layers
    )


def _is_plain(cell: torch.nn.Module) -> bool:
    """Whether a memory is one this way knows, in the numbers it knows."""
    return isinstance(cell, GatedDeltaNetCell) and all(
        parameter.dtype == torch.float32 and parameter.is_contiguous()
        for parameter in cell.parameters()
    )
