"""AdamW over a memory's parameters: parameter groups, learning rate schedule, moments as tensors.

Source: "Decoupled Weight Decay Regularization" (arXiv 1711.05101) for AdamW, "SGDR" (arXiv
1608.03983) for the cosine schedule.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from training.settings import TrainingSettings

MOMENTS = ("exp_avg", "exp_avg_sq")


def make_optimiser(
    parameters: Mapping[str, nn.Parameter], rates: Mapping[str, float], settings: TrainingSettings
) -> torch.optim.AdamW:
    """Make the optimiser; weight decay applies to matrices, not to norms, biases and decays.

    Args:
        parameters: the parameters to optimise, by name.
        rates: for each name, the parameter's rate as a multiple of the learning rate.
    """
    groups = [
        {
            "params": [parameter],
            "rate": rates[name],
            "weight_decay": settings.weight_decay if parameter.dim() > 1 else 0.0,
        }
        for name, parameter in parameters.items()
    ]
    return torch.optim.AdamW(groups, lr=settings.learning_rate)


def set_learning_rate(optimiser: torch.optim.AdamW, rate: float) -> None:
    """Set the learning rate of the next step.

    Args:
        rate: the learning rate, before each parameter's multiple is applied.
    """
    for group in optimiser.param_groups:
        group["lr"] = rate * group["rate"]


def learning_rate(step: int, settings: TrainingSettings) -> float:
    """The learning rate of a step: a linear rise, then a cosine that ends near 0.

    Args:
        step: number of the step, from 0.
    """
    rising = round(settings.warmup * settings.steps)
    if step < rising:
        return settings.learning_rate * (step + 1) / rising
    done = (step - rising) / max(1, settings.steps - rising)
    return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * done))


def moments(
    optimiser: torch.optim.AdamW, parameters: Mapping[str, nn.Parameter]
) -> dict[str, Tensor]:
    """The optimiser's first and second moments, named `{moment}/{parameter}`.

    Returns:
        An empty dict before the first step.
    """
    return {
        f"{moment}/{name}": optimiser.state[parameter][moment]
        for name, parameter in parameters.items()
        for moment in MOMENTS
        if parameter in optimiser.state
    }


def restore_moments(
    optimiser: torch.optim.AdamW,
    parameters: Mapping[str, nn.Parameter],
    tensors: Mapping[str, Tensor],
    steps_done: int,
) -> None:
    """Give the optimiser the moments of a saved training.

    Args:
        tensors: holds each moment as `{moment}/{parameter}`.
        steps_done: optimiser steps that the saved training completed.
    """
    for name, parameter in parameters.items():
        state: dict[str, Tensor] = {"step": torch.tensor(float(steps_done))}
        for moment in MOMENTS:
            # A copy, because tensors loaded from bytes can be in read-only memory.
            state[moment] = tensors[f"{moment}/{name}"].to(parameter.device, copy=True)
        optimiser.state[parameter] = state
