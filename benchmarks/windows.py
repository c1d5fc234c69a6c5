"""The size of the window against full attention, and near against far, inside a long text.

    python -m benchmarks.windows [--at 131072] [--windows 1024,8192,32768] [--no-full]
    python -m benchmarks.windows --at 8192,200000 --windows 2048 --no-full

Each session of the embedded model is put where it would stand after so many tokens: its keys and
values are random numbers, which cost as much to attend to as real ones. Then all of them read on
and answer in turns, each in a process of its own.
"""

from __future__ import annotations

import argparse
import statistics
from typing import Any

import torch

from ahn_runtime import Runtime
from benchmarks.ammon import Ours
from benchmarks.engine import Worker

READ_TOKENS, ANSWER_TOKENS, ROUNDS = 256, 8, 3


class Standing(Ours):
    """A session that stands at a position it never read to.

    It answers without a fork: the copy would be larger than what is measured.
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
        for _ in self._session.generate(count, stop_ids=()):
            pass


def make_standing(options: dict[str, Any]) -> Standing:
    """For `Worker`."""
    given = dict(options)
    return Standing(given, given.pop("position"))


def main(positions: list[int], windows: list[int], full: bool) -> None:
    """Measure in turns and print a table."""
    ways: dict[str, dict[str, Any]] = {f"W = {window:,}": {"window": window} for window in windows}
    if full:
        ways["full"] = {"window": None, "sinks": 0, "ahn": None}
    workers = {
        (position, name): Worker(name, make_standing, {**options, "position": position})
        for position in positions
        for name, options in ways.items()
    }
    ids = list(range(1000, 1000 + READ_TOKENS))
    reading: dict[Worker, list[float]] = {worker: [] for worker in workers.values()}
    answering: dict[Worker, list[float]] = {worker: [] for worker in workers.values()}
    for _ in range(ROUNDS):
        for worker in workers.values():
            reading[worker].append(worker.read(ids) / READ_TOKENS)
            answering[worker].append(worker.answer(ANSWER_TOKENS) / ANSWER_TOKENS)
    print("| at token | held | reading, ms a token | answering, ms a token | cache, bytes ", end="")
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
    parser.add_argument("--at", default="131072", help="tokens read before")
    parser.add_argument("--windows", default="1024,8192,32768")
    parser.add_argument("--full", action=argparse.BooleanOptionalAction, default=True)
    given = parser.parse_args()
    positions, windows = ([int(n) for n in text.split(",")] for text in (given.at, given.windows))
    main(positions, windows, given.full)
