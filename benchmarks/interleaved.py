"""Reading and answering side by side: contestants take turns, so a machine's moods hit them alike.

Everyone reads the same ids in pieces, one after another. At each mark all have read as many tokens,
answers are timed in rounds, and memory is noted.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.engine import Worker

PIECE_TOKENS = 512
ANSWER_ROUNDS = 3

Told = Callable[[str], None]


@dataclass(frozen=True)
class Mark:
    """One contestant after so many tokens.

    Args:
        read_rate: tokens per second over all of them.
        recent_rate: over the last pieces before the mark, a quarter of the way from the one before.
        answer_rate: tokens per second of answers, the median of the rounds.
        resident, peak, cache: bytes.
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
        """For JSON."""
        return asdict(self)


def race(
    workers: Sequence[Worker],
    ids: Sequence[int],
    marks: Sequence[int],
    answer_tokens: int,
    told: Told = lambda line: None,
) -> list[Mark]:
    """Let everyone read up to each mark, and answer there.

    Args:
        ids: as many tokens as the last mark says, or more.
        marks: tokens read, ascending.
    """
    seconds: dict[str, list[float]] = {worker.name: [] for worker in workers}
    counts: list[int] = []
    found: list[Mark] = []
    position = before = 0
    for mark in marks:
        while position < mark:
            piece = list(ids[position : min(position + PIECE_TOKENS, mark)])
            # Whoever begins changes, so that nobody always follows the same one.
            turn = len(counts) % len(workers)
            for worker in (*workers[turn:], *workers[:turn]):
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
            told(
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
