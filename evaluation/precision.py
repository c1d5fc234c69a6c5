"""What int8 loses: the predictions of a quantized model beside those of the same model in float32.

Both read the same tokens of each text in the same pieces. At the last positions of each piece
KL(float32 || int8) is measured, in nats, and whether both have the same first choice. The bar is
the one that the tests hold the shipped default to.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ahn_runtime import Runtime
from ahn_runtime.backends.cpu.int8_linear import INT8
from evaluation.scoring import half_interval, mean, with_interval
from evaluation.texts import middle
from evaluation.variants import Log

Load = Callable[[str | None], Runtime]
PIECE_TOKENS = 256
SCORED_TOKENS = 64
"""Scored positions at the end of each piece; all would take four times the time and the disk."""
MAX_DIVERGENCE = 0.02
"""The bar: mean KL(float32 || int8) of a text, in nats."""
MIN_SAME_CHOICE = 0.92
"""The bar: share of a text's positions at which both have the same first choice."""


@dataclass(frozen=True)
class Loss:
    """One document.

    Args:
        document: name of the file.
        divergence: mean KL(float32 || int8) over all positions, in nats.
        same_choice: share of the positions with the same first choice, 0 to 1.
    """

    document: str
    divergence: float
    same_choice: float

    def __str__(self) -> str:
        shares = f"KL {self.divergence:.4f}, same first choice {self.same_choice:.1%}"
        return f"{self.document}: {shares}"

    @property
    def is_within(self) -> bool:
        """Whether the loss is within the bar."""
        return self.divergence <= MAX_DIVERGENCE and self.same_choice >= MIN_SAME_CHOICE

    def as_dict(self) -> dict[str, Any]:
        """The loss for JSON."""
        return {
            "document": self.document,
            "kl": self.divergence,
            "same_choice": self.same_choice,
            "within": self.is_within,
        }


def measure(
    load: Load, texts: Sequence[Path], length: int, log: Log = lambda line: None
) -> list[Loss]:
    """The loss for each document; documents that are too short are skipped.

    The float32 model is dropped before the int8 one is loaded, and its predictions wait on disk: a
    machine needs memory for one of them only.

    Args:
        load: makes the model, exact with None, with "int8" quantized; the rest of it is the same.
        texts: files of the documents.
        length: tokens read of each document, from its middle.
        log: receives progress messages.

    Raises:
        IngestError: a text cannot be read.
    """
    exact = load(None)
    readings: list[tuple[str, list[int], Path]] = []
    with tempfile.TemporaryDirectory() as folder:
        for path in texts:
            ids = middle(path, exact.tokenizer, length)
            if ids is None:
                log(f"{path.name}: shorter than {length:,} tokens, skipped")
                continue
            kept = Path(folder) / f"{len(readings)}.npy"
            np.save(kept, np.concatenate(list(_predictions(exact, ids))))
            readings.append((path.name, ids, kept))
            log(f"{path.name}: read in float32")
        del exact
        int8 = load(INT8) if readings else None
        losses = []
        for name, ids, kept in readings:
            assert int8 is not None
            losses.append(_loss(name, np.load(kept, mmap_mode="r"), _predictions(int8, ids)))
            log(str(losses[-1]))
    return losses


def _predictions(runtime: Runtime, ids: list[int]) -> Iterator[np.ndarray]:
    """Log-probabilities at the end of each piece of a text, float32 [T, vocabulary]."""
    session, unscored = runtime.session(), PIECE_TOKENS - SCORED_TOKENS
    for start in range(0, len(ids) - PIECE_TOKENS + 1, PIECE_TOKENS):
        session.feed(ids[start : start + unscored], logits=None)
        logits = session.feed(ids[start + unscored : start + PIECE_TOKENS], logits="all")
        assert logits is not None
        yield logits.float().cpu().log_softmax(-1).numpy()


def _loss(name: str, exact: np.ndarray, int8: Iterator[np.ndarray]) -> Loss:
    """The loss of one document.

    Args:
        exact: log-probabilities of the float32 model at all scored positions, [T, vocabulary].
        int8: those of the quantized model, in pieces.
    """
    divergences: list[float] = []
    same: list[float] = []
    for log_q in int8:
        log_p = np.asarray(exact[len(same) : len(same) + len(log_q)])
        divergences += (np.exp(log_p) * (log_p - log_q)).sum(-1).tolist()
        same += (log_p.argmax(-1) == log_q.argmax(-1)).astype(float).tolist()
    return Loss(name, mean(divergences), mean(same))


def table(losses: Sequence[Loss]) -> str:
    """Markdown: a line for each document, and their mean with its 95 % interval."""
    lines = [
        "| document | KL(float32 \\|\\| int8), nats | same first choice |",
        "| --- | --- | --- |",
    ]
    lines += [f"| {x.document} | {x.divergence:.4f} | {x.same_choice:.1%} |" for x in losses]
    kls, shares = [x.divergence for x in losses], [x.same_choice for x in losses]
    if len(losses) > 1:
        lines.append(
            f"| mean of {len(losses)} | {with_interval(mean(kls), half_interval(kls), '.4f')} "
            f"| {with_interval(mean(shares), half_interval(shares), '.1%')} |"
        )
    return "\n".join(lines)
