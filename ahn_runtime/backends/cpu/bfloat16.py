"""Conversions between float32 and bfloat16, the upper half of a float32, in compiled loops.

numba has no bfloat16, so the loops see arrays of it as uint16. Loops that read and write elements
through these functions also take float32 arrays, whose elements pass unchanged.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

i32 = np.int32
HALF_BITS = i32(16)
HALF_STEP = i32(0x7FFF)


def bf16_to_float(value: Any) -> Any:
    """An element of a bfloat16 (uint16) or float32 array, as float32."""
    raise NotImplementedError("for compiled loops only")


def float_to_bf16(value: Any, like: Any) -> Any:
    """A float32 as an element of the array `like`: bfloat16, to nearest, ties to even; or float32.

    NaN is not supported: it may become infinity.
    """
    raise NotImplementedError("for compiled loops only")


@overload(bf16_to_float, strict=False)
def _bf16_to_float(value: Any) -> Any:
    if value == types.uint16:
        return lambda value: i32(i32(value) << HALF_BITS).view(np.float32)
    return lambda value: value


@overload(float_to_bf16, strict=False)
def _float_to_bf16(value: Any, like: Any) -> Any:
    if like.dtype != types.uint16:
        return lambda value, like: value

    def bfloat16(value: Any, like: Any) -> Any:
        bits = np.float32(value).view(np.int32)
        return np.uint16((bits + HALF_STEP + ((bits >> HALF_BITS) & i32(1))) >> HALF_BITS)

    return bfloat16
