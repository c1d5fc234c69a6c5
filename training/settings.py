"""The options of a training."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from training.errors import TrainingError

MIN_LENGTH_TOKENS = 16
RECOMPUTE_ABOVE_TOKENS = 4096
CPU_POSITIONS = 192
"""Default number of scored positions on a CPU: with it, the output layer over a vocabulary of
151,936 takes a tenth of a step's time."""


@dataclass(frozen=True)
class TrainingSettings:
    """The options of a training, without those that load the model.

    Args:
        texts: files and folders of texts, and question files (.jsonl).
        length: L, tokens per sequence; 16 or more.
        steps: optimiser steps in total.
        batch: sequences per step, over all processes.
        learning_rate: the maximum, reached after the warm-up; falls to 0 as a cosine.
        warmup: share of the steps in which the learning rate rises, 0 to 1.
        weight_decay: weight decay of matrices; norms, biases and decays have none.
        clip: maximum norm of the gradient.
        windows: values of W to draw from; None for powers of two and the values halfway between,
            from L/8 to L.
        sinks: values of S to draw from, up to W/2; None for 0, 32, 64, 128 and so on.
        retained: per cent of W to draw from that a retained set takes instead; none without one.
        positions: scored positions per sequence, drawn at random; 0 for all beyond the window.
        made: share of the text sequences that are made into recall tasks, 0 to 1.
        seed: seed of every random choice.
        recompute: whether the backward pass recomputes activations instead of keeping them; None
            to recompute for sequences longer than 4,096 tokens.
        save_every: steps between two saves.

    Raises:
        TrainingError: an option is out of its range.
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
    retained: tuple[int, ...] = ()
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
        for share in self.retained:
            if not 0 <= share < 100:
                raise TrainingError(f"retained is a per cent of the window, 0 to 99; got {share}.")
        for window in self.windows or ():
            # At least the last eighth of a sequence is beyond the window.
            if not 1 <= window <= self.length - self.length // 8:
                raise TrainingError(
                    f"A window of {window} does not fit sequences of {self.length} tokens: take "
                    f"windows from 1 to {self.length - self.length // 8}, or a greater length."
                )

    @property
    def recomputes(self) -> bool:
        """Whether the backward pass recomputes activations."""
        if self.recompute is None:
            return self.length > RECOMPUTE_ABOVE_TOKENS
        return self.recompute

    def trajectory(self) -> dict[str, Any]:
        """The options that determine the result, JSON-ready; a resumed training must have the same.

        `texts` is left out because the content of the texts is compared instead (`Corpus.digest`);
        `recompute` and `save_every` because they do not change the result.
        """
        kept = asdict(self)
        for name in ("texts", "recompute", "save_every"):
            del kept[name]
        for name in ("windows", "sinks"):
            kept[name] = list(kept[name]) if kept[name] is not None else None
        if self.retained:
            kept["retained"] = list(self.retained)
        else:  # trainings saved by versions without retained sets do not have it
            del kept["retained"]
        return kept


def _at_least(name: str, value: float, least: int) -> None:
    if value < least:
        raise TrainingError(f"{name} must be {least} or more; got {value}.")
