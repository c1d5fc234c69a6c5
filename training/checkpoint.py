"""The saved state of an unfinished training: tensors in a safetensors file, the rest in JSON.

Each save writes its tensors to a new file, then replaces the JSON file that names it. So after a
crash at any moment the JSON file names a complete tensor file that belongs to it. Nothing is
pickled. No random state is saved: every random choice is a function of the seed and the step.
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
    """The progress of a training.

    Args:
        steps_done: completed optimiser steps.
        next_example: index of the first example that was not used.
        origin: what the result depends on: options, data, base model, first memory; JSON-ready. A
            training resumes only if its origin is equal to the saved one.
        tensors: parameters and optimiser moments, by name.
    """

    steps_done: int
    next_example: int
    origin: dict[str, Any]
    tensors: dict[str, Tensor]


def save_state(directory: Path, state: TrainingState) -> None:
    """Write a state, then delete the previous one.

    Args:
        directory: created if it does not exist.

    Raises:
        OSError: the directory cannot be written.
    """
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
    """Read the state saved in a directory.

    Args:
        origin: what the training's result depends on; compared with the saved one, key by key.

    Returns:
        The state, or None if the directory holds none.

    Raises:
        TrainingError: the state is damaged, was written by a newer program, or belongs to a
            training with another `origin`.
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


_REMEDY = " Delete that folder to start again from the first step, or choose another --output."


def _check_origin(saved: Mapping[str, Any], origin: Mapping[str, Any], directory: Path) -> None:
    for key in dict.fromkeys((*origin, *saved)):
        previous, current = saved.get(key), origin.get(key)
        if previous != current:
            raise TrainingError(
                f"{directory} holds a training with {key} {previous!r}, but {key} is {current!r} "
                "now: use the saved training's options and texts to resume it, or choose another "
                "--output."
            )
