"""Int8 row by row: what lies between the products of a layer, each stretch in one compiled loop.

In torch calls every step is a pass over memory, or for a single token a call that costs more than
its arithmetic; here a row stays in the processor's nearest cache from one product to the next. Each
loop does rows `first` to `last` of arrays that are given, so that rows can be shared out among
threads; a row's numbers never depend on its neighbours. Arrays are float32 unless said otherwise.

The twins are `RMSNorm`, `Attention.project`, `Int8Linear` and `quantize_rows`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ahn_runtime.backends.cpu.int8_linear import LEVELS, MIN_SCALE, REFINEMENT
from ahn_runtime.backends.cpu.jit import jit

f32, i8, i32 = np.float32, np.int8, np.int32
ZERO, ONE = f32(0), f32(1)
LEAST, TOP, FINER = f32(MIN_SCALE), f32(LEVELS), f32(REFINEMENT)
# A positive float's bits grow with it, and the largest integer is found in vector lanes.
WITHOUT_SIGN = i32(0x7FFFFFFF)

Array = np.ndarray[Any, Any]


@jit
def norm_quantize(x, weight, eps, h, rows, scales, first, last):  # type: ignore[no-untyped-def]
    """RMS norm, then `quantize_rows`.

    Args:
        x: [T, N]; weight: [N]; eps: under the root.
        h: gets the normed rows, [T, N]; rows: int8 of them; scales: [T].
    """
    size = x.shape[1]
    bits = h.view(np.int32)
    for t in range(first, last):
        total = ZERO
        for i in range(size):
            total += x[t, i] * x[t, i]
        factor = ONE / np.sqrt(total / f32(size) + eps)
        for i in range(size):
            h[t, i] = x[t, i] * factor * weight[i]
        most = i32(0)
        for i in range(size):
            most = max(most, bits[t, i] & WITHOUT_SIGN)
        scale = max(i32(most).view(np.float32), LEAST) / TOP
        scales[t] = scale
        for i in range(size):
            rows[t, i] = i8(np.rint(h[t, i] / scale))


@jit
def split_heads(  # type: ignore[no-untyped-def]
    y, row_scales, scale, bias, rotation, turned, heads, first, last
):
    """What `Attention.project` makes of the joined product: heads, some of them rotated.

    Args:
        y: int32 [T, heads * D]; row_scales: [T]; scale, bias: of the columns.
        rotation: of `rope_rotation`, [2, T, D].
        turned: so many heads are rotated, the first ones.
        heads: gets them, [heads, T, D].
    """
    count, _, dim = heads.shape
    half = dim // 2
    for head in range(count):
        at = head * dim
        for t in range(first, last):
            factor = row_scales[t]
            for i in range(dim):
                heads[head, t, i] = f32(y[t, at + i]) * factor * scale[at + i] + bias[at + i]
            if head < turned:
                for i in range(half):
                    low, high = heads[head, t, i], heads[head, t, i + half]
                    heads[head, t, i] = low * rotation[0, t, i] + high * rotation[1, t, i]
                    heads[head, t, i + half] = (
                        high * rotation[0, t, i + half] + low * rotation[1, t, i + half]
                    )


@jit
def quantize_heads(heads, rows, scales, first, last):  # type: ignore[no-untyped-def]
    """Heads [H, T, D] side by side, as `quantize_rows`.

    Args:
        rows: gets int8 [T, H D]; scales: [T].
    """
    count, _, dim = heads.shape
    bits = heads.view(np.int32)
    for t in range(first, last):
        most = i32(0)
        for head in range(count):
            for i in range(dim):
                most = max(most, bits[head, t, i] & WITHOUT_SIGN)
        scale = max(i32(most).view(np.float32), LEAST) / TOP
        scales[t] = scale
        for head in range(count):
            for i in range(dim):
                rows[t, head * dim + i] = i8(np.rint(heads[head, t, i] / scale))


@jit
def add_product(x, y, row_scales, scale, out, first, last):  # type: ignore[no-untyped-def]
    """out = x + a product, int32 y [T, N], times its row's [T] and its column's [N] scale."""
    size = x.shape[1]
    for t in range(first, last):
        factor = row_scales[t]
        for i in range(size):
            out[t, i] = x[t, i] + f32(y[t, i]) * factor * scale[i]


@jit
def _quantize_two_terms_row(x, coarse, rest, scales, at):  # type: ignore[no-untyped-def]
    """x [N] -> int8 [N], what its rounding left over, likewise, and the former's scale."""
    bits = x.view(np.int32)
    most = i32(0)
    for i in range(x.shape[0]):
        most = max(most, bits[i] & WITHOUT_SIGN)
    scale = max(i32(most).view(np.float32), LEAST) / TOP
    finer = scale / FINER
    scales[at] = scale
    for i in range(x.shape[0]):
        step = np.rint(x[i] / scale)
        coarse[i] = i8(step)
        rest[i] = i8(np.rint((x[i] - step * scale) / finer))


@jit
def quantize_two_terms(x, rows, scales, first, last):  # type: ignore[no-untyped-def]
    """x [T, N] quantized twice, as a fine `Int8Linear` does.

    Args:
        rows: gets int8 [2 T, N]: the rows, then what their rounding left over.
        scales: gets those of the former, [T].
    """
    for t in range(first, last):
        _quantize_two_terms_row(x[t], rows[t], rows[len(x) + t], scales, t)


@jit
def split_gate(y, row_scales, scale, gate, first, last):  # type: ignore[no-untyped-def]
    """The first half of a product of two joined layers, int32 [T, 2 N], as numbers [T, N]."""
    for t in range(first, last):
        factor = row_scales[t]
        for i in range(gate.shape[1]):
            gate[t, i] = f32(y[t, i]) * factor * scale[i]


@jit
def multiply_quantize(  # type: ignore[no-untyped-def]
    y, row_scales, scale, gate, rows, scales, first, last
):
    """`quantize_two_terms` of gate [T, N] times the second half of a product, see `split_gate`."""
    tokens, size = gate.shape
    up_scale = scale[size:]
    for t in range(first, last):
        inner, up, factor = np.empty(size, f32), y[t, size:], row_scales[t]
        for i in range(size):
            inner[i] = gate[t, i] * (f32(up[i]) * factor * up_scale[i])
        _quantize_two_terms_row(inner, rows[t], rows[tokens + t], scales, t)


@jit
def add_two_term_product(x, y, row_scales, scale, out, first, last):  # type: ignore[no-untyped-def]
    """out = x [T, N] + a fine product, int32 y [2 T, N] of `quantize_two_terms`'s rows."""
    tokens, size = x.shape
    for t in range(first, last):
        factor = row_scales[t]
        for i in range(size):
            value = f32(y[t, i]) + f32(y[tokens + t, i]) / FINER
            out[t, i] = x[t, i] + value * factor * scale[i]
