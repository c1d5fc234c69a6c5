"""What int8 loses: the predictions of a quantized model beside those of the same model in float32.

Both read the same tokens of each text in the same pieces. At every position KL(float32 || int8) is
measured, in nats, and whether both have the same first choice. The bar is the one that the tests
hold the shipped default to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from ahn_runtime import Runtime, Session
from evaluation.scoring import half_interval, mean
from evaluation.texts import middle
from evaluation.variants import Log

PIECE_TOKENS = 256
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
    exact: Runtime, int8: Runtime, texts: Sequence[Path], length: int, log: Log = lambda line: None
) -> Iterator[Loss]:
    """Yield the loss for each document; documents that are too short are skipped.

    Args:
        exact, int8: the same model, window and memory in float32 and int8.
        length: tokens read of each document, from its middle.
        log: receives progress messages.

    Raises:
        IngestError: a text cannot be read.
    """
    for path in texts:
        ids = middle(path, exact.tokenizer, length)
        if ids is None:
            log(f"{path.name}: shorter than {length:,} tokens, skipped")
            continue
        sessions = [runtime.session() for runtime in (exact, int8)]
        divergences: list[float] = []
        same: list[bool] = []
        for start in range(0, length, PIECE_TOKENS):
            piece = ids[start : min(start + PIECE_TOKENS, length)]
            log_p, log_q = (_predictions(session, piece) for session in sessions)
            divergences += (log_p.exp() * (log_p - log_q)).sum(-1).tolist()
            same += (log_p.argmax(-1) == log_q.argmax(-1)).tolist()
        loss = Loss(path.name, mean(divergences), mean([float(is_same) for is_same in same]))
        log(f"{path.name}: KL {loss.divergence:.4f}, same first choice {loss.same_choice:.1%}")
        yield loss


def _predictions(session: Session, piece: list[int]) -> Tensor:
    """Feed a piece of T tokens; the log-probabilities after each, float32 [T, vocabulary]."""
    logits = session.feed(piece, logits="all")
    assert logits is not None
    return logits.float().cpu().log_softmax(-1)


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
            f"| mean of {len(losses)} | {mean(kls):.4f} ± {half_interval(kls):.4f} "
            f"| {mean(shares):.1%} ± {half_interval(shares):.1%} |"
        )
    return "\n".join(lines)
