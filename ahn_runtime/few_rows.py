"""Int8 for a few tokens: what lies between the products of a layer, each stretch in one loop.

A layer makes some 170 torch calls, which for one token cost more than their arithmetic. Arrays are
float32 unless said otherwise; rows are tokens. The twins are `RMSNorm`, `Attention.project` and
`Int8Linear`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ahn_runtime.ops.compiled import compiled
from ahn_runtime.quantize import LEVELS, MIN_SCALE, REFINEMENT

f32, i8 = np.float32, np.int8
ZERO, ONE = f32(0), f32(1)
LEAST, TOP, FINER = f32(MIN_SCALE), f32(LEVELS), f32(REFINEMENT)

Array = np.ndarray[Any, Any]


@compiled
def norm_quantize(x, weight, eps):  # type: ignore[no-untyped-def]
    """RMS norm, then `quantize.quantize_rows`.

    Args:
        x: [T, N]; weight: [N].

    Returns:
        The normed rows [T, N], as int8 [T, N], and their scales [T].
    """
    tokens, size = x.shape
    h, rows, scales = (
        np.empty((tokens, size), f32),
        np.empty((tokens, size), i8),
        np.empty(tokens, f32),
    )
    for t in range(tokens):
        total = ZERO
        for i in range(size):
            total += x[t, i] * x[t, i]
        factor = ONE / np.sqrt(total / f32(size) + eps)
        most = ZERO
        for i in range(size):
            value = x[t, i] * factor * weight[i]
            h[t, i] = value
            most = max(most, abs(value))
        scale = max(most, LEAST) / TOP
        scales[t] = scale
        for i in range(size):
            rows[t, i] = i8(np.rint(h[t, i] / scale))
    return h, rows, scales


@compiled
def split_heads(y, row_scale, scale, bias, rotation, num_heads, num_kv_heads):  # type: ignore[no-untyped-def]
    """What `Attention.project` makes of the joined product: heads, queries and keys rotated.

    Args:
        y: int32 [T, (H + 2 Hkv) D]; row_scale: [T]; scale, bias: of the layer, one per column.
        rotation: of `rope_rotation`, [2, T, D].

    Returns:
        q [H, T, D]; k, v [Hkv, T, D].
    """
    tokens, dim = rotation.shape[1:]
    half = dim // 2
    out = np.empty((num_heads + 2 * num_kv_heads, tokens, dim), f32)
    turned = num_heads + num_kv_heads
    for head in range(turned + num_kv_heads):
        for t in range(tokens):
            for i in range(dim):
                at = head * dim + i
                out[head, t, i] = f32(y[t, at]) * row_scale[t] * scale[at] + bias[at]
            if head < turned:
                for i in range(half):
                    low, high = out[head, t, i], out[head, t, i + half]
                    out[head, t, i] = low * rotation[0, t, i] + high * rotation[1, t, i]
                    out[head, t, i + half] = (
                        high * rotation[0, t, i + half] + low * rotation[1, t, i + half]
                    )
    return out[:num_heads], out[num_heads:turned], out[turned:]


@compiled
def quantize_heads(out):  # type: ignore[no-untyped-def]
    """Heads [H, T, D] side by side, as `quantize_rows`: int8 [T, H D] and scales [T]."""
    count, tokens, dim = out.shape
    rows, scales = np.empty((tokens, count * dim), i8), np.empty(tokens, f32)
    for t in range(tokens):
        most = ZERO
        for head in range(count):
            for i in range(dim):
                most = max(most, abs(out[head, t, i]))
        scale = max(most, LEAST) / TOP
        scales[t] = scale
        for head in range(count):
            for i in range(dim):
                rows[t, head * dim + i] = i8(np.rint(out[head, t, i] / scale))
    return rows, scales


@compiled
def dequantize(y, row_scale, scale):  # type: ignore[no-untyped-def]
    """A product's int32 [T, N] as numbers: times its row's [T] and its column's [N] scale."""
    tokens, size = y.shape
    out = np.empty((tokens, size), f32)
    for t in range(tokens):
        for i in range(size):
            out[t, i] = f32(y[t, i]) * row_scale[t] * scale[i]
    return out


@compiled
def product_quantize_fine(gate, up):  # type: ignore[no-untyped-def]
    """gate * up [T, N], quantized twice as a fine `Int8Linear` does.

    Returns:
        int8 [2 T, N]: the rows, then what their rounding left over; scales [T] of the former.
    """
    tokens, size = gate.shape
    rows, scales, values = (
        np.empty((2 * tokens, size), i8),
        np.empty(tokens, f32),
        np.empty(size, f32),
    )
    for t in range(tokens):
        most = ZERO
        for i in range(size):
            value = gate[t, i] * up[t, i]
            values[i] = value
            most = max(most, abs(value))
        scale = max(most, LEAST) / TOP
        finer = scale / FINER
        scales[t] = scale
        for i in range(size):
            coarse = np.rint(values[i] / scale)
            rows[t, i] = i8(coarse)
            rows[tokens + t, i] = i8(np.rint((values[i] - coarse * scale) / finer))
    return rows, scales


@compiled
def add_fine(x, y, row_scale, scale):  # type: ignore[no-untyped-def]
    """x [T, N] plus a fine product, int32 [2 T, N] of `product_quantize_fine`'s rows."""
    tokens, size = x.shape
    out = np.empty((tokens, size), f32)
    for t in range(tokens):
        for i in range(size):
            value = f32(y[t, i]) + f32(y[tokens + t, i]) / FINER
            out[t, i] = x[t, i] + value * row_scale[t] * scale[i]
    return out
