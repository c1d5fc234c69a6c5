"""Int8 linear layers: weights per output row, activations per token, products in exact integers.

    y[t, n] = x_scale[t] * w_scale[n] * sum_k xq[t, k] wq[n, k]   (+ bias)

Where inputs have outliers (`down_proj`), and where it costs next to nothing (`lm_head`), x is
quantized to two terms: the rounding error is quantized again, with steps of 1/254, and the
same product is taken over twice the rows.

Every token is scaled by its own largest value, so a row's result never depends on its neighbours,
and a text fed in other pieces gives the same numbers.

Source: per-token, per-channel symmetric quantization as in "LLM.int8()" (arXiv 2208.07339), section
2, without its mixed-precision decomposition.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ahn_runtime.backends.cpu.int8_product import LEVELS, int8_product
from ahn_runtime.model.qwen2 import MEMORY_MARK

REFINEMENT = 2 * LEVELS  # what rounding leaves is at most half a step
TWO_TERM_LAYERS = frozenset({"down_proj", "lm_head"})
MIN_SCALE = 1e-12
INT8 = "int8"


class Int8Linear(nn.Module):
    """A linear layer with `weight` int8 [N, K], `scale` float32 [N] and an optional bias [N].

    Args:
        in_features, out_features: K and N.
        bias: whether there is one, float32 [N].
        two_term: quantize inputs to two terms.
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool, two_term: bool = False
    ) -> None:
        super().__init__()
        self.two_term = two_term
        weight = torch.empty(out_features, in_features, dtype=torch.int8)
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.scale = nn.Parameter(torch.empty(out_features), requires_grad=False)
        self.bias = nn.Parameter(torch.empty(out_features), requires_grad=False) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """x float [T, K] -> [T, N] of the same dtype, differentiable with respect to x."""
        if x.requires_grad and torch.is_grad_enabled():
            y: Tensor = _Differentiable.apply(x, self)
            return y
        return self._forward(x)

    def gradient(self, above: Tensor) -> Tensor:
        """The gradient of x from that of y: [T, N] -> [T, K] of the same dtype.

        The incoming gradient is rounded to int8 per token, as activations are; the rounding of x
        counts as the identity, as in straight-through estimators (arXiv 1308.3432).
        """
        y = self._product(above.float() * self.scale, self.weight)
        return y.to(above.dtype)

    def _forward(self, x: Tensor) -> Tensor:
        y = self._product(x, self.weight.T)
        y *= self.scale
        if self.bias is not None:
            y += self.bias
        return y.to(x.dtype)

    def _product(self, x: Tensor, matrix: Tensor) -> Tensor:
        """x @ matrix, x rounded per row: [T, A], int8 [A, B] -> float32 [T, B]."""
        rows, scale = quantize_rows(x)
        if self.two_term:
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


SHARED_INPUTS = (("q_proj", "k_proj", "v_proj"), ("gate_proj", "up_proj"))
"""Names of the layers of one module that have the same input."""


class FusedLinear:
    """Int8 layers of the same input as one: the input is rounded once, one product serves all.

    The layers are not changed. Where their weights are adjacent (`store_adjacent`), the fused
    weights are views of them; else they are a copy.

    Args:
        layers: of the same K, all with or all without a bias, none with two terms.
    """

    def __init__(self, layers: Sequence[Int8Linear]) -> None:
        self.sizes = [layer.weight.shape[0] for layer in layers]
        has_bias = layers[0].bias is not None
        assert not any(layer.two_term for layer in layers)
        with torch.device("meta"):
            fused = Int8Linear(layers[0].weight.shape[1], sum(self.sizes), has_bias)
        for name in _parameter_names(layers):
            whole = _as_one([getattr(layer, name).data for layer in layers])
            setattr(fused, name, nn.Parameter(whole, requires_grad=False))
        self.layer = fused

    def __call__(self, x: Tensor) -> tuple[Tensor, ...]:
        """x [T, K] -> one [T, N] for each layer, views of one tensor."""
        return self.layer(x).split(self.sizes, dim=-1)


def shared_inputs(model: nn.Module) -> Iterator[list[Int8Linear]]:
    """The int8 layers of a model that share an input: queries, keys, values; gate and up."""
    for module in model.modules():
        for names in SHARED_INPUTS:
            layers = [getattr(module, name, None) for name in names]
            int8 = [layer for layer in layers if isinstance(layer, Int8Linear)]
            if len(int8) == len(names):
                yield int8


def store_adjacent(layers: Sequence[Int8Linear]) -> None:
    """Move the parameters of layers of the same input next to each other, in one storage each.

    The layers' numbers, names and shapes stay; `FusedLinear` then needs no memory of its own.
    """
    for name in _parameter_names(layers):
        parts = [getattr(layer, name) for layer in layers]
        whole = torch.cat([part.data for part in parts])
        for part, view in zip(parts, whole.split([len(part) for part in parts]), strict=True):
            part.data = view


def _parameter_names(layers: Sequence[Int8Linear]) -> tuple[str, ...]:
    biases = [layer.bias is not None for layer in layers]
    assert len(set(biases)) == 1
    return ("weight", "scale", "bias") if biases[0] else ("weight", "scale")


def _as_one(parts: Sequence[Tensor]) -> Tensor:
    """Parts [N_i, ...] one after the other: a view where they are adjacent, else a copy."""
    first, offset = parts[0], parts[0].storage_offset()
    storage = first.untyped_storage().data_ptr()
    for part in parts:
        is_next = part.untyped_storage().data_ptr() == storage and part.storage_offset() == offset
        if not is_next or not part.is_contiguous():
            return torch.cat(list(parts))
        offset += part.numel()
    shape = (sum(len(part) for part in parts), *first.shape[1:])
    return first.as_strided(shape, first.stride(), first.storage_offset())


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
        scale: float32 [R, 1], used as it is; None: each row's largest value becomes 127.
    """
    x = x.float()
    if scale is None:
        scale = x.abs().amax(dim=-1, keepdim=True).clamp_(min=MIN_SCALE) / LEVELS
    return (x / scale).round_().to(torch.int8), scale


def quantize_layers(model: nn.Module) -> None:
    """Replace linear layers and embeddings by int8 ones; memory cells stay exact.

    Args:
        model: on the meta device; the new layers are filled when weights are loaded.
    """
    for name, module in list(model.named_modules()):
        parent, _, leaf = name.rpartition(".")
        if MEMORY_MARK in name:
            continue
        layer = _int8_twin(module, leaf in TWO_TERM_LAYERS)
        if layer is not None:
            setattr(model.get_submodule(parent), leaf, layer)


def _int8_twin(module: nn.Module, two_term: bool) -> nn.Module | None:
    with torch.device("meta"):
        if isinstance(module, nn.Linear):
            bias = module.bias is not None
            return Int8Linear(module.in_features, module.out_features, bias, two_term)
        if isinstance(module, nn.Embedding):
            return Int8Embedding(module.num_embeddings, module.embedding_dim)
    return None
