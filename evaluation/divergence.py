"""The divergence of a window's predictions from full attention's, with and without a memory.

Several sessions read the same tokens: one with full attention, and for each window one without a
memory and one with each memory. At every scored position past the window, KL(full || ·) and the
cross-entropy of the true next token are measured, in nats. Every mean has a 95 % interval over
documents.

Source: "Artificial Hippocampus Networks" (arXiv 2510.07318), section 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ahn_runtime import Runtime, Session
from evaluation.at_once import Scored, compare_at_once
from evaluation.scoring import half_interval, mean
from evaluation.texts import middle
from evaluation.variants import FULL, WINDOW, Log, Variant, reading_variants, row_as_dict

PIECE_TOKENS = 256
SCORED_TOKENS = 64
"""Scored positions at the end of each piece; scoring all positions would double the cost, because
of the output layer."""
BUCKET_TOKENS = 512
"""Positions are grouped by their distance past the window, in steps of this many tokens."""


@dataclass(frozen=True)
class Measurement:
    """One document read by one variant, measured at the scored positions past the window.

    Args:
        document: name of the file.
        window: W in tokens; for full attention, the window it is compared with.
        variant: name of the variant.
        divergence, entropy: means of KL(full || variant) and of the cross-entropy, in nats.
        by_distance: mean divergence in each group of `BUCKET_TOKENS` tokens past the window.
    """

    document: str
    window: int
    variant: str
    divergence: float
    entropy: float
    by_distance: tuple[float, ...]


@dataclass(frozen=True)
class Row:
    """One window and variant over all documents; values in nats.

    Args:
        documents: number of documents.
        divergence, entropy: means over documents of KL(full || variant) and of the cross-entropy.
        gain: mean over documents of the window's divergence minus the variant's.
        gain_share: `gain` as a share of the window's mean divergence.
        by_distance: mean divergence in each group of `BUCKET_TOKENS` tokens past the window.
        divergence_plus_minus, entropy_plus_minus, gain_plus_minus: half of the 95 % intervals; None
            for a single document.
    """

    window: int
    variant: str
    documents: int
    divergence: float
    divergence_plus_minus: float | None
    entropy: float
    entropy_plus_minus: float | None
    gain: float
    gain_plus_minus: float | None
    gain_share: float
    by_distance: tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        """The row for JSON."""
        return row_as_dict(self)


def measure(
    plain: Runtime,
    memories: Mapping[str, Runtime],
    texts: Sequence[Path],
    windows: Sequence[int],
    sinks: int,
    length: int,
    log: Log = lambda line: None,
    retained: Sequence[int] = (),
    at_once: bool = False,
) -> Iterator[Measurement]:
    """Yield a measurement for each document, window and variant; too short documents are skipped.

    Args:
        plain: the model without a memory.
        memories: the model with each memory, by the memory's name.
        texts: files of the documents.
        windows, sinks: values of W, and S, in tokens.
        length: tokens read of each document.
        log: receives progress messages.
        retained: per cent of each window that a retained set takes, in variants of their own.
        at_once: compute each text in one pass (`evaluation.at_once`) instead of reading it.

    Raises:
        ValueError: a window leaves no position beyond it.
        IngestError: a text cannot be read.
    """
    for window in windows:
        if window + sinks + PIECE_TOKENS > length:
            raise ValueError(
                f"A window of {window} with {sinks} sinks leaves nothing beyond it in {length} "
                "tokens; choose a smaller window or a greater length."
            )
    runtimes = reading_variants(plain, memories, windows, sinks, retained)
    for path in texts:
        ids = middle(path, plain.tokenizer, length)
        if ids is None:
            log(f"{path.name}: shorter than {length:,} tokens, skipped")
            continue
        log(f"{path.name}: {length:,} tokens, {len(runtimes)} variants")
        scores = {variant: _Scores() for variant in runtimes}
        if at_once:
            _compute(runtimes, scores, ids)
        else:
            sessions = {variant: runtime.session() for variant, runtime in runtimes.items()}
            for start in range(0, length - PIECE_TOKENS + 1, PIECE_TOKENS):
                _read_piece(sessions, scores, ids[start : start + PIECE_TOKENS + 1])
        measurements = list(_measurements(path.name, scores, windows, sinks))
        figures = (
            f"W {m.window} {m.variant} {m.divergence:.4f}"
            for m in measurements
            if m.variant != FULL
        )
        log(f"{path.name}: KL {', '.join(figures)}")
        yield from measurements


class _Scores:
    """Positions, divergences and cross-entropies of one variant in one document."""

    def __init__(self) -> None:
        self.positions: list[int] = []
        self.divergence: list[float] = []
        self.entropy: list[float] = []

    def add(self, positions: Sequence[int], targets: Tensor, full: Tensor, log_p: Tensor) -> None:
        """Score the tokens after some positions.

        Args:
            targets: those tokens, int64 [N].
            full, log_p: their log-probabilities with full attention and with the variant,
                [N, vocabulary].
        """
        self.positions += positions
        self.divergence += (full.exp() * (full - log_p)).sum(-1).tolist()
        chosen = log_p.gather(1, targets.to(log_p.device)[:, None])
        self.entropy += (-chosen[:, 0]).tolist()


def _read_piece(
    sessions: Mapping[Variant, Session], scores: Mapping[Variant, _Scores], ids: list[int]
) -> None:
    """Feed a piece to every session and score its end.

    Args:
        ids: the piece and the token after it, which is the last target; at the end of the text
            there is no such token, and one position less is scored.
    """
    unscored = PIECE_TOKENS - SCORED_TOKENS
    targets = torch.tensor(ids[unscored + 1 : unscored + SCORED_TOKENS + 1])
    full: Tensor | None = None
    for variant, session in sessions.items():  # full attention is the first
        first = session.tokens_seen + unscored
        session.feed(ids[:unscored], logits=None)
        logits = session.feed(ids[unscored:PIECE_TOKENS], logits="all")
        assert logits is not None
        log_p = logits.float().log_softmax(-1)[: len(targets)]
        full = log_p if full is None else full
        scores[variant].add(range(first, first + len(log_p)), targets, full, log_p)


def _compute(
    runtimes: Mapping[Variant, Runtime], scores: Mapping[Variant, _Scores], ids: list[int]
) -> None:
    """`_read_piece` for all pieces of a text, in one pass for each variant."""
    full_attention, *windows = runtimes
    smallest = min(windows, key=lambda variant: variant.window or 0)
    device = runtimes[smallest].device
    text = torch.tensor(ids, device=device)
    length = len(ids) - len(ids) % PIECE_TOKENS
    ends = torch.arange(length, device=device).view(-1, PIECE_TOKENS)[:, -SCORED_TOKENS:]
    positions = ends[ends < len(ids) - 1]

    def scored(variant: Variant) -> Scored:
        def take(part: Tensor, full: Tensor, log_p: Tensor) -> None:
            scores[variant].add(part.tolist(), text[part + 1], full, log_p)
            if variant == smallest:
                scores[full_attention].add(part.tolist(), text[part + 1], full, full)

        return take

    compare_at_once(text, {variant: runtimes[variant] for variant in windows}, positions, scored)


def _measurements(
    document: str, scores: Mapping[Variant, _Scores], windows: Sequence[int], sinks: int
) -> Iterator[Measurement]:
    for window in windows:
        for variant, score in scores.items():
            if variant.window not in (None, window):
                continue
            past = [i for i, t in enumerate(score.positions) if t >= window + sinks]
            buckets: dict[int, list[float]] = {}
            for i in past:
                distance = score.positions[i] - window - sinks
                buckets.setdefault(distance // BUCKET_TOKENS, []).append(score.divergence[i])
            yield Measurement(
                document,
                window,
                variant.name,
                mean([score.divergence[i] for i in past]),
                mean([score.entropy[i] for i in past]),
                tuple(mean(buckets[bucket]) for bucket in sorted(buckets)),
            )


def summarise(measurements: Sequence[Measurement]) -> list[Row]:
    """Average over documents.

    Returns:
        One row for each window and variant; ascending windows, variants in the order of measuring.
    """
    alone = {(m.document, m.window): m.divergence for m in measurements if m.variant == WINDOW}
    rows = []
    for window in sorted({m.window for m in measurements}):
        for variant in dict.fromkeys(m.variant for m in measurements):
            chosen = [m for m in measurements if (m.window, m.variant) == (window, variant)]
            without = [alone[m.document, m.window] for m in chosen]
            gains = [w - m.divergence for w, m in zip(without, chosen, strict=True)]
            divergences, entropies = [m.divergence for m in chosen], [m.entropy for m in chosen]
            rows.append(
                Row(
                    window,
                    variant,
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
                        for column in zip(*(m.by_distance for m in chosen), strict=True)
                    ),
                )
            )
    return rows
