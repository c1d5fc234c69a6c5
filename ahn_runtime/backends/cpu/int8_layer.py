"""A decoder layer of int8 weights on a CPU: products by torch, the steps between them compiled.

The twin is `DecoderLayer.forward`, which gives the same numbers but for the rounding of sums.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ahn_runtime.aligned import empty
from ahn_runtime.backends.cpu import int8_rows
from ahn_runtime.backends.cpu.int8_linear import FusedLinear, Int8Linear
from ahn_runtime.backends.cpu.int8_product import int8_product
from ahn_runtime.backends.cpu.int8_rows import Array
from ahn_runtime.backends.cpu.jit import FEW_TOKENS
from ahn_runtime.backends.cpu.pieces import map_pieces
from ahn_runtime.backends.cpu.threads import parallel_for
from ahn_runtime.model.attention import BlockPlan
from ahn_runtime.model.cache import LayerState
from ahn_runtime.model.qwen2 import DecoderLayer, Heads, Rotations

if TYPE_CHECKING:
    from ahn_runtime.backends.base import Backend

f32, i8 = np.float32, np.int8

PIECE_ROWS = 128
"""Fewest rows of a piece: each product of a piece reads and rearranges all weights."""


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
    """Computes one decoder layer whose linear layers are int8.

    Args:
        layer: whose weights are used; not changed.
        qkv: its q_proj, k_proj and v_proj as one.
        gate_up: its gate_proj and up_proj as one.
    """

    def __init__(self, layer: DecoderLayer, qkv: FusedLinear, gate_up: FusedLinear) -> None:
        config = layer.config
        self.layer, self.qkv, self.gate_up = layer, qkv.layer, gate_up.layer
        self._heads, self._kv_heads = config.num_heads, config.num_kv_heads
        self._eps = f32(config.rms_norm_eps)
        self._norms = [
            cast(Tensor, norm.weight).data.float().numpy()
            for norm in (layer.input_layernorm, layer.post_attention_layernorm)
        ]
        self._qkv = Product(self.qkv)
        self._gate = Product(cast(Int8Linear, layer.mlp.gate_proj))
        self._up = Product(cast(Int8Linear, layer.mlp.up_proj))
        self._out = Product(cast(Int8Linear, layer.self_attn.o_proj))
        self._down = Product(cast(Int8Linear, layer.mlp.down_proj))

    def supports(self, x: Tensor, rotations: Rotations) -> bool:
        """Whether a block x [T, hidden] can be computed here.

        That takes float32, no gradient, no rebased sinks, and no norms of queries and keys.
        """
        plain = x.dtype == torch.float32 and not torch.is_grad_enabled()
        plain = plain and not self.layer.config.qk_norm
        return plain and rotations.sink_positions is None

    def forward(
        self,
        x: Tensor,
        state: LayerState,
        plan: BlockPlan,
        rotations: Rotations,
        backend: Backend,
        rows: int,
    ) -> Tensor:
        """`DecoderLayer.forward`: x [T, hidden] -> its last rows, [rows, hidden]."""
        x_out = x[-rows:]
        h, heads = self._project_in_pieces(x, rotations.positions)
        found = self.layer.attend(h, heads, state, plan, backend, rows)
        finished = map_pieces(
            lambda first, last: self.finish(x_out[first:last], found[:, first:last]),
            len(x_out),
            PIECE_ROWS,
        )
        return finished[0] if len(finished) == 1 else torch.cat(finished)

    def _project_in_pieces(self, x: Tensor, rotation: Tensor) -> tuple[Tensor, Heads]:
        """`project`, which see, as pieces of the rows."""
        projected = map_pieces(
            lambda first, last: self.project(x[first:last], rotation[:, first:last].contiguous()),
            len(x),
            PIECE_ROWS,
        )
        return projected[0] if len(projected) == 1 else _join(projected)

    def project(self, x: Tensor, rotation: Tensor) -> tuple[Tensor, Heads]:
        """Norm, fused projection, rotation.

        Args:
            x: [T, hidden] float32.
            rotation: of the positions, [2, T, D].

        Returns:
            Normed rows [T, hidden], and their queries, keys and values.
        """
        h, quantized, scales = self._norm(x.contiguous().numpy(), 0)
        qkv, rotated = self._qkv, self._heads + self._kv_heads
        dim = rotation.shape[-1]
        heads = empty((qkv.columns // dim, len(x), dim), f32)
        args = qkv(quantized), scales, qkv.scale, qkv.bias, rotation.numpy(), rotated, heads
        _for_rows(int8_rows.split_heads, len(x), *args)
        q, k, v = torch.from_numpy(heads).split((self._heads, self._kv_heads, self._kv_heads))
        return torch.from_numpy(h), Heads(q, k, v)

    def finish(self, x: Tensor, found: Tensor) -> Tensor:
        """Output projection, residuals and MLP.

        Args:
            x: the layer's input, [T, hidden] float32.
            found: what its heads found, [H, T, D].

        Returns:
            The layer's output, [T, hidden].
        """
        tokens = len(x)
        heads, entered = found.contiguous().numpy(), x.contiguous().numpy()
        quantized = empty((tokens, heads.shape[0] * heads.shape[2]), i8)
        scales = empty(tokens, f32)
        _for_rows(int8_rows.quantize_heads, tokens, heads, quantized, scales)
        middle = empty(entered.shape, f32)
        args = entered, self._out(quantized), scales, self._out.scale, middle
        _for_rows(int8_rows.add_product, tokens, *args)
        return torch.from_numpy(self._add_mlp(middle))

    def _add_mlp(self, x: Array) -> Array:
        """x [T, hidden] plus the MLP of its norm."""
        tokens = len(x)
        _, quantized, scales = self._norm(x, 1)
        # One after the other: as one product, gate and up need twice the memory, on each thread.
        gate = empty((tokens, self._gate.columns), f32)
        gated = self._gate(quantized), scales, self._gate.scale, gate
        _for_rows(int8_rows.scale_product, tokens, *gated)
        del gated
        F.silu(torch.from_numpy(gate), inplace=True)
        inner, inner_scales = empty((2 * tokens, gate.shape[1]), i8), empty(tokens, f32)
        factors = self._up(quantized), scales, self._up.scale, gate
        _for_rows(int8_rows.multiply_quantize, tokens, *factors, inner, inner_scales)
        del factors, gate
        out = empty(x.shape, f32)
        added = x, self._down(inner), inner_scales, self._down.scale, out
        _for_rows(int8_rows.add_two_term_product, tokens, *added)
        return out

    def _norm(self, x: Array, which: int) -> tuple[Array, Array, Array]:
        """RMS norm 0 or 1 of x [T, hidden]: normed rows, int8 rows, and their scales [T]."""
        h, rows, scales = empty(x.shape, f32), empty(x.shape, i8), empty(len(x), f32)
        args = x, self._norms[which], self._eps, h, rows, scales
        _for_rows(int8_rows.norm_quantize, len(x), *args)
        return h, rows, scales


def _join(projected: list[tuple[Tensor, Heads]]) -> tuple[Tensor, Heads]:
    """Normed rows and heads of consecutive pieces, from `Int8Layer.project`, as of one block."""
    heads = [piece for _, piece in projected]
    q, k, v = (torch.cat([getattr(piece, name) for piece in heads], 1) for name in "qkv")
    return torch.cat([h for h, _ in projected]), Heads(q, k, v)


def _for_rows(loop: Callable[..., Any], tokens: int, *args: Any) -> None:
    """Run a loop over rows 0 to `tokens`: a few here, more on as many threads as torch has."""
    parallel_for(loop, tokens, tokens > FEW_TOKENS, *args)
