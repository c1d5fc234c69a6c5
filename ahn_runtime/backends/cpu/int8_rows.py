"""Row-wise loops between the int8 products of a layer: norms, quantization, heads, residuals.

In torch calls every step is a pass over memory, or for a single token a call that costs more than
its arithmetic; in these loops a row stays in the processor's nearest cache. Each loop computes rows
`first` to `last` (exclusive) of the arrays it is given, so that threads can share the rows; a row's
numbers do not depend on its neighbours. Arrays are float32 unless said otherwise.

The twins are `RMSNorm`, `Attention.project`, `Int8Linear` and `quantize_rows`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ahn_runtime.backends.cpu.int8_linear import MIN_SCALE, REFINEMENT
from ahn_runtime.backends.cpu.int8_product import LEVELS
from ahn_runtime.backends.cpu.jit import jit

f32, i8, i32 = np.float32, np.int8, np.int32
ZERO, ONE = f32(0), f32(1)
SMALLEST, TOP, FINER = f32(MIN_SCALE), f32(LEVELS), f32(REFINEMENT)
# Positive floats are ordered as their bits are, and integers are compared in vector lanes.
ABS_MASK = i32(0x7FFFFFFF)

Array = np.ndarray[Any, Any]


@jit
def norm_quantize(x, weight, eps, h, rows, scales, first, last):  # type: ignore[no-untyped-def]
    """RMS norm of rows, then their int8 values as in `quantize_rows`.

    Args:
        x: [T, N]; weight: [N]; eps: under the root.
        h: gets the normed rows, [T, N]; rows: gets their int8 values, [T, N]; scales: gets [T].
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
            most = max(most, bits[t, i] & ABS_MASK)
        scale = max(i32(most).view(np.float32), SMALLEST) / TOP
        scales[t] = scale
        for i in range(size):
            rows[t, i] = i8(np.rint(h[t, i] / scale))


@jit
def split_heads(  # type: ignore[no-untyped-def]
    y, row_scales, scale, bias, rotation, rotated, heads, first, last
):
    """The product of queries, keys and values as heads, the first of them rotated.

    Args:
        y: int32 [T, heads * D]; row_scales: [T]; scale, bias: of the columns, [heads * D].
        rotation: from `rope_rotation`, [2, T, D].
        rotated: how many heads are rotated, from the first.
        heads: gets [heads, T, D].
    """
    count, _, dim = heads.shape
    half = dim // 2
    for head in range(count):
        at = head * dim
        for t in range(first, last):
            factor = row_scales[t]
            for i in range(dim):
                heads[head, t, i] = f32(y[t, at + i]) * factor * scale[at + i] + bias[at + i]
            if head < rotated:
                for i in range(half):
                    low, high = heads[head, t, i], heads[head, t, i + half]
                    heads[head, t, i] = low * rotation[0, t, i] + high * rotation[1, t, i]
                    heads[head, t, i + half] = (
                        high * rotation[0, t, i + half] + low * rotation[1, t, i + half]
                    )


@jit
def quantize_heads(heads, rows, scales, first, last):  # type: ignore[no-untyped-def]
    """`quantize_rows` of heads [H, T, D] side by side.

    Args:
        rows: gets int8 [T, H D]; scales: gets [T].
    """
    count, _, dim = heads.shape
    bits = heads.view(np.int32)
    for t in range(first, last):
        most = i32(0)
        for head in range(count):
            for i in range(dim):
                most = max(most, bits[head, t, i] & ABS_MASK)
        scale = max(i32(most).view(np.float32), SMALLEST) / TOP
        scales[t] = scale
        for head in range(count):
            for i in range(dim):
                rows[t, head * dim + i] = i8(np.rint(heads[head, t, i] / scale))


@jit
def add_product(x, y, row_scales, scale, out, first, last):  # type: ignore[no-untyped-def]
    """out = x + y scaled: x [T, N], int32 product y [T, N], its rows' scales [T], columns' [N]."""
    size = x.shape[1]
    for t in range(first, last):
        factor = row_scales[t]
        for i in range(size):
            out[t, i] = x[t, i] + f32(y[t, i]) * factor * scale[i]


@jit
def _quantize_two_terms_row(x, coarse, rest, scales, at):  # type: ignore[no-untyped-def]
    """x [N] as two int8 rows [N], the values and their rounding error, and the values' scale."""
    bits = x.view(np.int32)
    most = i32(0)
    for i in range(x.shape[0]):
        most = max(most, bits[i] & ABS_MASK)
    scale = max(i32(most).view(np.float32), SMALLEST) / TOP
    finer = scale / FINER
    scales[at] = scale
    for i in range(x.shape[0]):
        step = np.rint(x[i] / scale)
        coarse[i] = i8(step)
        rest[i] = i8(np.rint((x[i] - step * scale) / finer))


@jit
def quantize_two_terms(x, rows, scales, first, last):  # type: ignore[no-untyped-def]
    """Rows x [T, N] as two terms, the values and their rounding error, as `Int8Linear` does.

    Args:
        rows: gets int8 [2 T, N]: the values of all rows, then the errors, 254 times finer.
        scales: gets the values' scales, [T].
    """
    for t in range(first, last):
        _quantize_two_terms_row(x[t], rows[t], rows[len(x) + t], scales, t)


@jit
def scale_product(y, row_scales, scale, out, first, last):  # type: ignore[no-untyped-def]
    """out [T, N] = int32 product y [T, N], its rows' scales [T], columns' [N]."""
    for t in range(first, last):
        factor = row_scales[t]
        for i in range(out.shape[1]):
            out[t, i] = f32(y[t, i]) * factor * scale[i]


@jit
def multiply_quantize(  # type: ignore[no-untyped-def]
    y, row_scales, scale, gate, rows, scales, first, last
):
    """`quantize_two_terms` of gate [T, N] times up, the int32 product y [T, N] scaled."""
    tokens, size = gate.shape
    for t in range(first, last):
        inner, factor = np.empty(size, f32), row_scales[t]
        for i in range(size):
            inner[i] = gate[t, i] * (f32(y[t, i]) * factor * scale[i])
        _quantize_two_terms_row(inner, rows[t], rows[tokens + t], scales, t)


@jit
def add_two_term_product(x, y, row_scales, scale, out, first, last):  # type: ignore[no-untyped-def]
    """out = x [T, N] + a product of two-term rows, int32 y [2 T, N], scaled."""
    tokens, size = x.shape
    for t in range(first, last):
        factor = row_scales[t]
        for i in range(size):
            value = f32(y[t, i]) + f32(y[tokens + t, i]) / FINER
            out[t, i] = x[t, i] + value * factor * scale[i]
