"""How much of its reading rate each engine keeps while another program keeps one core busy.

    python -m benchmarks.busy_core TEXT [--tokens 1024]

Ammon (int8, window with memory) and transformers (float32, where it is installed) read the same
pieces of a text in turns, each in its own process: quiet, busy, busy, quiet in every round, so that
slow changes of the machine and the growing context weigh on both alike. A busy core is one child
process in an endless loop, pinned to the last core where the system can do that. On a machine that
others use at the same time the figures mean little; the load average is printed with them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import app.torch_threads  # noqa: F401 (how the application's threads wait; the engines inherit it)
from ahn_runtime.loading.weights import open_base
from ahn_runtime.runtime import find_base
from benchmarks import report
from benchmarks.ammon import make_ammon
from benchmarks.baselines import is_installed, make_transformers
from benchmarks.engine import EngineFailed, Worker

ORDER = ("quiet", "busy", "busy", "quiet")
PIECE_TOKENS = 512
CHARS_PER_TOKEN = 8
"""More than any text has on average: how much of it is tokenized."""

BUSY_LOOP = """
import os, sys
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
parent = os.getppid()
print("busy", flush=True)
while os.getppid() == parent:  # ends with the benchmark, however that ends
    for _ in range(1_000_000):
        pass
"""

Seconds = dict[str, dict[str, float]]
"""By engine and by "quiet" or "busy"."""


@contextmanager
def busy_core() -> Iterator[None]:
    """A child process that keeps one core busy inside the block."""
    command = [sys.executable, "-c", BUSY_LOOP]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()  # it runs
        try:
            yield
        finally:
            child.kill()


def read_pieces(workers: list[Worker], pieces: list[list[int]]) -> Seconds:
    """Let the engines read the pieces in turns; pieces take the states of `ORDER` in turns."""
    seconds: Seconds = {worker.name: dict.fromkeys(ORDER, 0.0) for worker in workers}
    for number, piece in enumerate(pieces):
        state = ORDER[number % len(ORDER)]
        turn = number % len(workers)
        for worker in (*workers[turn:], *workers[:turn]):
            if state == "busy":
                with busy_core():
                    seconds[worker.name][state] += worker.read(piece)
            else:
                seconds[worker.name][state] += worker.read(piece)
    return seconds


def token_ids(text: Path, count: int) -> list[int]:
    """The first tokens of a text, as the embedded model has them.

    Raises:
        SystemExit: the text is too short.
    """
    tokenizer = open_base(find_base("embedded")).tokenizer
    assert tokenizer is not None
    beginning = text.read_text(encoding="utf-8", errors="replace")[: CHARS_PER_TOKEN * count]
    ids = tokenizer.encode(beginning)[:count]
    if len(ids) < count:
        raise SystemExit(f"{text.name} has {len(ids):,} tokens, fewer than {count:,}.")
    return ids


def table(seconds: Seconds, tokens: int) -> str:
    """Markdown: tokens per second on a quiet and a busy machine, and the share that is kept."""
    lines = ["| reading, tokens/s | quiet | one core busy | kept |", "| --- | --- | --- | --- |"]
    for name, spent in seconds.items():
        quiet, busy = (tokens / spent[state] for state in ("quiet", "busy"))
        lines.append(f"| {name} | {quiet:.0f} | {busy:.0f} | {busy / quiet:.0%} |")
    return "\n".join(lines)


def main(text: Path, tokens: int) -> None:
    """Measure and print.

    Args:
        tokens: read by each engine in each of the two states; rounded up to whole rounds.
    """
    rounds = -(-2 * tokens // (PIECE_TOKENS * len(ORDER)))
    count = rounds * len(ORDER)
    ids = token_ids(text, (count + 1) * PIECE_TOKENS)
    first, *pieces = (
        ids[start : start + PIECE_TOKENS] for start in range(0, len(ids), PIECE_TOKENS)
    )
    workers = [Worker("Ammon, int8", make_ammon, {"model": "embedded", "quantize": "int8"})]
    if is_installed("transformers"):
        options = {"model": "embedded", "threads": os.cpu_count() or 1}
        try:
            workers.append(Worker("transformers, float32", make_transformers, options))
        except EngineFailed as error:  # it needs accelerate too
            print(f"Without transformers: {error}\n")
    try:
        for worker in workers:
            worker.read(first)  # compiles, allocates
        seconds = read_pieces(workers, pieces)
    finally:
        for worker in workers:
            worker.close()
    print(table(seconds, count // 2 * PIECE_TOKENS))
    load = f"; load average {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"\n{report.processor()}, {os.cpu_count()} cores{load}.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("text", type=Path)
    parser.add_argument("--tokens", type=int, default=1024, help="in each state")
    given = parser.parse_args()
    main(given.text, given.tokens)
