"""The whole forward of Qwen2 and Qwen3 over sinks, window and memory, a block at a time.

Modules carry the stock parameter names, so that released files load as they are. They hold weights
only: a session's state and the backend that computes are arguments. `config` explains the letters.

Source: Qwen2.5 technical report (arXiv 2412.15115) for the decoder, Qwen3's (arXiv 2505.09388) for
its norms of queries and keys; AHN (arXiv 2510.07318) for what is added to the attention output
before `o_proj`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ahn_runtime.config import ModelConfig, StreamConfig
from ahn_runtime.model.attention import BlockPlan, plan_block
from ahn_runtime.model.cache import KVGates, LayerState, ModelState
from ahn_runtime.model.cells import Cell, cell_class
from ahn_runtime.model.rope import rope_rotation, rotate

if TYPE_CHECKING:
    from ahn_runtime.backends.base import Backend

MEMORY_MARK = ".ahn.fn."
"""In the name of every parameter of a memory, and of no other."""


@dataclass(frozen=True)
class Rotations:
    """Rotary cosines and sines of one block, shared by its layers; [2, T, D] each.

    Args:
        positions: at the true positions.
        sink_positions: for queries as seen from the sinks; None where they are at the true ones.
    """

    positions: Tensor
    sink_positions: Tensor | None

    @classmethod
    def of(cls, plan: BlockPlan, config: ModelConfig, dtype: torch.dtype) -> Rotations:
        """The rotations that a block needs, in the dtype of its activations."""
        dim, theta, from_sinks = config.head_dim, config.rope_theta, plan.sink_positions
        return cls(
            rope_rotation(plan.positions, dim, theta, dtype),
            None if from_sinks is None else rope_rotation(from_sinks, dim, theta, dtype),
        )


@dataclass(frozen=True)
class Heads:
    """One block's queries, keys and values, split into heads.

    Args:
        q: rotated queries, [H, T, D].
        k, v: rotated keys, and values, [Hkv, T, D].
        q_sinks: queries rotated as seen from the sinks, [H, T, D]; None where `q` serves there too.
    """

    q: Tensor
    k: Tensor
    v: Tensor
    q_sinks: Tensor | None = None

    def rows(self, start: int, end: int) -> Heads:
        """Those of some of the block's tokens."""
        q_sinks = None if self.q_sinks is None else self.q_sinks[:, start:end]
        return Heads(self.q[:, start:end], self.k[:, start:end], self.v[:, start:end], q_sinks)


