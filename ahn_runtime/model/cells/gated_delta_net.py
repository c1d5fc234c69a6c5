"""GatedDeltaNet: a decayed memory, corrected by the delta rule. Gates: beta, log_decay.

Source: "Gated Delta Networks" (arXiv 2412.06464); as AHN uses it, arXiv 2510.07318.
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
    l2_norm,
    output_gate,
)


class GatedDeltaNetCell(Cell):
    """`M <- a M; u = beta (v - M^T k); M <- M + k u^T; y = M^T q`, normed, gated, projected."""

    name = "GatedDeltaNet"
    num_gates = 2

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        heads, hidden, dim = config.num_heads, config.hidden_size, config.head_dim
        self.A_log = nn.Parameter(torch.zeros(heads))
        self.D = nn.Parameter(torch.ones(heads))  # in the released files, never used
        self.dt_bias = nn.Parameter(torch.zeros(heads))
        self.a_proj = nn.Linear(hidden, heads, bias=False)
        self.b_proj = nn.Linear(hidden, heads, bias=False)
        self.g_proj = nn.Linear(hidden, heads, bias=False)
        self.o_norm = ScaleNorm(dim)
        self.o_proj = HeadwiseLinear(heads, dim)

    def write_gates(self, x: Tensor) -> Tensor:
        beta = float32_linear(x, self.b_proj).sigmoid()
        step = F.softplus(float32_linear(x, self.a_proj) + self.dt_bias.float())
        return torch.stack((beta, -self.A_log.float().exp() * step))

    def log_decay(self, gates: Tensor) -> Tensor:
        return gates[1]

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
        beta, log_decay = gates.transpose(1, 2)  # (H, E) each
        q, k = l2_norm(q.float()) * q.shape[-1] ** -0.5, l2_norm(k.float())
        y, memory = recurrences.gated_delta_rule(q, k, v.float(), beta, log_decay, memory)
        return self.o_proj(self.o_norm(y) * output_gate(x, self.g_proj)), memory

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        initialise_decay(self.A_log, self.dt_bias, generator)
        for proj in (self.a_proj, self.b_proj, self.g_proj):
            proj.weight.normal_(0, INIT_STD, generator=generator)
        self.D.fill_(1)
        self.o_norm.weight.fill_(1)
        self.o_proj.weight.zero_()
