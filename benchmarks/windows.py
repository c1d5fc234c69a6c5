"""The size of the window against full attention, deep inside a long text.

    python -m benchmarks.windows [--at 131072] [--windows 1024,8192,32768]

Each session of the embedded model is put where it would stand after so many tokens: its keys and
values are random numbers, which cost as much to attend to as real ones. Then all of them read on
and answer in turns, each in a process of its own.
"""

from __future__ import annotations

import argparse
import statistics
from typing import Any

import torch

from benchmarks.contestant import Worker
from benchmarks.ours import Ours

READ_TOKENS, ANSWER_TOKENS, ROUNDS = 256, 8, 3


class Standing(Ours):
    """A session that stands at a position it never read to.

    It answers without a fork: the copy would be larger than what is measured.
    """

    def __init__(self, options: dict[str, Any], position: int) -> None:
        super().__init__({"model": "embedded", "quantize": "int8", **options})
        state, stream = self._session.state, self._session.runtime.stream
        state.reserve(position, stream)
        generator = torch.Generator().manual_seed(0)
        for layer in state.layers:
            for ring in (layer.k, layer.v):
                ring.normal_(generator=generator)
        state.tokens_seen = position

    def answer(self, count: int) -> None:
        for _ in self._session.generate(count, stop_ids=()):
            pass


def make_standing(options: dict[str, Any]) -> Standing:
    """For `Worker`."""
    given = dict(options)
    return Standing(given, given.pop("position"))


def main(position: int, windows: list[int]) -> None:
    """Measure in turns and print a table."""
    full: dict[str, Any] = {"window": None, "sinks": 0, "ahn": None}
    ways = {f"W = {window:,}": {"window": window} for window in windows} | {"full": full}
    workers = [
        Worker(name, make_standing, {**options, "position": position})
        for name, options in ways.items()
    ]
    ids = list(range(1000, 1000 + READ_TOKENS))
    reading: dict[str, list[float]] = {worker.name: [] for worker in workers}
    answering: dict[str, list[float]] = {worker.name: [] for worker in workers}
    for _ in range(ROUNDS):
        for worker in workers:
            reading[worker.name].append(worker.read(ids) / READ_TOKENS)
            answering[worker.name].append(worker.answer(ANSWER_TOKENS) / ANSWER_TOKENS)
    print(f"| at {position:,} tokens | reading, ms a token | answering, ms a token | ", end="")
    print("cache | process, peak |\n| --- | --- | --- | --- | --- |")
    for worker in workers:
        read, said = (1e3 * statistics.median(t[worker.name]) for t in (reading, answering))
        memory = worker.memory()
        print(
            f"| {worker.name} | {read:.1f} | {said:.0f} | {memory.cache / 1e6:,.0f} MB "
            f"| {memory.peak / 1e9:.1f} GB |"
        )
        worker.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--at", type=int, default=131_072, help="tokens read before")
    parser.add_argument("--windows", default="1024,8192,32768")
    given = parser.parse_args()
    main(given.at, [int(window) for window in given.windows.split(",")])
