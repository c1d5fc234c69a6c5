"""Speed and memory far inside a long text: by window size, with full attention, and by position.

    python -m benchmarks.windows [--at 131072] [--windows 1024,8192,32768] [--no-full]
    python -m benchmarks.windows --at 8192,200000 --windows 2048 --no-full

Sessions of the embedded model are set to a position without reading up to it: their keys and values
are random numbers, and attention to these costs the same as to real ones. Then all sessions read
and answer in turns, each in its own process.
"""

from __future__ import annotations

import argparse
import statistics
from typing import Any

import torch

from ahn_runtime import Runtime
from benchmarks.ammon import AmmonEngine
from benchmarks.engine import Worker

READ_TOKENS, ANSWER_TOKENS, ROUNDS = 256, 8, 3


class PositionedEngine(AmmonEngine):
    """A session of the embedded model, in int8, that is set to a position without reading.

    It answers without a fork, because copying the cache would take longer than the answer.

    Args:
        options: further options of `Runtime.load`.
        position: tokens that count as read.
    """

    def __init__(self, options: dict[str, Any], position: int) -> None:
        super().__init__(Runtime.load("embedded", quantize="int8", **options).session())
        state, stream = self._session.state, self._session.runtime.stream
        state.reserve(position, stream)
        generator = torch.Generator().manual_seed(0)
        for layer in state.layers:
            for ring in (layer.k, layer.v):
                ring.normal_(generator=generator)
        state.tokens_seen = position

    def answer(self, count: int) -> None:
        """Generate `count` tokens; the position moves on by them."""
        for _ in self._session.generate(count, stop_ids=()):
            pass


def make_positioned(options: dict[str, Any]) -> PositionedEngine:
    """Make the engine in a worker's process.

    Args:
        options: "position", and further options of `Runtime.load`.
    """
    loading = dict(options)
    return PositionedEngine(loading, loading.pop("position"))


def main(positions: list[int], windows: list[int], full: bool) -> None:
    """Measure in turns and print a table.

    Args:
        positions: tokens that count as read.
        windows: values of W, in tokens.
        full: whether full attention is measured too.
    """
    variants: dict[str, dict[str, Any]] = {f"W = {w:,}": {"window": w} for w in windows}
    if full:
        variants["full"] = {"window": None, "sinks": 0, "ahn": None}
    workers = {
        (position, name): Worker(name, make_positioned, {**options, "position": position})
        for position in positions
        for name, options in variants.items()
    }
    ids = list(range(1000, 1000 + READ_TOKENS))
    reading: dict[Worker, list[float]] = {worker: [] for worker in workers.values()}
    answering: dict[Worker, list[float]] = {worker: [] for worker in workers.values()}
    for _ in range(ROUNDS):
        for worker in workers.values():
            reading[worker].append(worker.read(ids) / READ_TOKENS)
            answering[worker].append(worker.answer(ANSWER_TOKENS) / ANSWER_TOKENS)
    print("| at token | variant | reading, ms/token | answering, ms/token | cache, bytes ", end="")
    print("| process, peak |\n| --- | --- | --- | --- | --- | --- |")
    for (position, name), worker in workers.items():
        read, said = (1e3 * statistics.median(t[worker]) for t in (reading, answering))
        memory = worker.memory()
        print(
            f"| {position:,} | {name} | {read:.1f} | {said:.0f} | {memory.cache:,} "
            f"| {memory.peak / 1e9:.1f} GB |"
        )
        worker.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--at", default="131072", help="positions: tokens that count as read")
    parser.add_argument("--windows", default="1024,8192,32768")
    parser.add_argument("--full", action=argparse.BooleanOptionalAction, default=True)
    given = parser.parse_args()
    positions, windows = ([int(n) for n in text.split(",")] for text in (given.at, given.windows))
    main(positions, windows, given.full)
