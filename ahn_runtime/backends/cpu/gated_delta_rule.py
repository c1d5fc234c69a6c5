"""The gated delta rule for a few tokens on a CPU, with its gates, norm and projection, in one loop.

The twin is `GatedDeltaNetCell` in torch calls. Source: arXiv 2412.06464.
"""

from __future__ import annotations

import numpy as np

from ahn_runtime.backends.cpu.jit import jit

f32 = np.float32
ZERO, ONE = f32(0), f32(1)
SOFTPLUS_LINEAR = f32(20)  # softplus(x) is x from here on, as in torch


@jit
def write_gates(  # type: ignore[no-untyped-def]
    x, beta_weight, decay_weight, dt_bias, A_log, gates, first, last
):
    """Write gates for heads `first` to `last`, as `GatedDeltaNetCell.write_gates`; all float32.

    Args:
        x: normed inputs, [T, hidden].
        beta_weight, decay_weight: [H, hidden]; dt_bias, A_log: [H].
        gates: gets beta and log decay, [2, T, H].
    """
    tokens, hidden = x.shape
    for t in range(tokens):
        for head in range(first, last):
            beta, step = ZERO, ZERO
            for i in range(hidden):
                beta += x[t, i] * beta_weight[head, i]
                step += x[t, i] * decay_weight[head, i]
            step += dt_bias[head]
            if step < SOFTPLUS_LINEAR:
                step = f32(np.log1p(np.exp(step)))
            gates[0, t, head] = ONE / (ONE + np.exp(-beta))
            gates[1, t, head] = -np.exp(A_log[head]) * step


@jit
def fused_recurrent_gated_delta_rule(  # type: ignore[no-untyped-def]
    q,
    k,
    v,
    gates,
    x,
    memory,
    gate_weight,
    norm_weight,
    out_weight,
    l2_eps,
    norm_eps,
    added,
    after,
    first,
    last,
):
    """Write and read token after token, heads `first` to `last`; all float32.

    Computes `GatedDeltaNetCell.forward`, of which it takes the arguments' names.

    Args:
        q: [H, E, D]; k, v: [H or Hkv, E, D], where a key/value head serves a group of q's heads.
        gates: beta and log decay, [2, E, H].
        x: normed inputs of the reading tokens, [E, hidden].
        memory: before the first token, [H, D, D]; not changed.
        gate_weight: [H, hidden]; norm_weight: [D]; out_weight: [H, D, D].
        l2_eps, norm_eps: under the roots of the keys' and queries' norm and of the output's.
        added: gets what is added to the attention output, [H, E, D].
        after: gets the memory after the last token, [H, D, D].
    """
    _, tokens, dim = q.shape
    group = q.shape[0] // k.shape[0]
    kept, update, y = np.empty(dim, f32), np.empty(dim, f32), np.empty(dim, f32)
    for head in range(first, last):
        before, now = memory[head], after[head]
        keys, values = k[head // group], v[head // group]
        for t in range(tokens):
            key_square, query_square, gate = ZERO, ZERO, ZERO
            for i in range(dim):
                key_square += keys[t, i] * keys[t, i]
                query_square += q[head, t, i] * q[head, t, i]
            for i in range(x.shape[1]):
                gate += x[t, i] * gate_weight[head, i]
            gate /= ONE + np.exp(-gate)
            key_factor = ONE / np.sqrt(key_square + l2_eps)
            query_factor = ONE / np.sqrt((query_square + l2_eps) * f32(dim))
            decay, beta = np.exp(gates[1, t, head]), gates[0, t, head]
            kept[:] = ZERO
            y[:] = ZERO
            for i in range(dim):
                key = keys[t, i] * key_factor
                for j in range(dim):
                    kept[j] += before[i, j] * key
            for j in range(dim):
                update[j] = beta * (values[t, j] - decay * kept[j])
            for i in range(dim):
                key, query = keys[t, i] * key_factor, q[head, t, i] * query_factor
                for j in range(dim):
                    value = decay * before[i, j] + key * update[j]
                    now[i, j] = value
                    y[j] += value * query
            total = ZERO
            for j in range(dim):
                total += y[j] * y[j]
            factor = gate / np.sqrt(total / f32(dim) + norm_eps)
            added[head, t] = ZERO
            for i in range(dim):
                value = y[i] * factor * norm_weight[i]
                for j in range(dim):
                    added[head, t, j] += value * out_weight[head, i, j]
            before = now
    return added, after
