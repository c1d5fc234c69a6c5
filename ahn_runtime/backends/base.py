"""The one place where a recurrence's implementation is chosen: by device, and by what is installed.

On a CPU (and on a GPU without flash-linear-attention) torch code of this package runs; on a CUDA
device with it, its kernels. All of them take and return the layouts of the naive recurrences.
"""

from __future__ import annotations

import functools
import importlib.util
from typing import Protocol

import torch
from torch import Tensor

from ahn_runtime.ops.delta_rule import chunk_delta_rule
from ahn_runtime.ops.gated_delta_rule import chunk_gated_delta_rule, step_gated_delta_rule
from ahn_runtime.ops.gated_linear_attention import (
    chunk_gated_linear_attention,
    naive_gated_linear_attention,
)

Scanned = tuple[Tensor, Tensor]


class Kernels(Protocol):
    """The three recurrences; see the naive ones for the equations and shapes."""

    name: str

    def gated_delta_rule(
        self, q: Tensor, k: Tensor, v: Tensor, beta: Tensor, log_decay: Tensor, state: Tensor
    ) -> Scanned: ...

    def delta_rule(
        self, q: Tensor, k: Tensor, v: Tensor, beta: Tensor, state: Tensor
    ) -> Scanned: ...

    def gated_linear_attention(
        self, q: Tensor, k: Tensor, v: Tensor, log_decay: Tensor, state: Tensor
    ) -> Scanned: ...


class TorchKernels:
    """The chunked forms; for a single token forms of their own."""

    name = "torch"

    def gated_delta_rule(
        self, q: Tensor, k: Tensor, v: Tensor, beta: Tensor, log_decay: Tensor, state: Tensor
    ) -> Scanned:
        scan = step_gated_delta_rule if q.shape[1] == 1 else chunk_gated_delta_rule
        return scan(q, k, v, beta, log_decay, state)

    def delta_rule(self, q: Tensor, k: Tensor, v: Tensor, beta: Tensor, state: Tensor) -> Scanned:
        if q.shape[1] == 1:
            return step_gated_delta_rule(q, k, v, beta, torch.zeros_like(beta), state)
        return chunk_delta_rule(q, k, v, beta, state)

    def gated_linear_attention(
        self, q: Tensor, k: Tensor, v: Tensor, log_decay: Tensor, state: Tensor
    ) -> Scanned:
        single = q.shape[1] == 1
        scan = naive_gated_linear_attention if single else chunk_gated_linear_attention
        return scan(q, k, v, log_decay, state)


TORCH = TorchKernels()


def kernels_for(device: torch.device) -> Kernels:
    """The kernels a tensor on that device goes through."""
    return _fla_kernels() or TORCH if device.type == "cuda" else TORCH


@functools.cache
def _fla_kernels() -> Kernels | None:
    if importlib.util.find_spec("fla") is None:
        return None
    from ahn_runtime.backends.fla import FlaKernels

    return FlaKernels()
