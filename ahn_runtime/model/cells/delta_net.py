"""DeltaNet: a memory corrected by the delta rule, without decay. Gate: beta.

Source: "Parallelizing Linear Transformers with the Delta Rule" (arXiv 2406.06484); as AHN uses it,
arXiv 2510.07318.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ahn_runtime.config import ModelConfig
from ahn_runtime.model.cells.base import (
    INIT_STD,
    Cell,
    HeadwiseLinear,
    Recurrences,
    ScaleNorm,
    float32_linear,
    l2_norm,
    output_gate,
)


class DeltaNetCell(Cell):
    """`u = beta (v - M^T k); M <- M + k u^T; y = M^T q`, normed, gated, projected."""

    name = "DeltaNet"
    num_gates = 1

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        heads, hidden, dim = config.num_heads, config.hidden_size, config.head_dim
        self.b_proj = nn.Linear(hidden, heads, bias=False)
        self.g_proj = nn.Linear(hidden, heads, bias=False)
        self.o_norm = ScaleNorm(dim)
        self.o_proj = HeadwiseLinear(heads, dim)

    def write_gates(self, x: Tensor) -> Tensor:
        return float32_linear(x, self.b_proj).sigmoid()[None]

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
        q, k = l2_norm(q.float()) * q.shape[-1] ** -0.5, l2_norm(k.float())
        y, memory = recurrences.delta_rule(q, k, v.float(), gates[0].T, memory)
        return self.o_proj(self.o_norm(y) * output_gate(x, self.g_proj)), memory

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        for proj in (self.b_proj, self.g_proj):
            proj.weight.normal_(0, INIT_STD, generator=generator)
        self.o_norm.weight.fill_(1)
        self.o_proj.weight.zero_()
