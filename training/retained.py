"""What a session with a retained set sees and loses, for a whole sequence at once.

Which tokens each key/value head of a layer retains depends on the attention that they receive
(`ahn_runtime.model.retained`). It is decided here by the same functions, one grid cell after the
other, without gradients; what comes of it is differentiable: the attention of each cell's queries
over what they see, and the positions in the order in which they are written to the memory.

Shapes: q [H, L, D], k, v [Hkv, L, D], over all L positions.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ahn_runtime.config import StreamConfig
from ahn_runtime.model.attention import mask_heads, score_mask
from ahn_runtime.model.retained import (
    Competition,
    Grid,
    attention_received,
    compete,
    counted,
    update_strength,
)


@dataclass(frozen=True)
class Cell:
    """What the queries at the positions start .. end - 1 see.

    Args:
        sinks: how many of the first positions.
        retained: positions that each head retained before the cell, int64 [Hkv, F].
        recent: the first of the other positions, which go on up to the cell's end.
        mask: `score_mask` over those three, in this order, float32 [Hkv, end - start, K].
    """

    start: int
    end: int
    sinks: int
    retained: Tensor
    recent: int
    mask: Tensor

    def seen(self, x: Tensor) -> Tensor:
        """Of x [Hkv, L, D] what is seen, [Hkv, K, D]."""
        chosen = x.gather(1, self.retained[..., None].expand(-1, -1, x.shape[2]))
        return torch.cat((x[:, : self.sinks], chosen, x[:, self.recent : self.end]), dim=1)


@dataclass(frozen=True)
class Retained:
    """What a layer's queries see, and what it loses.

    Args:
        cells: one after the other, from position 0 on.
        lost: the positions that each head loses, in the order of their loss, int64 [Hkv, N].
    """

    cells: list[Cell]
    lost: Tensor


@torch.no_grad()
def choose_retained(q: Tensor, k: Tensor, stream: StreamConfig) -> Retained:
    """Decide what a layer retains over a sequence.

    Args:
        q, k: rotated.
        stream: with a window and a retained set.
    """
    assert stream.window is not None and stream.ring_limit is not None
    heads, length = k.shape[:2]
    grid, device = Grid.of(stream), k.device
    positions = torch.arange(length, device=device)
    strength = torch.zeros(heads, length, device=device)
    held = positions.new_empty((heads, 0))
    cells: list[Cell] = []
    lost = []
    for start in range(0, length, grid.cell):
        end = min(start + grid.cell, length)
        sinks = min(stream.sinks, start)
        recent = max(sinks, start - stream.window)
        first = max(stream.sinks, start - stream.window)
        leavers = positions[first : max(first, end - stream.window)]
        competition = Competition(
            room=stream.retain,
            filled=held.shape[1],
            leaver_slots=leavers,
            leaver_positions=leavers,
            first_leaver=min(end, first + stream.window) - start,
            first_slot=0,
            grid=grid,
        )
        candidates = torch.cat((held, leavers.expand(heads, -1)), dim=1)
        outcome = compete(strength.gather(1, candidates), candidates, competition)
        columns = sinks + torch.arange(candidates.shape[1], device=device)
        mask = _visible(positions, start, end, sinks + held.shape[1], recent).repeat(heads, 1, 1)
        mask_heads(mask, columns, competition.first_leaver + outcome.lost_with)
        cell = Cell(start, end, sinks, held, recent, mask)
        if end == start + grid.cell:
            received = _received(counted(q[:, start:end], heads, start, grid), k, cell, grid)
            known = positions[:end].expand(heads, -1)
            fresh = update_strength(strength[:, :end], received, known, end, grid)
            strength[:, :end] = fresh
        cells.append(cell)
        lost.append(candidates.gather(1, outcome.lost))
        held = candidates.gather(1, outcome.kept)
    return Retained(cells, torch.cat(lost, dim=1))


def _visible(positions: Tensor, start: int, end: int, before: int, recent: int) -> Tensor:
    """The mask of a cell whose first `before` keys are all seen, float32 [end - start, K]."""
    block = positions[recent:end] <= positions[start:end, None]
    return score_mask(torch.cat((block.new_ones(end - start, before), block), dim=1))


def _received(q: Tensor, k: Tensor, cell: Cell, grid: Grid) -> Tensor:
    """What each position up to the cell's end received in it, float32 [Hkv, end]."""
    mask = cell.mask[:, grid.counted_rows(cell.start)]
    sums = attention_received(q, None, cell.seen(k), mask, cell.sinks).sum(1)
    of_sinks, of_retained, of_recent = sums.split(
        (cell.sinks, cell.retained.shape[1], cell.end - cell.recent), dim=1
    )
    received = k.new_zeros((len(k), cell.end), dtype=torch.float32)
    received[:, : cell.sinks] = of_sinks
    received[:, cell.recent :] = of_recent
    return received.scatter_(1, cell.retained, of_retained)


def attend_retained(q: Tensor, k: Tensor, v: Tensor, retained: Retained, first: int) -> Tensor:
    """Attention of the queries from a position on over what they see.

    Args:
        q: rotated, of the positions from `first` on, [H, L - first, D].
        k, v: of all positions.
        retained: of the layer.

    Returns:
        [H, L - first, D].
    """
    outputs = []
    for cell in retained.cells:
        start = max(cell.start, first)
        if start >= cell.end:
            continue
        keys, values, dim = cell.seen(k), cell.seen(v), k.shape[2]
        block = q[:, start - first : cell.end - first].reshape(len(k), -1, dim)
        scores = (block @ keys.mT).float() * dim**-0.5  # [Hkv, H / Hkv * T, K]
        mask = cell.mask[:, None, start - cell.start :]
        scores = scores.unflatten(1, (-1, mask.shape[2])) + mask
        weights = torch.softmax(scores, dim=-1).flatten(1, 2).to(v.dtype)
        outputs.append((weights @ values).view(len(q), -1, dim))
    return torch.cat(outputs, dim=1)
