"""What a memory brings: how far the window's predictions are from full attention's, with and
without it, on texts it was not trained on.

For each document and window three sessions read the same tokens: full attention, sinks + window,
and sinks + window + memory. The last `scored` tokens, all far beyond the window, are compared:
KL(full || ·) and the cross-entropy of the true next token, in nats per token.

Source: "Artificial Hippocampus Networks" (arXiv 2510.07318), section 4; every mean here has its
95 % interval over documents.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from ahn_runtime import Runtime
from evaluation.scoring import cross_entropy, half_interval, log_probabilities, mean
from ingest import open_document


@dataclass(frozen=True)
class Place:
    """One document under one window; nats per token."""

    document: str
    window: int
    full_entropy: float
    window_entropy: float
    memory_entropy: float
    window_divergence: float
    memory_divergence: float


@dataclass(frozen=True)
class Row:
    """One window over all documents: means, and half their 95 % intervals.

    `gain` is the divergence that the memory takes away: window minus memory, paired by document.
    """

    window: int
    documents: int
    full_entropy: float
    window_entropy: float
    memory_entropy: float
    window_divergence: float
    memory_divergence: float
    gain: float
    gain_plus_minus: float

    @property
    def gain_share(self) -> float:
        """The gain as a share of the window's divergence."""
        return self.gain / self.window_divergence if self.window_divergence else 0.0

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "gain_share": self.gain_share}


def measure(
    model: str,
    ahn: str | None,
    texts: Sequence[Path],
    windows: Sequence[int],
    sinks: int,
    length: int,
    scored: int,
) -> Iterator[Place]:
    """Yield a `Place` for each document and window.

    Args:
        model, ahn: as `Runtime.load` takes them; ahn "auto" is the preset's memory.
        length: tokens read of each document, from its middle; shorter ones are skipped.
        scored: the last so many of them are scored.

    Raises:
        ValueError: a window that leaves nothing beyond it.
    """
    for window in windows:
        if window + sinks > length - scored:
            raise ValueError(
                f"A window of {window} with {sinks} sinks leaves nothing beyond it in {length} "
                f"tokens of which {scored} are scored; take a smaller window or more tokens."
            )
    plain = Runtime.load(model, ahn=None, window=None, sinks=0)
    with_memory = Runtime.load(model, ahn=ahn, window=max(windows), sinks=sinks)
    for path in texts:
        ids = _middle(path, plain, length)
        if len(ids) < length:
            continue
        full = _foretold(plain, ids, scored)
        for window in windows:
            only = _foretold(plain.with_stream(window=window, sinks=sinks), ids, scored)
            both = _foretold(with_memory.with_stream(window=window, sinks=sinks), ids, scored)
            yield Place(
                path.name,
                window,
                *(cross_entropy(p, ids[-scored:]) for p in (full, only, both)),
                *(_divergence(full, p) for p in (only, both)),
            )


def summarise(places: Sequence[Place]) -> list[Row]:
    """One `Row` per window, the smallest first."""
    rows = []
    for window in sorted({place.window for place in places}):
        chosen = [place for place in places if place.window == window]
        gains = [p.window_divergence - p.memory_divergence for p in chosen]
        names = (
            "full_entropy",
            "window_entropy",
            "memory_entropy",
            "window_divergence",
            "memory_divergence",
        )
        means = {name: mean([getattr(p, name) for p in chosen]) for name in names}
        rows.append(
            Row(
                window,
                len(chosen),
                **means,
                gain=mean(gains),
                gain_plus_minus=half_interval(gains),
            )
        )
    return rows


def _middle(path: Path, runtime: Runtime, length: int) -> list[int]:
    ids: list[int] = []
    for segment in open_document(path).segments():
        ids.extend(runtime.tokenizer.encode(segment.text))
        if len(ids) >= 4 * length:
            break
    start = max(0, (len(ids) - length) // 2)
    return ids[start : start + length]


def _foretold(runtime: Runtime, ids: list[int], scored: int) -> Tensor:
    """Log-probabilities of the last `scored` tokens, [scored, vocab]."""
    session = runtime.session()
    session.feed(ids[:-scored], logits=None)
    return log_probabilities(session, ids[-scored:])


def _divergence(full: Tensor, other: Tensor) -> float:
    return float((full.exp() * (full - other)).sum(-1).mean())
