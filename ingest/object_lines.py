"""JSON Lines data sets: an object in each line, read as data, with errors that name the line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class BadLine(ValueError):
    """A line that holds no JSON object.

    Args:
        path, number: where it is; lines count from 1.
        fault: what is wrong, to be read after the line's number: "is not JSON".
    """

    def __init__(self, path: Path, number: int, fault: str) -> None:
        super().__init__(f"{path}, line {number} {fault}")
        self.number, self.fault = number, fault


def read_objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the number and the object of each line, as they are read; blank lines are passed over.

    Raises:
        BadLine: a line is not UTF-8, not JSON, or no object.
        OSError: the file cannot be read.
    """
    # In bytes, since only a line feed ends an object: texts may hold other line separators.
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield number, _object(path, number, line)


def _object(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
    except UnicodeDecodeError as error:
        raise BadLine(path, number, "is not UTF-8 text") from error
    except (ValueError, RecursionError) as error:
        raise BadLine(path, number, "is not JSON") from error
    if not isinstance(found, dict):
        raise BadLine(path, number, "is not a JSON object")
    return found
