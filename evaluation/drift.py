"""Does a memory drift or saturate? Its norm, half-life and write strength over a long reading.

For each layer and head, at regular intervals: the Frobenius norm of the memory; the half-life of a
write (the number of tokens after which its decays leave half of it, if nothing overwrites it; not
defined for a cell without decay); and the mean strength of a write.

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
from evaluation.texts import stream
from evaluation.variants import Log

QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class MemoryStats:
    """A memory at one point of a reading: 5th, 50th and 95th percentiles over layers and heads.

    Args:
        tokens: tokens read.
        norm: Frobenius norm of a head's memory.
        half_life: half-life of a write, in tokens; None for a cell without decay.
        write: strength of the next writes, of the tokens in the window (beta, or Mamba2's step
            size).
    """

    tokens: int
    norm: tuple[float, ...]
    half_life: tuple[float, ...] | None
    write: tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        """The fields by name, for JSON."""
        return asdict(self)


def measure(
    runtime: Runtime,
    texts: Sequence[Path],
    tokens: int,
    every: int,
    log: Log = lambda line: None,
) -> Iterator[MemoryStats]:
    """Read texts with a memory and yield its statistics at regular intervals.

    The first ones come when more is read than the sinks hold: before, nothing can be written.

    Args:
        runtime: loaded with a memory.
        texts: files to read; repeated if they have too few tokens.
        tokens: tokens to read in total, rounded up to a multiple of `every`.
        every: tokens between two measurements.
        log: receives progress messages.

    Raises:
        ValueError: the runtime has no memory, the texts are empty, or no more is to be read than
            the sinks hold.
        IngestError: a text cannot be read.
    """
    if runtime.stream.cell is None:
        raise ValueError("There is no memory to watch: name one with --ahn.")
    sinks = runtime.stream.sinks
    if tokens <= sinks:
        raise ValueError(
            f"{tokens:,} tokens are no more than the {sinks:,} sinks, so nothing would be written "
            "to the memory; read more."
        )
    session = runtime.session()
    ids = itertools.chain.from_iterable(stream(texts, runtime.tokenizer))
    while session.tokens_seen < tokens:
        session.feed(list(itertools.islice(ids, every)), logits=None)
        if session.tokens_seen <= sinks:
            continue
        stats = memory_stats(session)
        log(f"{stats.tokens:,} tokens: norm {stats.norm[1]:.3g}")
        yield stats


def memory_stats(session: Session) -> MemoryStats:
    """The present statistics of a session's memory.

    Args:
        session: of a runtime with a memory; it has read more tokens than there are sinks.
    """
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
    return MemoryStats(
        session.tokens_seen,
        _percentiles(norms),
        _percentiles(half_lives) if half_lives else None,
        _percentiles(writes),
    )


def _percentiles(values: list[torch.Tensor]) -> tuple[float, ...]:
    quantiles = torch.tensor(QUANTILES, dtype=torch.float32)
    return tuple(torch.cat(values).cpu().float().quantile(quantiles).tolist())
