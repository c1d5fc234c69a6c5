"""What a session remembers: the ring of keys, values and gates, and the memory, per layer.

Layouts: `k`, `v` [Hkv, capacity, D] in the stream's kv_dtype; `gates` [G, capacity, H] float32,
the write gates of the held positions (G of them, as the cell defines; computed when the token was
processed, used when it is evicted); `memory` [H, D, D] float32, key axis first. With a retained
set (`retained`), slots are for each key/value head, and there are `attention` [2, Hkv, capacity]
float32, the strength of each held token and what its cell has received so far; and `retained`
[Hkv, capacity - S - W] int64, the positions of the tokens in the slots behind the ring, -1 where
there is none yet. Without one `attention` is [0, Hkv, capacity], and `retained` has no columns.

Forks share tensors. Rings are overwritten in place, so the first to write copies a ring that is
shared. Capacity doubles up to S + W + R and depends on the number of tokens seen alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor

from ahn_runtime.config import ModelConfig, StreamConfig
from ahn_runtime.model.attention import BlockPlan, Slots, plan_block
from ahn_runtime.model.retained import Competition, Outcome, compete, update_strength

MIN_CAPACITY_TOKENS = 256

_OVERWRITTEN = ("k", "v", "gates", "attention", "retained")
"""Fields of a layer's state that change in place."""

SHORT_BLOCK_TOKENS = 8
"""Up to this length a block may be trimmed, so what its queries paid attention to is kept."""

KVGates = tuple[Tensor, Tensor, Tensor]
"""Keys and values [Hkv, N, D] and write gates [G, N, H] of some tokens."""

Compete = Callable[[Tensor, Tensor, Competition], Outcome]

