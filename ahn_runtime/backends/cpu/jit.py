"""Loops compiled where torch's calls cost more than their arithmetic: a few tokens on a CPU."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding
import numba
import numpy as np
import torch
from numba.core.codegen import get_host_cpu_features
from torch import Tensor

from ahn_runtime.loading.paths import cache_directory

FEW_TOKENS = 16
"""Up to so many rows the loops are faster than torch's calls."""

_CONFIG: Any = numba.config  # typed nowhere

# Sums may be taken in vector lanes; nothing else of IEEE arithmetic is given up.
_FAST_MATH = {"reassoc", "contract", "nsz"}


def target_name() -> str:
    """A directory's name for code that only this processor and these compilers' versions share.

    A home directory may be shared by machines and a virtual environment copied between them. numba
    keys its files by processor too, but several machines write one index, which can then name
    another's code; and it does not look at llvmlite's version. So each has a directory of its own.
    """
    processor = _CONFIG.CPU_NAME or llvmlite.binding.get_host_cpu_name()
    features = _CONFIG.CPU_FEATURES
    features = get_host_cpu_features() if features is None else features
    system = llvmlite.binding.get_process_triple()
    digest = hashlib.sha256(f"{system} {processor} {features}".encode()).hexdigest()[:12]
    versions = f"numba{numba.__version__}-llvmlite{llvmlite.__version__}"
    return f"{processor or 'generic'}-{digest}-{versions}"


def loops_directory() -> Path:
    """Of compiled loops on disk: in $NUMBA_CACHE_DIR where that is set, else in Ammon's cache."""
    base = _CONFIG.CACHE_DIR
    return (Path(base) if base else cache_directory() / "loops") / target_name()


_CONFIG.CACHE_DIR = str(loops_directory())  # read wherever a loop is defined


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiled on first use and kept on disk; runs without the interpreter's lock."""
    options: dict[str, Any] = {"nogil": True, "fastmath": _FAST_MATH}
    try:
        loops: Callable[..., Any] = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no directory can be written: compiled again by each process
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
