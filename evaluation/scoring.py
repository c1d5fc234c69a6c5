"""What measurements share: how well a session foretells tokens, and the spread of a mean."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ahn_runtime import Session


def log_probabilities(session: Session, ids: list[int]) -> Tensor:
    """Log-probabilities of `ids` as the session's next tokens, [T, vocab]; feeds all but the last.

    Args:
        ids: T of them, one or more.
    """
    first = session.next_logits()
    rest = session.feed(ids[:-1], logits="all")
    assert rest is not None
    return torch.cat((first, rest)).cpu().log_softmax(-1)


def cross_entropy(log_p: Tensor, ids: list[int]) -> float:
    """Mean negative log-likelihood of the true tokens, in nats."""
    return -float(log_p.gather(1, torch.tensor(ids)[:, None]).mean())


def mean(values: Sequence[float]) -> float:
    """Of one value or more."""
    return sum(values) / len(values)


def half_interval(values: Sequence[float]) -> float:
    """Half the 95 % interval of the mean; NaN for a single value."""
    if len(values) < 2:
        return math.nan
    spread = float(torch.tensor(values, dtype=torch.float64).std())
    return 1.96 * spread / math.sqrt(len(values))