Keep = Callable[["LayerState", Competition, Outcome], None]

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
    attention: Tensor
    retained: Tensor
    shared: bool = False
    last_received: Tensor | None = None  # of a short block, until the next one

    @property
    def strength(self) -> Tensor:
        """Of each held token, as of the last grid cell's end: a view, [Hkv, capacity]."""
        return self.attention[0]

    @property
    def received(self) -> Tensor:
        """By each held token since then: a view, [Hkv, capacity]."""
        return self.attention[1]

    def read_slots(self, slots: Slots) -> KVGates:
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

    def compete(self, competition: Competition, decide: Compete = compete) -> Outcome:
        """What a block keeps and loses of the retained set.

        Args:
            competition: the block's.
            decide: `ahn_runtime.model.retained.compete`, or a faster form of it.
        """
        strength = self.strength[:, competition.slots]
        return decide(strength, self._positions(competition), competition)

    def _positions(self, competition: Competition) -> Tensor:
        """Absolute positions of the competitors, int64 [Hkv, F + E]."""
        leavers = competition.leaver_positions.expand(len(self.retained), -1)
        return torch.cat((self.retained[:, : competition.filled], leavers), dim=1)

    def read_lost(self, competition: Competition, outcome: Outcome) -> KVGates:
        """Copies of what a block loses: k, v [Hkv, L, D] and gates [G, L, H], in its order."""
        return self._of_heads(competition.slots[outcome.lost])

    def _of_heads(self, slots: Tensor) -> KVGates:
        """Copies of k, v [Hkv, N, D] and gates [G, N, H] in slots [Hkv, N] of each head."""
        rows, gate_rows = self._rows_of_heads(slots)
        k, v = (_flat(t, t.shape[2]).index_select(0, rows) for t in (self.k, self.v))
        gates = _flat(self.gates, self._group).index_select(0, gate_rows)
        by_head = gates.view(len(self.gates), *slots.shape, self._group).transpose(1, 2)
        k, v = (t.view(*slots.shape, t.shape[1]) for t in (k, v))
        return k, v, by_head.flatten(2)

    def _set_of_heads(self, slots: Tensor, k: Tensor, v: Tensor, gates: Tensor) -> None:
        """Put k, v [Hkv, N, D] and gates [G, N, H] into slots [Hkv, N] of each head."""
        rows, gate_rows = self._rows_of_heads(slots)
        for own, new in ((self.k, k), (self.v, v)):
            _flat(own, own.shape[2]).index_copy_(0, rows, new.flatten(0, 1))
        by_head = gates.unflatten(2, (len(slots), self._group)).transpose(1, 2)
        _flat(self.gates, self._group).index_copy_(0, gate_rows, by_head.flatten(0, 2))

    @property
    def _group(self) -> int:
        """Query heads of a key/value head, H / Hkv."""
        return self.gates.shape[2] // len(self.k)

    def _rows_of_heads(self, slots: Tensor) -> tuple[Tensor, Tensor]:
        """Where slots [Hkv, N] of each head are: rows of D numbers in k and v, and in the gates
        rows of H / Hkv numbers, [Hkv * N] and [G * Hkv * N]: indices of `_flat`."""
        heads, capacity = self.k.shape[:2]
        head = torch.arange(heads, device=slots.device)[:, None]
        gate = torch.arange(len(self.gates), device=slots.device)[:, None, None] * capacity
        of_gates = (gate + slots) * heads + head  # [G, Hkv, N]
        return (head * capacity + slots).flatten(), of_gates.flatten()

    def enter(
        self,
        plan: BlockPlan,
        outcome: Outcome,
        k: Tensor,
        v: Tensor,
        gates: Tensor | None,
        received: Tensor,
        keep: Keep | None = None,
    ) -> None:
        """Let a block in, with a retained set: what it keeps moves, then it takes its slots.

        Args:
            plan: of the block of T tokens.
            outcome: of its competition.
            k, v, gates: of the block, [Hkv, T, D], [G, T, H].
            received: what its queries paid attention to, [Hkv, T, held_before + T].
            keep: a faster form of the method `keep`.
        """
        assert plan.competition is not None
        self.make_own()
        self.last_received = received if k.shape[1] <= SHORT_BLOCK_TOKENS else None
        sums = received.sum(1)
        self.received[:, : plan.held_before] += sums[:, : plan.held_before]
        if len(plan.competition.leaver_slots):
            (keep or LayerState.keep)(self, plan.competition, outcome)
        self.write(plan.write_slots, k, v, gates)
        self.strength[:, plan.write_slots] = 0
        self.received[:, plan.write_slots] = sums[:, plan.held_before :]
        self.end_block(plan)

    def keep(self, competition: Competition, outcome: Outcome) -> None:
        """Move the tokens that are retained after a block to their slots."""
        leavers, after = len(competition.leaver_slots), competition.filled_after
        self.retained[:, :after] = self._positions(competition).gather(1, outcome.kept)
        # At most as many slots as there are leavers get another token, in each head other ones.
        place = torch.arange(after, device=outcome.kept.device)
        is_same = (outcome.kept == place) & (place < competition.filled)
        changed = is_same.to(torch.uint8).argsort(dim=-1, stable=True)[:, :leavers]
        slots = competition.slots[outcome.kept.gather(1, changed)]
        places = changed + competition.first_slot
        self._set_of_heads(places, *self._of_heads(slots))
        self.attention.scatter_(
            2, places.expand(2, -1, -1), self.attention.gather(2, slots.expand(2, -1, -1))
        )

    def end_block(self, plan: BlockPlan) -> None:
        """Called once a block is in: where a grid cell ends with it, strengths change."""
        competition = plan.competition
        if competition is None or plan.ring_after is None:
            return
        ring = plan.ring_after.expand(len(self.retained), -1)
        behind = self.retained[:, : plan.held_after - ring.shape[1]]
        strength, received = self.attention[:, :, : plan.held_after]
        positions = torch.cat((ring, behind), dim=1)
        end = plan.start + len(plan.positions)
        strength.copy_(update_strength(strength, received, positions, end, competition.grid))
        received.zero_()

    def make_own(self) -> None:
        """Copy the rings if another session still reads them."""
        if self.shared:
            for name in _OVERWRITTEN:
                setattr(self, name, getattr(self, name).clone())
            self.shared = False

    def grow(self, capacity: int, retained: int) -> None:
        """Make room for `capacity` positions; held positions keep their slots.

        Args:
            retained: how many of the slots are behind the ring.
        """
        held = self.k.shape[1]
        if capacity <= held:
            return
        for name in ("k", "v", "gates"):
            old: Tensor = getattr(self, name)
            new = old.new_zeros((old.shape[0], capacity, old.shape[2]))
            new[:, :held] = old
            setattr(self, name, new)
        self.attention = F.pad(self.attention, (0, capacity - held))
        self.retained = F.pad(self.retained, (0, retained - self.retained.shape[1]), value=-1)
        self.shared = False

    def fork(self) -> LayerState:
        """A state that shares every tensor with this one; both copy a ring before writing to it."""
        self.shared = True
        return replace(self, shared=True)


