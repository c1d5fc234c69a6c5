"""The straight part of o_proj: how much of what a memory gives back is added as it is.

`o_proj` maps each head's vector; near its start at zero almost all of what helps is a multiple of
the identity, one number per head among 4,096. AdamW gives every number the same step, so most of
the movement would be noise. Here the multiple is a parameter of its own with a rate of its own:
o_proj = straight * I + rest. Nothing of it is left in the result but the sum.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

STRAIGHT = "straight"
"""Its name beside the memory's own parameters."""


class StraightPart:
    """Moves o_proj of every layer along the identity.

    Args:
        projections: o_proj.weight of each layer, [H, D, D].
    """

    def __init__(self, projections: Sequence[nn.Parameter]) -> None:
        self._projections = list(projections)
        heads, device = projections[0].shape[0], projections[0].device
        self.parameter = nn.Parameter(torch.zeros(len(projections), heads, device=device))
        self._applied = torch.zeros_like(self.parameter.data)

    def restore(self, value: Tensor) -> None:
        """Go on from a saved value that the projections already hold."""
        with torch.no_grad():
            self.parameter.copy_(value)
            self._applied.copy_(value)

    def take_gradient(self) -> None:
        """From the projections' gradients: the sum over each head's diagonal."""
        diagonals = [_gradient(p).diagonal(dim1=-2, dim2=-1) for p in self._projections]
        self.parameter.grad = torch.stack([d.sum(dim=-1) for d in diagonals])

    @torch.no_grad()
    def apply(self) -> None:
        """Bring the projections to the parameter's present value."""
        change = self.parameter - self._applied
        for projection, row in zip(self._projections, change, strict=True):
            projection.diagonal(dim1=-2, dim2=-1).add_(row[:, None])
        self._applied.copy_(self.parameter)


def _gradient(parameter: nn.Parameter) -> Tensor:
    assert parameter.grad is not None, "take_gradient comes after backward"
    return parameter.grad
