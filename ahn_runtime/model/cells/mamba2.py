"""Mamba2: a decayed sum of writes, each scaled by its step size. Gate: dt.

Source: "Transformers are SSMs" (arXiv 2405.21060); as AHN uses it, arXiv 2510.07318. The papers
and the reference hold the memory value axis first; here it is key axis first, as in every cell.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ahn_runtime.config import ModelConfig
from ahn_runtime.model.cells.base import (
    INIT_STD,
    Cell,
    HeadwiseLinear,
    Recurrences,
    ScaleNorm,
    float32_linear,
    initialise_decay,
    output_gate,
)

UNIT_EPS = 1e-12


class Mamba2Cell(Cell):
    """`M <- exp(dt A) M + dt k v^T; y = M^T q`, gated first, then normed over all heads at once."""

    name = "Mamba2"
    num_gates = 1

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        heads, hidden, dim = config.num_heads, config.hidden_size, config.head_dim
        self.A_log = nn.Parameter(torch.zeros(heads))
        self.dt_bias = nn.Parameter(torch.zeros(heads))
        self.dt_proj = nn.Linear(hidden, heads)
        self.g_proj = nn.Linear(hidden, heads)
        self.norm = ScaleNorm(heads * dim)
        self.o_proj = HeadwiseLinear(heads, dim)

    def write_gates(self, x: Tensor) -> Tensor:
        return F.softplus(float32_linear(x, self.dt_proj) + self.dt_bias.float())[None]

    def log_decay(self, gates: Tensor) -> Tensor:
        return -self.A_log.float().exp() * gates[0]

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
        dt = gates[0].T  # (H, E)
        log_decay = self.log_decay(gates).T
        q, k = (F.normalize(t.float(), dim=-1, eps=UNIT_EPS) for t in (q, k))
        y, memory = recurrences.gated_linear_attention(
            q, dt[..., None] * k, v.float(), log_decay, memory
        )
        y = y * output_gate(x, self.g_proj)
        whole = self.norm(y.transpose(0, 1).flatten(1))  # one RMS over the heads together
        return self.o_proj(whole.unflatten(1, (y.shape[0], -1)).transpose(0, 1)), memory

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        initialise_decay(self.A_log, self.dt_bias, generator)
        for proj in (self.dt_proj, self.g_proj):
            proj.weight.normal_(0, INIT_STD, generator=generator)
            proj.bias.zero_()
        self.norm.weight.fill_(1)
        self.o_proj.weight.zero_()
