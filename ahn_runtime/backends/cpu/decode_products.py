"""Int8 products of a single row, for the decode step: bound by memory, so they prefetch."""

from __future__ import annotations

import numpy as np

from ahn_runtime.backends.cpu.int8_linear import REFINEMENT
from ahn_runtime.backends.cpu.int8_rows import quantize_two_terms
from ahn_runtime.backends.cpu.jit import jit
from ahn_runtime.backends.cpu.threads import prefetch

f32, i8, i32 = np.float32, np.int8, np.int32
FINER = f32(REFINEMENT)
LINE_BYTES = 64
PREFETCH_BYTES = 4096
"""How far ahead of a product's arithmetic its weights are prefetched."""


@jit
def product(weights, row, out, first, last):  # type: ignore[no-untyped-def]
    """out[n] = weights[n] . row, in int32: int8 [N, K], int8 [K]; rows `first` to `last`."""
    size = row.shape[0]
    for n in range(first, last):
        ahead = n * size + PREFETCH_BYTES
        for byte in range(ahead, ahead + size, LINE_BYTES):
            prefetch(weights, byte)
        total = i32(0)
        for i in range(size):
            total = i32(total + i32(i32(weights[n, i]) * i32(row[i])))
        out[n] = total


@jit
def two_term_product(weights, rows, out, first, last):  # type: ignore[no-untyped-def]
    """out[n] = weights[n] . (rows[0] + rows[1] / 254): int8 [N, K], int8 [2, K] -> float32 [N].

    Both rows are multiplied while a row of weights is in the nearest cache.
    """
    size = rows.shape[1]
    coarse, rest = rows[0], rows[1]
    for n in range(first, last):
        ahead = n * size + PREFETCH_BYTES
        for byte in range(ahead, ahead + size, LINE_BYTES):
            prefetch(weights, byte)
        total, finer = i32(0), i32(0)
        for i in range(size):
            total = i32(total + i32(i32(weights[n, i]) * i32(coarse[i])))
        for i in range(size):
            finer = i32(finer + i32(i32(weights[n, i]) * i32(rest[i])))
        out[n] = f32(total) + f32(finer) / FINER


@jit
def two_term_row(weights, scale, x, out, first, last):  # type: ignore[no-untyped-def]
    """A two-term layer without bias for a single row; rows `first` to `last` of its weights.

    Args:
        weights: int8 [N, K]; scale: float32 [N], of its rows.
        x: float32 [1, K]; out: gets float32 [N].
    """
    rows, row_scale = np.empty((2, x.shape[1]), i8), np.empty(1, f32)
    quantize_two_terms(x, rows, row_scale, 0, 1)
    two_term_product(weights, rows, out, first, last)
    for n in range(first, last):
        out[n] *= row_scale[0] * scale[n]
