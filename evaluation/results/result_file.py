"""Finished answers in a JSON Lines file, so that a killed evaluation loses at most one of them.

A line is written and synced when its answer is scored. A torn last line, or any other that cannot
be read, is ignored: its item is answered again. Lines of other options, models or versions of the
code stay in the file and are not used.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from evaluation.results.result import Result
from evaluation.tasks.item import Item


def fingerprint_of(
    task: str, noise: str, variant: str, options: Mapping[str, Any], item: Item
) -> str:
    """A hash that changes with anything that could change an answer or its score.

    Args:
        options: of the variant: model, weights, window, code; as JSON takes them.
    """
    said = [task, noise, variant, dict(options), asdict(item)]
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


class ResultFile:
    """The finished answers of a file.

    Args:
        path: of the file; None keeps them in memory only.

    Raises:
        OSError: the file cannot be read or its folder cannot be made.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._results: dict[str, Result] = {}
        self._is_torn = False
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():
                self._load(path.read_bytes())

    def _load(self, content: bytes) -> None:
        for line in content.splitlines():
            try:
                result = Result.from_dict(json.loads(line))
            except (ValueError, KeyError, TypeError):
                continue
            self._results[result.fingerprint] = result
        self._is_torn = bool(content) and not content.endswith(b"\n")

    def __len__(self) -> int:
        return len(self._results)

    def find(self, fingerprint: str) -> Result | None:
        """The finished answer of this fingerprint."""
        return self._results.get(fingerprint)

    def add(self, result: Result) -> None:
        """Keep an answer: it is on disk when this returns.

        Raises:
            OSError: it cannot be written.
        """
        self._results[result.fingerprint] = result
        if self._path is None:
            return
        line = json.dumps(result.as_dict()).encode() + b"\n"
        with self._path.open("ab") as file:
            file.write(b"\n" + line if self._is_torn else line)
            file.flush()
            os.fsync(file.fileno())
        self._is_torn = False
