"""How far the window's predictions are from full attention's, with and without a memory.

Sessions read the same tokens side by side: one with full attention, and for each window one
without a memory and one with each memory. At every scored position that lies past the window,
KL(full || ·) and the cross-entropy of the true next token are taken, in nats.

Source: "Artificial Hippocampus Networks" (arXiv 2510.07318), section 4; every mean here has its
95 % interval over documents.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ahn_runtime import Runtime, Session
from evaluation.scoring import half_interval, mean
from evaluation.texts import middle
from evaluation.variants import FULL, WINDOW, Told, Way, ways_to_read

PIECE_TOKENS = 256
SCORED_TOKENS = 64
"""Of each piece, the last so many positions are scored: the output layer over all of them would
cost as much as the reading."""
BUCKET_TOKENS = 512


@dataclass(frozen=True)
class Place:
    """One document read one way, over the positions past `window`.

    Args:
        divergence, entropy: means in nats.
        by_distance: the mean divergence of every 512 tokens past the window.
    """

    document: str
    window: int
    way: str
    divergence: float
    entropy: float
    by_distance: tuple[float, ...]


@dataclass(frozen=True)
class Row:
    """One window and way over all documents.

    `gain` is what the way takes from the divergence of the window alone, paired by document, with
    half its 95 % interval; `gain_share` is it as a share of that divergence.
    """

    window: int
    way: str
    documents: int
    divergence: float
    divergence_plus_minus: float
    entropy: float
    entropy_plus_minus: float
    gain: float
    gain_plus_minus: float
    gain_share: float
    by_distance: tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def measure(
    plain: Runtime,
    memories: Mapping[str, Runtime],
    texts: Sequence[Path],
    windows: Sequence[int],
    sinks: int,
    length: int,
    told: Told = lambda line: None,
) -> Iterator[Place]:
    """Yield a `Place` for each document, window and way; too short documents are skipped.

    Args:
        plain, memories, windows, sinks: as in `ways_to_read`.
        length: tokens read of each document.
        told: what is being done, line by line.

    Raises:
        ValueError: a window that leaves nothing beyond it.
    """
    for window in windows:
        if window + sinks + PIECE_TOKENS > length:
            raise ValueError(
                f"A window of {window} with {sinks} sinks leaves nothing beyond it in {length} "
                "tokens; take a smaller window or a greater length."
            )
    runtimes = ways_to_read(plain, memories, windows, sinks)
    for path in texts:
        ids = middle(path, plain.tokenizer, length)
        if ids is None:
            told(f"{path.name}: shorter than {length:,} tokens, skipped")
            continue
        told(f"{path.name}: {length:,} tokens, {len(runtimes)} ways")
        sessions = {way: runtime.session() for way, runtime in runtimes.items()}
        scores = {way: _Scores() for way in runtimes}
        for start in range(0, length - PIECE_TOKENS + 1, PIECE_TOKENS):
            _read_piece(sessions, scores, ids[start : start + PIECE_TOKENS + 1])
        places = list(_places(path.name, scores, windows, sinks))
        shown = (f"W {p.window} {p.way} {p.divergence:.4f}" for p in places if p.way != FULL)
        told(f"{path.name}: KL {', '.join(shown)}")
        yield from places


class _Scores:
    """One way's figures at the scored positions of a document."""

    def __init__(self) -> None:
        self.positions: list[int] = []
        self.divergence: list[float] = []
        self.entropy: list[float] = []


def _read_piece(
    sessions: Mapping[Way, Session], scores: Mapping[Way, _Scores], ids: list[int]
) -> None:
    """Feed a piece to every session; `ids` holds one token more, unless it is the text's end."""
    quiet = PIECE_TOKENS - SCORED_TOKENS
    targets = torch.tensor(ids[quiet + 1 : quiet + SCORED_TOKENS + 1])
    full: Tensor | None = None
    for way, session in sessions.items():  # full attention is the first
        first = session.tokens_seen + quiet
        session.feed(ids[:quiet], logits=None)
        logits = session.feed(ids[quiet:PIECE_TOKENS], logits="all")
        assert logits is not None
        ours = logits.float().cpu().log_softmax(-1)[: len(targets)]
        full = ours if full is None else full
        score = scores[way]
        score.positions += range(first, first + len(ours))
        score.divergence += (full.exp() * (full - ours)).sum(-1).tolist()
        score.entropy += (-ours.gather(1, targets[:, None])[:, 0]).tolist()


def _places(
    document: str, scores: Mapping[Way, _Scores], windows: Sequence[int], sinks: int
) -> Iterator[Place]:
    for window in windows:
        for way, score in scores.items():
            if way.window not in (None, window):
                continue
            past = [i for i, t in enumerate(score.positions) if t >= window + sinks]
            buckets: dict[int, list[float]] = {}
            for i in past:
                distance = score.positions[i] - window - sinks
                buckets.setdefault(distance // BUCKET_TOKENS, []).append(score.divergence[i])
            yield Place(
                document,
                window,
                way.name,
                mean([score.divergence[i] for i in past]),
                mean([score.entropy[i] for i in past]),
                tuple(mean(buckets[bucket]) for bucket in sorted(buckets)),
            )


def summarise(places: Sequence[Place]) -> list[Row]:
    """One `Row` per window and way: the smallest window first, ways as they were measured."""
    alone = {(p.document, p.window): p.divergence for p in places if p.way == WINDOW}
    rows = []
    for window in sorted({p.window for p in places}):
        for way in dict.fromkeys(p.way for p in places):
            chosen = [p for p in places if (p.window, p.way) == (window, way)]
            without = [alone[p.document, p.window] for p in chosen]
            gains = [w - p.divergence for w, p in zip(without, chosen, strict=True)]
            divergences, entropies = [p.divergence for p in chosen], [p.entropy for p in chosen]
            rows.append(
                Row(
                    window,
                    way,
                    len(chosen),
                    mean(divergences),
                    half_interval(divergences),
                    mean(entropies),
                    half_interval(entropies),
                    mean(gains),
                    half_interval(gains),
                    mean(gains) / mean(without) if mean(without) else 0.0,
                    tuple(
                        mean(column)
                        for column in zip(*(p.by_distance for p in chosen), strict=True)
                    ),
                )
            )
    return rows
