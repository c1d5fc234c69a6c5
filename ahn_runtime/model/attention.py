"""Which keys a query sees, and attention over them.

A session holds the sinks (positions 0..S-1) and a ring of the last W positions. Position p lives
in slot p while p < S and in slot S + (p - S) mod W afterwards, so the layout is a function of the
position alone: a state restored from disk repeats the very arithmetic of the one that was saved.
Behind the ring are the slots of the retained set, if there is one (`retained`).

Worked example, W = 4, S = 2, next position n = 9: slots 0 1 hold positions 0 1; the ring's slots
2 3 4 5 hold 6 7 8 5. Query 9 sees 0 1 and 6 7 8 9; position 5 leaves for the memory, and 9 takes
its slot.

Source: "Artificial Hippocampus Networks" (arXiv 2510.07318), section 3; the ring is ours.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ahn_runtime.config import StreamConfig
from ahn_runtime.model.retained import Competition, Grid


def slots_of(positions: Tensor, stream: StreamConfig) -> Tensor:
    """Slot of each absolute position, int64 of the same shape."""
    if stream.window is None:
        return positions
    ring = stream.sinks + (positions - stream.sinks) % stream.window
    return torch.where(positions < stream.sinks, positions, ring)


def held_positions(n: int, stream: StreamConfig, device: torch.device | None = None) -> Tensor:
    """Absolute position in each filled slot of sinks and ring before position n is fed.

    Returns:
        int64 [min(n, S + W)].
    """
    if stream.ring_limit is None or n <= stream.ring_limit:
        return torch.arange(n, device=device)
    window, sinks = n - stream.ring_limit + stream.sinks, stream.sinks
    latest = torch.arange(window, n, device=device)
    held = torch.arange(stream.ring_limit, device=device)
    held[slots_of(latest, stream)] = latest
    held[:sinks] = torch.arange(sinks, device=device)
    return held


Slots = Tensor | slice


@dataclass(frozen=True)
class BlockPlan:
    """What all layers need to know about one block of new tokens.

    Args:
        start: n, absolute position of the block's first token.
        positions: absolute positions of the block, int64 [T].
        held_before, held_after: filled slots before and after the block.
        write_slots: where the block's keys and values go, int64 [T]; a slice for a single token.
        evict_slots: slots of the positions that leave the window, in order, int64 [E]; a slice
            if one leaves, None if none does. Without a retained set they leave for the memory.
        read_from: index in the block of the first query that reads the memory (T if none does).
        mask: `score_mask` of the keys each query sees, float32 [T, held_before + T], or
            [Hkv, T, held_before + T] where heads differ; None for a single token without a
            retained set, which sees all that is held once its own key is written.
        sink_positions: query positions as seen from the sinks, int64 [T], if they differ from
            `positions`: with positions "cache" no query is further from a sink than W + S - 1.
        window: W; None without a window.
        sinks: S.
        memory_scale: factor of what the memory adds.
        competition: for the places of the retained set; None without one.
        ring_after: `held_positions` after the block, where a grid cell of a retained set ends.
        parts: with a retained set, the plans of the parts of a block that several grid cells
            share; they are computed one after the other. The block's own plan has no mask then.
    """

    start: int
    positions: Tensor
    held_before: int
    held_after: int
    write_slots: Slots
    evict_slots: Slots | None
    read_from: int
    mask: Tensor | None
    sink_positions: Tensor | None
    window: int | None
    sinks: int
    memory_scale: float
    competition: Competition | None = None
    ring_after: Tensor | None = None
    parts: tuple[BlockPlan, ...] = ()
    _shared: dict[str, Tensor] = dataclasses.field(default_factory=dict)

    def last_mask(self, rows: int) -> Tensor | None:
        """The mask of the block's last `rows` queries, [..., rows, held_before + T]."""
        return None if self.mask is None else self.mask[..., -rows:, :]

    def of_heads(self, first: int, last: int) -> BlockPlan:
        """The plan for some of the key/value heads."""
        if self.mask is None or self.mask.ndim == 2:
            return self
        return dataclasses.replace(self, mask=self.mask[first:last])

    def with_head_masks(
        self,
        lost_with: Tensor,
        write: MaskHeads | None = None,
        first: int = 0,
        last: int | None = None,
    ) -> BlockPlan:
        """The plan of one layer, whose key/value heads retain different tokens.

        Args:
            lost_with: as `Outcome` has it, [Hkv, F + E].
            write: a faster `mask_heads`.
            first, last: the heads that are meant; all without them. Threads may call it for
                different heads at once, after `reserve_head_masks`.
        """
        competition = self.competition
        assert competition is not None
        if self.mask is None or not len(competition.leaver_slots):
            return self
        masks = self.reserve_head_masks(len(lost_with))[first:last]
        last_queries = competition.first_leaver + lost_with[first:last]
        (write or mask_heads)(masks, competition.slots, last_queries)
        return dataclasses.replace(self, mask=masks)

    def reserve_head_masks(self, heads: int) -> Tensor:
        """The masks that all layers write into, one after the other, [Hkv, T, K]."""
        assert self.mask is not None
        if "masks" not in self._shared:
            self._shared["masks"] = self.mask.repeat(heads, 1, 1)
        return self._shared["masks"]

    @functools.cached_property
    def window_columns(self) -> Tensor:
        """Where the window's keys are among the held keys and the block's, by position.

        Only for blocks that start behind the sinks.

        Returns:
            int64 [min(n - S, W - 1) + T]: indices into the keys of slots 0 .. held_before - 1
            followed by the block's; they are those of positions max(S, n - W + 1) .. n + T - 1.
        """
        assert self.window is not None and self.start >= self.sinks
        first = max(self.sinks, self.start - self.window + 1)
        device = self.positions.device
        held = torch.arange(first, self.start, device=device) - self.sinks
        block = torch.arange(len(self.positions), device=device) + self.held_before
        return torch.cat((self.sinks + held % self.window, block))


