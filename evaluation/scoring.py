"""What measurements share: how well a session foretells tokens, and the spread of a mean."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import torch
from torch import Tensor

from ahn_runtime import Session

# Student's t, two-sided 95 %, for 1, 2, ... degrees of freedom: with a handful of documents the
# normal distribution's 1.96 would make every interval too narrow.
T_QUANTILES = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
NORMAL_QUANTILE = 1.96


def log_probabilities(session: Session, ids: list[int]) -> Tensor:
    """Log-probabilities of `ids` as the session's next tokens, [T, vocab]; feeds all but the last.

    Args:
        ids: T of them, one or more.
    """
    first = session.next_logits()
    rest = session.feed(ids[:-1], logits="all")
    assert rest is not None
    return torch.cat((first, rest)).float().cpu().log_softmax(-1)


def cross_entropy(log_p: Tensor, ids: list[int]) -> float:
    """Mean negative log-likelihood of the true tokens, in nats."""
    return -float(log_p.gather(1, torch.tensor(ids)[:, None]).mean())


def mean(values: Sequence[float]) -> float:
    """Of one value or more."""
    return statistics.fmean(values)


def half_interval(values: Sequence[float]) -> float:
    """Half the 95 % interval of the mean, by Student's t; NaN for a single value."""
    freedom = len(values) - 1
    if freedom < 1:
        return math.nan
    quantile = T_QUANTILES[freedom - 1] if freedom <= len(T_QUANTILES) else NORMAL_QUANTILE
    return quantile * statistics.stdev(values) / math.sqrt(len(values))
