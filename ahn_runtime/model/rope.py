"""Rotary position embedding at absolute positions, without a table.

Angles are computed in float64: in float32, angles near position one million are rounded to steps of
0.06 rad, which is more than one token's rotation in most frequencies.

Source: RoFormer (arXiv 2104.09864), in the half-split layout of Qwen2.
"""

import torch
from torch import Tensor


def rope_rotation(positions: Tensor, head_dim: int, theta: float, dtype: torch.dtype) -> Tensor:
    """Cosines and sines of the angles of `positions`.

    Args:
        positions: absolute positions, int64 [T].
        head_dim: D, even.
        theta: the base of the frequencies.
        dtype: of the result.

    Returns:
        [2, T, D]: cosines, then sines, those of the first half negated, as `rotate` takes them.
    """
    steps = torch.arange(0, head_dim, 2, dtype=torch.float64, device=positions.device)
    angles = positions.to(torch.float64)[:, None] * theta ** (-steps / head_dim)
    cos, sin = angles.cos(), angles.sin()
    return torch.stack((torch.cat((cos, cos), -1), torch.cat((-sin, sin), -1))).to(dtype)


def rotate(x: Tensor, rotation: Tensor) -> Tensor:
    """Rotate queries or keys x [heads, T, D] by `rope_rotation`'s result."""
    cos, sin = rotation
    return torch.addcmul(x * cos, x.roll(x.shape[-1] // 2, dims=-1), sin)
