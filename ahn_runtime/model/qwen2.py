"""The whole forward of Qwen2 over sinks, window and memory, one block of tokens at a time.

Modules carry the stock parameter names, so that released files load as they are; they hold
weights only, the state goes through as an argument. See `config` for the letters.

Source: Qwen2.5 technical report (arXiv 2412.15115) for the decoder; AHN (arXiv 2510.07318) for
what is added to the attention output before `o_proj`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ahn_runtime.config import ModelConfig, StreamConfig
from ahn_runtime.model.attention import BlockPlan, attend, attend_rebased, plan_block
from ahn_runtime.model.cache import LayerState, ModelState
from ahn_runtime.model.cells import Cell, cell_class
from ahn_runtime.model.rope import rope_rotation, rotate

MEMORY_MARK = ".ahn.fn."
"""In the name of every parameter of a memory, and of no other."""


Joined = Callable[[Tensor], tuple[Tensor, ...]]
"""Several linear layers of the same input as one product; see `quantize.join_layers`."""


@dataclass(frozen=True)
class Rotations:
    """Rotary cosines and sines of one block, shared by its layers; [2, T, D] each.

    Args:
        positions: at the true positions.
        sink_view: for queries as the sinks see them, where that differs.
    """

    positions: Tensor
    sink_view: Tensor | None

    @classmethod
    def of(cls, plan: BlockPlan, config: ModelConfig, dtype: torch.dtype) -> Rotations:
        """The rotations a block needs."""
        dim, theta, view = config.head_dim, config.rope_theta, plan.sink_view
        return cls(
            rope_rotation(plan.positions, dim, theta, dtype),
            None if view is None else rope_rotation(view, dim, theta, dtype),
        )


class RMSNorm(nn.Module):
    """Root mean square norm with a weight [dim]."""

    def __init__(self, dim: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, x.shape[-1:], self.weight, self.eps)


class MLP(nn.Module):
    """SwiGLU feed-forward."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        hidden, inner = config.hidden_size, config.intermediate_size
        self.gate_proj = nn.Linear(hidden, inner, bias=False)
        self.up_proj = nn.Linear(hidden, inner, bias=False)
        self.down_proj = nn.Linear(inner, hidden, bias=False)
        self.joined: Joined | None = None

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.joined(x) if self.joined else (self.gate_proj(x), self.up_proj(x))
        out: Tensor = self.down_proj(F.silu(gate) * up)
        return out


class Attention(nn.Module):
    """The projections; what is attended to is the layer's business."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        hidden, dim = config.hidden_size, config.head_dim
        self.q_proj = nn.Linear(hidden, config.num_heads * dim)
        self.k_proj = nn.Linear(hidden, config.num_kv_heads * dim)
        self.v_proj = nn.Linear(hidden, config.num_kv_heads * dim)
        self.o_proj = nn.Linear(config.num_heads * dim, hidden, bias=False)
        self.joined: Joined | None = None
        self.head_dim, self.num_kv_heads = dim, config.num_kv_heads

    def project(self, x: Tensor, rotation: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Queries as they are; queries and keys rotated; values.

        Args:
            x: normed inputs, [T, hidden].
            rotation: of the positions.

        Returns:
            q, q rotated [H, T, D]; k rotated, v [Hkv, T, D].
        """
        layers = (self.q_proj, self.k_proj, self.v_proj)
        parts = self.joined(x) if self.joined else tuple(layer(x) for layer in layers)
        both, values = torch.cat(parts[:2], dim=-1), parts[2]
        both, v = (t.unflatten(-1, (-1, self.head_dim)).transpose(0, 1) for t in (both, values))
        rotated = rotate(both, rotation)
        q, k = rotated.tensor_split((-self.num_kv_heads,))
        return both[: -self.num_kv_heads], q, k, v


class FusedLayer(Protocol):
    """Another way around a layer's attention, where it suits; see `int8_layer`."""

    def suits(self, x: Tensor, rotation: Rotations) -> bool: ...

    def project(self, x: Tensor, rotation: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]: ...

    def finish(self, x: Tensor, mixed: Tensor) -> Tensor: ...


class SingleWay(Protocol):
    """Another way for a single token through all layers, where it suits; see `int8_token`."""

    def supports(self, x: Tensor, state: ModelState, rotation: Rotations) -> bool: ...

    def __call__(
        self, x: Tensor, state: ModelState, plan: BlockPlan, rotation: Rotations
    ) -> Tensor: ...


class Memory(nn.Module):
    """Holds the cell under the released name `ahn.fn`."""

    def __init__(self, cell: Cell) -> None:
        super().__init__()
        self.fn = cell


