"""Prompt lookup: drafting the next tokens from where the last ones stood before.

Answers copy names and phrases from the passages that were just read. So where the last tokens have
occurred before, what followed them there is a guess at what follows now; one block checks it at
little more than a single token's cost, and whatever greedy decoding would not have chosen is taken
back.

Source: "Prompt Lookup Decoding" (A. Saxena, 2023), a form of speculative decoding (arXiv
2211.17192) without a second model.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

from torch import Tensor, nn

from ahn_runtime.config import StreamConfig
from ahn_runtime.model.attention import plan_block
from ahn_runtime.model.cache import LayerState, ModelState
from ahn_runtime.model.qwen2 import DecoderLayer

LONGEST_MATCH, SHORTEST_MATCH = 4, 2
MAX_DRAFT_TOKENS = 7
"""With the token before them a block of 8."""


class PromptLookup:
    """Finds drafts in the tokens so far.

    Args:
        ids: what was read before the answer, such as the prompt.
    """

    def __init__(self, ids: Sequence[int]) -> None:
        self._ids: list[int] = []
        self._ends: dict[tuple[int, ...], int] = {}  # end of the latest run, by its tokens
        self._pending: list[tuple[int, ...]] = []
        self.extend(ids)

    def extend(self, ids: Sequence[int]) -> None:
        """Tokens that were read or chosen."""
        for token in ids:
            # Only now, or a run would find itself.
            for run in self._pending:
                self._ends[run] = len(self._ids)
            self._ids.append(token)
            self._pending = [
                tuple(self._ids[-size:])
                for size in range(SHORTEST_MATCH, LONGEST_MATCH + 1)
                if len(self._ids) >= size
            ]

    def propose(self, max_tokens: int) -> list[int]:
        """What followed the longest of the last runs when it occurred before; empty if none did."""
        for run in reversed(self._pending):
            end = self._ends.get(run)
            if end is not None:
                return self._ids[end : end + min(max_tokens, MAX_DRAFT_TOKENS)]
        return []


class Undo:
    """Takes the last tokens of one block back; made before the block is fed, in place.

    Args:
        state: the session's.
        tokens: T of the block, two or more.
    """

    def __init__(self, state: ModelState, stream: StreamConfig, tokens: int) -> None:
        self._state, self._n = state, state.tokens_seen
        self._plan = plan_block(self._n, tokens, stream, state.layers[0].k.device)
        state.reserve(tokens, stream)
        slots = self._plan.write_slots
        # What the block overwrites: rows of its slots, and the memory before it.
        self._kept = [
            LayerState(layer.k[:, slots], layer.v[:, slots], layer.gates[:, slots], layer.memory)
            for layer in state.layers
        ]

    def keep_first(self, layers: Iterable[nn.Module], count: int) -> None:
        """Leave the keys, values, gates and memories as if only `count` tokens had been fed."""
        slots = cast(Tensor, self._plan.write_slots)[count:]
        written = max(0, count - self._plan.read_from)
        rows = slice(self._plan.read_from, self._plan.read_from + written)
        for layer, state, kept in zip(layers, self._state.layers, self._kept, strict=True):
            state.write(slots, kept.k[:, count:], kept.v[:, count:], kept.gates[:, count:])
            state.memory = kept.memory
            if written and cast(DecoderLayer, layer).ahn is not None:
                state.memory = cast(DecoderLayer, layer).remember(
                    kept.k[:, rows], kept.v[:, rows], kept.gates[:, rows], kept.memory
                )
        self._state.tokens_seen = self._n + count


def agreeing(drafted: Sequence[int], chosen: Tensor) -> int:
    """How many of the drafted tokens, from the first on, are those that were chosen."""
    for i, (ours, theirs) in enumerate(zip(drafted, chosen.tolist(), strict=False)):
        if ours != theirs:
            return i
    return len(drafted)
