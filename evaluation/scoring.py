"""Shared by the measurements: how well a session predicts tokens, and a mean with its interval."""

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

QUANTILES = (0.05, 0.5, 0.95)


def log_probabilities(session: Session, ids: list[int]) -> Tensor:
    """Predict the tokens `ids` from a session; feeds all of them but the last.

    Args:
        ids: T token ids, one or more.

    Returns:
        Log-probabilities, float32 [T, vocabulary]; row t predicts ids[t].
    """
    first = session.next_logits()
    rest = session.feed(ids[:-1], logits="all")
    assert rest is not None
    return torch.cat((first, rest)).float().log_softmax(-1)


def cross_entropy(log_p: Tensor, ids: list[int]) -> float:
    """Mean negative log-likelihood of the true tokens, in nats.

    Args:
        log_p: log-probabilities, [T, vocabulary].
        ids: the T true tokens.
    """
    return -float(log_p.gather(1, torch.tensor(ids, device=log_p.device)[:, None]).mean())


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean.

    Raises:
        StatisticsError: there are no values.
    """
    return statistics.fmean(values)


def percentiles(values: Sequence[Tensor]) -> tuple[float, ...]:
    """The 5th, 50th and 95th percentiles of all numbers in some vectors."""
    quantiles = torch.tensor(QUANTILES, dtype=torch.float32)
    return tuple(torch.cat(list(values)).cpu().float().quantile(quantiles).tolist())


def half_interval(values: Sequence[float]) -> float | None:
    """Half the width of the mean's 95 % confidence interval, by Student's t.

    None for a single value, which says nothing of how far others are from it.
    """
    freedom = len(values) - 1
    if freedom < 1:
        return None
    quantile = T_QUANTILES[freedom - 1] if freedom <= len(T_QUANTILES) else NORMAL_QUANTILE
    return quantile * statistics.stdev(values) / math.sqrt(len(values))


NO_INTERVAL = "Without “±”: of one document alone, which tells nothing of how far others are."
"""The note below a table with a mean of a single value."""


def with_interval(value: float, half: float | None, form: str) -> str:
    """A mean and half of its interval, as a table shows it; of a single value the value alone.

    Args:
        form: how either number is formatted; a sign is shown for the mean only.

    >>> with_interval(0.5, 0.125, "+.2f"), with_interval(0.5, None, ".0%")
    ('+0.50 ± 0.12', '50%')
    """
    shown = f"{value:{form}}"
    return shown if half is None else f"{shown} ± {half:{form.lstrip('+')}}"
