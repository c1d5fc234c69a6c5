"""Prompt lookup: drafting the next tokens from where the last ones occurred before.

Answers copy names and phrases from the passages that were just read. So where the last tokens have
occurred before, what followed them there is a guess at what follows now. One block verifies the
guess at little more than a single token's cost, and the tokens that greedy decoding would not have
chosen are trimmed from the state.

Source: "Prompt Lookup Decoding" (A. Saxena, 2023), a form of speculative decoding (arXiv
2211.17192) without a second model.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

LONGEST_MATCH, SHORTEST_MATCH = 4, 2
MAX_DRAFT_TOKENS = 7
"""With the token before them, a block of 8."""


class PromptLookup:
    """Finds drafts in the tokens so far.

    Args:
        ids: tokens that were read before the answer, such as the prompt.
    """

    def __init__(self, ids: Sequence[int]) -> None:
        self._ids: list[int] = []
        self._ends: dict[tuple[int, ...], int] = {}  # end of the latest run, by its tokens
        self._pending: list[tuple[int, ...]] = []
        self.extend(ids)

    def extend(self, ids: Sequence[int]) -> None:
        """Add tokens that were read or generated."""
        for token in ids:
            # Entered one token late, or a run would find itself.
            for run in self._pending:
                self._ends[run] = len(self._ids)
            self._ids.append(token)
            self._pending = [
                tuple(self._ids[-size:])
                for size in range(SHORTEST_MATCH, LONGEST_MATCH + 1)
                if len(self._ids) >= size
            ]

    def draft(self, max_tokens: int) -> list[int]:
        """What followed the longest run of last tokens where it occurred before; empty if none."""
        for run in reversed(self._pending):
            end = self._ends.get(run)
            if end is not None:
                return self._ids[end : end + min(max_tokens, MAX_DRAFT_TOKENS)]
        return []


def accepted_prefix(draft: Sequence[int], chosen: Tensor) -> int:
    """How many of the drafted tokens, from the first on, equal the model's choices.

    Args:
        draft: token ids.
        chosen: what greedy decoding chooses in their places, int64, at least as many.
    """
    for i, (drafted, greedy) in enumerate(zip(draft, chosen.tolist(), strict=False)):
        if drafted != greedy:
            return i
    return len(draft)
