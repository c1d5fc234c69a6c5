"""Does a memory drift or saturate? Its norm, and how long it keeps a write, over a long reading.

Per layer and head, at even distances of a reading: the Frobenius norm of the memory, the half-life
that its decays give a write (tokens until half of it is left if nothing overwrites it; none for a
cell without decay) and the mean strength of a write.

Source: an open question of "Artificial Hippocampus Networks" (arXiv 2510.07318): what a memory of
fixed size does over very long streams.
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
from evaluation.variants import Told

SHARES = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Moment:
    """A memory at one point of a reading: the 5th, 50th and 95th percentile over layers and heads.

    Args:
        half_life: tokens; None for a cell without decay.
        write: strength of the writes that wait in the window (beta, or Mamba2's step).
    """

    tokens: int
    norm: tuple[float, ...]
    half_life: tuple[float, ...] | None
    write: tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def measure(
    runtime: Runtime,
    texts: Sequence[Path],
    tokens: int,
    every: int,
    told: Told = lambda line: None,
) -> Iterator[Moment]:
    """Read `tokens` tokens, the texts again and again if they are fewer; a `Moment` per `every`.

    Raises:
        ValueError: the runtime has no memory.
    """
    if runtime.stream.cell is None:
        raise ValueError("There is no memory to watch: name one with --ahn.")
    session = runtime.session()
    ids = itertools.chain.from_iterable(stream(texts, runtime.tokenizer))
    while session.tokens_seen < tokens:
        session.feed(list(itertools.islice(ids, every)), logits=None)
        moment = look(session)
        told(f"{moment.tokens:,} tokens: norm {moment.norm[1]:.3g}")
        yield moment


def look(session: Session) -> Moment:
    """The memory as it is now."""
    norms, half_lives, writes = [], [], []
    layers = session.runtime.model.layers
    for layer, state in zip(layers, session.state.layers, strict=True):
        cell: Cell = layer.ahn.fn  # type: ignore[union-attr]
        norms.append(torch.linalg.matrix_norm(state.memory.float()))
        held = session.runtime.stream.cached_tokens(session.tokens_seen)
        gates = state.gates[:, session.runtime.stream.sinks : held].float()
        log_decay = cell.log_decay(gates)
        writes.append(gates[0].mean(dim=0))
        if log_decay is not None:
            half_lives.append(math.log(2) / -log_decay.mean(dim=0))
    return Moment(
        session.tokens_seen,
        _percentiles(norms),
        _percentiles(half_lives) if half_lives else None,
        _percentiles(writes),
    )


def _percentiles(values: list[torch.Tensor]) -> tuple[float, ...]:
    shares = torch.tensor(SHARES, dtype=torch.float32)
    return tuple(torch.cat(values).cpu().float().quantile(shares).tolist())