def plan_block(n: int, tokens: int, stream: StreamConfig, device: torch.device) -> BlockPlan:
    """Plan the block of `tokens` tokens at position n.

    Args:
        n: absolute position of the first token.
        tokens: T, at most W: then what leaves the window was there before the block began.
        stream: how the session holds its tokens.
        device: of the plan's tensors.
    """
    assert stream.window is None or tokens <= stream.window
    positions = torch.arange(n, n + tokens, device=device)
    evicted, read_from = positions[:0], tokens
    competition = None
    if stream.window is not None:
        first = max(n - stream.window, stream.sinks)
        evicted = torch.arange(first, max(first, n + tokens - stream.window), device=device)
        read_from = min(tokens, first + stream.window - n)
    parts: list[BlockPlan] = []
    ring_after = None
    if stream.retain:
        lengths = Grid.of(stream).parts(n, tokens)
        if len(lengths) > 1:
            starts = itertools.accumulate(lengths, initial=n)
            cells = zip(starts, lengths, strict=False)
            parts = [plan_block(start, length, stream, device) for start, length in cells]
        competition = Competition(
            stream.retain,
            stream.retained_tokens(n),
            slots_of(evicted, stream),
            evicted,
            read_from,
            stream.ring_limit or 0,
            Grid.of(stream),
        )
        read_from = min(tokens, read_from + len(evicted) - competition.lost)
        if competition.grid.ends_at(n + tokens):
            ring_after = held_positions(n + tokens, stream, device)
    return BlockPlan(
        start=n,
        positions=positions,
        held_before=stream.cached_tokens(n),
        held_after=stream.cached_tokens(n + tokens),
        write_slots=_slots(positions, stream),
        evict_slots=_slots(evicted, stream) if len(evicted) else None,
        read_from=read_from,
        mask=None if parts else _mask(n, positions, stream),
        sink_positions=_sink_positions(positions, n + tokens, stream),
        window=stream.window,
        sinks=stream.sinks,
        memory_scale=stream.memory_scale,
        competition=competition,
        parts=tuple(parts),
        ring_after=ring_after,
    )


def _slots(positions: Tensor, stream: StreamConfig) -> Slots:
    slots = slots_of(positions, stream)
    if len(slots) != 1:
        return slots
    slot = int(slots)
    return slice(slot, slot + 1)  # a view where an index would gather


def _sink_positions(positions: Tensor, end: int, stream: StreamConfig) -> Tensor | None:
    """Query positions counted inside the cache; None where they equal the absolute ones.

    The distance from query to sink then never leaves the range the model was trained on. Rotating
    the query again is the same as moving the sinks' keys.

    Source: "Efficient Streaming Language Models" (arXiv 2309.17453), section 3.2.
    """
    limit = stream.ring_limit
    if stream.positions != "cache" or limit is None or not stream.sinks or end <= limit:
        return None
    return positions.clamp(max=limit - 1)


def _mask(n: int, positions: Tensor, stream: StreamConfig) -> Tensor | None:
    """`BlockPlan.mask` of a block at n, before heads differ."""
    if len(positions) > 1:
        return _visible(n, positions, stream)
    if not stream.retain:
        return None
    # A single token sees all that is held but what it makes leave, which `with_head_masks` decides.
    return positions.new_zeros((1, stream.cached_tokens(n) + 1), dtype=torch.float32)


def _visible(n: int, positions: Tensor, stream: StreamConfig) -> Tensor:
    held = held_positions(n, stream, positions.device)
    keys = torch.cat((held, positions))[None, :]
    queries = positions[:, None]
    seen = keys <= queries
    if stream.window is not None:
        seen &= (keys > queries - stream.window) | (keys < stream.sinks)
    if retained := stream.retained_tokens(n):  # which of them are lost in the block differs by head
        before, block = seen.split((len(held), len(positions)), dim=1)
        seen = torch.cat((before, before.new_ones(len(positions), retained), block), dim=1)
    return score_mask(seen)