def _flat(x: Tensor, size: int) -> Tensor:
    """A view of a ring as rows of so many numbers."""
    return x.view(x.numel() // max(size, 1), size)


@dataclass(frozen=True)
class BlockBackup:
    """What feeding one block overwrites: with it, the block's last tokens can be trimmed.

    Args:
        plan: of the block.
        prefix_hash: before the block.
        layers: per layer, the block's slots as they were (k, v [Hkv, T, D], gates [G, T, H]), and
            the memory before the block; with a retained set also its `attention` and `retained`.
        lost: per layer, what the block loses, and what `LayerState.read_lost` reads of it; empty
            without a retained set.
    """

    plan: BlockPlan
    prefix_hash: int
    layers: list[LayerState]
    lost: list[tuple[Outcome, KVGates]]


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
                    attention=torch.zeros(
                        2 if stream.retain else 0, config.num_kv_heads, 0, device=device
                    ),
                    retained=torch.zeros(config.num_kv_heads, 0, dtype=torch.int64, device=device),
                )
                for _ in range(config.num_layers)
            ]
        )

    def reserve(self, tokens: int, stream: StreamConfig) -> None:
        """Make room for the next `tokens` tokens in every layer."""
        capacity = capacity_for(self.tokens_seen + tokens, stream)
        for layer in self.layers:
            layer.grow(capacity, stream.retained_tokens(capacity))

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

    def backup(self, tokens: int, stream: StreamConfig, decide: Compete = compete) -> BlockBackup:
        """Copy what feeding the next block will overwrite; taken before the block is fed.

        Args:
            tokens: T of the block, two or more.
            stream: how the session holds its tokens.
            decide: as the block's competition will be decided.
        """
        plan = plan_block(self.tokens_seen, tokens, stream, self.layers[0].k.device)
        self.reserve(tokens, stream)
        layers = [
            LayerState(
                *layer.read_slots(plan.write_slots),
                layer.memory,
                layer.attention.clone(),
                layer.retained.clone(),
            )
            for layer in self.layers
        ]
        lost = []
        if plan.competition is not None:
            for layer in self.layers:
                outcome = layer.compete(plan.competition, decide)
                lost.append((outcome, layer.read_lost(plan.competition, outcome)))
        return BlockBackup(plan, self.prefix_hash, layers, lost)

    def trim(
        self,
        backup: BlockBackup,
        ids: list[int],
        last_hidden: Tensor,
        write_memory: WriteMemory,
        stream: StreamConfig,
        decide: Compete = compete,
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
            stream: how the session holds its tokens.
            decide: as it was given to `backup`.
        """
        if backup.plan.competition is None:
            self._trim_ring(backup, len(ids), write_memory)
        else:
            self._trim_retained(backup, len(ids), write_memory, stream, decide)
        self.tokens_seen = backup.plan.start + len(ids)
        self.prefix_hash = extend_prefix_hash(backup.prefix_hash, ids)
        self.last_hidden = last_hidden

    def _trim_retained(
        self,
        backup: BlockBackup,
        keep: int,
        write_memory: WriteMemory,
        stream: StreamConfig,
        decide: Compete,
    ) -> None:
        """With a retained set: all that the block changed is undone, and the kept tokens enter."""
        plan, competition = backup.plan, backup.plan.competition
        assert competition is not None
        shorter = plan_block(plan.start, keep, stream, plan.positions.device)
        assert shorter.competition is not None
        columns = plan.held_before + keep
        for i, (layer, old) in enumerate(zip(self.layers, backup.layers, strict=True)):
            assert layer.last_received is not None
            received = layer.last_received[:, :keep, :columns]
            entered = layer.read_slots(shorter.write_slots)
            outcome, lost = backup.lost[i]
            layer.write(plan.write_slots, old.k, old.v, old.gates)
            layer._set_of_heads(competition.slots[outcome.lost], *lost)
            layer.attention, layer.retained = old.attention, old.retained
            layer.memory = old.memory
            outcome = layer.compete(shorter.competition, decide)
            if shorter.competition.lost and len(old.memory):
                lost = layer.read_lost(shorter.competition, outcome)
                layer.memory = write_memory(i, *lost, old.memory)
            layer.enter(shorter, outcome, *entered, received)

    def _trim_ring(self, backup: BlockBackup, keep: int, write_memory: WriteMemory) -> None:
        """Without a retained set: the slots of the dropped tokens get their former content."""
        plan = backup.plan
        slots = cast(Tensor, plan.write_slots)[keep:]
        written = max(0, keep - plan.read_from)  # tokens that left for the memory
        rows = slice(plan.read_from, plan.read_from + written)
        for i, (layer, old) in enumerate(zip(self.layers, backup.layers, strict=True)):
            layer.write(slots, old.k[:, keep:], old.v[:, keep:], old.gates[:, keep:])
            layer.memory = old.memory
            if written and len(old.memory):
                evicted = old.k[:, rows], old.v[:, rows], old.gates[:, rows]
                layer.memory = write_memory(i, *evicted, old.memory)

    def cache_bytes(self, stream: StreamConfig) -> int:
        """Bytes of the held keys, values and gates, of the memories, and of the retained set's."""
        held = stream.cached_tokens(self.tokens_seen)
        retained = stream.retained_tokens(self.tokens_seen)
        return sum(
            layer.k[:, :held].nbytes
            + layer.v[:, :held].nbytes
            + layer.gates[:, :held].nbytes
            + layer.memory.nbytes
            + layer.attention[:, :, :held].nbytes
            + layer.retained[:, :retained].nbytes
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
