"""Loops compiled where torch's calls cost more than their arithmetic: a few tokens on a CPU."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from ahn_runtime.loading.paths import cache_directory

os.environ.setdefault("NUMBA_CACHE_DIR", str(cache_directory() / "loops"))  # read on import

import numba  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import Tensor  # noqa: E402

FEW_TOKENS = 16
"""Up to so many rows the loops are faster than torch's calls."""

# Sums may be taken in vector lanes; nothing else of IEEE arithmetic is given up.
_FAST_MATH = {"reassoc", "contract", "nsz"}


def jit(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiled on first use and kept on disk; runs without the interpreter's lock."""
    options: dict[str, Any] = {"nogil": True, "fastmath": _FAST_MATH}
    try:
        loops: Callable[..., Any] = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no directory can be written: compiled anew by each process
        loops = numba.njit(**options)(function)
    return loops


def is_few(x: Tensor, weight: Tensor) -> bool:
    """Whether rows x [T, ·] go through the loops: few, float32 on a CPU, and no gradient wanted."""
    return (
        len(x) <= FEW_TOKENS
        and x.device.type == "cpu"
        and x.dtype == weight.dtype == torch.float32
        and not torch.is_grad_enabled()
    )


def arrays(*tensors: Tensor) -> tuple[np.ndarray[Any, Any], ...]:
    """As float32, dense: the tensors' own memory where they are."""
    return tuple(tensor.detach().float().contiguous().numpy() for tensor in tensors)
