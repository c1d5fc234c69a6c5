"""The plain backend: every step in torch calls. The twin that faster backends are tested against.

It runs on any device, in any dtype, and with gradients.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor, nn

from ahn_runtime.model.attention import attend, attend_rebased
from ahn_runtime.model.cells.base import Cell, Scanned
from ahn_runtime.model.retained import (
    Competition,
    Outcome,
    attention_received,
    compete,
    counted,
)
from ahn_runtime.ops.delta_rule import chunk_delta_rule
from ahn_runtime.ops.gated_delta_rule import chunk_gated_delta_rule, step_gated_delta_rule
from ahn_runtime.ops.gated_linear_attention import (
    chunk_gated_linear_attention,
    naive_gated_linear_attention,
)

if TYPE_CHECKING:
    from ahn_runtime.model.attention import BlockPlan
    from ahn_runtime.model.cache import LayerState, ModelState
    from ahn_runtime.model.qwen2 import DecoderLayer, Heads, Qwen2, Rotations


class TorchBackend:
    """A `Backend` without fast paths of its own.

    Args:
        model: the model to compute; this backend keeps nothing of it. Faster backends prepare its
            weights; without a model they serve cells and attention alone.
    """

    recurrences: ClassVar[str] = "torch"
    """What computes the recurrences, for people."""
    attention: ClassVar[str] = "torch"
    """What computes attention, for people."""

    def __init__(self, model: Qwen2 | None = None) -> None:
        pass

    def run_layers(
        self,
        layers: Sequence[DecoderLayer],
        x: Tensor,
        state: ModelState,
        plan: BlockPlan,
        rotations: Rotations,
        rows: int,
    ) -> Tensor:
        """x [T, hidden] -> the last layer's last rows, [rows, hidden]."""
        last = len(layers) - 1
        for i, (layer, layer_state) in enumerate(zip(layers, state.layers, strict=True)):
            kept = rows if i == last else len(x)
            x = self.run_layer(layer, x, layer_state, plan, rotations, kept)
        return x

    def run_layer(
        self,
        layer: DecoderLayer,
        x: Tensor,
        state: LayerState,
        plan: BlockPlan,
        rotations: Rotations,
        rows: int,
    ) -> Tensor:
        """One layer: x [T, hidden] -> its last rows, [rows, hidden]."""
        out: Tensor = layer(x, state, plan, rotations, self, rows)
        return out

    def linear(self, x: Tensor, *layers: nn.Module) -> tuple[Tensor, ...]:
        """x [T, K] -> one [T, N] for each layer, one after the other."""
        return tuple(layer(x) for layer in layers)

    def attend(
        self, q: Tensor, q_sinks: Tensor | None, k: Tensor, v: Tensor, plan: BlockPlan
    ) -> Tensor:
        """By torch's scaled_dot_product_attention; with rebased sinks by plain products."""
        mask = plan.last_mask(q.shape[1])
        if q_sinks is not None:
            return attend_rebased(q, q_sinks, k, v, mask, plan.sinks)
        if mask is None or mask.ndim == 2:
            return attend(q, k, v, mask)
        group = len(q) // len(k)
        found = [
            attend(q[i * group : (i + 1) * group], k[i : i + 1], v[i : i + 1], mask[i])
            for i in range(len(k))
        ]
        return torch.cat(found)

    def compete(self, strength: Tensor, positions: Tensor, competition: Competition) -> Outcome:
        """Strengths and positions [Hkv, F + E]: all leavers at once."""
        return compete(strength, positions, competition)

    def keep(self, state: LayerState, competition: Competition, outcome: Outcome) -> None:
        """All heads at once."""
        state.keep(competition, outcome)

    def attend_retained(
        self, heads: Heads, k: Tensor, v: Tensor, plan: BlockPlan, lost_with: Tensor, rows: int
    ) -> tuple[Tensor, Tensor]:
        """[H, rows, D], and float32 [Hkv, T, K]: one after the other."""
        plan = plan.with_head_masks(lost_with)
        assert plan.mask is not None and plan.competition is not None
        tokens, count = heads.q.shape[1], len(k)
        wanted = heads.rows(tokens - rows, tokens)
        out = wanted.q if not rows else self.attend(wanted.q, wanted.q_sinks, k, v, plan)
        grid = plan.competition.grid
        q, q_sinks = (
            None if t is None else counted(t, count, plan.start, grid)
            for t in (heads.q, heads.q_sinks)
        )
        assert q is not None
        rows_counted = grid.counted_rows(plan.start)
        received = torch.zeros(count, *plan.mask.shape[-2:], device=k.device)
        received[:, rows_counted] = attention_received(
            q, q_sinks, k, plan.mask[..., rows_counted, :], plan.sinks
        )
        return out, received

    def write_gates(self, cell: Cell, x: Tensor) -> Tensor:
        """x [T, hidden] -> float32 [G, T, H]."""
        return cell.write_gates(x)

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
        """What the memory adds [H, E, D], and the memory after it."""
        found: tuple[Tensor, Tensor] = cell(q, k, v, gates, x, memory, self)
        return found

    def gated_delta_rule(
        self, q: Tensor, k: Tensor, v: Tensor, beta: Tensor, log_decay: Tensor, state: Tensor
    ) -> Scanned:
        """The chunked form; the step form for a single token."""
        scan = step_gated_delta_rule if q.shape[1] == 1 else chunk_gated_delta_rule
        return scan(q, k, v, beta, log_decay, state)

    def delta_rule(self, q: Tensor, k: Tensor, v: Tensor, beta: Tensor, state: Tensor) -> Scanned:
        """The chunked form; the step form for a single token."""
        if q.shape[1] == 1:
            return step_gated_delta_rule(q, k, v, beta, torch.zeros_like(beta), state)
        return chunk_delta_rule(q, k, v, beta, state)

    def gated_linear_attention(
        self, q: Tensor, k: Tensor, v: Tensor, log_decay: Tensor, state: Tensor
    ) -> Scanned:
        """The chunked form; the plain loop for a single token."""
        single = q.shape[1] == 1
        scan = naive_gated_linear_attention if single else chunk_gated_linear_attention
        return scan(q, k, v, log_decay, state)
