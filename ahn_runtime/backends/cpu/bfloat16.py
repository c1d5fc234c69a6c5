"""Numbers in compiled loops that are held in bfloat16: the upper half of a float32.

numba has no bfloat16, so arrays of it are uint16 there, and what is taken out of an array or put
into one goes through here; float32 passes as it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

i32 = np.int32
HALF_BITS = i32(16)
HALF_STEP = i32(0x7FFF)


def widened(value: Any) -> Any:
    """An array's element as float32."""
    raise NotImplementedError("for compiled loops only")


def narrowed(value: Any, like: Any) -> Any:
    """A float32 as an element of the array `like`, rounded to the nearest, ties to even."""
    raise NotImplementedError("for compiled loops only")


@overload(widened, strict=False)
def _widened(value: Any) -> Any:
    if value == types.uint16:
        return lambda value: i32(i32(value) << HALF_BITS).view(np.float32)
    return lambda value: value


@overload(narrowed, strict=False)
def _narrowed(value: Any, like: Any) -> Any:
    if like.dtype != types.uint16:
        return lambda value, like: value

    def rounded(value: Any, like: Any) -> Any:
        bits = np.float32(value).view(np.int32)
        return np.uint16((bits + HALF_STEP + ((bits >> HALF_BITS) & i32(1))) >> HALF_BITS)

    return rounded
