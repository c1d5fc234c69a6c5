"""The time of a layer's parts, each measured alone at the embedded model's shapes.

    python -m benchmarks.micro [--window 2048]

The parts are timed in turns, for a block of 256 tokens and for a single token. The figure is the
best round's median. For a single token each run uses the weights of another layer, as in a model,
so that the weights are read from memory and not from a cache.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

import app.torch_threads  # noqa: F401 (how the application's threads wait)
from ahn_runtime.backends.cpu.attention import decode_attention
from ahn_runtime.backends.cpu.backend import FEW_QUERIES, CpuBackend
from ahn_runtime.backends.cpu.decode_products import product, two_term_product
from ahn_runtime.backends.cpu.int8_linear import Int8Linear, quantize_rows
from ahn_runtime.backends.cpu.threads import parallel_for
from ahn_runtime.config import ModelConfig
from ahn_runtime.model.attention import attend, attend_few, score_mask
from ahn_runtime.model.cells import CELLS, cell_class

EMBEDDED = ModelConfig(
    hidden_size=896,
    intermediate_size=4864,
    num_layers=24,
    num_heads=14,
    num_kv_heads=2,
    head_dim=64,
    vocab_size=151_936,
    rms_norm_eps=1e-6,
    rope_theta=1e6,
)
SINKS = 128
ROUNDS, RUNS = 5, 9

Part = Callable[[int], object]
"""Runs one part of a layer, in the layer of the given number."""


def parts(tokens: int, window: int) -> dict[str, Part]:
    """Make the parts of one layer, by name.

    Args:
        tokens: tokens in the block.
        window: W in tokens; the window is full.
    """
    torch.manual_seed(0)
    heads, kv_heads, dim = EMBEDDED.num_heads, EMBEDDED.num_kv_heads, EMBEDDED.head_dim
    hidden, inner = EMBEDDED.hidden_size, EMBEDDED.intermediate_size
    x = torch.randn(tokens, hidden)
    found: dict[str, Part] = {}
    for name, inputs, columns, fine in (
        ("queries, keys, values", hidden, (heads + 2 * kv_heads) * dim, False),
        ("output of attention", heads * dim, hidden, False),
        ("gate and up", hidden, 2 * inner, False),
        ("down", inner, hidden, True),
    ):
        made = _single_product if tokens == 1 else _product
        found[f"int8 product, {name}"] = made(tokens, inputs, columns, fine)
    held = window + SINKS + (tokens if tokens > 1 else 0)
    attention = _single_attention(held) if tokens == 1 else _attention(tokens, held)
    found[f"attention over {held:,} keys"] = attention
    for name in CELLS:
        found[f"memory, {name}"] = _memory(name, x)
    return found


def _attention(tokens: int, held: int) -> Part:
    q = torch.randn(EMBEDDED.num_heads, tokens, EMBEDDED.head_dim)
    keys, values = _rings(held)
    mask = score_mask(torch.rand(tokens, held) > 0.1)
    computed_by = attend_few if tokens <= FEW_QUERIES else attend
    return lambda layer: computed_by(q, keys[layer], values[layer], mask)


def _single_attention(held: int) -> Part:
    heads, dim = EMBEDDED.num_heads, EMBEDDED.head_dim
    q = torch.randn(heads, 1, dim).numpy()
    keys, values = (ring.numpy() for ring in _rings(held))
    scores, out = np.empty((heads, held), np.float32), np.empty((heads, 1, dim), np.float32)

    return lambda layer: parallel_for(
        decode_attention, heads, True, q, keys[layer], values[layer], held, scores, out
    )


def _rings(held: int) -> torch.Tensor:
    return torch.randn(2, EMBEDDED.num_layers, EMBEDDED.num_kv_heads, held, EMBEDDED.head_dim)


def _memory(name: str, x: torch.Tensor) -> Part:
    heads, dim, layers = EMBEDDED.num_heads, EMBEDDED.head_dim, EMBEDDED.num_layers
    cells = [cell_class(name)(EMBEDDED) for _ in range(layers)]
    for cell in cells:
        cell.initialise(torch.Generator().manual_seed(0))
    q, k, v = torch.randn(3, heads, len(x), dim)
    backend, memory = CpuBackend(), torch.randn(layers, heads, dim, dim)
    gates = backend.write_gates(cells[0], x)
    return lambda layer: backend.memory_step(cells[layer], q, k, v, gates, x, memory[layer])


def _product(tokens: int, inputs: int, columns: int, two_term: bool) -> Part:
    layers = [Int8Linear(inputs, columns, bias=False, two_term=two_term)] * EMBEDDED.num_layers
    layers[0].weight.data, scale = quantize_rows(torch.randn(columns, inputs))
    layers[0].scale.data = scale[:, 0]
    x = torch.randn(tokens, inputs)
    return lambda layer: layers[layer](x)


def _single_product(tokens: int, inputs: int, columns: int, fine: bool) -> Part:
    rows = np.random.default_rng(0).integers(-127, 128, (2, inputs), np.int8)
    weights = torch.randint(-127, 128, (EMBEDDED.num_layers, columns, inputs), dtype=torch.int8)
    matrices, out = weights.numpy(), np.empty(columns, np.float32 if fine else np.int32)

    loop, given = (two_term_product, rows) if fine else (product, rows[0])
    return lambda layer: parallel_for(loop, columns, True, matrices[layer], given, out)


@torch.inference_mode()
def measure(chosen: dict[str, Part]) -> dict[str, float]:
    """Time the parts in turns; returns each part's milliseconds in one layer."""
    best = dict.fromkeys(chosen, float("inf"))
    layers = itertools.cycle(range(EMBEDDED.num_layers))
    for _ in range(ROUNDS):
        for name, part in chosen.items():
            times = []
            for _ in range(RUNS):
                layer = next(layers)
                began = time.perf_counter()
                part(layer)
                times.append(time.perf_counter() - began)
            best[name] = min(best[name], 1e3 * statistics.median(times))
    return best


def main(window: int) -> None:
    """Measure and print a table for a block and one for a single token.

    Args:
        window: W in tokens.
    """
    for count in (256, 1):
        print(f"| {count} token{'s' * (count > 1)} | a layer, ms | all {EMBEDDED.num_layers}, ms |")
        print("| --- | --- | --- |")
        with torch.inference_mode():
            chosen = parts(count, window)
        for name, milliseconds in measure(chosen).items():
            print(f"| {name} | {milliseconds:.3f} | {EMBEDDED.num_layers * milliseconds:.1f} |")
        print()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--window", type=int, default=2048)
    main(parser.parse_args().window)
