"""Attention of a single token's queries over all cached positions, in loops.

The twin is `ahn_runtime.model.attention.attend`.
"""

from __future__ import annotations

import numpy as np

from ahn_runtime.backends.cpu.bfloat16 import bf16_to_float
from ahn_runtime.backends.cpu.fast_exp import exponential
from ahn_runtime.backends.cpu.jit import jit

f32 = np.float32
ZERO, ONE = f32(0), f32(1)
BLOCK_KEYS = 64
"""Keys that stay in the nearest cache while all heads of a group read them."""


@jit
def decode_attention(q, k, v, held, scores, out, first, last):  # type: ignore[no-untyped-def]
    """out = softmax(q k^T / sqrt(D)) v for heads `first` to `last`.

    Args:
        q: rotated, float32 [H, 1, D].
        k, v: float32, or bfloat16 as uint16, [Hkv, capacity, D]; the first `held` are filled.
        scores: scratch, float32 [H, at least held].
        out: gets float32 [H, 1, D].
    """
    dim, group = q.shape[2], q.shape[0] // k.shape[0]
    factor = ONE / np.sqrt(f32(dim))
    for start in range(0, held, BLOCK_KEYS):
        end = min(start + BLOCK_KEYS, held)
        for head in range(first, last):
            keys = k[head // group]
            for j in range(start, end):
                score = ZERO
                for i in range(dim):
                    score += q[head, 0, i] * bf16_to_float(keys[j, i])
                scores[head, j] = score * factor
    for head in range(first, last):
        most = scores[head, 0]
        for j in range(held):
            most = max(most, scores[head, j])
        total = ZERO
        for j in range(held):
            weight = exponential(scores[head, j] - most)
            scores[head, j] = weight
            total += weight
        for j in range(held):
            scores[head, j] /= total
        out[head] = ZERO
    for start in range(0, held, BLOCK_KEYS):
        end = min(start + BLOCK_KEYS, held)
        for head in range(first, last):
            _add_values(scores[head], v[head // group], start, end, out[head, 0])


@jit
def _add_values(weights, values, start, end, out):  # type: ignore[no-untyped-def]
    """out [D] += weights[j] * values[j] over j, in fours: out is loaded less often."""
    dim = out.shape[0]
    fours = start + (end - start) // 4 * 4
    for j in range(start, fours, 4):
        a, b, c, d = weights[j], weights[j + 1], weights[j + 2], weights[j + 3]
        for i in range(dim):
            pair = a * bf16_to_float(values[j, i]) + b * bf16_to_float(values[j + 1, i])
            out[i] += pair + (
                c * bf16_to_float(values[j + 2, i]) + d * bf16_to_float(values[j + 3, i])
            )
    for j in range(fours, end):
        for i in range(dim):
            out[i] += weights[j] * bf16_to_float(values[j, i])
