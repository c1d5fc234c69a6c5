"""Compiled loops for a few tokens on a CPU, where calls of torch cost more than arithmetic."""

from __future__ import annotations

import functools
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
"""Max rows for which the loops are faster than torch's calls."""

_CONFIG: Any = numba.config  # typed nowhere

# Sums may be reordered for vector lanes and products fused with sums; otherwise IEEE arithmetic.
_FAST_MATH = {"reassoc", "contract", "nsz"}


def target_name() -> str:
    """A directory's name for code of one processor, one version of the compilers and of the loops.

    Machines may share a home directory, and a virtual environment may be copied between them. numba
    keys its files by processor, but several machines write one index, which can then name another
    machine's code; and llvmlite's version is not in the key. Nor does numba look at the loops that
    a loop calls in other files: after one of those has changed, the old code of the caller would
    run on. So all of these are in the name.
    """
    processor = _CONFIG.CPU_NAME or llvmlite.binding.get_host_cpu_name()
    features = _CONFIG.CPU_FEATURES
    features = get_host_cpu_features() if features is None else features
    system = llvmlite.binding.get_process_triple()
    digest = hashlib.sha256(f"{system} {processor} {features}".encode()).hexdigest()[:12]
    versions = f"numba{numba.__version__}-llvmlite{llvmlite.__version__}"
    return f"{processor or 'generic'}-{digest}-{versions}-{sources_digest()}"


@functools.cache
def sources_digest() -> str:
    """A digest of the files that hold loops, 12 hex digits; a source is read once in a process."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


def loops_directory() -> Path:
    """Where compiled loops are kept: under $NUMBA_CACHE_DIR if that is set, else Ammon's cache."""
    base = _CONFIG.CACHE_DIR
    return (Path(base) if base else cache_directory() / "loops") / target_name()


_CONFIG.CACHE_DIR = str(loops_directory())  # numba reads it where a loop is defined


def jit(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` compiled on its first call and kept on disk; it runs without the GIL.

    numba compiles it for the processor it finds; where no directory can be written, each process
    compiles it again. Loops that a loop calls become part of its code: called by name they would
    be the copy that this process compiled for itself or, if the caller came from disk, the caller's
    own, and the two may sum in another order.
    """
    options: dict[str, Any] = {"nogil": True, "fastmath": _FAST_MATH, "forceinline": True}
    try:
        loops: Callable[..., Any] = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no directory can be written
        loops = numba.njit(**options)(function)
    return loops


def is_few(x: Tensor, weight: Tensor) -> bool:
    """Whether the loops take x [T, K]: at most `FEW_TOKENS` rows, float32, CPU, no gradient."""
    return (
        len(x) <= FEW_TOKENS
        and x.device.type == "cpu"
        and x.dtype == weight.dtype == torch.float32
        and not torch.is_grad_enabled()
    )


def arrays(*tensors: Tensor) -> tuple[np.ndarray[Any, Any], ...]:
    """The tensors as contiguous float32 arrays, which share memory with tensors that are so."""
    return tuple(tensor.detach().float().contiguous().numpy() for tensor in tensors)
