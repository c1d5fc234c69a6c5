"""e^x without a library call, so that loops over it run in vector lanes."""

from __future__ import annotations

import numpy as np

from ahn_runtime.backends.cpu.jit import jit

f32, i32 = np.float32, np.int32
ZERO, ONE = f32(0), f32(1)
LOG2_E, LN_2 = f32(1.4426950408889634), f32(0.6931471805599453)
MIN_EXPONENT = f32(-87)  # e to this is the smallest normal float32
EXPONENT_BIAS, MANTISSA_BITS = i32(127), i32(23)


@jit
def exponential(x):  # type: ignore[no-untyped-def]
    """e^x of a float32 x <= 0 with a relative error below 5e-6; e^-87 for all x below -87.

    e^(r + n ln 2) = 2^n e^r, where |r| <= ln 2 / 2 and e^r is its Taylor series up to r^6.
    """
    value = max(x, MIN_EXPONENT)
    n = np.rint(value * LOG2_E)
    r = value - n * LN_2
    series = f32(1 / 120) + r * f32(1 / 720)
    series = f32(1 / 6) + r * (f32(1 / 24) + r * series)
    series = ONE + r * (ONE + r * (f32(1 / 2) + r * series))
    return series * i32(i32(i32(n) + EXPONENT_BIAS) << MANTISSA_BITS).view(np.float32)


@jit
def silu(x):  # type: ignore[no-untyped-def]
    """x / (1 + e^-x) of any float32."""
    small = exponential(-abs(x))
    upper = ONE if x >= ZERO else small
    return x * upper / (ONE + small)
