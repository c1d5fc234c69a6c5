"""Keys and values in float32 and in bfloat16: size, speed, and the effect of the rounding.

    python -m benchmarks.kv_dtype TEXT [TOKENS]

Two sessions of the embedded model in int8, with its memory, read the same tokens in turns. At the
last tokens of every piece the benchmark measures KL(float32 || bfloat16), and how often both
predict the same token.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import torch

from ahn_runtime import Runtime, Session
from evaluation.texts import beginning

PIECE_TOKENS, SCORED_TOKENS, ANSWER_TOKENS = 512, 64, 32
DTYPES = ("float32", "bfloat16")


def main(text: Path, count: int) -> None:
    """Measure and print a table.

    Args:
        text: a text of at least `count` tokens.
        count: tokens to read.
    """
    runtimes = {d: Runtime.load("embedded", quantize="int8", kv_dtype=d) for d in DTYPES}
    sessions = {dtype: runtime.session() for dtype, runtime in runtimes.items()}
    ids = beginning(text, runtimes["float32"].tokenizer, count)
    seconds, divergences, agreed = dict.fromkeys(DTYPES, 0.0), [], []
    for start in range(0, count - PIECE_TOKENS + 1, PIECE_TOKENS):
        scores = {}
        for dtype, session in sessions.items():
            began = time.perf_counter()
            session.feed(ids[start : start + PIECE_TOKENS - SCORED_TOKENS], logits=None)
            seconds[dtype] += time.perf_counter() - began
            tail = ids[start + PIECE_TOKENS - SCORED_TOKENS : start + PIECE_TOKENS]
            logits = session.feed(tail, logits="all")
            assert logits is not None
            scores[dtype] = logits.log_softmax(-1)
        exact, rounded = scores.values()
        divergences.append(float((exact.exp() * (exact - rounded)).sum(-1).mean()))
        agreed.append(float((exact.argmax(-1) == rounded.argmax(-1)).float().mean()))
    pieces = len(divergences)
    print("| keys and values | cache | reading, tokens/s | answering, tokens/s |")
    print("| --- | --- | --- | --- |")
    for dtype, session in sessions.items():
        read = pieces * (PIECE_TOKENS - SCORED_TOKENS) / seconds[dtype]
        print(
            f"| {dtype} | {session.cache_bytes / 1e6:.1f} MB | {read:.0f} "
            f"| {_answer_rate(session):.1f} |"
        )
    kl, top1 = (float(torch.tensor(values).mean()) for values in (divergences, agreed))
    print(f"\nKL(float32 || bfloat16) {kl:.5f} nats, same first choice {top1:.1%}")


def _answer_rate(session: Session) -> float:
    answering = session.fork()
    list(answering.generate(2, stop_ids=()))  # warm-up: the fork's copy of the ring is not measured
    began = time.perf_counter()
    list(answering.generate(ANSWER_TOKENS, stop_ids=()))
    return ANSWER_TOKENS / (time.perf_counter() - began)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 8192)
