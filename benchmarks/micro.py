"""Where a layer's time goes: its parts alone, at the embedded model's shapes.

    python -m benchmarks.micro [--window 2048]

Every part is timed in rounds that take turns, for a block of 256 tokens and for a single one; the
median of a round's runs, the best round. Rows of one column can be compared with each other.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch

from ahn_runtime.attention import attend
from ahn_runtime.cells import CELLS, cell_class
from ahn_runtime.config import ModelConfig
from ahn_runtime.quantize import Int8Linear, quantize_rows

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
ROUNDS, RUNS = 5, 7

Part = Callable[[], object]


def parts(tokens: int, window: int) -> dict[str, Part]:
    """The parts of one layer for a block of `tokens` behind a full window."""
    torch.manual_seed(0)
    heads, kv_heads, dim = EMBEDDED.num_heads, EMBEDDED.num_kv_heads, EMBEDDED.head_dim
    hidden, inner = EMBEDDED.hidden_size, EMBEDDED.intermediate_size
    q = torch.randn(heads, tokens, dim)
    held = window + SINKS + (tokens if tokens > 1 else 0)
    k, v = torch.randn(2, kv_heads, held, dim)
    mask = torch.rand(tokens, held) > 0.1 if tokens > 1 else None
    found: dict[str, Part] = {f"attention over {held:,} keys": lambda: attend(q, k, v, mask)}
    x = torch.randn(tokens, hidden)
    keys, values, memory = (torch.randn(heads, n, dim) for n in (tokens, tokens, dim))
    for name in CELLS:
        cell = cell_class(name)(EMBEDDED)
        cell.initialise(torch.Generator().manual_seed(0))
        gates = cell.write_gates(x)
        found[f"memory, {name}"] = _memory(cell, q, keys, values, gates, x, memory)
    for name, rows, columns, fine in (
        ("queries, keys, values", hidden, (heads + 2 * kv_heads) * dim, False),
        ("output of attention", heads * dim, hidden, False),
        ("gate and up", hidden, 2 * inner, False),
        ("down", inner, hidden, True),
    ):
        found[f"int8 product, {name}"] = _product(tokens, rows, columns, fine)
    return found


def _memory(cell: torch.nn.Module, *given: torch.Tensor) -> Part:
    return lambda: cell(*given)


def _product(tokens: int, rows: int, columns: int, fine: bool) -> Part:
    layer = Int8Linear(rows, columns, bias=False, fine=fine)
    layer.weight.data, scale = quantize_rows(torch.randn(columns, rows))
    layer.scale.data = scale[:, 0]
    x = torch.randn(tokens, rows)
    return lambda: layer(x)


@torch.inference_mode()
def measure(chosen: dict[str, Part]) -> dict[str, float]:
    """Milliseconds of each part."""
    best = dict.fromkeys(chosen, float("inf"))
    for _ in range(ROUNDS):
        for name, part in chosen.items():
            times = []
            for _ in range(RUNS):
                began = time.perf_counter()
                part()
                times.append(time.perf_counter() - began)
            best[name] = min(best[name], 1e3 * statistics.median(times))
    return best


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--window", type=int, default=2048)
    given = parser.parse_args()
    for count in (256, 1):
        print(f"| one layer, {count} token{'s' * (count > 1)} | ms |\n| --- | --- |")
        with torch.inference_mode():
            chosen = parts(count, given.window)
        for name, milliseconds in measure(chosen).items():
            print(f"| {name} | {milliseconds:.3f} |")
        print()
