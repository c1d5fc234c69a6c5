"""AdamW over a memory's parameters: groups, schedule, and its moments as plain tensors.

Source: "Decoupled Weight Decay Regularization" (arXiv 1711.05101) for AdamW, "SGDR" (arXiv
1608.03983) for the cosine.
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
    """AdamW; only matrices decay towards 0, norms, biases and decays do not.

    Args:
        rates: of each parameter, as a multiple of the learning rate.
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
    """Of the next step; each parameter's is a multiple of it."""
    for group in optimiser.param_groups:
        group["lr"] = rate * group["rate"]


def learning_rate(step: int, settings: TrainingSettings) -> float:
    """Of step `step`, counted from 0: up in a line, down as a cosine that ends near 0."""
    rising = round(settings.warmup * settings.steps)
    if step < rising:
        return settings.learning_rate * (step + 1) / rising
    done = (step - rising) / max(1, settings.steps - rising)
    return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * done))


def moments(
    optimiser: torch.optim.AdamW, parameters: Mapping[str, nn.Parameter]
) -> dict[str, Tensor]:
    """The moments by `{moment}/{parameter}`; none before the first step."""
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
    """Put saved moments back, as if the steps had been made here."""
    for name, parameter in parameters.items():
        held: dict[str, Tensor] = {"step": torch.tensor(float(steps_done))}
        for moment in MOMENTS:
            # A copy: tensors read from bytes lie in memory that may not be written.
            held[moment] = tensors[f"{moment}/{name}"].to(parameter.device, copy=True)
        optimiser.state[parameter] = held
