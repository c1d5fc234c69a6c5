"""An int8 layer on a CPU: products by torch, all that lies between them in compiled loops.

The twin is `DecoderLayer` with its `fused` unset: the same numbers but for the rounding of sums.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ahn_runtime.aligned import empty
from ahn_runtime.backends.cpu import int8_rows
from ahn_runtime.backends.cpu.int8_linear import Int8Linear, JoinedLayers, int8_product
from ahn_runtime.backends.cpu.int8_rows import Array
from ahn_runtime.backends.cpu.jit import FEW_TOKENS
from ahn_runtime.backends.cpu.threads import parallel_for
from ahn_runtime.model.qwen2 import DecoderLayer, Qwen2, Rotations

f32, i8 = np.float32, np.int8


class Product:
    """An int8 layer as the loops need it: views of its weights."""

    def __init__(self, layer: Int8Linear) -> None:
        self.columns = layer.weight.shape[0]
        self.scale: Array = layer.scale.data.numpy()
        bias = torch.zeros(self.columns) if layer.bias is None else layer.bias.data
        self.bias: Array = bias.numpy()
        self._matrix = layer.weight.data.T

    def __call__(self, rows: Array) -> Array:
        """int8 [T, K] -> int32 [T, N], before any scale."""
        y: Array = int8_product(torch.from_numpy(rows), self._matrix).numpy()
        return y


class Int8Layer:
    """What a `DecoderLayer` does around its attention."""

    def __init__(self, layer: DecoderLayer) -> None:
        config, attn, mlp = layer.config, layer.self_attn, layer.mlp
        self._heads, self._kv_heads = config.num_heads, config.num_kv_heads
        self._eps = f32(config.rms_norm_eps)
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
        plain = x.dtype == torch.float32 and not torch.is_grad_enabled()
        return plain and rotation.sink_view is None

    def project(self, x: Tensor, rotation: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """x [T, hidden] -> normed rows of it; q [H, T, D], k [Hkv, T, D] rotated; v [Hkv, T, D]."""
        h, rows, scales = self._norm(x.contiguous().numpy(), 0)
        of, turned = self._qkv, self._heads + self._kv_heads
        dim = rotation.shape[-1]
        heads = empty((of.columns // dim, len(x), dim), f32)
        args = self._qkv(rows), scales, of.scale, of.bias, rotation.numpy(), turned, heads
        _share_rows(int8_rows.split_heads, len(x), *args)
        q, k, v = torch.from_numpy(heads).split((self._heads, self._kv_heads, self._kv_heads))
        return torch.from_numpy(h), q, k, v

    def finish(self, x: Tensor, mixed: Tensor) -> Tensor:
        """x [T, hidden] and what its heads found [H, T, D] -> the layer's output [T, hidden]."""
        tokens = len(x)
        heads, entered = mixed.contiguous().numpy(), x.contiguous().numpy()
        rows = empty((tokens, heads.shape[0] * heads.shape[2]), i8)
        scales = empty(tokens, f32)
        _share_rows(int8_rows.quantize_heads, tokens, heads, rows, scales)
        middle = empty(entered.shape, f32)
        args = entered, self._out(rows), scales, self._out.scale, middle
        _share_rows(int8_rows.add_product, tokens, *args)

        _, rows, scales = self._norm(middle, 1)
        product = self._gate_up(rows), scales, self._gate_up.scale
        gate = empty((tokens, self._gate_up.columns // 2), f32)
        _share_rows(int8_rows.split_gate, tokens, *product, gate)
        F.silu(torch.from_numpy(gate), inplace=True)
        inner, inner_scales = empty((2 * tokens, gate.shape[1]), i8), empty(tokens, f32)
        parallel_for(
            int8_rows.multiply_quantize,
            tokens,
            tokens > FEW_TOKENS,
            *product,
            gate,
            inner,
            inner_scales,
        )
        out = empty(entered.shape, f32)
        args = middle, self._down(inner), inner_scales, self._down.scale, out
        _share_rows(int8_rows.add_two_term_product, tokens, *args)
        return torch.from_numpy(out)

    def _norm(self, x: Array, which: int) -> tuple[Array, Array, Array]:
        h, rows, scales = empty(x.shape, f32), empty(x.shape, i8), empty(len(x), f32)
        args = x, self._norms[which], self._eps, h, rows, scales
        _share_rows(int8_rows.norm_quantize, len(x), *args)
        return h, rows, scales


def _share_rows(loop: Callable[..., Any], tokens: int, *args: Any) -> None:
    """Run a loop over rows 0 to `tokens`: a few here, more on as many threads as torch has."""
    parallel_for(loop, tokens, tokens > FEW_TOKENS, *args)


def fuse_layers(model: Qwen2) -> None:
    """Give int8 layers, already joined, their way through loops; once for a model."""
    for layer in model.model.layers:
        assert isinstance(layer, DecoderLayer)
        joined = layer.self_attn.joined, layer.mlp.joined
        if layer.fused is None and all(isinstance(each, JoinedLayers) for each in joined):
            layer.fused = Int8Layer(layer)
