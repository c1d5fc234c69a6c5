"""What a training is asked to do; one frozen object, written beside its state."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from training.errors import TrainingError

MIN_LENGTH_TOKENS = 16
RECOMPUTE_ABOVE_TOKENS = 4096
CPU_POSITIONS = 192
"""The output layer over a vocabulary of 151,936 is a tenth of a CPU's step at this many."""


@dataclass(frozen=True)
class TrainingSettings:
    """Options of a training; the model is loaded apart.

    Args:
        texts: files and folders of texts, and question files (.jsonl).
        length: L, tokens of a sequence.
        steps: optimiser steps in all.
        batch: sequences per step, over all devices.
        learning_rate: the highest; reached after the warm-up, falls as a cosine to 0.
        warmup: share of the steps in which it rises.
        weight_decay: of matrices; norms, biases and decays have none.
        clip: highest norm of the gradient.
        windows: W to draw from; None: powers of two and halfway between, from L/8 to L.
        sinks: S to draw from, up to W/2; None: 0, 32, 64, 128 and so on.
        positions: scored positions per sequence, drawn at random; 0: all beyond the window.
        made: share of text sequences that become a recall task.
        seed: of everything that is drawn.
        recompute: give up activations and compute them again in the backward pass; None: only
            for sequences longer than 4,096 tokens.
        save_every: steps between two saves.
    """

    texts: tuple[Path, ...]
    length: int = 1024
    steps: int = 700
    batch: int = 1
    learning_rate: float = 1e-4
    warmup: float = 0.1
    weight_decay: float = 0.01
    clip: float = 1.0
    windows: tuple[int, ...] | None = None
    sinks: tuple[int, ...] | None = None
    positions: int = CPU_POSITIONS
    made: float = 0.25
    seed: int = 0
    recompute: bool | None = None
    save_every: int = 10

    def __post_init__(self) -> None:
        if not self.texts:
            raise TrainingError("There is nothing to train on: name text files or folders.")
        _at_least("length", self.length, MIN_LENGTH_TOKENS)
        for name in ("steps", "batch", "save_every"):
            _at_least(name, getattr(self, name), 1)
        for name in ("positions", "weight_decay"):
            _at_least(name, getattr(self, name), 0)
        for name in ("learning_rate", "clip"):
            if not getattr(self, name) > 0:
                raise TrainingError(f"{name} must be above 0; got {getattr(self, name)}.")
        for name in ("warmup", "made"):
            if not 0 <= getattr(self, name) <= 1:
                raise TrainingError(f"{name} is a share from 0 to 1; got {getattr(self, name)}.")
        for sinks in self.sinks or ():
            _at_least("sinks", sinks, 0)
        for window in self.windows or ():
            # The last eighth of a sequence at least lies beyond window and sinks.
            if not 1 <= window <= self.length - self.length // 8:
                raise TrainingError(
                    f"A window of {window} does not fit sequences of {self.length} tokens: take "
                    f"windows from 1 to {self.length - self.length // 8}, or a greater length."
                )

    @property
    def recomputes(self) -> bool:
        """Whether activations are computed again in the backward pass."""
        if self.recompute is None:
            return self.length > RECOMPUTE_ABOVE_TOKENS
        return self.recompute

    def trajectory(self) -> dict[str, Any]:
        """The options that decide the result, JSON-ready: a resumed training must agree on them.

        The texts count by their content, which is hashed elsewhere; recomputing and saving do not
        change a bit.
        """
        kept = asdict(self)
        for name in ("texts", "recompute", "save_every"):
            del kept[name]
        for name in ("windows", "sinks"):
            kept[name] = list(kept[name]) if kept[name] is not None else None
        return kept


def _at_least(name: str, value: float, least: int) -> None:
    if value < least:
        raise TrainingError(f"{name} must be {least} or more; got {value}.")
