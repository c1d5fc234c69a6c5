"""Time to an answer's first token: fork the session, read the prompt, generate one token.

    python -m benchmarks.first_word TEXT [--prompts 256,512,1024] [--rounds 3]

The session's window is full, so the fork copies all of it, and the memory is used.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import app.torch_threads  # noqa: F401 (must be imported before torch)
from ahn_runtime import Runtime
from evaluation.texts import beginning


def main(text: Path, prompts: list[int], rounds: int) -> None:
    """Measure in turns and print a table.

    Args:
        text: a text of at least a full window and the longest prompt.
        prompts: lengths of prompts in tokens, ascending.
        rounds: measurements of each length.
    """
    runtime = Runtime.load("embedded", quantize="int8")
    runtime.warm_up()
    cached = (runtime.stream.cache_limit or 0) + 256
    ids = beginning(text, runtime.tokenizer, cached + prompts[-1])
    session = runtime.session()
    session.feed(ids[:cached], logits=None)
    seconds: dict[int, list[float]] = {count: [] for count in prompts}
    for _ in range(rounds):
        for count in prompts:
            began = time.perf_counter()
            answering = session.fork()
            answering.feed(ids[cached : cached + count], logits=None)
            next(answering.generate(1, stop_ids=()))
            seconds[count].append(time.perf_counter() - began)
    print("| tokens of the prompt | first word after, s |\n| --- | --- |")
    for count, times in seconds.items():
        print(f"| {count:,} | {statistics.median(times):.1f} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("text", type=Path)
    parser.add_argument("--prompts", default="256,512,1024")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    main(given.text, [int(count) for count in given.prompts.split(",")], given.rounds)
