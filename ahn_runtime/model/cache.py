"""What a session remembers: the ring of keys, values and gates, and the memory, per layer.

Layouts: `k`, `v` [Hkv, capacity, D] in the stream's kv_dtype; `gates` [G, capacity, H] float32,
the write gates of the held positions (G of them, as the cell defines; computed when the token was
processed, used when it is evicted); `memory` [H, D, D] float32, key axis first.

Forks share tensors. Rings are overwritten in place, so the first to write copies a ring that is
shared. Capacity doubles up to S + W and depends on the number of tokens seen alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from ahn_runtime.config import ModelConfig, StreamConfig
from ahn_runtime.model.attention import BlockPlan, Slots, plan_block

MIN_CAPACITY_TOKENS = 256

WriteMemory = Callable[[int, Tensor, Tensor, Tensor, Tensor], Tensor]
"""Called with a layer's index, the evicted tokens' k and v [Hkv, E, D] and gates [G, E, H], and the
layer's memory [H, D, D]; returns the memory after they are written."""


@dataclass
class LayerState:
    """One layer's share of the state; see the module's docstring for the layouts."""

    k: Tensor
    v: Tensor
    gates: Tensor
    memory: Tensor
    shared: bool = False

    def read_slots(self, slots: Slots) -> tuple[Tensor, Tensor, Tensor]:
        """Copies of the keys, values and gates in some slots, which may then be overwritten.

        Args:
            slots: of T positions.

        Returns:
            k, v [Hkv, T, D] and gates [G, T, H].
        """
        k, v, gates = self.k[:, slots], self.v[:, slots], self.gates[:, slots]
        if isinstance(slots, slice):  # a view; indices have copied already
            return k.clone(), v.clone(), gates.clone()
        return k, v, gates

    def write(self, slots: Slots, k: Tensor, v: Tensor, gates: Tensor | None) -> None:
        """Put T new positions into their slots: k, v [Hkv, T, D], gates [G, T, H] or None."""
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
        """Make room for `capacity` positions; held positions keep their slots."""
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
        """A state that shares every tensor with this one; both copy a ring before writing to it."""
        self.shared = True
        return LayerState(self.k, self.v, self.gates, self.memory, shared=True)


@dataclass(frozen=True)
class BlockBackup:
    """What feeding one block overwrites: with it, the block's last tokens can be trimmed.

    Args:
        plan: of the block.
        prefix_hash: before the block.
        layers: per layer, the block's slots as they were (k, v [Hkv, T, D], gates [G, T, H]), and
            the memory before the block.
    """

    plan: BlockPlan
    prefix_hash: int
    layers: list[LayerState]


@dataclass
class ModelState:
    """A session's whole state; nothing else outlives a forward.

    Args:
        layers: one `LayerState` per layer.
        tokens_seen: tokens fed so far, which is the next absolute position.
        last_hidden: final hidden state of the last token, [hidden], float32; None before any.
        prefix_hash: hash of the token ids fed, in order; independent of how they were split.
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
        """A copy that is independent from here on; tensors are shared until one of them writes."""
        return ModelState(
            [layer.fork() for layer in self.layers],
            self.tokens_seen,
            self.last_hidden,
            self.prefix_hash,
            self.flops,
            self.flops_full,
        )

    def backup(self, tokens: int, stream: StreamConfig) -> BlockBackup:
        """Copy what feeding the next block will overwrite; taken before the block is fed.

        Args:
            tokens: T of the block, two or more.
            stream: how the session holds its tokens.
        """
        plan = plan_block(self.tokens_seen, tokens, stream, self.layers[0].k.device)
        self.reserve(tokens, stream)
        layers = [
            LayerState(*layer.read_slots(plan.write_slots), layer.memory) for layer in self.layers
        ]
        return BlockBackup(plan, self.prefix_hash, layers)

    def trim(
        self, backup: BlockBackup, ids: list[int], last_hidden: Tensor, write_memory: WriteMemory
    ) -> None:
        """Drop the last tokens of the block that was just fed, as if it had been shorter.

        The slots of the dropped tokens get their former content back. A memory cannot be run
        backwards: it starts from the one before the block, and what the tokens that are kept
        evicted is written to it again.

        Args:
            backup: taken before the block was fed.
            ids: the tokens that are kept, the block's first.
            last_hidden: final hidden state of the last of them, [hidden].
            write_memory: writes evicted tokens to a layer's memory.
        """
        plan, keep = backup.plan, len(ids)
        slots = cast(Tensor, plan.write_slots)[keep:]
        written = max(0, keep - plan.read_from)  # tokens that left for the memory
        rows = slice(plan.read_from, plan.read_from + written)
        for i, (layer, old) in enumerate(zip(self.layers, backup.layers, strict=True)):
            layer.write(slots, old.k[:, keep:], old.v[:, keep:], old.gates[:, keep:])
            layer.memory = old.memory
            if written and len(old.memory):
                evicted = old.k[:, rows], old.v[:, rows], old.gates[:, rows]
                layer.memory = write_memory(i, *evicted, old.memory)
        self.tokens_seen = plan.start + keep
        self.prefix_hash = extend_prefix_hash(backup.prefix_hash, ids)
        self.last_hidden = last_hidden

    def cache_bytes(self, stream: StreamConfig) -> int:
        """Bytes of the held keys, values and gates, and of the memories."""
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
