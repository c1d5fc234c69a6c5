"""What a session remembers: the ring of keys, values and gates, and the memory, per layer.

Layouts: `k`, `v` [Hkv, capacity, D] in the stream's kv_dtype; `gates` [G, capacity, H] float32,
the write gates of the held positions (G of them, as the cell defines; computed when the token was
processed, used when it is evicted); `memory` [H, D, D] float32, key axis first.

Forks share tensors. Rings are overwritten in place, so a ring that is shared is copied by whoever
writes first. Capacity grows by doubling up to S + W and is a function of the tokens seen alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ahn_runtime.config import ModelConfig, StreamConfig
from ahn_runtime.model.attention import Slots

MIN_CAPACITY_TOKENS = 256


@dataclass
class LayerState:
    """One layer's share of the state; see the module's docstring for the layouts."""

    k: Tensor
    v: Tensor
    gates: Tensor
    memory: Tensor
    shared: bool = False

    def taken(self, slots: Slots) -> tuple[Tensor, Tensor, Tensor]:
        """Copies of keys, values and gates, since whoever asks is about to overwrite them."""
        parts = self.k[:, slots], self.v[:, slots], self.gates[:, slots]
        return tuple(p.clone() for p in parts) if isinstance(slots, slice) else parts  # type: ignore[return-value]

    def write(self, slots: Slots, k: Tensor, v: Tensor, gates: Tensor | None) -> None:
        """Put T new positions into their slots: k, v [Hkv, T, D], gates [G, T, H]."""
        self.make_own()
        self.k[:, slots] = k
        self.v[:, slots] = v
        if gates is not None:
            self.gates[:, slots] = gates

    def make_own(self) -> None:
        """Copy the rings if another session still reads them."""
        if self.shared:
            self.k, self.v, self.gates = self.k.clone(), self.v.clone(), self.gates.clone()
            self.shared = False

    def grow(self, capacity: int) -> None:
        """Make room for `capacity` positions; what is held keeps its slots."""
        held = self.k.shape[1]
        if capacity <= held:
            return
        for name in ("k", "v", "gates"):
            old: Tensor = getattr(self, name)
            new = old.new_zeros((old.shape[0], capacity, old.shape[2]))
            new[:, :held] = old
            setattr(self, name, new)
        self.shared = False

    def fork(self) -> LayerState:
        """A state that shares every tensor with this one, both copying before they write."""
        self.shared = True
        return LayerState(self.k, self.v, self.gates, self.memory, shared=True)


@dataclass
class ModelState:
    """A session's whole state; nothing else outlives a forward.

    Args:
        layers: one `LayerState` per layer.
        tokens_seen: tokens fed so far, which is the next absolute position.
        last_hidden: final hidden state of the last token, [hidden], float32; None before any.
        prefix_hash: of the token ids fed, in order, however they were split.
        flops, flops_full: spent so far, and what full attention would have spent on these calls.
    """

    layers: list[LayerState]
    tokens_seen: int = 0
    last_hidden: Tensor | None = None
    prefix_hash: int = 0
    flops: int = 0
    flops_full: int = 0

    @classmethod
    def fresh(
        cls, config: ModelConfig, stream: StreamConfig, num_gates: int, device: torch.device
    ) -> ModelState:
        """An empty state; `num_gates` is G, 0 without a memory."""
        heads, dim = config.num_heads, config.head_dim
        return cls(
            [
                LayerState(
                    k=torch.zeros(
                        config.num_kv_heads, 0, dim, dtype=stream.kv_torch_dtype, device=device
                    ),
                    v=torch.zeros(
                        config.num_kv_heads, 0, dim, dtype=stream.kv_torch_dtype, device=device
                    ),
                    gates=torch.zeros(num_gates, 0, heads, device=device),
                    memory=torch.zeros(heads if stream.cell else 0, dim, dim, device=device),
                )
                for _ in range(config.num_layers)
            ]
        )

    def reserve(self, tokens: int, stream: StreamConfig) -> None:
        """Make room for the next `tokens` tokens in every layer."""
        capacity = capacity_for(self.tokens_seen + tokens, stream)
        for layer in self.layers:
            layer.grow(capacity)

    def fork(self) -> ModelState:
        """An independent state from here on, sharing memory until one of them writes."""
        return ModelState(
            [layer.fork() for layer in self.layers],
            self.tokens_seen,
            self.last_hidden,
            self.prefix_hash,
            self.flops,
            self.flops_full,
        )

    def cache_bytes(self, stream: StreamConfig) -> int:
        """Bytes of the held keys, values, gates and the memories."""
        held = stream.cached_tokens(self.tokens_seen)
        return sum(
            layer.k[:, :held].nbytes
            + layer.v[:, :held].nbytes
            + layer.gates[:, :held].nbytes
            + layer.memory.nbytes
            for layer in self.layers
        )


def capacity_for(tokens: int, stream: StreamConfig) -> int:
    """Slots allocated for a session that has seen `tokens` tokens."""
    capacity = MIN_CAPACITY_TOKENS
    while capacity < tokens:
        capacity *= 2
    return capacity if stream.cache_limit is None else min(capacity, stream.cache_limit)


_PREFIX_MODULUS = (1 << 127) - 1
_PREFIX_BASE = 0x9E3779B97F4A7C15F39CC0605CEDC835


def extend_prefix_hash(prefix_hash: int, ids: list[int]) -> int:
    """Polynomial hash over token ids, independent of how they were split into feeds."""
    for token_id in ids:
        prefix_hash = (prefix_hash * _PREFIX_BASE + token_id + 1) % _PREFIX_MODULUS
    return prefix_hash
