"""The CPU's backend: fused int8 products, and compiled loops where tokens are few.

By the number of tokens in a block:

    one      int8 models: all layers in one compiled call per thread (`decode_step`)
    few      up to `FEW_TOKENS`: GatedDeltaNet's gates and memory in loops (`gated_delta_rule`),
             attention as two products per key/value head
    any      int8 models: products by torch, the steps between them in loops (`int8_layer`)
    many     from `PIECE_ROWS` tokens per thread on, int8 models: rows and heads in pieces that free
             threads take, each with torch on one thread (`pieces`)

What a fast path does not support (gradients, other dtypes, rebased sinks) falls through to
`TorchBackend`, the twin of all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from ahn_runtime.backends.cpu import retained
from ahn_runtime.backends.cpu.decode_step import DecodeStep, TwoTermRow, can_decode
from ahn_runtime.backends.cpu.gated_delta_rule import fused_recurrent_gated_delta_rule, write_gates
from ahn_runtime.backends.cpu.int8_layer import PIECE_ROWS, Int8Layer
from ahn_runtime.backends.cpu.int8_linear import FusedLinear, Int8Linear, shared_inputs
from ahn_runtime.backends.cpu.jit import arrays, is_few
from ahn_runtime.backends.cpu.pieces import PieceThreads, map_pieces
from ahn_runtime.backends.torch import TorchBackend
from ahn_runtime.model.attention import BlockPlan, attend_few
from ahn_runtime.model.cache import SHORT_BLOCK_TOKENS, LayerState, ModelState
from ahn_runtime.model.cells import Cell
from ahn_runtime.model.cells.base import L2_EPS, NORM_EPS, Scanned
from ahn_runtime.model.cells.gated_delta_net import GatedDeltaNetCell
from ahn_runtime.model.qwen2 import DecoderLayer, Heads, Qwen2, Rotations
from ahn_runtime.model.retained import Competition, Outcome, counted

FEW_QUERIES = 16
"""Up to this many queries, attention is faster as one product per key/value head."""


class CpuBackend(TorchBackend):
    """A `Backend` for float32 and int8 models on a CPU.

    Args:
        model: its fused weights, views of the model's, are kept here by layer; None: this backend
            serves cells and attention alone.
    """

    def __init__(self, model: Qwen2 | None = None) -> None:
        super().__init__(model)
        self._fused: dict[tuple[nn.Module, ...], FusedLinear] = {}
        self._layers: dict[DecoderLayer, Int8Layer] = {}
        self._decode_step: DecodeStep | None = None
        self._single_row: dict[nn.Module, TwoTermRow] = {}
        if model is None:
            return
        self._fused = {tuple(layers): FusedLinear(layers) for layers in shared_inputs(model)}
        for layer in model.layers:
            attn, mlp = layer.self_attn, layer.mlp
            qkv = self._fused.get((attn.q_proj, attn.k_proj, attn.v_proj))
            gate_up = self._fused.get((mlp.gate_proj, mlp.up_proj))
            if qkv is not None and gate_up is not None:
                self._layers[layer] = Int8Layer(layer, qkv, gate_up)
        if can_decode(model) and len(self._layers) == len(model.layers):
            self._decode_step = DecodeStep(model, list(self._layers.values()))
            head = cast(nn.Module, model.lm_head)
            if isinstance(head, Int8Linear) and head.two_term and head.bias is None:
                self._single_row[head] = TwoTermRow(head)

    @property
    def has_decode_step(self) -> bool:
        """Whether a single token goes through all layers in one call, where that is supported."""
        return self._decode_step is not None

    def run_layers(
        self,
        layers: Sequence[DecoderLayer],
        x: Tensor,
        state: ModelState,
        plan: BlockPlan,
        rotations: Rotations,
        rows: int,
    ) -> Tensor:
        """x [T, hidden] -> [rows, hidden]; a single token in one call where that is supported."""
        step = self._decode_step
        if step is not None and step.supports(x, state, rotations):
            return step(x, state, plan, rotations)
        threads = torch.get_num_threads()
        if not self._takes_pieces(layers, x, rotations, threads):
            return super().run_layers(layers, x, state, plan, rotations, rows)
        return PieceThreads.of(threads).lead(
            lambda: TorchBackend.run_layers(self, layers, x, state, plan, rotations, rows)
        )

    def _takes_pieces(
        self, layers: Sequence[DecoderLayer], x: Tensor, rotations: Rotations, threads: int
    ) -> bool:
        """Whether a block x [T, hidden] is long enough for a piece of each layer per thread."""
        fast = self._layers.get(layers[0])
        return (
            1 < threads <= len(x) // PIECE_ROWS
            and fast is not None
            and len(self._layers) == len(layers)
            and fast.supports(x, rotations)
        )

    def run_layer(
        self,
        layer: DecoderLayer,
        x: Tensor,
        state: LayerState,
        plan: BlockPlan,
        rotations: Rotations,
        rows: int,
    ) -> Tensor:
        """x [T, hidden] -> [rows, hidden]; between int8 products in loops."""
        fast = self._layers.get(layer)
        if fast is not None and fast.supports(x, rotations):
            return fast.forward(x, state, plan, rotations, self, rows)
        return super().run_layer(layer, x, state, plan, rotations, rows)

    def linear(self, x: Tensor, *layers: nn.Module) -> tuple[Tensor, ...]:
        """x [T, K] -> one [T, N] for each layer; int8 layers of the same input are fused."""
        fused = self._fused.get(layers)
        if fused is not None:
            return fused(x)
        row = self._single_row.get(layers[0])
        if row is not None and len(x) == 1 and x.dtype == torch.float32 and not x.requires_grad:
            return (row(x),)
        return super().linear(x, *layers)

    def attend(
        self, q: Tensor, q_sinks: Tensor | None, k: Tensor, v: Tensor, plan: BlockPlan
    ) -> Tensor:
        """[H, rows, D]; for a few queries as plain products."""
        if q_sinks is None and q.shape[1] <= FEW_QUERIES:
            return attend_few(q, k, v, plan.last_mask(q.shape[1]))
        if q_sinks is not None:
            return super().attend(q, q_sinks, k, v, plan)
        group = len(q) // len(k)
        found = map_pieces(
            lambda first, last: TorchBackend.attend(
                self,
                q[first * group : last * group],
                None,
                k[first:last],
                v[first:last],
                plan.of_heads(first, last),
            ),
            len(k),
        )
        return found[0] if len(found) == 1 else torch.cat(found)

    def compete(self, strength: Tensor, positions: Tensor, competition: Competition) -> Outcome:
        """Strengths and positions [Hkv, F + E]: in a loop over the leavers.

        It takes a tenth of a millisecond, less than waking a thread for a piece of it.
        """
        return retained.compete(strength, positions, competition)

    def keep(self, state: LayerState, competition: Competition, outcome: Outcome) -> None:
        """In a loop over the retained slots."""
        retained.keep(state, competition, outcome)

    def attend_retained(
        self, heads: Heads, k: Tensor, v: Tensor, plan: BlockPlan, lost_with: Tensor, rows: int
    ) -> tuple[Tensor, Tensor]:
        """[H, rows, D], and float32 [Hkv, T or 1, K]; of a long block heads in pieces.

        A piece writes its heads' masks and uses them, so they stay in its core's cache.
        """
        q = heads.q
        tokens, dtype = q.shape[1], q.dtype
        short = max(SHORT_BLOCK_TOKENS, FEW_QUERIES)
        rebased = heads.q_sinks is not None
        if tokens <= short or rebased or dtype != torch.float32 or torch.is_grad_enabled():
            return super().attend_retained(heads, k, v, plan, lost_with, rows)
        assert plan.competition is not None
        group, grid = len(q) // len(k), plan.competition.grid
        ours, rows_counted = counted(q, len(k), plan.start, grid), grid.counted_rows(plan.start)
        plan.reserve_head_masks(len(k))  # by one thread

        def of_heads(first: int, last: int) -> tuple[Tensor, Tensor]:
            piece = plan.with_head_masks(lost_with, retained.mask_heads, first, last)
            assert piece.mask is not None
            keys, values = k[first:last], v[first:last]
            wanted = q[first * group : last * group, tokens - rows :]
            out = TorchBackend.attend(self, wanted, None, keys, values, piece) if rows else wanted
            mask = piece.mask[..., rows_counted, :]
            return out, retained.attention_received(ours[first:last], keys, mask)

        outputs, received = zip(*map_pieces(of_heads, len(k)), strict=True)
        return torch.cat(outputs), torch.cat(received)

    def gated_delta_rule(
        self, q: Tensor, k: Tensor, v: Tensor, beta: Tensor, log_decay: Tensor, state: Tensor
    ) -> Scanned:
        """The torch form; heads in pieces."""
        return _by_heads(super().gated_delta_rule, q, k, v, beta, log_decay, state)

    def delta_rule(self, q: Tensor, k: Tensor, v: Tensor, beta: Tensor, state: Tensor) -> Scanned:
        """The torch form; heads in pieces."""
        return _by_heads(super().delta_rule, q, k, v, beta, state)

    def gated_linear_attention(
        self, q: Tensor, k: Tensor, v: Tensor, log_decay: Tensor, state: Tensor
    ) -> Scanned:
        """The torch form; heads in pieces."""
        return _by_heads(super().gated_linear_attention, q, k, v, log_decay, state)

    def write_gates(self, cell: Cell, x: Tensor) -> Tensor:
        """x [T, hidden] -> float32 [G, T, H]; of a few tokens in a loop."""
        if not isinstance(cell, GatedDeltaNetCell) or not is_few(x, cell.a_proj.weight):
            return super().write_gates(cell, x)
        heads = len(cell.dt_bias)
        gates = torch.empty(cell.num_gates, len(x), heads)
        parts = x, cell.b_proj.weight, cell.a_proj.weight, cell.dt_bias, cell.A_log
        write_gates(*arrays(*parts), gates.numpy(), 0, heads)
        return gates

    def memory_step(
        self,
        cell: Cell,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        gates: Tensor,
        x: Tensor,
        memory: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """What the memory adds [H, E, D], and the memory after it; of a few tokens in a loop."""
        if not isinstance(cell, GatedDeltaNetCell) or not is_few(x, cell.o_proj.weight):
            return super().memory_step(cell, q, k, v, gates, x, memory)
        weights = cell.g_proj.weight, cell.o_norm.weight, cell.o_proj.weight
        added, after = torch.empty_like(q), torch.empty_like(memory)
        fused_recurrent_gated_delta_rule(
            *arrays(q, k, v, gates, x, memory, *weights),
            np.float32(L2_EPS),
            np.float32(NORM_EPS),
            added.numpy(),
            after.numpy(),
            0,
            len(memory),
        )
        return added, after


def _by_heads(scan: Callable[..., Scanned], *tensors: Tensor) -> Scanned:
    """A recurrence over tensors whose first axis is the heads, some heads in each piece."""
    found = map_pieces(
        lambda first, last: scan(*(tensor[first:last] for tensor in tensors)), len(tensors[0])
    )
    if len(found) == 1:
        return found[0]
    return torch.cat([y for y, _ in found]), torch.cat([state for _, state in found])
