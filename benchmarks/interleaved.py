"""An interleaved run: engines take turns, so that changes of the machine's speed affect all alike.

All engines read the same token ids in pieces, one engine after another. At each mark all have read
the same number of tokens; answers are timed in rounds there, and memory is measured.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.engine import Worker
from evaluation.variants import Log

PIECE_TOKENS = 512
ANSWER_ROUNDS = 3


@dataclass(frozen=True)
class Mark:
    """The measurements of one engine at a mark.

    Args:
        name: name of the engine.
        tokens: tokens read at the mark.
        read_rate: tokens per second over all tokens read.
        recent_rate: tokens per second over the last quarter of the distance from the previous mark.
        answer_rate: tokens per second of answers, median of the rounds.
        resident, peak, cache: bytes, as in `benchmarks.engine.Memory`.
    """

    name: str
    tokens: int
    read_rate: float
    recent_rate: float
    answer_rate: float
    resident: int
    peak: int
    cache: int

    def as_dict(self) -> dict[str, Any]:
        """The fields by name, for JSON."""
        return asdict(self)


def run_interleaved(
    workers: Sequence[Worker],
    ids: Sequence[int],
    marks: Sequence[int],
    answer_tokens: int,
    log: Log = lambda line: None,
) -> list[Mark]:
    """Let all engines read up to each mark and answer there.

    Args:
        workers: the engines, with different names.
        ids: token ids, at least as many as the last mark.
        marks: numbers of tokens, ascending.
        answer_tokens: tokens of each timed answer.
        log: receives progress messages.

    Returns:
        For each mark, the measurements of every engine in the order of `workers`.

    Raises:
        EngineFailed: an engine raised an error, or its process ended.
    """
    seconds: dict[str, list[float]] = {worker.name: [] for worker in workers}
    counts: list[int] = []
    found: list[Mark] = []
    position = before = 0
    for mark in marks:
        while position < mark:
            piece = list(ids[position : min(position + PIECE_TOKENS, mark)])
            # The first engine changes with every piece, so that none has a fixed position.
            first = len(counts) % len(workers)
            for worker in (*workers[first:], *workers[:first]):
                seconds[worker.name].append(worker.read(piece))
            counts.append(len(piece))
            position += len(piece)
        recent = max(1, (mark - before) // 4 // PIECE_TOKENS)
        answers = _answers(workers, answer_tokens)
        for worker in workers:
            spent, memory = seconds[worker.name], worker.memory()
            found.append(
                Mark(
                    worker.name,
                    mark,
                    sum(counts) / sum(spent),
                    sum(counts[-recent:]) / sum(spent[-recent:]),
                    answers[worker.name],
                    memory.resident,
                    memory.peak,
                    memory.cache,
                )
            )
            last = found[-1]
            log(
                f"{worker.name} at {mark:,}: read {last.read_rate:.0f}, answered "
                f"{last.answer_rate:.1f} tokens/s"
            )
        before = mark
    return found


def _answers(workers: Sequence[Worker], count: int) -> dict[str, float]:
    times: dict[str, list[float]] = {worker.name: [] for worker in workers}
    for _ in range(ANSWER_ROUNDS):
        for worker in workers:
            times[worker.name].append(worker.answer(count))
    return {name: count / statistics.median(spent) for name, spent in times.items()}
