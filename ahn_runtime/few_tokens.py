"""An int8 layer for a few tokens on a CPU: compiled loops between the products.

The twin is `DecoderLayer` with its `few` unset: the same numbers but for the rounding of sums.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ahn_runtime import few_rows
from ahn_runtime.few_rows import Array
from ahn_runtime.ops.compiled import FEW_TOKENS
from ahn_runtime.quantize import Int8Linear, JoinedLayers
from ahn_runtime.qwen2 import DecoderLayer, Qwen2, Rotations


class Product:
    """An int8 layer as the loops need it: views of its weights."""

    def __init__(self, layer: Int8Linear) -> None:
        self.scale: Array = layer.scale.data.numpy()
        self.bias: Array | None = None if layer.bias is None else layer.bias.data.numpy()
        self._matrix = layer.weight.data.T

    def __call__(self, rows: Array) -> Array:
        """int8 [T, K] -> int32 [T, N], before any scale."""
        y: Array = torch._int_mm(torch.from_numpy(rows), self._matrix).numpy()
        return y


class Int8FewTokens:
    """What a `DecoderLayer` does around its attention, for up to `FEW_TOKENS` rows."""

    def __init__(self, layer: DecoderLayer) -> None:
        config, attn, mlp = layer.config, layer.self_attn, layer.mlp
        self._heads = config.num_heads, config.num_kv_heads
        self._eps = np.float32(config.rms_norm_eps)
        self._norms = [
            cast(Tensor, norm.weight).data.float().numpy()
            for norm in (layer.input_layernorm, layer.post_attention_layernorm)
        ]
        self._qkv = Product(cast(JoinedLayers, attn.joined).layer)
        self._gate_up = Product(cast(JoinedLayers, mlp.joined).layer)
        self._out = Product(cast(Int8Linear, attn.o_proj))
        self._down = Product(cast(Int8Linear, mlp.down_proj))

    def suits(self, x: Tensor, rotation: Rotations) -> bool:
        """Whether a block x [T, hidden] can take this way."""
        return (
            len(x) <= FEW_TOKENS
            and x.dtype == torch.float32
            and rotation.sink_view is None
            and not torch.is_grad_enabled()
        )

    def project(self, x: Tensor, rotation: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """x [T, hidden] -> normed rows of it; q [H, T, D], k [Hkv, T, D] rotated; v [Hkv, T, D]."""
        h, rows, scale = few_rows.norm_quantize(x.numpy(), self._norms[0], self._eps)
        y, of = self._qkv(rows), self._qkv
        q, k, v = few_rows.split_heads(y, scale, of.scale, of.bias, rotation.numpy(), *self._heads)
        return tuple(map(torch.from_numpy, (h, q, k, v)))  # type: ignore[return-value]

    def finish(self, x: Tensor, mixed: Tensor) -> Tensor:
        """x [T, hidden] and what its heads found [H, T, D] -> the layer's output [T, hidden]."""
        rows, scale = few_rows.quantize_heads(mixed.contiguous().numpy())
        middle = x.numpy() + few_rows.dequantize(self._out(rows), scale, self._out.scale)
        _, rows, scale = few_rows.norm_quantize(middle, self._norms[1], self._eps)
        both = few_rows.dequantize(self._gate_up(rows), scale, self._gate_up.scale)
        gate, up = both[:, : both.shape[1] // 2], both[:, both.shape[1] // 2 :]
        gate = F.silu(torch.from_numpy(gate)).numpy()
        rows, scale = few_rows.product_quantize_fine(gate, up)
        return torch.from_numpy(
            few_rows.add_fine(middle, self._down(rows), scale, self._down.scale)
        )


def prepare_few_tokens(model: Qwen2) -> None:
    """Give int8 layers, already joined, their way for a few tokens."""
    for layer in model.model.layers:
        assert isinstance(layer, DecoderLayer)
        if isinstance(layer.mlp.joined, JoinedLayers) and isinstance(
            layer.self_attn.joined, JoinedLayers
        ):
            layer.few = Int8FewTokens(layer)