class RMSNorm(nn.Module):
    """Root mean square norm with a weight [dim]."""

    def __init__(self, dim: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """x [..., dim] -> the same shape and dtype."""
        return F.rms_norm(x, x.shape[-1:], self.weight, self.eps)


class MLP(nn.Module):
    """SwiGLU feed-forward."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        hidden, inner = config.hidden_size, config.intermediate_size
        self.gate_proj = nn.Linear(hidden, inner, bias=False)
        self.up_proj = nn.Linear(hidden, inner, bias=False)
        self.down_proj = nn.Linear(inner, hidden, bias=False)

    def forward(self, x: Tensor, backend: Backend) -> Tensor:
        """x [T, hidden] -> [T, hidden]."""
        gate, up = backend.linear(x, self.gate_proj, self.up_proj)
        out: Tensor = self.down_proj(F.silu(gate) * up)
        return out


class Attention(nn.Module):
    """The projections around attention."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        hidden, dim = config.hidden_size, config.head_dim
        has_bias = config.attention_bias
        self.q_proj = nn.Linear(hidden, config.num_heads * dim, bias=has_bias)
        self.k_proj = nn.Linear(hidden, config.num_kv_heads * dim, bias=has_bias)
        self.v_proj = nn.Linear(hidden, config.num_kv_heads * dim, bias=has_bias)
        self.q_norm = RMSNorm(dim, config.rms_norm_eps) if config.qk_norm else None
        self.k_norm = RMSNorm(dim, config.rms_norm_eps) if config.qk_norm else None
        self.o_proj = nn.Linear(config.num_heads * dim, hidden, bias=False)
        self.head_dim, self.num_kv_heads = dim, config.num_kv_heads

    def project(self, h: Tensor, rotations: Rotations, backend: Backend) -> Heads:
        """Normed inputs h [T, hidden] -> their queries, keys and values."""
        q, k, v = backend.linear(h, self.q_proj, self.k_proj, self.v_proj)
        q, k, v = (t.unflatten(-1, (-1, self.head_dim)) for t in (q, k, v))
        if self.q_norm is not None and self.k_norm is not None:
            q, k = self.q_norm(q), self.k_norm(k)
        both, v = torch.cat((q, k), dim=1).transpose(0, 1), v.transpose(0, 1)
        q, k = rotate(both, rotations.positions).tensor_split((-self.num_kv_heads,))
        if rotations.sink_positions is None:
            return Heads(q, k, v)
        return Heads(q, k, v, rotate(both[: -self.num_kv_heads], rotations.sink_positions))

    def output(self, heads: Tensor) -> Tensor:
        """Outputs of the heads [H, T, D] -> [T, hidden]."""
        out: Tensor = self.o_proj(heads.transpose(0, 1).flatten(1))
        return out


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

    def forward(
        self,
        x: Tensor,
        state: LayerState,
        plan: BlockPlan,
        rotations: Rotations,
        backend: Backend,
        rows: int,
    ) -> Tensor:
        """Feed one block through the layer; `state` advances by the whole block.

        Args:
            x: [T, hidden].
            rows: how many of the last rows are wanted; the other rows only give keys and values.

        Returns:
            [rows, hidden].
        """
        h = self.input_layernorm(x)
        x = x[-rows:] + self.attention(h, state, plan, rotations, backend, rows)
        out: Tensor = x + self.mlp(self.post_attention_layernorm(x), backend)
        return out

    def attention(
        self,
        h: Tensor,
        state: LayerState,
        plan: BlockPlan,
        rotations: Rotations,
        backend: Backend,
        rows: int,
    ) -> Tensor:
        """Normed inputs h [T, hidden] -> what attention and memory add, [rows, hidden]."""
        heads = self.self_attn.project(h, rotations, backend)
        return self.self_attn.output(self.attend(h, heads, state, plan, backend, rows))

    def attend(
        self,
        h: Tensor,
        heads: Heads,
        state: LayerState,
        plan: BlockPlan,
        backend: Backend,
        rows: int,
    ) -> Tensor:
        """Attention over the cache, plus what the memory returns; the block enters the cache.

        Args:
            h: normed inputs, [T, hidden]; the memory's gates are computed from them.
            heads: queries, keys and values of the block.
            rows: how many of the last queries are wanted.

        Returns:
            [H, rows, D].
        """
        if plan.parts:
            return self._attend_in_parts(h, heads, state, plan, backend, rows)
        cell = self.ahn.fn if self.ahn is not None else None
        # Rounded before use, so that what is saved is what was used.
        k, v = heads.k.to(state.k.dtype), heads.v.to(state.v.dtype)
        gates = None if cell is None else backend.write_gates(cell, h)
        evicted = None
        if plan.competition is not None:
            out, evicted = _attend_and_retain(heads, k, v, gates, state, plan, backend, rows)
        else:
            if cell is not None and plan.evict_slots is not None:
                evicted = state.read_slots(plan.evict_slots)
            q = heads.q[:, -rows:]
            q_sinks = None if heads.q_sinks is None else heads.q_sinks[:, -rows:]
            out = _attend_and_write(q, q_sinks, k, v, gates, state, plan, backend)
        if cell is not None and evicted is not None:
            since = plan.read_from
            keys, values = (self._repeat(e) for e in evicted[:2])
            added, state.memory = backend.memory_step(
                cell, heads.q[:, since:], keys, values, evicted[2], h[since:], state.memory
            )
            reading = min(rows, len(h) - since)
            added = added[:, added.shape[1] - reading :].to(out.dtype)
            out[:, rows - reading :].add_(added, alpha=plan.memory_scale)
        return out

    def _attend_in_parts(
        self,
        h: Tensor,
        heads: Heads,
        state: LayerState,
        plan: BlockPlan,
        backend: Backend,
        rows: int,
    ) -> Tensor:
        """`attend`, one part of the block after the other."""
        found, start = [], 0
        for part in plan.parts:
            end = start + len(part.positions)
            wanted = min(end - start, max(0, rows - (len(h) - end)))
            inside = heads.rows(start, end)
            found.append(self.attend(h[start:end], inside, state, part, backend, wanted))
            start = end
        return torch.cat(found, dim=1)

    def write_memory(
        self, k: Tensor, v: Tensor, gates: Tensor, memory: Tensor, backend: Backend
    ) -> Tensor:
        """Write E evicted tokens to the memory without reading it.

        Args:
            k, v: of the evicted tokens, [Hkv, E, D].
            gates: their write gates, [G, E, H].
            memory: [H, D, D]; not changed.

        Returns:
            The memory after the writes, [H, D, D].
        """
        assert self.ahn is not None
        keys, values = self._repeat(k), self._repeat(v)
        no_reader = k.new_zeros(k.shape[1], self.config.hidden_size)
        _, after = backend.memory_step(
            self.ahn.fn, torch.zeros_like(keys), keys, values, gates, no_reader, memory
        )
        return after

    def _repeat(self, x: Tensor) -> Tensor:
        """Key/value heads [Hkv, E, D] repeated to the query heads [H, E, D]."""
        repeats = self.config.num_heads // self.config.num_kv_heads
        return x[:, None].expand(-1, repeats, -1, -1).flatten(0, 1)


def _attend_and_write(
    q: Tensor,
    q_sinks: Tensor | None,
    k: Tensor,
    v: Tensor,
    gates: Tensor | None,
    state: LayerState,
    plan: BlockPlan,
    backend: Backend,
) -> Tensor:
    """Attend and write; a single token takes its slot first and needs no mask and no copy."""
    if plan.mask is None:
        state.write(plan.write_slots, k, v, gates)
        keys, values = state.k[:, : plan.held_after], state.v[:, : plan.held_after]
        return backend.attend(q, q_sinks, keys, values, plan)
    held = plan.held_before
    keys = torch.cat((state.k[:, :held], k), dim=1)
    values = torch.cat((state.v[:, :held], v), dim=1)
    out = backend.attend(q, q_sinks, keys, values, plan)
    state.write(plan.write_slots, k, v, gates)
    return out


def _attend_and_retain(
    heads: Heads,
    k: Tensor,
    v: Tensor,
    gates: Tensor | None,
    state: LayerState,
    plan: BlockPlan,
    backend: Backend,
    rows: int,
) -> tuple[Tensor, KVGates | None]:
    """`_attend_and_write` with a retained set; also what the block loses of it.

    Returns:
        The last rows [H, rows, D], and k, v [Hkv, L, D] and gates [G, L, H] of the lost tokens;
        None if none is lost, or there is no memory to write them to.
    """
    assert plan.competition is not None
    outcome = state.compete(plan.competition, backend.compete)
    is_written = gates is not None and plan.competition.lost > 0
    lost = state.read_lost(plan.competition, outcome) if is_written else None
    keys = torch.cat((state.k[:, : plan.held_before], k), dim=1)
    values = torch.cat((state.v[:, : plan.held_before], v), dim=1)
    out, received = backend.attend_retained(heads, keys, values, plan, outcome.lost_with, rows)
    state.enter(plan, outcome, k, v, gates, received, backend.keep)
    return out, lost


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

    @property
    def layers(self) -> list[DecoderLayer]:
        """The decoder layers, from the embedding's end to the output's."""
        return cast(list[DecoderLayer], list(self.model.layers))

    def forward(
        self,
        ids: Tensor,
        state: ModelState,
        stream: StreamConfig,
        backend: Backend,
        logits_to_keep: int | None = None,
    ) -> Tensor:
        """Feed one block and advance `state` by it.

        Args:
            ids: int64 [T]; T is at most the window.
            state: the session's, changed in place.
            stream: how the session holds its tokens.
            backend: computes the layers.
            logits_to_keep: how many of the last rows are wanted; None for all. The last layer
                attends and computes its MLP for these only, since nothing depends on the others.

        Returns:
            Hidden states after the final norm, [logits_to_keep, hidden].
        """
        rows = len(ids) if logits_to_keep is None else logits_to_keep
        plan = plan_block(state.tokens_seen, len(ids), stream, ids.device)
        state.reserve(len(ids), stream)
        x = self.model.embed_tokens(ids)
        rotations = Rotations.of(plan, self.config, x.dtype)
        x = backend.run_layers(self.layers, x, state, plan, rotations, rows)
        state.tokens_seen += len(ids)
        normed: Tensor = self.model.norm(x)
        return normed
