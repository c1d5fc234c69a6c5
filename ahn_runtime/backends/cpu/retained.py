"""The retained set in loops; the twins are the functions of those names in other files.

`compete` and `attention_received`: `ahn_runtime.model.retained`; `mask_heads`:
`ahn_runtime.model.attention`.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ahn_runtime.backends.cpu.fast_exp import exponential
from ahn_runtime.backends.cpu.jit import jit
from ahn_runtime.model.retained import Competition, Outcome

f32 = np.float32
ZERO, ONE, INFINITY = f32(0), f32(1), f32(np.inf)

ROWS_AT_ONCE = 128
"""Queries whose weights are summed while they are in a cache."""


def compete(strength: Tensor, positions: Tensor, competition: Competition) -> Outcome:
    """Strengths and positions [Hkv, F + E]: one leaver after the other, as the definition reads."""
    heads = len(strength)
    lost = torch.empty((heads, competition.lost), dtype=torch.int64)
    kept = torch.empty((heads, competition.filled_after), dtype=torch.int64)
    lost_with = torch.full_like(strength, len(competition.leaver_slots), dtype=torch.int64)
    ours = (strength.contiguous(), positions.contiguous(), lost, kept, lost_with)
    compete_in_turn(*(tensor.numpy() for tensor in ours), competition.filled)
    return Outcome(lost, kept, lost_with)


@jit
def compete_in_turn(  # type: ignore[no-untyped-def]
    strength, positions, lost, kept, lost_with, filled
):
    """Let the leavers compete, the first one first.

    Args:
        strength: of the competitors, float32 [Hkv, F + E].
        positions: of the competitors, int64 [Hkv, F + E].
        lost, kept, lost_with: get the fields of `Outcome`; `lost_with` holds E everywhere.
        filled: F.
    """
    heads, competitors = strength.shape
    room = kept.shape[1]  # R, unless there are fewer in all: then nobody is lost
    for head in range(heads):
        held = 0
        for place in range(filled):
            kept[head, place] = place
            held += 1
        weakest = -1
        losses = 0
        for leaver in range(filled, competitors):
            if held < room:
                kept[head, held] = leaver
                held += 1
                continue
            if weakest < 0:
                weakest = weakest_of(strength[head], positions[head], kept[head])
            loser = kept[head, weakest]
            if strength[head, leaver] < strength[head, loser]:
                loser = leaver
            else:  # of equals the older one is lost
                kept[head, weakest] = leaver
                weakest = -1
            lost[head, losses] = loser
            lost_with[head, loser] = leaver - filled
            losses += 1


def attention_received(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """Of a long block's queries, all in one: their weights are summed as they are made.

    Args:
        q: rotated, float32 [Hkv, T, D].
        k: rotated, [Hkv, K, D].
        mask: added to the scores, float32 [T, K] or [Hkv, T, K].

    Returns:
        float32 [Hkv, 1, K].
    """
    sums = torch.zeros(len(k), 1, k.shape[1])
    for head in range(len(k)):
        of_head, keys = mask if mask.ndim == 2 else mask[head], k[head].to(q.dtype).mT
        scaled = q[head] * q.shape[2] ** -0.5
        rows = zip(scaled.split(ROWS_AT_ONCE), of_head.split(ROWS_AT_ONCE), strict=True)
        for queries, masks in rows:
            add_weights((queries @ keys).numpy(), masks.numpy(), sums[head, 0].numpy())
    return sums


@jit
def add_weights(scores, mask, sums):  # type: ignore[no-untyped-def]
    """sums += softmax(scores + mask), over all rows.

    Args:
        scores: float32 [T, K]; overwritten.
        mask: float32 [T, K].
        sums: float32 [K].
    """
    rows, keys = scores.shape
    for row in range(rows):
        most = -INFINITY
        for j in range(keys):
            scores[row, j] += mask[row, j]
            most = max(most, scores[row, j])
        total = ZERO
        for j in range(keys):
            weight = exponential(scores[row, j] - most)
            scores[row, j] = weight
            total += weight
        share = ONE / total
        for j in range(keys):
            sums[j] += scores[row, j] * share


@jit
def mask_heads(masks, slots, last_queries):  # type: ignore[no-untyped-def]
    """Let each head's queries see competitors up to their loss: `BlockPlan.with_head_masks`.

    Args:
        masks: float32 [Hkv, T, K], changed in the columns `slots`.
        slots: of the competitors, int64 [N].
        last_queries: the first query that no longer sees each, int64 [Hkv, N].
    """
    heads, tokens = masks.shape[:2]
    for head in range(heads):
        for query in range(tokens):
            for i in range(slots.shape[0]):
                seen = query < last_queries[head, i]
                masks[head, query, slots[i]] = ZERO if seen else -INFINITY


@jit
def slot_to_free(strength, positions, leaver, first, filled, room):  # type: ignore[no-untyped-def]
    """The slot whose token makes room for the token that leaves the window, in one head.

    Args:
        strength: by slot, float32 [capacity].
        positions: of the retained tokens, int64 [room].
        leaver: slot of the token that leaves the window; it is younger than all retained ones.
        first, filled: the first retained slot, and F.
        room: slots behind the ring; there are more than F of them unless F is R.

    Returns:
        A retained slot, which was never used before if F < R; `leaver` if that is lost itself.
    """
    if filled < room:
        return first + filled
    weakest = 0
    for place in range(1, room):
        here, least = strength[first + place], strength[first + weakest]
        if is_weaker(here, positions[place], least, positions[weakest]):
            weakest = place
    return leaver if strength[leaver] < strength[first + weakest] else first + weakest


@jit
def weakest_of(strength, positions, holders):  # type: ignore[no-untyped-def]
    """The place of the weakest of some tokens, of equals the oldest.

    Args:
        strength, positions: of all tokens, float32 and int64 [N].
        holders: which of them are meant, int64; at least one.
    """
    weakest = 0
    for place in range(1, holders.shape[0]):
        here, least = holders[place], holders[weakest]
        if is_weaker(strength[here], positions[here], strength[least], positions[least]):
            weakest = place
    return weakest


@jit
def is_weaker(strength, position, of_other, position_of_other):  # type: ignore[no-untyped-def]
    """Whether a token is weaker than another one; of equals the older one is."""
    if strength == of_other:
        return position < position_of_other
    return strength < of_other
