"""Tensors in aligned memory of torch's own allocator, whatever their bytes came from.

Matrix products choose their path by the address of their operands: the same numbers at an address
that is not aligned may give other last bits. Files, databases and numpy do not align to cache
lines. So their tensors pass through `aligned`, and arrays that a product uses are made by
`empty`: then equal numbers give equal bits.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

ALIGNMENT_BYTES = 64
"""Torch's own for a CPU: a cache line, and the widest vector register of any x86 processor."""


def aligned(tensor: Tensor) -> Tensor:
    """The same numbers, contiguous, in a storage that torch allocated for them alone.

    Args:
        tensor: of any shape, dtype and device; its memory may belong to a mapped file, to bytes, to
            numpy, or to a larger tensor.

    Returns:
        The tensor itself if its memory is so already, else a copy.
    """
    storage = tensor.untyped_storage()
    is_own = storage.resizable() and storage.nbytes() == tensor.nbytes
    if is_own and tensor.is_contiguous() and tensor.data_ptr() % ALIGNMENT_BYTES == 0:
        return tensor
    return tensor.clone(memory_format=torch.contiguous_format)


def empty(shape: int | tuple[int, ...], dtype: Any) -> np.ndarray[Any, Any]:
    """`np.empty` in aligned memory; numpy itself aligns to 16 bytes only."""
    shape, kind = (shape,) if isinstance(shape, int) else shape, np.dtype(dtype)
    size = math.prod(shape) * kind.itemsize
    raw = torch.empty(max(size, 1), dtype=torch.uint8)  # nothing at all has any address
    array: np.ndarray[Any, Any] = raw.numpy()[:size].view(kind).reshape(shape)
    return array
