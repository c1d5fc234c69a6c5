"""Two checkouts of Ammon compared in turns: speed, start of the page, and memory.

    python -m benchmarks.checkouts OTHER TEXT [--rounds 5] [--tokens 2048] [--answer 64]

Each checkout runs in its own process, with the embedded model in int8, as the application does. The
processes take turns, so that changes of the machine's speed affect both alike: each reads the text
and answers. Then the servers of both checkouts are started, one after the other. A ratio above 1
means that this checkout is faster, or needs less memory. Only the public contract of `ahn_runtime`
is used, so old checkouts can be compared too.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.report import processor
from benchmarks.start import ROOT, start

WORKER = """
import json, resource, sys, time
try:
    import app.torch_threads
except ImportError:
    import app.threads  # its name before
from ahn_runtime import Runtime
text, tokens, answer = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
runtime = Runtime.load("embedded", quantize="int8")
runtime.warm_up()
ids = runtime.tokenizer.encode(open(text, encoding="utf-8").read())[:tokens]
for _ in sys.stdin:
    session = runtime.session()
    begun = time.perf_counter()
    session.feed(ids, logits=None)
    read = time.perf_counter()
    said = [int(i) for i in session.generate(answer, stop_ids=())]
    ended = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    round = {"read_s": read - begun, "answer_s": ended - read, "peak_bytes": peak, "said": said}
    print(json.dumps(round), flush=True)
"""


@dataclass(frozen=True)
class Round:
    """The measurements of one checkout in one round.

    Args:
        read_s, answer_s: seconds to read the text and to generate the answer.
        peak_bytes: highest resident memory of the process so far.
        said: token ids of the answer.
    """

    read_s: float
    answer_s: float
    peak_bytes: int
    said: list[int]


class Checkout:
    """A process that runs a checkout's `ahn_runtime`.

    Args:
        folder: root of the checkout.
        text: path of a UTF-8 text of at least `tokens` tokens.
        tokens: tokens to read in each round.
        answer: tokens to generate in each round.
    """

    def __init__(self, folder: Path, text: Path, tokens: int, answer: int) -> None:
        self.folder = folder
        command = [sys.executable, "-c", WORKER, str(text.resolve()), str(tokens), str(answer)]
        self._process = subprocess.Popen(
            command, cwd=folder, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def run(self) -> Round:
        """Read and answer once, in a new session.

        Raises:
            RuntimeError: the process ended; its output is on standard error.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"The process of {self.folder} ended; see above.")
        return Round(**json.loads(line))

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def in_turns(this: Checkout, other: Checkout, rounds: int) -> list[tuple[Round, Round]]:
    """Run both checkouts in turns; the order changes with every pair.

    Each checkout first runs one round that is not counted.

    Args:
        rounds: number of pairs.

    Returns:
        The pairs (this, other).
    """
    this.run(), other.run()
    pairs = []
    for number in range(rounds):
        if number % 2:
            second = other.run()
            pairs.append((this.run(), second))
        else:
            pairs.append((this.run(), other.run()))
    return pairs


def row(what: str, this: Sequence[float], other: Sequence[float], unit: str) -> str:
    """A row of the table: both medians, and the median of the pairs' ratios other / this."""
    ratio = statistics.median(o / t for t, o in zip(this, other, strict=True))
    mine, theirs = statistics.median(this), statistics.median(other)
    return f"| {what} | {mine:.2f} {unit} | {theirs:.2f} {unit} | {ratio:.3f} |"


def main(arguments: Any) -> None:
    """Measure and print the table."""
    this = Checkout(ROOT, arguments.text, arguments.tokens, arguments.answer)
    other = Checkout(arguments.other, arguments.text, arguments.tokens, arguments.answer)
    try:
        pairs = in_turns(this, other, arguments.rounds)
    finally:
        this.close()
        other.close()
    pages = [(start(ROOT), start(arguments.other)) for _ in range(arguments.rounds)]
    print(f"{processor()}; {arguments.rounds} pairs; medians\n")
    print("| what | this checkout | the other | other / this |\n| --- | --- | --- | --- |")
    for what, field in (
        (f"reading {arguments.tokens:,} tokens", "read_s"),
        (f"{arguments.answer} answer tokens", "answer_s"),
    ):
        mine, theirs = zip(*((getattr(a, field), getattr(b, field)) for a, b in pairs), strict=True)
        print(row(what, mine, theirs, "s"))
    mine, theirs = zip(*pages, strict=True)
    print(row("until the page is served", mine, theirs, "s"))
    mine, theirs = zip(*((a.peak_bytes / 1e6, b.peak_bytes / 1e6) for a, b in pairs), strict=True)
    print(row("peak memory", mine, theirs, "MB"))
    same = all(a.said == b.said for a, b in pairs)
    print(f"\nThe answers are {'the same' if same else 'NOT the same'}, token for token.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("other", type=Path, help="root of the other checkout")
    parser.add_argument("text", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=2048)
    parser.add_argument("--answer", type=int, default=64)
    main(parser.parse_args())
