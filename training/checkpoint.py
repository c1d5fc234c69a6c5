"""A half-done training on disk: tensors in one safetensors file, all else in one JSON.

The tensors of each save go to a file of their own; the JSON that names it is replaced last. So
whenever the process dies, the JSON stands beside the very tensors it was written for. Nothing is
pickled. There is no random state: everything drawn is a function of the seed and the step.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from training.atomic import write_atomically
from training.errors import TrainingError

FORMAT_VERSION = 1
INDEX_NAME = "state.json"
TENSORS_GLOB = "state-*.safetensors"


@dataclass(frozen=True)
class TrainingState:
    """Where a training stands.

    Args:
        steps_done: optimiser steps made.
        next_example: number of the first example that was not used; the place in the data.
        origin: what the result depends on: options, data, base, first memory. A training goes on
            only where this is the same.
        tensors: parameters and optimiser moments, by name.
    """

    steps_done: int
    next_example: int
    origin: dict[str, Any]
    tensors: dict[str, Tensor]


def save_state(directory: Path, state: TrainingState) -> None:
    """Write a state, then drop the one before it."""
    directory.mkdir(parents=True, exist_ok=True)
    data = save({name: t.detach().cpu().contiguous() for name, t in state.tensors.items()})
    name = f"state-{state.steps_done:08d}.safetensors"
    write_atomically(directory / name, data)
    index = {
        "format": "ammon-training",
        "format_version": FORMAT_VERSION,
        "steps_done": state.steps_done,
        "next_example": state.next_example,
        "origin": state.origin,
        "tensors": name,
        "tensors_sha256": hashlib.sha256(data).hexdigest(),
    }
    write_atomically(directory / INDEX_NAME, (json.dumps(index, indent=2) + "\n").encode())
    for old in directory.glob(TENSORS_GLOB):
        if old.name != name:
            old.unlink()


def load_state(directory: Path, origin: Mapping[str, Any]) -> TrainingState | None:
    """The state saved in a directory, or None where there is none.

    Raises:
        TrainingError: it is damaged, of a newer program, or of another training than `origin`.
    """
    path = directory / INDEX_NAME
    if not path.is_file():
        return None
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
        if index["format_version"] > FORMAT_VERSION:
            raise TrainingError(f"{path} was written by a newer Ammon: update this one.")
        _check_origin(index["origin"], origin, directory)
        data = (directory / index["tensors"]).read_bytes()
        if hashlib.sha256(data).hexdigest() != index["tensors_sha256"]:
            raise TrainingError(f"{directory / index['tensors']} is damaged.{_REMEDY}")
        steps, example = int(index["steps_done"]), int(index["next_example"])
        return TrainingState(steps, example, dict(index["origin"]), load(data))
    except TrainingError:
        raise
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrainingError(f"The training saved in {directory} is damaged.{_REMEDY}") from error


_REMEDY = " Delete that folder to start anew, or choose another --output."


def _check_origin(saved: Mapping[str, Any], origin: Mapping[str, Any], directory: Path) -> None:
    for key, ours in origin.items():
        theirs = saved.get(key)
        if theirs != ours:
            raise TrainingError(
                f"{directory} holds a training with {key} {theirs!r}, but {key} is {ours!r} now: "
                "repeat its options and texts to go on with it, or choose another --output."
            )
