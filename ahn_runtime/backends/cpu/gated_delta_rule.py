"""The gated delta rule for a few tokens on a CPU, with its gates, norm and projection, in one loop.

The twin is `GatedDeltaNetCell` in plain torch calls.
"""

from __future__ import annotations

import numpy as np

from ahn_runtime.backends.cpu.jit import jit

f32 = np.float32
ZERO, ONE = f32(0), f32(1)
LINEAR = f32(20)  # from here on softplus(x) is x, as torch has it


@jit
def write_gates(  # type: ignore[no-untyped-def]
    x, beta_weight, decay_weight, dt_bias, A_log, gates, first, last
):
    """`GatedDeltaNetCell.write_gates` of rows x [T, hidden], heads `first` to `last`.

    Args:
        beta_weight, decay_weight: [H, hidden]; dt_bias, A_log: [H].
        gates: gets [2, T, H].
    """
    tokens, hidden = x.shape
    for t in range(tokens):
        for head in range(first, last):
            beta, step = ZERO, ZERO
            for i in range(hidden):
                beta += x[t, i] * beta_weight[head, i]
                step += x[t, i] * decay_weight[head, i]
            step += dt_bias[head]
            if step < LINEAR:
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
    """`GatedDeltaNetCell.forward`: write and read, token after token, heads `first` to `last`.

    Args:
        q, k, v, gates, x, memory: as there; k and v may have fewer heads, each for a group of q's.
        gate_weight: [H, hidden]; norm_weight: [D]; out_weight: [H, D, D].
        l2_eps, norm_eps: under the roots of the two norms.
        added: gets what is added to the attention output, [H, E, D].
        after: gets the memory after it, [H, D, D].
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
