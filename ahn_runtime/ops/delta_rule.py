"""The delta rule without decay: a plain loop over tokens, and its chunked twin.

Per head, with M [K, V] (key axis first), float32 throughout:

    u = beta (v - M^T k);   M <- M + k u^T;   y = M^T q

Shapes: q, k [H, T, K]; v [H, T, V]; beta [H, T]; state [H, K, V]; y [H, T, V].

Source: "Parallelizing Linear Transformers with the Delta Rule" (arXiv 2406.06484), section 3.
"""

import torch
from torch import Tensor

from ahn_runtime.ops.chunks import CHUNK_TOKENS
from ahn_runtime.ops.gated_delta_rule import chunk_gated_delta_rule


def naive_delta_rule(
    q: Tensor, k: Tensor, v: Tensor, beta: Tensor, state: Tensor
) -> tuple[Tensor, Tensor]:
    """Token by token, as the equations read. Returns (y, final state); `state` is not changed."""
    outputs = []
    for t in range(q.shape[1]):
        key = k[:, t, :, None]  # (H, K, 1)
        update = beta[:, t, None] * (v[:, t] - (state * key).sum(dim=1))
        state = state + key * update[:, None, :]
        outputs.append((state * q[:, t, :, None]).sum(dim=1))
    return torch.stack(outputs, dim=1) if outputs else torch.zeros_like(v), state


def chunk_delta_rule(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    beta: Tensor,
    state: Tensor,
    chunk_tokens: int = CHUNK_TOKENS,
) -> tuple[Tensor, Tensor]:
    """The same result, chunk by chunk: the gated rule with a decay of exactly one."""
    return chunk_gated_delta_rule(q, k, v, beta, torch.zeros_like(beta), state, chunk_tokens)
