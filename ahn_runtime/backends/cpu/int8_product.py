"""Products of int8 matrices in exact integers, by whichever way is fast on this processor.

torch's own product (oneDNN) is the fastest where the processor has 8-bit dot products (VNNI). Where
it has none, that product either saturates or runs in a plain loop, by processor and version, at a
twentieth of the speed of float32. So it is checked once against plain integer arithmetic, and timed
once against products in float32 of pieces short enough to be exact. These convert all weights for
each product, which is too much for a few rows: those are multiplied in a compiled loop. Each way
gives the same integers, so which one is taken changes no result.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ahn_runtime.backends.cpu.jit import jit
from ahn_runtime.backends.cpu.threads import parallel_for

i32 = np.int32

LEVELS = 127
EXACT_TERMS = 2**24 // LEVELS**2
"""Products of int8 values whose sum, in any order, float32 holds exactly: integers up to 2^24."""
FEW_ROWS = 64
"""At most so many rows are multiplied faster in the loop than with weights made float32."""
COLUMNS = 1024
"""Columns of weights that are float32 at a time, a few megabytes."""
TIMED_SHAPE = (64, 896, 1024)
"""T, K and N of the product that is timed: tens of milliseconds in a plain loop."""
TIMED_RUNS = 5


def int8_product(a: Tensor, b: Tensor) -> Tensor:
    """a @ b in exact integers, on any processor: int8 [T, K], int8 [K, N] -> int32 [T, N].

    No value may be -128.
    """
    if a.device.type != "cpu" or torch_product_is_best():
        return torch._int_mm(a, b)
    if len(a) <= FEW_ROWS and b.T.is_contiguous():
        return few_rows_product(a, b)
    return float_product(a, b)


def float_product(a: Tensor, b: Tensor) -> Tensor:
    """`int8_product` in float32, which holds every sum of `EXACT_TERMS` products as it is."""
    y = torch.zeros(len(a), b.shape[1], dtype=torch.int32)
    for first in range(0, a.shape[1], EXACT_TERMS):
        terms = slice(first, first + EXACT_TERMS)
        left = a[:, terms].float()
        # Some columns at a time: the weights are never all in memory as float32.
        for out, columns in zip(y.split(COLUMNS, 1), b[terms].split(COLUMNS, 1), strict=True):
            out += (left @ columns.float()).to(torch.int32)
    return y


def few_rows_product(a: Tensor, b: Tensor) -> Tensor:
    """`int8_product` of a few rows in a compiled loop: reads the weights once, as they are.

    Args:
        b: whose transpose is contiguous.
    """
    y = torch.empty(b.shape[1], len(a), dtype=torch.int32)
    parallel_for(_dot_rows, b.shape[1], True, b.T.numpy(), a.contiguous().numpy(), y.numpy())
    return y.T.contiguous()


@jit
def _dot_rows(weights, rows, out, first, last):  # type: ignore[no-untyped-def]
    """out[n, t] = weights[n] . rows[t] in int32: int8 [N, K], int8 [T, K]; n `first` to `last`."""
    tokens, size = rows.shape
    for n in range(first, last):
        for t in range(tokens):
            total = i32(0)
            for i in range(size):
                total = i32(total + i32(i32(weights[n, i]) * i32(rows[t, i])))
            out[n, t] = total


@functools.cache
def torch_product_is_best() -> bool:
    """Whether torch's product is exact on this processor, and faster than `float_product`."""
    if not torch_product_is_exact():
        return False
    tokens, terms, columns = TIMED_SHAPE
    a = torch.ones(tokens, terms, dtype=torch.int8)
    b = torch.ones(columns, terms, dtype=torch.int8).T
    return _least_seconds(torch._int_mm, a, b) < _least_seconds(float_product, a, b)


@functools.cache
def torch_product_is_exact() -> bool:
    """Largest values on both sides, where kernels that add pairs in 16 bits would saturate."""
    generator = torch.Generator().manual_seed(0)
    a = torch.randint(-LEVELS, LEVELS + 1, (33, 4864), generator=generator, dtype=torch.int8)
    b = torch.randint(-LEVELS, LEVELS + 1, (40, 4864), generator=generator, dtype=torch.int8)
    a[0], b[0] = LEVELS, LEVELS
    a[1], b[1] = LEVELS, -LEVELS
    exact = (a.double() @ b.double().T).to(torch.int32)
    for rows in (a, a[:1]):
        if not torch.equal(torch._int_mm(rows, b.T), exact[: len(rows)]):
            return False
    return True


def _least_seconds(product: Callable[[Tensor, Tensor], Tensor], a: Tensor, b: Tensor) -> float:
    """The least time of a few products, which other work on the processor changes least."""
    seconds = []
    for _ in range(TIMED_RUNS):
        began = time.perf_counter()
        product(a, b)
        seconds.append(time.perf_counter() - began)
    return min(seconds)
