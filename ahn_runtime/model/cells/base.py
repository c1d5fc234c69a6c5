"""The interface of the memory modules: write gates, and a write-then-read over the memory.

A cell owns its parameters (released checkpoint names under `ahn.fn`) and no state: the memory is
an argument and a result. Layouts of every cell: memory [H, K, V] float32, key axis first;
gates [G, T, H] float32, computed from the hidden state of the token that will be compressed, kept
beside its keys and values until it is.

Source: "Artificial Hippocampus Networks" (arXiv 2510.07318), section 3.2 and appendix.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import ClassVar, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ahn_runtime.config import ModelConfig

L2_EPS = 1e-6
NORM_EPS = 1e-5
INIT_STD = 0.02


Scanned = tuple[Tensor, Tensor]
"""Outputs [H, T, V] and the state after the last token, [H, K, V]."""


class Recurrences(Protocol):
    """The three recurrences that cells are built on; float32, states key axis first.

    Shapes: q, k [H, T, K]; v [H, T, V]; beta, log_decay [H, T]; state [H, K, V], not changed. The
    equations are beside the plain loops in `ahn_runtime.ops`.
    """

    def gated_delta_rule(
        self, q: Tensor, k: Tensor, v: Tensor, beta: Tensor, log_decay: Tensor, state: Tensor
    ) -> Scanned:
        """The delta rule over a memory that decays before each write."""
        ...

    def delta_rule(self, q: Tensor, k: Tensor, v: Tensor, beta: Tensor, state: Tensor) -> Scanned:
        """The delta rule without decay."""
        ...

    def gated_linear_attention(
        self, q: Tensor, k: Tensor, v: Tensor, log_decay: Tensor, state: Tensor
    ) -> Scanned:
        """A decayed sum of outer products of keys and values."""
        ...


class Cell(nn.Module, ABC):
    """One layer's memory module."""

    name: ClassVar[str]
    """The released name, `_ahn_implementation` in config.json."""
    num_gates: ClassVar[int]
    """G: write gates per head and token."""

    @abstractmethod
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()

    @abstractmethod
    def write_gates(self, x: Tensor) -> Tensor:
        """Write gates of tokens x [T, hidden]: float32 [G, T, H]."""

    @abstractmethod
    def forward(
        self,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        gates: Tensor,
        x: Tensor,
        memory: Tensor,
        recurrences: Recurrences,
    ) -> tuple[Tensor, Tensor]:
        """Write E evicted tokens and let one query read after each.

        Args:
            q: rotated queries of the current tokens, [H, E, D].
            k, v: rotated keys and values of the evicted tokens, [H, E, D].
            gates: write gates of the evicted tokens, [G, E, H].
            x: hidden states of the current tokens, [E, hidden], for the output gate.
            memory: [H, D, D] float32; not changed.
            recurrences: compute the recurrence; a `Backend` is one.

        Returns:
            What the memory adds to the attention output [H, E, D], and the memory after it.
        """

    def log_decay(self, gates: Tensor) -> Tensor | None:
        """Log of the share of the memory that each write leaves, [T, H] <= 0; None: no decay.

        Args:
            gates: as `write_gates` gives them, [G, T, H].
        """
        return None

    @abstractmethod
    def initialise(self, generator: torch.Generator) -> None:
        """Set untrained values; o_proj becomes zero, so that nothing is added."""


class HeadwiseLinear(nn.Module):
    """One matrix per head, `weight` [H, D_in, D_out], no bias."""

    def __init__(self, heads: int, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(heads, dim, dim))

    def forward(self, x: Tensor) -> Tensor:
        """x [H, T, D_in] -> [H, T, D_out]."""
        return torch.bmm(x, self.weight.to(x.dtype))


class ScaleNorm(nn.Module):
    """RMS norm over the last axis with one `weight` [size]."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, x.shape[-1:], self.weight.to(x.dtype), NORM_EPS)


def l2_norm(x: Tensor) -> Tensor:
    """Unit length along the last axis, as fla: the epsilon is inside the root."""
    return x * torch.rsqrt(x.square().sum(dim=-1, keepdim=True) + L2_EPS)


def float32_linear(x: Tensor, linear: nn.Linear) -> Tensor:
    """A projection in float32, which gates and decays need: x [T, in] of any dtype -> [T, out]."""
    bias = None if linear.bias is None else linear.bias.float()
    return F.linear(x.float(), linear.weight.float(), bias)


def output_gate(x: Tensor, g_proj: nn.Linear) -> Tensor:
    """The current tokens' gate, one scalar per head: x [T, hidden] -> [H, T, 1]."""
    return F.silu(float32_linear(x, g_proj)).T[..., None]


@torch.no_grad()
def initialise_decay(A_log: Tensor, dt_bias: Tensor, generator: torch.Generator) -> None:
    """A in [1, 16] and steps in [1e-3, 1e-1], as in the Mamba2 and GatedDeltaNet papers."""
    A_log.copy_(torch.empty_like(A_log).uniform_(1, 16, generator=generator).log())
    low, high = math.log(1e-3), math.log(1e-1)
    step = torch.empty_like(dt_bias).uniform_(low, high, generator=generator).exp()
    dt_bias.copy_(inverse_softplus(step))


def inverse_softplus(x: Tensor) -> Tensor:
    """The y with softplus(y) = x, for x > 0."""
    return x + (-torch.expm1(-x)).log()
