"""Initialisation of a new memory and learning rates of its parameters, measured on the base model.

AdamW changes every number by about the learning rate, whatever the number's size. But the layers of
a base model differ: in Qwen2.5-0.5B the norm of the values grows from 0.2 to 16 between the first
and the last layer, and a gate sums hundreds of inputs. With one rate for all, the changes of the
first layers were too large before the last layers had changed at all: 20 such steps raised the
divergence. So a few sequences are measured before the first step, and

- a new memory's norm is set so that its output vectors are as long as the layer's own values; one
  unit of `o_proj` then has the same effect in every layer. Its output gate starts open (silu(1)),
  while with random weights it would be near 0, with a different sign for every token;
- the heads of a new memory get different write strengths and half-lives, so that some keep only
  the last tokens and others thousands. Qwen's keys have a large common component (cosines of 0.6
  to 0.97 at a distance of 512 tokens), so a delta rule with write strength 1/2 in every head would
  overwrite all but the last tokens;
- each parameter's learning rate is scaled to the size of its own effect.
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
from training.distill import Window, teacher_forward
from training.identity_part import IDENTITY_PART

GATE_RATE = 200.0
"""Maximum change of a gate, before its sigmoid or softplus, in one step, in learning rates."""
DECAY_RATE = 300.0
"""Rate of A_log, dt_bias and other biases, in learning rates."""
IDENTITY_RATE = 200.0
"""Rate of the identity part of o_proj, in learning rates: one number replaces thousands."""
OPEN_GATE = 1.0
"""What the mean input makes of an output gate, before its silu, at the start."""
WRITE_STRENGTHS = (0.5, 0.01)
"""First and last of the heads' write strengths; logarithmically spaced."""
HALF_LIVES_TOKENS = (32, 4096)
"""First and last of the heads' half-lives, in tokens; logarithmically spaced."""


@torch.no_grad()
def measure_layers(model: Qwen2, backend: Backend, sequences: Iterable[Tensor]) -> Tensor:
    """Measure the inputs and values of each layer's attention over some sequences.

    Args:
        backend: computes the layers, as in `Runtime.backend`.
        sequences: token ids, int64 [L] each.

    Returns:
        float32 [layers, hidden + 2]: the mean input vector, the mean of the sum of its absolute
        values, and the root mean square of the values.
    """
    rows = []
    for ids in sequences:
        _, shares = teacher_forward(model, backend, ids, Window(len(ids) - 2, 0, len(ids)))
        for share in shares:
            x, v = share.x.float(), share.v.float()
            sizes = torch.stack((x.abs().sum(dim=-1).mean(), v.square().mean().sqrt()))
            rows.append(torch.cat((x.mean(dim=0), sizes)))
    return torch.stack(rows).unflatten(0, (-1, model.config.num_layers)).mean(dim=0)


@torch.no_grad()
def start_memory(model: Qwen2, measured: Tensor, seed: int) -> None:
    """Initialise a new memory's norms, output gates, write strengths and decays, in place.

    o_proj stays zero, so the memory adds nothing yet.

    Args:
        measured: float32 [layers, hidden + 2], from `measure_layers`.
        seed: decides which head of each layer gets which write strength and half-life.
    """
    generator = torch.Generator().manual_seed(seed)
    heads = model.config.num_heads
    for layer, row in zip(model.model.layers, measured, strict=True):
        cell = cast(Any, layer).ahn.fn
        mean_input, value_size = row[:-2], row[-1]
        norm = cell.norm if hasattr(cell, "norm") else cell.o_norm
        norm.weight.fill_(float(value_size))
        # Inputs have a large common component: along it, a weight acts as a bias would.
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
        elif hasattr(cell, "dt_proj"):  # one step size sets both write strength and decay
            cell.dt_proj.weight.zero_()
            cell.A_log.copy_((decays / strengths).log())
            cell.dt_bias.copy_(inverse_softplus(strengths) - cell.dt_proj.bias)


def _spread(first: float, last: float, count: int, generator: torch.Generator) -> Tensor:
    values = torch.logspace(math.log10(first), math.log10(last), count)
    return values[torch.randperm(count, generator=generator)]


def parameter_rates(parameters: Iterable[str], measured: Tensor) -> dict[str, float]:
    """Each parameter's rate as a multiple of the learning rate.

    Args:
        parameters: names of the memory's parameters, `model.layers.{i}.ahn.fn.*`.
        measured: float32 [layers, hidden + 2], from `measure_layers`.

    Returns:
        A rate for each name, and one for `IDENTITY_PART`.
    """
    sizes = measured[:, -2:].tolist()
    rates = {IDENTITY_PART: IDENTITY_RATE}
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
