"""The retained set in loops; the twins are the functions of those names in other files.

`compete` and `attention_received`: `ahn_runtime.model.retained`; `mask_heads`:
`ahn_runtime.model.attention`; `keep`: `LayerState.keep`.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ahn_runtime.backends.cpu.fast_exp import exponential
from ahn_runtime.backends.cpu.jit import jit
from ahn_runtime.model.cache import LayerState
from ahn_runtime.model.retained import Competition, Outcome

f32, i32 = np.float32, np.int32
ZERO, ONE, INFINITY = f32(0), f32(1), f32(np.inf)

ROWS_AT_ONCE = 128
"""Queries whose weights are summed while they are in a cache."""


def compete(strength: Tensor, positions: Tensor, competition: Competition) -> Outcome:
    """Strengths and positions [Hkv, F + E]: one leaver after the other, as the definition reads."""
    heads = len(strength)
    lost = torch.empty((heads, competition.lost), dtype=torch.int64)
    kept = torch.empty((heads, competition.filled_after), dtype=torch.int64)
    lost_with = torch.full_like(strength, len(competition.leaver_slots), dtype=torch.int64)
    # A strength is not negative, so its bits are in its order; of equals the older one is weaker.
    bits = strength.contiguous().view(torch.int32).long()
    order = ((bits << 32) | positions).argsort(dim=-1)
    ours = (order, lost, kept, lost_with)
    compete_in_turn(*(tensor.numpy() for tensor in ours), competition.filled)
    return Outcome(lost, kept, lost_with)


@jit
def compete_in_turn(order, lost, kept, lost_with, filled):  # type: ignore[no-untyped-def]
    """Let the leavers compete, the first one first.

    Args:
        order: the competitors, the weakest first, int64 [Hkv, F + E].
        lost, kept, lost_with: get the fields of `Outcome`; `lost_with` holds E everywhere.
        filled: F.
    """
    heads, competitors = order.shape
    room = kept.shape[1]  # R, unless there are fewer in all: then nobody is lost
    for head in range(heads):
        who, rank = order[head], np.empty(competitors, np.int64)
        for own in range(competitors):
            rank[who[own]] = own
        place = np.full(competitors, -1)  # that each rank holds, -1 where it holds none
        for held in range(filled):
            kept[head, held] = held
            place[rank[held]] = held
        # Whoever enters when all places are taken is stronger than the weakest: it only moves up.
        weakest, losses = 0, 0
        for leaver in range(filled, competitors):
            own = rank[leaver]
            if leaver < room:
                kept[head, leaver] = leaver
                place[own] = leaver
                continue
            while place[weakest] < 0:
                weakest += 1
            loser = leaver
            if own > weakest:
                loser = who[weakest]
                kept[head, place[weakest]] = leaver
                place[own] = place[weakest]
                place[weakest] = -1
            lost[head, losses] = loser
            lost_with[head, loser] = leaver - filled
            losses += 1


def keep(state: LayerState, competition: Competition, outcome: Outcome) -> None:
    """Into the slots of a layer that get another token."""
    k, v = (t.view(torch.int16) if t.dtype == torch.bfloat16 else t for t in (state.k, state.v))
    tensors = (k, v, state.gates, state.attention, state.retained, competition.slots)
    leavers = competition.leaver_positions, outcome.kept
    move_kept(
        *(tensor.numpy() for tensor in (*tensors, *leavers)),
        competition.filled,
        competition.first_slot,
    )


@jit
def move_kept(  # type: ignore[no-untyped-def]
    k, v, gates, attention, retained, slots, leaver_positions, kept, filled, first_slot
):
    """Copy each leaver that is kept from its slot in the window to the one that it takes.

    Args:
        k, v, gates, attention, retained: of a `LayerState`, which change.
        slots: of the competitors, int64 [F + E].
        leaver_positions: int64 [E].
        kept: as `Outcome` has it, int64 [Hkv, F'].
        filled, first_slot: F, and the first retained token's slot.
    """
    group = gates.shape[2] // k.shape[0]
    for head in range(k.shape[0]):
        for place in range(kept.shape[1]):
            leaver = kept[head, place] - filled
            if leaver < 0:  # it was here before
                continue
            to, at = first_slot + place, slots[filled + leaver]
            for i in range(k.shape[2]):
                k[head, to, i] = k[head, at, i]
                v[head, to, i] = v[head, at, i]
            for gate in range(gates.shape[0]):
                for query in range(head * group, (head + 1) * group):
                    gates[gate, to, query] = gates[gate, at, query]
            for row in range(attention.shape[0]):
                attention[row, head, to] = attention[row, head, at]
            retained[head, place] = leaver_positions[leaver]


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
            scores = torch.addmm(masks, queries, keys)
            most = scores.amax(dim=1)  # a maximum in a loop would not run in vector lanes
            add_weights(scores.numpy(), most.numpy(), sums[head, 0].numpy())
    return sums


@jit
def add_weights(scores, most, sums):  # type: ignore[no-untyped-def]
    """sums += softmax(scores), over all rows.

    Args:
        scores: float32 [T, K]; overwritten.
        most: the greatest of each row, float32 [T].
        sums: float32 [K].
    """
    rows, keys = scores.shape
    for row in range(rows):
        total = ZERO
        for j in range(keys):
            weight = exponential(scores[row, j] - most[row])
            scores[row, j] = weight
            total += weight
        share = ONE / total
        for j in range(keys):
            sums[j] += scores[row, j] * share


def mask_heads(masks: Tensor, slots: Tensor, last_queries: Tensor) -> None:
    """Into float32 masks [Hkv, T, K], for slots [N] up to the queries [Hkv, N]."""
    write_masks(masks.numpy(), slots.numpy(), last_queries.int().numpy())


@jit
def write_masks(masks, slots, last_queries):  # type: ignore[no-untyped-def]
    """Let each head's queries see the keys in some slots up to a query.

    Args:
        masks: float32 [Hkv, T, K], changed in the columns `slots`.
        slots: of the competitors, int64 [N].
        last_queries: the first query that no longer sees each, int32 [Hkv, N].
    """
    heads, tokens = masks.shape[:2]
    first = 0
    while first < slots.shape[0]:
        # Slots that follow each other are written in vector lanes; there are three runs of them.
        end = first + 1
        while end < slots.shape[0] and slots[end] == slots[first] + end - first:
            end += 1
        for head in range(heads):
            last = last_queries[head, first:end]
            for query in range(tokens):
                row, at = masks[head, query, slots[first] : slots[first] + end - first], i32(query)
                for i in range(end - first):
                    row[i] = ZERO if at < last[i] else -INFINITY
        first = end


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
def is_weaker(strength, position, of_other, position_of_other):  # type: ignore[no-untyped-def]
    """Whether a token is weaker than another one; of equals the older one is."""
    if strength == of_other:
        return position < position_of_other
    return strength < of_other
