"""What the base says before the first step: where a new memory starts, and how far a step goes.

AdamW moves every number by about the learning rate, whatever its size. But the layers of a base
differ: in Qwen2.5-0.5B the values' norm grows from 0.2 to 16 between first and last layer, and a
gate sums hundreds of inputs. One rate for all drowned the first layers before the last had begun:
20 steps of it raised the divergence they were to lower. So a few sequences are looked at first, and

- a new memory's norm gives back vectors as long as the layer's own values, so that one unit of
  `o_proj` means the same in every layer; its output gate stands open (silu(1)), where random
  weights leave it near 0 with a sign of its own for every token;
- its heads differ in what they keep: Qwen's keys have a large part in common (cosines of 0.6 to
  0.97 at 512 tokens' distance), so a delta rule that writes with strength 1/2 overwrites all but
  the last tokens. Strengths and half-lives are spread over the heads from the last tokens to
  thousands;
- each parameter's rate is the learning rate in its own units.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, cast

import torch
from torch import Tensor

from ahn_runtime.backends.base import Backend
from ahn_runtime.model.cells.base import inverse_softplus
from ahn_runtime.model.qwen2 import MEMORY_MARK, Qwen2
from training.distill import Window, teach
from training.identity_part import STRAIGHT

GATE_RATE = 200.0
"""Highest change of a gate before its sigmoid or softplus in a step, in learning rates."""
DECAY_RATE = 300.0
"""Of A_log, dt_bias and other biases, in learning rates."""
STRAIGHT_RATE = 200.0
"""Of o_proj's straight part: one number for what thousands would have to agree on."""
OPEN_GATE = 1.0
WRITE_STRENGTHS = (0.5, 0.01)
HALF_LIVES_TOKENS = (32, 4096)
"""First and last of the heads', evenly spread in logarithms."""


@torch.no_grad()
def measure_layers(model: Qwen2, backend: Backend, sequences: Iterable[Tensor]) -> Tensor:
    """What each layer's attention works with, over some sequences.

    Args:
        backend: computes the layers, as in `Runtime.backend`.
        sequences: token ids, int64 [L] each.

    Returns:
        float32 [layers, hidden + 2]: the mean input, the mean of its absolute sum, and the root
        mean square of the values.
    """
    rows = []
    for ids in sequences:
        _, shares = teach(model, backend, ids, Window(len(ids) - 2, 0, len(ids)))
        for share in shares:
            x, v = share.x.float(), share.v.float()
            sizes = torch.stack((x.abs().sum(dim=-1).mean(), v.square().mean().sqrt()))
            rows.append(torch.cat((x.mean(dim=0), sizes)))
    return torch.stack(rows).unflatten(0, (-1, model.config.num_layers)).mean(dim=0)


@torch.no_grad()
def start_memory(model: Qwen2, measured: Tensor, seed: int) -> None:
    """Set a new memory's norms, output gates, write strengths and decays; o_proj stays zero.

    Args:
        seed: of which head gets which strength and half-life, anew in every layer.
    """
    generator = torch.Generator().manual_seed(seed)
    heads = model.config.num_heads
    for layer, row in zip(model.model.layers, measured, strict=True):
        cell = cast(Any, layer).ahn.fn
        mean_input, value_size = row[:-2], row[-1]
        norm = cell.norm if hasattr(cell, "norm") else cell.o_norm
        norm.weight.fill_(float(value_size))
        # Inputs have a large part in common: along it, a weight without bias acts as a bias.
        along = mean_input / mean_input.square().sum()
        cell.g_proj.weight.copy_((OPEN_GATE * along).expand_as(cell.g_proj.weight))
        strengths, half_lives = (
            _spread(first, last, heads, generator).to(row.device)
            for first, last in (WRITE_STRENGTHS, HALF_LIVES_TOKENS)
        )
        decays = math.log(2) / half_lives
        if hasattr(cell, "b_proj"):
            cell.b_proj.weight.copy_(torch.logit(strengths)[:, None] * along)
        if hasattr(cell, "a_proj"):
            cell.a_proj.weight.zero_()
            cell.A_log.zero_()
            cell.dt_bias.copy_(inverse_softplus(decays))
        elif hasattr(cell, "dt_proj"):  # one step writes and decays
            cell.dt_proj.weight.zero_()
            cell.A_log.copy_((decays / strengths).log())
            cell.dt_bias.copy_(inverse_softplus(strengths) - cell.dt_proj.bias)


def _spread(first: float, last: float, count: int, generator: torch.Generator) -> Tensor:
    values = torch.logspace(math.log10(first), math.log10(last), count)
    return values[torch.randperm(count, generator=generator)]


def parameter_rates(parameters: Iterable[str], measured: Tensor) -> dict[str, float]:
    """Each parameter's rate as a multiple of the learning rate, by its released name."""
    sizes = measured[:, -2:].tolist()
    rates = {STRAIGHT: STRAIGHT_RATE}
    for name in parameters:
        before, _, inside = name.partition(MEMORY_MARK)
        input_sum, value_size = sizes[int(before.rpartition(".")[2])]
        if inside.endswith("o_proj.weight"):
            rates[name] = 1.0
        elif "norm" in inside:
            rates[name] = value_size
        elif inside.endswith("_proj.weight"):
            rates[name] = GATE_RATE / input_sum
        else:
            rates[name] = DECAY_RATE
    return rates
