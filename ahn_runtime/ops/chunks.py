"""Shared by the chunked recurrences: splitting into chunks, and decays within a chunk."""

import torch
from torch import Tensor

CHUNK_TOKENS = 64


def split_chunks(x: Tensor, size: int) -> Tensor:
    """[H, N * C, ...] -> [N, H, C, ...]."""
    return x.unflatten(1, (-1, size)).transpose(0, 1)


def causal_decay(log_decay: Tensor) -> tuple[Tensor, Tensor]:
    """Running sums G [..., C] of log decays [..., C], and e^{G_i - G_j} [..., C, C] for j <= i.

    Above the diagonal it is 0, reached without ever exponentiating a positive number.
    """
    size = log_decay.shape[-1]
    total = log_decay.cumsum(dim=-1)
    causal = torch.ones(size, size, dtype=torch.bool, device=log_decay.device).tril()
    gap = total[..., :, None] - total[..., None, :]
    return total, gap.masked_fill(~causal, -torch.inf).exp()
