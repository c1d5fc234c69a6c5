"""Does a session drift or saturate? What it holds and how well it predicts, over a long reading.

At regular intervals: the cross-entropy of the tokens read last. For each layer and head of a
memory: its Frobenius norm; the half-life of a write (the number of tokens after which its decays
leave half of it, if nothing overwrites it; not defined for a cell without decay); and the mean
strength of a write. For each layer and head of a retained set: how old the tokens in it are.

Source: an open question of "Artificial Hippocampus Networks" (arXiv 2510.07318): the behaviour of a
memory of fixed size over very long streams.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from ahn_runtime import Runtime, Session
from ahn_runtime.model.cells import Cell
from evaluation.scoring import cross_entropy, log_probabilities, percentiles
from evaluation.texts import stream
from evaluation.variants import Log

SCORED_TOKENS = 256
"""Tokens at the end of each interval whose cross-entropy is measured."""


@dataclass(frozen=True)
class ReadingStats:
    """A session at one point of a reading: 5th, 50th and 95th percentiles over layers and heads.

    Args:
        tokens: tokens read.
        loss: mean cross-entropy of the last `SCORED_TOKENS` of them, in nats.
        norm: Frobenius norm of a head's memory; None without a memory.
        half_life: half-life of a write, in tokens; None for a cell without decay.
        write: strength of the next writes, of the tokens that are held (beta, or Mamba2's step
            size).
        age: how many tokens ago the retained tokens were read; None while there are none.
    """

    tokens: int
    loss: float
    norm: tuple[float, ...] | None = None
    half_life: tuple[float, ...] | None = None
    write: tuple[float, ...] | None = None
    age: tuple[float, ...] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The fields by name, for JSON."""
        return asdict(self)


def measure(
    runtime: Runtime,
    texts: Sequence[Path],
    tokens: int,
    every: int,
    log: Log = lambda line: None,
) -> Iterator[ReadingStats]:
    """Read texts and yield the session's statistics at regular intervals.

    The first ones come when more is read than the sinks hold: before, nothing leaves for a memory.

    Args:
        runtime: with a window.
        texts: files to read; repeated if they have too few tokens.
        tokens: tokens to read in total, rounded up to a multiple of `every`.
        every: tokens between two measurements.
        log: receives progress messages.

    Raises:
        ValueError: the texts are empty, an interval is below two tokens, or no more is to be read
            than the sinks hold.
        IngestError: a text cannot be read.
    """
    sinks = runtime.stream.sinks
    if tokens <= sinks:
        raise ValueError(
            f"{tokens:,} tokens are no more than the {sinks:,} sinks, so nothing would be written "
            "to the memory; read more."
        )
    if every < 2:
        raise ValueError(f"Between two measurements there are two tokens or more; got {every}.")
    session = runtime.session()
    ids = itertools.chain.from_iterable(stream(texts, runtime.tokenizer))
    scored = min(SCORED_TOKENS, every - 1)
    while session.tokens_seen < tokens:
        session.feed(list(itertools.islice(ids, every - scored)), logits=None)
        last = list(itertools.islice(ids, scored))
        loss = cross_entropy(log_probabilities(session, last), last)
        session.feed(last[-1:], logits=None)
        if session.tokens_seen <= sinks:
            continue
        log(f"{session.tokens_seen:,} tokens: {loss:.3f} nats")
        yield reading_stats(session, loss)


def reading_stats(session: Session, loss: float) -> ReadingStats:
    """The present statistics of a session.

    Args:
        session: one that has read more tokens than there are sinks.
        loss: mean cross-entropy of its last tokens, in nats.
    """
    found: dict[str, Any] = {}
    if session.runtime.stream.cell is not None:
        found |= _memory_stats(session)
    retained = session.runtime.stream.retained_tokens(session.tokens_seen)
    if retained:
        ages = [
            session.tokens_seen - layer.retained[:, :retained].float().flatten()
            for layer in session.state.layers
        ]
        found["age"] = percentiles(ages)
    return ReadingStats(session.tokens_seen, loss, **found)


def _memory_stats(session: Session) -> dict[str, tuple[float, ...] | None]:
    """The fields of `ReadingStats` about the memory."""
    norms, half_lives, writes = [], [], []
    layers = session.runtime.model.layers
    for layer, state in zip(layers, session.state.layers, strict=True):
        cell: Cell = layer.ahn.fn  # type: ignore[union-attr]
        norms.append(torch.linalg.matrix_norm(state.memory.float()))
        cached = session.runtime.stream.cached_tokens(session.tokens_seen)
        gates = state.gates[:, session.runtime.stream.sinks : cached].float()
        log_decay = cell.log_decay(gates)
        writes.append(gates[0].mean(dim=0))
        if log_decay is not None:
            half_lives.append(math.log(2) / -log_decay.mean(dim=0))
    return {
        "norm": percentiles(norms),
        "half_life": percentiles(half_lives) if half_lives else None,
        "write": percentiles(writes),
    }
