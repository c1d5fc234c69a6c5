"""Int8 linear layers: weights per output row, activations per token, products in exact integers.

    y[t, n] = x_scale[t] * w_scale[n] * sum_k xq[t, k] wq[n, k]   (+ bias)

Where inputs have outliers (`down_proj`), and where it costs next to nothing (`lm_head`), what the
rounding of x left over is quantized again, 254 times finer: the same product over twice the rows.

Every token is scaled by its own largest value, so a row's result never depends on its neighbours,
and a text fed in other pieces gives the same numbers. The sum is torch's int8 product with int32
accumulation (oneDNN) where that is exact, which is checked once against plain integer arithmetic;
on processors without 8-bit dot products (VNNI) it saturates, and float32 products of pieces short
enough to be exact give the same integers, more slowly.

Source: per-token, per-channel symmetric quantization as in "LLM.int8()" (arXiv 2208.07339), section
2, without its mixed-precision decomposition.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ahn_runtime.model.qwen2 import MEMORY_MARK

LEVELS = 127
REFINEMENT = 2 * LEVELS  # what rounding leaves is at most half a step
FINE_LAYERS = frozenset({"down_proj", "lm_head"})
MIN_SCALE = 1e-12
EXACT_TERMS = 2**24 // LEVELS**2
"""Products of int8 values whose sum, in any order, float32 holds exactly: integers up to 2^24."""
COLUMNS = 4096
INT8 = "int8"


class Int8Linear(nn.Module):
    """A linear layer with `weight` int8 [N, K], `scale` float32 [N] and an optional bias [N]."""

    def __init__(self, in_features: int, out_features: int, bias: bool, fine: bool = False) -> None:
        super().__init__()
        self.fine = fine
        weight = torch.empty(out_features, in_features, dtype=torch.int8)
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.scale = nn.Parameter(torch.empty(out_features), requires_grad=False)
        self.bias = nn.Parameter(torch.empty(out_features), requires_grad=False) if bias else None
        self.single: Callable[[Tensor], Tensor] | None = None
        """Another way for a single float32 row, where there is one; see `int8_token`."""

    def forward(self, x: Tensor) -> Tensor:
        """x float [T, K] -> [T, N] of the same dtype, differentiable with respect to x."""
        if x.requires_grad and torch.is_grad_enabled():
            y: Tensor = _Differentiable.apply(x, self)
            return y
        return self._forward(x)

    def gradient(self, above: Tensor) -> Tensor:
        """With respect to x, from that with respect to y: [T, N] -> [T, K] of the same dtype.

        The incoming gradient is rounded to int8 per token, as activations are; that x was rounded
        is passed over, as straight-through estimators do (arXiv 1308.3432).
        """
        y = self._product(above.float() * self.scale, self.weight)
        return y.to(above.dtype)

    def _forward(self, x: Tensor) -> Tensor:
        if self.single is not None and len(x) == 1 and x.dtype == torch.float32:
            return self.single(x)
        y = self._product(x, self.weight.T)
        y *= self.scale
        if self.bias is not None:
            y += self.bias
        return y.to(x.dtype)

    def _product(self, x: Tensor, matrix: Tensor) -> Tensor:
        """x @ matrix, x rounded per row: [T, A], int8 [A, B] -> float32 [T, B]."""
        rows, scale = quantize_rows(x)
        if self.fine:
            rest, _ = quantize_rows(x.float() - rows * scale, scale / REFINEMENT)
            both = int8_product(torch.cat((rows, rest)), matrix).to(torch.float32)
            coarse, finer = both.chunk(2)
            y = coarse.add_(finer, alpha=1 / REFINEMENT)
        else:
            y = int8_product(rows, matrix).to(torch.float32)
        y *= scale
        return y


class _Differentiable(torch.autograd.Function):
    """The product, with its gradient: for training a memory through frozen layers."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, layer: Int8Linear) -> Tensor:
        ctx.layer = layer
        return layer._forward(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return ctx.layer.gradient(gradients[0]), None


class JoinedLayers:
    """Layers of the same input as one: its rows are rounded once, and one product does for all.

    The layers stay what they are, views of the joined weights: the names and bytes of the model's
    parameters do not change.
    """

    def __init__(self, layers: Sequence[Int8Linear]) -> None:
        first = layers[0]
        self.sizes = [layer.weight.shape[0] for layer in layers]
        biases = [layer.bias for layer in layers if layer.bias is not None]
        assert len(biases) in (0, len(layers)) and not any(layer.fine for layer in layers)
        with torch.device("meta"):
            joined = Int8Linear(first.weight.shape[1], sum(self.sizes), bool(biases))
        for name in ("weight", "scale", *(("bias",) if biases else ())):
            whole = torch.cat([getattr(layer, name).data for layer in layers])
            setattr(joined, name, nn.Parameter(whole, requires_grad=False))
            for layer, part in zip(layers, whole.split(self.sizes), strict=True):
                getattr(layer, name).data = part
        self.layer = joined

    def __call__(self, x: Tensor) -> tuple[Tensor, ...]:
        """x [T, K] -> one [T, N] for each layer, views of one tensor."""
        return self.layer(x).split(self.sizes, dim=-1)


def join_layers(model: nn.Module) -> None:
    """Join what shares an input: queries, keys and values; gate and up."""
    for module in model.modules():
        for names in (("q_proj", "k_proj", "v_proj"), ("gate_proj", "up_proj")):
            layers = [getattr(module, name, None) for name in names]
            int8 = [layer for layer in layers if isinstance(layer, Int8Linear)]
            if len(int8) == len(names) and getattr(module, "joined", None) is None:
                setattr(module, "joined", JoinedLayers(int8))  # noqa: B010


class Int8Embedding(nn.Module):
    """Rows of `weight` int8 [V, K] times `scale` [V]; may share both with the output layer."""

    def __init__(self, rows: int, features: int) -> None:
        super().__init__()
        weight = torch.empty(rows, features, dtype=torch.int8)
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.scale = nn.Parameter(torch.empty(rows), requires_grad=False)

    def forward(self, ids: Tensor) -> Tensor:
        """ids int64 [T] -> float32 [T, K]."""
        return self.weight[ids].float() * self.scale[ids, None]


def quantize_rows(x: Tensor, scale: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Rows of x [R, K] as int8 and their scales, float32 [R, 1]: x is close to rows * scales.

    Args:
        scale: given, it is used; None: each row's largest value becomes 127.
    """
    x = x.float()
    if scale is None:
        scale = x.abs().amax(dim=-1, keepdim=True).clamp_(min=MIN_SCALE) / LEVELS
    return (x / scale).round_().to(torch.int8), scale


def quantize_layers(model: nn.Module) -> None:
    """Put int8 layers in the place of linear layers and embeddings; memory cells stay exact.

    Args:
        model: on the meta device; the new layers are filled when weights are loaded.
    """
    for name, module in list(model.named_modules()):
        parent, _, leaf = name.rpartition(".")
        if MEMORY_MARK in name:
            continue
        layer = _int8_twin(module, leaf in FINE_LAYERS)
        if layer is not None:
            setattr(model.get_submodule(parent), leaf, layer)


def _int8_twin(module: nn.Module, fine: bool) -> nn.Module | None:
    with torch.device("meta"):
        if isinstance(module, nn.Linear):
            bias = module.bias is not None
            return Int8Linear(module.in_features, module.out_features, bias, fine)
        if isinstance(module, nn.Embedding):
            return Int8Embedding(module.num_embeddings, module.embedding_dim)
    return None


def int8_product(a: Tensor, b: Tensor) -> Tensor:
    """a @ b in exact integers, on any processor: int8 [T, K], int8 [K, N] -> int32 [T, N].

    No value may be -128.
    """
    if a.device.type != "cpu" or torch_product_is_exact():
        return torch._int_mm(a, b)
    return float_product(a, b)


def float_product(a: Tensor, b: Tensor) -> Tensor:
    """`int8_product` in float32, which holds every sum of `EXACT_TERMS` products as it is."""
    y = torch.zeros(len(a), b.shape[1], dtype=torch.int32)
    for first in range(0, a.shape[1], EXACT_TERMS):
        terms = slice(first, first + EXACT_TERMS)
        left = a[:, terms].float()
        # Some columns at a time: the weights are never all in memory as float32.
        for out, columns in zip(y.split(COLUMNS, 1), b[terms].split(COLUMNS, 1), strict=True):
            out += (left @ columns.float()).to(torch.int32)
    return y


@functools.cache
def torch_product_is_exact() -> bool:
    """Largest values on both sides, where kernels that add pairs in 16 bits would saturate."""
    generator = torch.Generator().manual_seed(0)
    a = torch.randint(-LEVELS, LEVELS + 1, (33, 4864), generator=generator, dtype=torch.int8)
    b = torch.randint(-LEVELS, LEVELS + 1, (40, 4864), generator=generator, dtype=torch.int8)
    a[0], b[0] = LEVELS, LEVELS
    a[1], b[1] = LEVELS, -LEVELS
    exact = (a.double() @ b.double().T).to(torch.int32)
    for rows in (a, a[:1]):
        if not torch.equal(torch._int_mm(rows, b.T), exact[: len(rows)]):
            return False
    return True
