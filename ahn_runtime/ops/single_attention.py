"""Attention of a single token's queries over everything that is held, in loops.

The twin is `attention.attend`.
"""

from __future__ import annotations

import numpy as np

from ahn_runtime.ops.compiled import compiled
from ahn_runtime.ops.rounded import widened

f32, i32 = np.float32, np.int32
ZERO, ONE = f32(0), f32(1)
BLOCK_KEYS = 64
"""Keys that stay in the nearest cache while all heads of a group look at them."""

LOG2_E, LN_2 = f32(1.4426950408889634), f32(0.6931471805599453)
LEAST = f32(-87)  # e to this is the smallest normal float32
EXPONENT_BIAS, MANTISSA_BITS = i32(127), i32(23)


@compiled
def exponentials(x, most, count):  # type: ignore[no-untyped-def]
    """x[:count] becomes exp(x - most), `most` no less than any; their sum is returned.

    exp(r + n ln 2) = 2^n exp(r), the latter by Taylor up to r^6 where |r| <= ln 2 / 2: within
    5e-6 of the true value, and, other than a call for each, in vector lanes.
    """
    total = ZERO
    for j in range(count):
        value = max(x[j] - most, LEAST)
        n = np.rint(value * LOG2_E)
        r = value - n * LN_2
        series = f32(1 / 120) + r * f32(1 / 720)
        series = f32(1 / 6) + r * (f32(1 / 24) + r * series)
        series = ONE + r * (ONE + r * (f32(1 / 2) + r * series))
        power = i32(i32(i32(n) + EXPONENT_BIAS) << MANTISSA_BITS).view(np.float32)
        x[j] = series * power
        total += x[j]
    return total


@compiled
def attend_single(q, k, v, held, scores, out, first, last):  # type: ignore[no-untyped-def]
    """Heads `first` to `last`.

    Args:
        q: rotated, [H, 1, D].
        k, v: [Hkv, capacity, D], of which `held` are filled; see `rounded` for their numbers.
        scores: scratch, [H, at least held]; out: gets [H, 1, D].
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
                    score += q[head, 0, i] * widened(keys[j, i])
                scores[head, j] = score * factor
    for head in range(first, last):
        most = scores[head, 0]
        for j in range(held):
            most = max(most, scores[head, j])
        total = exponentials(scores[head], most, held)
        for j in range(held):
            scores[head, j] /= total
        out[head] = ZERO
    for start in range(0, held, BLOCK_KEYS):
        end = min(start + BLOCK_KEYS, held)
        for head in range(first, last):
            _add_values(scores[head], v[head // group], start, end, out[head, 0])


@compiled
def _add_values(weights, values, start, end, out):  # type: ignore[no-untyped-def]
    """out [D] += weights[j] * values[j], four at a time: out is loaded and stored for each."""
    dim = out.shape[0]
    fours = start + (end - start) // 4 * 4
    for j in range(start, fours, 4):
        a, b, c, d = weights[j], weights[j + 1], weights[j + 2], weights[j + 3]
        for i in range(dim):
            pair = a * widened(values[j, i]) + b * widened(values[j + 1, i])
            out[i] += pair + (c * widened(values[j + 2, i]) + d * widened(values[j + 3, i]))
    for j in range(fours, end):
        for i in range(dim):
            out[i] += weights[j] * widened(values[j, i])
