"""The retained set: which tokens behind the window are still held exactly, per key/value head.

Besides sinks and window, each key/value head of a layer holds R tokens of its own choice. A token
that leaves the window competes with them: while fewer than R are held it joins them; afterwards
the weakest of the R + 1 is lost, that is written to the memory (with the write gates of its own
time) or, without a memory, forgotten. Keys keep the rotary angles of their true positions.

A token's strength is the attention that it received: softmax weights, averaged over queries with
a decay. Of a position's queries one head of the group counts, the heads in turn (`counted`): at
every position, or in cells of more than `MAX_COUNTED` at every so many-th one, which costs reading
less and chooses nearly as well. Strengths change only at the ends of grid cells:
absolute positions that are multiples of C (see `Grid`). Attention cuts its blocks there, so what a
part of a block loses is known before it is computed, and is the same however its tokens are split
into feeds. Of two tokens of equal strength, the older one is the weaker one.

Slots: the retained tokens are behind the ring, in slots S + W .. S + W + R - 1. The first R tokens
that leave the window fill them in order; a token that joins later takes the slot of the one that
is lost then. What they hold is a function of the history alone.

Sources: H2O (arXiv 2306.14048) keeps those with the most attention received, SnapKV (arXiv
2404.14469) scores with a few queries, TOVA (arXiv 2401.06104) drops one token for each new one.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import torch
from torch import Tensor

from ahn_runtime.config import StreamConfig

MAX_CELL_TOKENS = 256
CELLS_IN_A_WINDOW = 4
"""At least so many in windows that are not shorter: a strength is never older than that share."""

MAX_COUNTED = 128
"""Positions of a cell whose queries count."""

DECAY_PER_TOKEN = 0.98 ** (1 / 64)


@dataclass(frozen=True)
class Grid:
    """Where strengths change.

    Args:
        cell: C.
    """

    cell: int

    @classmethod
    def of(cls, stream: StreamConfig) -> Grid:
        """The grid of a session with a window."""
        share = (stream.window or 0) // CELLS_IN_A_WINDOW
        return cls(min(MAX_CELL_TOKENS, max(1, share)))

    @property
    def every(self) -> int:
        """Queries count at the positions that are multiples of it."""
        return -(-self.cell // MAX_COUNTED)

    def counted_rows(self, start: int) -> slice:
        """Which rows of a block at `start` are of positions that count."""
        return slice(-start % self.every, None, self.every)

    def counted_head(self, position: int, group: int) -> int:
        """The head of each group of so many that counts at a position; -1: none does."""
        turn, rest = divmod(position, self.every)
        return -1 if rest else turn % group

    def room(self, position: int) -> int:
        """Tokens from a position on to the end of its cell."""
        return self.cell - position % self.cell

    def ends_at(self, position: int) -> bool:
        """Whether a cell ends before a position."""
        return position % self.cell == 0

    def parts(self, start: int, tokens: int) -> list[int]:
        """Lengths of the parts, one in each cell, of the block of `tokens` tokens at `start`."""
        first = min(tokens, self.room(start))
        whole, last = divmod(tokens - first, self.cell)
        return [first, *[self.cell] * whole, *([last] if last else [])]


@dataclass(frozen=True)
class Competition:
    """Who competes in a block, or part of one, inside a cell: F retained tokens, then E that leave.

    Competitors are numbered 0 .. F + E - 1 in that order; the numbers are those of every layer and
    head, although each head retains other tokens.

    Args:
        room: R.
        filled: retained tokens before the block, F.
        leaver_slots: slots of the E tokens that leave the window, oldest first, int64 [E].
        leaver_positions: their absolute positions, int64 [E].
        first_leaver: index in the block of the first query that no longer sees its leaver as a
            part of the window (T if none leaves).
        first_slot: S + W, the first retained token's.
        grid: of the session.
    """

    room: int
    filled: int
    leaver_slots: Tensor
    leaver_positions: Tensor
    first_leaver: int
    first_slot: int
    grid: Grid

    @property
    def filled_after(self) -> int:
        """Retained tokens after the block."""
        return min(self.room, self.filled + len(self.leaver_slots))

    @property
    def lost(self) -> int:
        """How many tokens are lost in the block, by each head."""
        return self.filled + len(self.leaver_slots) - self.filled_after

    @functools.cached_property
    def slots(self) -> Tensor:
        """Slots of the competitors before the block, int64 [F + E]."""
        held = torch.arange(self.filled, device=self.leaver_slots.device) + self.first_slot
        return torch.cat((held, self.leaver_slots))


@dataclass(frozen=True)
class Outcome:
    """What each head keeps and loses in a block, by the numbers of the competitors.

    Args:
        lost: in the order of their loss, int64 [Hkv, L].
        kept: whose token each retained slot holds after the block, int64 [Hkv, F'].
        lost_with: the number of the leaver with which each competitor is lost, from 0 on, int64
            [Hkv, F + E]; E where it is kept.
    """

    lost: Tensor
    kept: Tensor
    lost_with: Tensor


def compete(strength: Tensor, positions: Tensor, competition: Competition) -> Outcome:
    """Decide what a block loses, for all its leavers at once.

    A competitor is lost when, for the first time, R stronger ones are there: with one of the
    leavers after it, or when it arrives itself.

    Args:
        strength: of the competitors, float32 [Hkv, F + E].
        positions: of the competitors, int64 [Hkv, F + E].
        competition: the block's.
    """
    filled, device = competition.filled, strength.device
    leavers, lost = len(competition.leaver_slots), competition.lost
    rank = _ranks(strength, positions)
    stronger = rank[:, None, filled:] > rank[:, :, None]  # [Hkv, F + E, E]
    held = rank[:, :, None] < rank[:, None, :filled]
    arrived = stronger.cumsum(-1) + held.sum(-1, keepdim=True)
    arrival = torch.arange(leavers, device=device)
    own = torch.cat((arrival.new_full((filled,), -1), arrival))
    is_held = (arrived < competition.room) | (arrival < own[:, None])
    lost_with = is_held.sum(-1)  # what is lost stays lost
    order = lost_with.argsort(dim=-1, stable=True)[:, :lost]
    return Outcome(order, _kept(order, lost_with, competition), lost_with)


def _ranks(strength: Tensor, positions: Tensor) -> Tensor:
    """Ranks by strength, of equals by position; 0 is the weakest, int64 [Hkv, F + E]."""
    by_age = positions.argsort(dim=-1)
    order = by_age.gather(1, strength.gather(1, by_age).argsort(dim=-1, stable=True))
    places = torch.arange(strength.shape[1], device=strength.device).expand_as(order)
    return torch.empty_like(order).scatter_(1, order, places)


def _kept(lost: Tensor, lost_with: Tensor, competition: Competition) -> Tensor:
    """Whose token each retained slot holds after the block; see `Outcome.kept`."""
    heads, competitors = lost_with.shape
    # A leaver takes the place of the competitor that is lost with it, which may be a leaver too;
    # the first ones take places that were never used. A place has the number of its first holder.
    place = torch.arange(competitors, device=lost.device).repeat(heads, 1)
    place[:, competition.filled_after :] = lost
    for _ in range(len(competition.leaver_slots).bit_length()):
        place = place.gather(1, place)
    # Sorted, since a selection by a mask would wait for a GPU.
    kept = lost_with.argsort(dim=-1, descending=True, stable=True)[:, : competition.filled_after]
    return torch.empty_like(kept).scatter_(1, place.gather(1, kept), kept)


def counted(q: Tensor, kv_heads: int, start: int, grid: Grid) -> Tensor:
    """The queries that count: of the N positions that count, each group's head in turn.

    Args:
        q: of the T positions from `start` on, [H, T, D].
        kv_heads: Hkv.

    Returns:
        [Hkv, N, D].
    """
    group, rows = len(q) // kv_heads, grid.counted_rows(start)
    positions = torch.arange(start, start + q.shape[1], device=q.device)[rows]
    turns = torch.div(positions, grid.every, rounding_mode="floor") % group
    of_groups = q[:, rows].unflatten(0, (kv_heads, group))
    return of_groups[:, turns, torch.arange(len(turns), device=q.device)]


def attention_received(
    q: Tensor, q_sinks: Tensor | None, k: Tensor, mask: Tensor, sinks: int
) -> Tensor:
    """Softmax weights that keys receive from T queries that count.

    Args:
        q: rotated, [Hkv, T, D].
        q_sinks: rotated as seen from the sinks, where that differs.
        k: rotated, [Hkv, K, D]; the sinks are the first `sinks` of them.
        mask: added to the scores, float32 [T, K] or [Hkv, T, K].

    Returns:
        float32 [Hkv, T, K].
    """
    keys, scale = k.float(), q.shape[2] ** -0.5
    scores = torch.bmm(q.float() * scale, keys.mT)
    if q_sinks is not None:
        scores[:, :, :sinks] = torch.bmm(q_sinks.float() * scale, keys[:, :sinks].mT)
    return torch.softmax(scores + mask, dim=-1)


def update_strength(
    strength: Tensor, received: Tensor, positions: Tensor, end: int, grid: Grid
) -> Tensor:
    """Strengths after a grid cell: the decayed mean of what was received per query.

    A token's first cell counts whole, although only later queries see it. With m the number of
    cells between the token's and the one that ends, and d a cell's decay, the means' weights are
    d^i / (1 + d + ... + d^m), i cells ago; so each cell moves the mean by (1 - d) / (1 - d^(m+1)).

    Args:
        strength: before the cell, float32 [Hkv, K].
        received: sums over the cell's queries, float32 [Hkv, K].
        positions: of the K tokens, int64 [Hkv, K].
        end: position at which the cell ends.
        grid: of the cells.
    """
    age = torch.div(end - 1 - positions, grid.cell, rounding_mode="floor")  # the last cell's is 0
    decay = DECAY_PER_TOKEN**grid.cell
    share = (1 - decay) / (1 - torch.pow(decay, (age + 1).double()))
    return torch.lerp(strength, received / grid.cell, share.float())
