"""The memory modules: what is written when a token leaves the window, and what a query reads.

A cell owns its parameters (released checkpoint names under `ahn.fn`) and no state: the memory
comes in and goes out. Layouts: memory [H, K, V] float32; gates [G, T, H] float32, computed from
the hidden state of the token that will be compressed, kept beside its keys and values.

Source: "Artificial Hippocampus Networks" (arXiv 2510.07318), section 3.2 and appendix.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ahn_runtime.config import ModelConfig
from ahn_runtime.ops.gated_delta_rule import chunk_gated_delta_rule, naive_gated_delta_rule

L2_EPS = 1e-6
NORM_EPS = 1e-5

Scan = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


class HeadwiseLinear(nn.Module):
    """One matrix per head, `weight` [H, D_in, D_out], no bias."""

    def __init__(self, heads: int, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(heads, dim, dim))

    def forward(self, x: Tensor) -> Tensor:
        """x [H, T, D_in] -> [H, T, D_out]."""
        return torch.bmm(x, self.weight.to(x.dtype))


class HeadNorm(nn.Module):
    """RMS norm over D, one `weight` [D] shared by the heads."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, x.shape[-1:], self.weight.to(x.dtype), NORM_EPS)


class GatedDeltaNetCell(nn.Module):
    """GatedDeltaNet: decayed memory, corrected by the delta rule. Gates: beta, log_decay."""

    num_gates = 2

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        heads, hidden, dim = config.num_heads, config.hidden_size, config.head_dim
        self.A_log = nn.Parameter(torch.zeros(heads))
        self.D = nn.Parameter(torch.ones(heads))  # in the released files, never used
        self.dt_bias = nn.Parameter(torch.zeros(heads))
        self.a_proj = nn.Linear(hidden, heads, bias=False)
        self.b_proj = nn.Linear(hidden, heads, bias=False)
        self.g_proj = nn.Linear(hidden, heads, bias=False)
        self.o_norm = HeadNorm(dim)
        self.o_proj = HeadwiseLinear(heads, dim)

    def write_gates(self, x: Tensor) -> Tensor:
        """Gates of tokens x [T, hidden]: float32 [2, T, H], beta and log_decay."""
        beta = _float32_linear(x, self.b_proj).sigmoid()
        step = F.softplus(_float32_linear(x, self.a_proj) + self.dt_bias.float())
        return torch.stack((beta, -self.A_log.float().exp() * step))

    def forward(
        self, q: Tensor, k: Tensor, v: Tensor, gates: Tensor, x: Tensor, memory: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Write E evicted tokens and let one query read after each.

        Args:
            q: rotated queries of the current tokens, [H, E, D].
            k, v: rotated keys and values of the evicted tokens, [H, E, D].
            gates: write gates of the evicted tokens, [2, E, H].
            x: hidden states of the current tokens, [E, hidden], for the output gate.
            memory: [H, D, D] float32.

        Returns:
            What the memory adds to the attention output [H, E, D], and the memory after it.
        """
        beta, log_decay = gates.transpose(1, 2)  # (H, E) each
        q, k = l2_norm(q.float()) * q.shape[-1] ** -0.5, l2_norm(k.float())
        y, memory = self.scan(q.shape[1])(q, k, v.float(), beta, log_decay, memory)
        y = self.o_norm(y) * F.silu(_float32_linear(x, self.g_proj)).T[..., None]
        return self.o_proj(y), memory

    @staticmethod
    def scan(tokens: int) -> Scan:
        """The loop is the faster of the two for a single step."""
        return naive_gated_delta_rule if tokens == 1 else chunk_gated_delta_rule

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Untrained gates as in the GatedDeltaNet paper; o_proj zero, so that nothing is added."""
        self.A_log.copy_(torch.empty_like(self.A_log).uniform_(1, 16, generator=generator).log())
        low, high = math.log(1e-3), math.log(1e-1)
        step = torch.empty_like(self.dt_bias).uniform_(low, high, generator=generator).exp()
        self.dt_bias.copy_(step + (-torch.expm1(-step)).log())  # softplus^-1
        for proj in (self.a_proj, self.b_proj, self.g_proj):
            proj.weight.normal_(0, 0.02, generator=generator)
        self.D.fill_(1)
        self.o_norm.weight.fill_(1)
        self.o_proj.weight.zero_()


def l2_norm(x: Tensor) -> Tensor:
    """Unit length along the last axis, as fla: the epsilon is inside the root."""
    return x * torch.rsqrt(x.square().sum(dim=-1, keepdim=True) + L2_EPS)


def _float32_linear(x: Tensor, linear: nn.Linear) -> Tensor:
    bias = None if linear.bias is None else linear.bias.float()
    return F.linear(x.float(), linear.weight.float(), bias)


CELLS: dict[str, type[GatedDeltaNetCell]] = {"GatedDeltaNet": GatedDeltaNetCell}
"""Cell by its released name (`_ahn_implementation` in config.json)."""


def cell_class(name: str) -> type[GatedDeltaNetCell]:
    """The cell of that released name; ValueError lists the known ones."""
    if name not in CELLS:
        raise ValueError(f"Unknown memory {name!r}; known: {', '.join(sorted(CELLS))}.")
    return CELLS[name]
