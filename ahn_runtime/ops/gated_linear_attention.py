"""Linear attention with one decay per head and token: a plain loop, and its chunked twin.

Per head, with M [K, V] (key axis first), float32 throughout:

    M <- exp(log_decay) M + k v^T;   y = M^T q

Shapes: q, k [H, T, K]; v [H, T, V]; log_decay [H, T]; state [H, K, V]; y [H, T, V].

Source: Mamba2's dual form, "Transformers are SSMs" (arXiv 2405.21060), section 6.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from ahn_runtime.ops.chunks import CHUNK_TOKENS, causal_decay, split_chunks


def naive_gated_linear_attention(
    q: Tensor, k: Tensor, v: Tensor, log_decay: Tensor, state: Tensor
) -> tuple[Tensor, Tensor]:
    """Token by token, as the equations read. Returns (y, final state); `state` is not changed."""
    outputs = []
    for t in range(q.shape[1]):
        state = state * log_decay[:, t, None, None].exp()
        state = state + k[:, t, :, None] * v[:, t, None, :]
        outputs.append((state * q[:, t, :, None]).sum(dim=1))
    return torch.stack(outputs, dim=1) if outputs else torch.zeros_like(v), state


def chunk_gated_linear_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    log_decay: Tensor,
    state: Tensor,
    chunk_tokens: int = CHUNK_TOKENS,
) -> tuple[Tensor, Tensor]:
    """The same result, chunk by chunk: products within a chunk, the loop only between chunks.

    With G the running sum of log_decay and M0 the state before the chunk,
    y_i = e^{G_i} M0^T q_i + sum_{j<=i} e^{G_i - G_j} (q_i . k_j) v_j.
    """
    tokens = q.shape[1]
    if tokens == 0:
        return torch.zeros_like(v), state
    size = min(chunk_tokens, tokens)
    pad = -tokens % size  # padding writes nothing: k = 0, log_decay = 0
    q, k, v = (split_chunks(F.pad(x, (0, 0, 0, pad)), size) for x in (q, k, v))  # (N, H, C, ·)
    total, decay = causal_decay(split_chunks(F.pad(log_decay, (0, pad)), size))
    within = (decay * (q @ k.mT)) @ v
    kept = total.exp()[..., None]  # what is left of M0 at each row
    added = ((total[..., -1:] - total).exp()[..., None] * k).mT @ v
    outputs = []
    # Unbound, not indexed: the gradient of an index is as large as all chunks together.
    chunks = (t.unbind() for t in (q, kept, within, added))
    for query, kept_i, within_i, added_i in zip(*chunks, strict=True):
        outputs.append(kept_i * (query @ state) + within_i)
        state = kept_i[:, -1:] * state + added_i
    return torch.cat(outputs, dim=1)[:, :tokens], state