class DecoderLayer(nn.Module):
    """One Qwen2 layer over a `LayerState`."""

    def __init__(self, config: ModelConfig, cell: str | None) -> None:
        super().__init__()
        self.config = config
        self.input_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.self_attn = Attention(config)
        self.post_attention_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.mlp = MLP(config)
        self.ahn = Memory(cell_class(cell)(config)) if cell else None
        self.fused: FusedLayer | None = None

    def forward(
        self, x: Tensor, state: LayerState, plan: BlockPlan, rotation: Rotations, finished: int
    ) -> Tensor:
        """x [T, hidden] -> the last `finished` rows, [finished, hidden].

        `state` moves on by the whole block, however many rows are finished.
        """
        fused = self.fused if self.fused and self.fused.suits(x, rotation) else None
        q_sinks = None
        if fused is not None:
            h, q, k, v = fused.project(x, rotation.positions)
        else:
            h = self.input_layernorm(x)
            raw_q, q, k, v = self.self_attn.project(h, rotation.positions)
            if rotation.sink_view is not None:
                q_sinks = rotate(raw_q, rotation.sink_view)
        mixed = self._mix(h, q, q_sinks, k, v, state, plan, finished)
        x = x[-finished:]
        if fused is not None:
            return fused.finish(x, mixed)
        x = x + self.self_attn.o_proj(mixed.transpose(0, 1).flatten(1))
        out: Tensor = x + self.mlp(self.post_attention_layernorm(x))
        return out

    def _mix(
        self,
        h: Tensor,
        q: Tensor,
        q_sinks: Tensor | None,
        k: Tensor,
        v: Tensor,
        state: LayerState,
        plan: BlockPlan,
        finished: int,
    ) -> Tensor:
        """Attention over what is held, plus what the memory gives back: [H, finished, D]."""
        cell = self.ahn.fn if self.ahn is not None else None
        # Rounded before use, so that what is saved is what was used.
        k, v = k.to(state.k.dtype), v.to(state.v.dtype)
        gates = cell.write_gates(h) if cell is not None else None

        evicted = None
        slots = plan.evict_slots
        if cell is not None and slots is not None:
            evicted = state.taken(slots)
        rows = slice(len(h) - finished, None)
        seen_by = None if q_sinks is None else q_sinks[:, rows]
        out = self._attend(q[:, rows], seen_by, k, v, gates, state, plan)
        if cell is not None and evicted is not None:
            keys, values = (self._repeat(e) for e in evicted[:2])
            since = plan.read_from
            added, state.memory = cell(
                q[:, since:], keys, values, evicted[2], h[since:], state.memory
            )
            reading = min(finished, len(h) - since)
            added = added[:, added.shape[1] - reading :].to(out.dtype)
            out[:, finished - reading :].add_(added, alpha=plan.memory_scale)
        return out

    def remember(self, k: Tensor, v: Tensor, gates: Tensor, memory: Tensor) -> Tensor:
        """The memory after E more tokens were written that nobody reads.

        Args:
            k, v: of the evicted tokens, [Hkv, E, D].
            gates: theirs, [G, E, H].
            memory: [H, D, D]; not changed.
        """
        assert self.ahn is not None
        keys, values = self._repeat(k), self._repeat(v)
        nobody = k.new_zeros(k.shape[1], self.config.hidden_size)
        after: Tensor = self.ahn.fn(torch.zeros_like(keys), keys, values, gates, nobody, memory)[1]
        return after

    def _attend(
        self,
        q: Tensor,
        q_sinks: Tensor | None,
        k: Tensor,
        v: Tensor,
        gates: Tensor | None,
        state: LayerState,
        plan: BlockPlan,
    ) -> Tensor:
        """Attend and write; a single token takes its slot first and needs no mask and no copy."""
        single = plan.mask is None
        if single:
            state.write(plan.write_slots, k, v, gates)
            keys, values = state.k[:, : plan.held_after], state.v[:, : plan.held_after]
        else:
            held = plan.held_before
            keys = torch.cat((state.k[:, :held], k), dim=1)
            values = torch.cat((state.v[:, :held], v), dim=1)
        mask = None if plan.mask is None else plan.mask[-q.shape[1] :]
        if q_sinks is None:
            out = attend(q, keys, values, mask)
        else:
            out = attend_rebased(q, q_sinks, keys, values, mask, plan.sinks)
        if not single:
            state.write(plan.write_slots, k, v, gates)
        return out

    def _repeat(self, x: Tensor) -> Tensor:
        """Key/value heads [Hkv, E, D] repeated to the query heads [H, E, D]."""
        repeats = self.config.num_heads // self.config.num_kv_heads
        return x[:, None].expand(-1, repeats, -1, -1).flatten(0, 1)


class Decoder(nn.Module):
    """Embedding, layers and the final norm, under the stock prefix `model.`."""

    def __init__(self, config: ModelConfig, cell: str | None) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(DecoderLayer(config, cell) for _ in range(config.num_layers))
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps)


class Qwen2(nn.Module):
    """Qwen2 with its memory: a block of ids and a state in, hidden states out."""

    def __init__(self, config: ModelConfig, cell: str | None) -> None:
        super().__init__()
        self.config = config
        self.model = Decoder(config, cell)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.single: SingleWay | None = None

    def forward(
        self, ids: Tensor, state: ModelState, stream: StreamConfig, finished: int | None = None
    ) -> Tensor:
        """Feed one block and move `state` on.

        Args:
            ids: int64 [T]; T is at most the window.
            state: the session's, changed in place.
            stream: how the session holds its tokens.
            finished: the last so many rows are wanted; None for all. The last layer attends and
                computes its MLP for these only, since nothing else depends on the others.

        Returns:
            Hidden states after the final norm, [finished, hidden].
        """
        config, device = self.config, ids.device
        plan = plan_block(state.tokens_seen, len(ids), stream, device)
        state.reserve(len(ids), stream)
        x = self.model.embed_tokens(ids)
        rotation = Rotations.of(plan, config, x.dtype)
        if self.single is not None and self.single.supports(x, state, rotation):
            x = self.single(x, state, plan, rotation)
        else:
            x = self._through_layers(x, state, plan, rotation, finished)
        state.tokens_seen += len(ids)
        normed: Tensor = self.model.norm(x)
        return normed

    def _through_layers(
        self,
        x: Tensor,
        state: ModelState,
        plan: BlockPlan,
        rotation: Rotations,
        finished: int | None,
    ) -> Tensor:
        last = len(state.layers) - 1
        for i, (layer, layer_state) in enumerate(zip(self.model.layers, state.layers, strict=True)):
            rows = finished if finished is not None and i == last else len(x)
            x = layer(x, layer_state, plan, rotation, rows)
        return x
