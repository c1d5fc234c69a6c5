"""Reading speed by block size, the number of tokens in one forward pass.

    python -m benchmarks.block_size TEXT [--sizes 128,256,512] [--tokens 8192]

One model is loaded, with one session for each size. The sessions read the same pieces in turns. The
measurement begins when their windows are full.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from ahn_runtime import Runtime, runtime
from evaluation.texts import beginning

PIECE_TOKENS = 1024


def main(text: Path, sizes: list[int], count: int) -> None:
    """Measure and print a table.

    Args:
        text: a text of at least a full window and `count` tokens.
        sizes: block sizes, in tokens.
        count: tokens read after the window is full.
    """
    model = Runtime.load("embedded", quantize="int8")
    cached = model.stream.cache_limit or 0
    ids = beginning(text, model.tokenizer, cached + count)
    sessions = {size: model.session() for size in sizes}
    for session in sessions.values():
        session.feed(ids[:cached], logits=None)
    seconds = dict.fromkeys(sizes, 0.0)
    for number, start in enumerate(range(cached, cached + count, PIECE_TOKENS)):
        first = number % len(sizes)
        for size in (*sizes[first:], *sizes[:first]):
            setattr(runtime, "BLOCK_TOKENS", size)  # noqa: B010 (no option of the contract)
            began = time.perf_counter()
            sessions[size].feed(ids[start : start + PIECE_TOKENS], logits=None)
            seconds[size] += time.perf_counter() - began
    print("| tokens in a block | reading, tokens/s | of the fastest |\n| --- | --- | --- |")
    for size in sizes:
        share = min(seconds.values()) / seconds[size]
        print(f"| {size} | {count / seconds[size]:.0f} | {share:.0%} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("text", type=Path)
    parser.add_argument("--sizes", default="128,256,512")
    parser.add_argument("--tokens", type=int, default=8192, help="read behind a full window")
    given = parser.parse_args()
    main(given.text, [int(size) for size in given.sizes.split(",")], given.tokens)
