"""The gated delta rule: a plain loop over tokens, and its chunked twin.

Per head, with M [K, V] (key axis first) and float32 throughout:

    M <- exp(log_decay) M;   u = beta (v - M^T k);   M <- M + k u^T;   y = M^T q

so a query reads the memory after the token of its own row was written. The caller normalises and
scales q and k.

Shapes: q, k [H, T, K]; v [H, T, V]; beta, log_decay [H, T]; state [H, K, V]; y [H, T, V].

Source: "Gated Delta Networks" (arXiv 2412.06464), equation 10; the chunked form solves the unit
lower triangular system that the delta rule's writes form within a chunk (its section 3.3, there as
the WY representation of "Parallelizing Linear Transformers with the Delta Rule", arXiv 2406.06484).
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from ahn_runtime.ops.chunks import CHUNK_TOKENS, causal_decay, split_chunks


def naive_gated_delta_rule(
    q: Tensor, k: Tensor, v: Tensor, beta: Tensor, log_decay: Tensor, state: Tensor
) -> tuple[Tensor, Tensor]:
    """Token by token, as the equations read. Returns (y, final state); `state` is not changed."""
    outputs = []
    for t in range(q.shape[1]):
        key = k[:, t, :, None]  # (H, K, 1)
        state = state * log_decay[:, t, None, None].exp()
        kept = (state * key).sum(dim=1)  # (H, V)
        update = beta[:, t, None] * (v[:, t] - kept)
        state = state + key * update[:, None, :]
        outputs.append((state * q[:, t, :, None]).sum(dim=1))
    return torch.stack(outputs, dim=1) if outputs else torch.zeros_like(v), state


def step_gated_delta_rule(
    q: Tensor, k: Tensor, v: Tensor, beta: Tensor, log_decay: Tensor, state: Tensor
) -> tuple[Tensor, Tensor]:
    """The same result for a single token, T = 1, in one product with the old state.

    M^T q after the write is e^g M0^T q + (q . k) u, so key and query read M0 together.
    """
    decay = log_decay[..., None].exp()  # (H, 1, 1)
    kept, read = (torch.bmm(torch.cat((k, q), dim=1), state) * decay).split(1, dim=1)
    update = beta[..., None] * (v - kept)
    y = torch.addcmul(read, (q * k).sum(dim=-1, keepdim=True), update)
    return y, torch.baddbmm(state * decay, k.mT, update)


def chunk_gated_delta_rule(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    beta: Tensor,
    log_decay: Tensor,
    state: Tensor,
    chunk_tokens: int = CHUNK_TOKENS,
) -> tuple[Tensor, Tensor]:
    """The same result, chunk by chunk: matrix products within, the loop only between chunks.

    Within a chunk, with G the running sum of log_decay and M0 the state before it, the updates are
    u_i = beta_i (v_i - e^{G_i} M0^T k_i - sum_{j<i} e^{G_i - G_j} (k_i . k_j) u_j): a unit lower
    triangular system, solved for all chunks at once; M0 enters linearly, chunk after chunk.
    """
    tokens = q.shape[1]
    if tokens == 0:
        return torch.zeros_like(v), state
    size = min(chunk_tokens, tokens)
    pad = -tokens % size  # padding writes nothing: k = 0, beta = 0, log_decay = 0
    q, k, v = (split_chunks(F.pad(x, (0, 0, 0, pad)), size) for x in (q, k, v))  # (N, H, C, ·)
    beta, log_decay = (split_chunks(F.pad(x, (0, pad)), size) for x in (beta, log_decay))

    total, decay = causal_decay(log_decay)  # (N, H, C), (N, H, C, C)
    kept = total.exp()[..., None]  # what is left of M0 at each row
    system = beta[..., None] * decay * (k @ k.mT)
    rhs = torch.cat((beta[..., None] * v, beta[..., None] * kept * k), dim=-1)
    solved = torch.linalg.solve_triangular(system, rhs, upper=False, unitriangular=True)
    own, from_state = solved.split((v.shape[-1], k.shape[-1]), dim=-1)
    read = decay * (q @ k.mT)
    carried = (total[..., -1:] - total).exp()[..., None] * k  # each key as the chunk's end sees it

    outputs = []
    # Unbound, not indexed: the gradient of an index is as large as all chunks together.
    chunks = (t.unbind() for t in (q, own, from_state, kept, read, carried))
    for query, own_i, from_i, kept_i, read_i, carried_i in zip(*chunks, strict=True):
        update = own_i - from_i @ state
        outputs.append(kept_i * (query @ state) + read_i @ update)
        state = kept_i[:, -1:] * state + carried_i.mT @ update
    y = torch.cat(outputs, dim=1)
    return y[:, :tokens], state