MaskHeads = Callable[[Tensor, Tensor, Tensor], None]


def mask_heads(masks: Tensor, slots: Tensor, last_queries: Tensor) -> None:
    """Let each head's queries see the keys in some slots up to a query.

    Args:
        masks: as `score_mask` makes them, [Hkv, T, K]; changed in the columns `slots`.
        slots: int64 [N].
        last_queries: the first query that no longer sees each, int64 [Hkv, N].
    """
    query = torch.arange(masks.shape[1], device=masks.device)
    masks[:, :, slots] = score_mask(query[:, None] < last_queries[:, None, :])


def score_mask(seen: Tensor) -> Tensor:
    """What is added to the scores so that only `seen` keys count: bool to float32 0 or -inf.

    Torch's kernels would make it from bools themselves, but again in every layer.
    """
    return torch.zeros(seen.shape, device=seen.device).masked_fill_(~seen, -torch.inf)


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """Softmax attention of grouped query heads, by torch's kernels.

    Args:
        q: [H, T, D], rotated.
        k, v: [Hkv, K, D], rotated keys; kv head h // (H / Hkv) serves query head h.
        mask: added to the scores, float32 [T, K], as `score_mask` makes it; None: every key is
            seen.

    Returns:
        [H, T, D], of q's dtype.
    """
    k, v = k.to(q.dtype), v.to(q.dtype)
    mask = None if mask is None else mask.to(q.dtype)
    out = F.scaled_dot_product_attention(q[None], k[None], v[None], attn_mask=mask, enable_gqa=True)
    return out[0]


def attend_few(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """`attend` for a few queries: two batched products per key/value head.

    On a CPU this takes a fraction of the time of torch's kernel, which works in blocks of queries.

    Args:
        q: [H, T, D], rotated.
        k, v: [Hkv, K, D], rotated keys.
        mask: added to the scores, float32 [T, K] or [Hkv, T, K]; None: every key is seen.

    Returns:
        [H, T, D], of q's dtype.
    """
    k, v = k.to(q.dtype), v.to(q.dtype)
    heads, tokens, dim = q.shape
    grouped = q.reshape(k.shape[0], -1, dim) * dim**-0.5  # (Hkv, H / Hkv * T, D)
    scores = torch.bmm(grouped, k.transpose(1, 2))
    if mask is not None:
        _add_mask(scores, mask)
    return torch.bmm(torch.softmax(scores, dim=-1), v).view(heads, tokens, dim)


def _add_mask(scores: Tensor, mask: Tensor) -> None:
    """Scores [Hkv, H / Hkv * T, K] += mask [T, K] or [Hkv, T, K], for each head."""
    by_head = scores.view(len(scores), -1, *mask.shape[-2:])
    by_head += mask if mask.ndim == 2 else mask[:, None]


def attend_rebased(
    q: Tensor, q_sinks: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, sinks: int
) -> Tensor:
    """`attend` where the first `sinks` keys are seen by queries rotated to another position.

    Args:
        q, q_sinks: [H, T, D], rotated for the window's keys and for the sinks' keys.
        k, v: [Hkv, K, D], rotated keys; the sinks are the first `sinks` of them.
        mask: added to the scores, float32 [T, K] or [Hkv, T, K]; None: every key is seen.

    Returns:
        [H, T, D], of q's dtype.
    """
    k, v = k.to(q.dtype), v.to(q.dtype)
    heads, tokens, dim = q.shape
    grouped, grouped_sinks = (x.reshape(k.shape[0], -1, dim) * dim**-0.5 for x in (q, q_sinks))
    scores = torch.cat(
        (grouped_sinks @ k[:, :sinks].mT, grouped @ k[:, sinks:].mT), dim=-1
    ).float()  # (Hkv, H / Hkv * T, K)
    if mask is not None:
        _add_mask(scores, mask)
    weights = torch.softmax(scores, dim=-1).to(v.dtype)
    return (weights @ v).reshape(heads, tokens, dim)


Attended = tuple[Tensor, Tensor]
"""Attention over some keys: outputs [H, T, D], and the log of the sum of the exponentials of the
scores (log-sum-exp), float32 [H, T]; -inf where a query sees none of the keys."""


def merge_attention(parts: Sequence[Attended]) -> Tensor:
    """Attention over all keys from attention over disjoint parts of them.

    A softmax over all keys gives a part's outputs the share exp(lse_part) / sum exp(lse) of the
    whole.

    Args:
        parts: one (outputs, log-sum-exp) for each part; every query sees a key of some part.

    Returns:
        [H, T, D], of the dtype of the first part's outputs; computed in float32.

    Source: "FlashAttention" (arXiv 2205.14135), section 3.1, which merges blocks of keys so.
    """
    shares = torch.softmax(torch.stack([lse.float() for _, lse in parts]), dim=0)[..., None]
    whole = sum(share * out.float() for share, (out, _) in zip(shares, parts, strict=True))
    assert isinstance(whole, Tensor)
    return whole.to(parts[0][0].dtype)
