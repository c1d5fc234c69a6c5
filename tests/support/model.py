"""Token ids for tiny models, ways to feed them, and states compared."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from ahn_runtime import Session
from ahn_runtime.loading.tiny import TINY

VOCAB: int = TINY["vocab_size"]


def token_ids(count: int, seed: int = 0) -> torch.Tensor:
    """Random ids of the tiny vocabulary, int64 [count]."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, VOCAB, (count,), generator=generator)


def feed_split(session: Session, ids: torch.Tensor, lengths: Iterable[int]) -> torch.Tensor:
    """Feed ids in pieces of these lengths, the rest at last: logits of all, [T, vocab]."""
    parts, at = [], 0
    for length in lengths:
        parts.append(session.feed(ids[at : at + length], logits="all"))
        at += length
    parts.append(session.feed(ids[at:], logits="all"))
    return torch.cat(parts)


def assert_same_state(a: Session, b: Session, atol: float = 1e-4) -> None:
    """Assert that two sessions stand at the same token with equal states."""
    assert a.tokens_seen == b.tokens_seen and a.state.prefix_hash == b.state.prefix_hash
    held = a.runtime.stream.cached_tokens(a.tokens_seen)
    for x, y in zip(a.state.layers, b.state.layers, strict=True):
        assert x.k.shape == y.k.shape
        pairs = [(x.memory, y.memory), (x.retained, y.retained)]
        pairs += [(getattr(x, n)[:, :held], getattr(y, n)[:, :held]) for n in ("k", "v", "gates")]
        pairs += [(x.attention[..., :held], y.attention[..., :held])]
        for ours, theirs in pairs:
            torch.testing.assert_close(ours, theirs, rtol=0, atol=atol)
