"""Who is lost of the retained set, in loops: one leaver after the other, as the definition reads.

The twin is `ahn_runtime.model.retained.compete`, which decides for all leavers at once.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ahn_runtime.backends.cpu.jit import jit
from ahn_runtime.model.retained import Competition, Outcome


def compete(strength: Tensor, positions: Tensor, competition: Competition) -> Outcome:
    """`ahn_runtime.model.retained.compete`: strengths and positions [Hkv, F + E]."""
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


@jit
def slot_to_free(strength, positions, leaver, first, filled, room):  # type: ignore[no-untyped-def]
    """The slot whose token makes room for the token that leaves the window, in one head.

    Args:
        strength: by slot, float32 [capacity].
        positions: of the retained tokens, int64 [R].
        leaver: slot of the token that leaves the window; it is younger than all retained ones.
        first, filled, room: the first retained slot, F, and R.

    Returns:
        A retained slot, which was never used before if F < R; `leaver` if that is lost itself.
    """
    if filled < room:
        return first + filled
    weakest = 0
    for place in range(1, room):
        here, least = strength[first + place], strength[first + weakest]
        if here < least or (here == least and positions[place] < positions[weakest]):
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
        if strength[here] < strength[least] or (
            strength[here] == strength[least] and positions[here] < positions[least]
        ):
            weakest = place
    return weakest
