"""The identity part of o_proj: one trained scale per head, added to the projection's diagonal.

`o_proj` maps each head's output vector, [D] to [D]. Close to its start at zero, almost all of the
useful change is a multiple of the identity matrix: one number per head among 4,096 (D = 64). AdamW
moves every number by the same step, so most of the movement would be noise. Therefore the multiple
is a parameter of its own with its own learning rate: o_proj = scale * I + rest. A saved memory has
only the sum.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

IDENTITY_PART = "straight"
"""Key of the scales beside the memory's own parameters; saved trainings hold it under this key."""


class IdentityPart:
    """The scales of the identity in o_proj, for all layers and heads.

    Attributes:
        parameter: the scales, float32 [layers, H]; 0 at the start.

    Args:
        projections: o_proj.weight of each layer, [H, D, D].
    """

    def __init__(self, projections: Sequence[nn.Parameter]) -> None:
        self._projections = list(projections)
        heads, device = projections[0].shape[0], projections[0].device
        self.parameter = nn.Parameter(torch.zeros(len(projections), heads, device=device))
        self._applied = torch.zeros_like(self.parameter.data)

    def restore(self, value: Tensor) -> None:
        """Set the scales to saved values that the projections already include.

        Args:
            value: [layers, H].
        """
        with torch.no_grad():
            self.parameter.copy_(value)
            self._applied.copy_(value)

    def take_gradient(self) -> None:
        """Compute the scales' gradient: the sum over the diagonal of each projection's gradient."""
        diagonals = [_gradient(p).diagonal(dim1=-2, dim2=-1) for p in self._projections]
        self.parameter.grad = torch.stack([d.sum(dim=-1) for d in diagonals])

    @torch.no_grad()
    def apply(self) -> None:
        """Add what the scales changed by since the last call to the projections' diagonals."""
        change = self.parameter - self._applied
        for projection, row in zip(self._projections, change, strict=True):
            projection.diagonal(dim1=-2, dim2=-1).add_(row[:, None])
        self._applied.copy_(self.parameter)


def _gradient(parameter: nn.Parameter) -> Tensor:
    assert parameter.grad is not None, "take_gradient comes after backward"
    return parameter.grad
