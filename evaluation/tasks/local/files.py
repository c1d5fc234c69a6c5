"""Files of data sets: found in a folder, and read with errors that name the line.

Every function raises `ValueError` with a sentence that says what is wrong where.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ingest.object_lines import BadLine, read_objects

ANY_JSON_LINES = "*.jsonl"
"""Only in a folder that is named like the task; elsewhere it would be the file of another one."""
PREFERRED = ("val", "dev", "test", "train")
"""Which part of a data set is taken if a folder has several."""


class MissingData(ValueError):
    """The data of a task is not there; the message says where it comes from."""


def find_file(data: Path | None, folder: str, patterns: Sequence[str], source: str) -> Path:
    """The file of a data set.

    Args:
        data: the file itself, its folder, or a folder that has it in the folder `folder`.
        patterns: what the file may be called, best first.
        source: where it comes from, for the error.

    Raises:
        MissingData: there is no such file.
    """
    if data is not None and data.is_file():
        return data
    places = [] if data is None else [data / folder, data]
    for place in places:
        is_own = place.resolve().name.startswith(folder)
        for pattern in patterns:
            if pattern == ANY_JSON_LINES and not is_own:
                continue
            found = sorted(place.glob(pattern), key=_preference)
            if found:
                return found[0]
    where = "Name its folder with --data" if data is None else f"There is none below {data}"
    raise MissingData(
        f"The file {patterns[0]} is missing. {where}; it comes from {source}, and is looked for in "
        f"the folder that --data names, and in {folder}/ below that."
    )


def _preference(path: Path) -> tuple[int, str]:
    ranks = (i for i, part in enumerate(PREFERRED) if part in path.name)
    return next(ranks, len(PREFERRED)), path.name


def read_text(path: Path) -> str:
    """The text of a file in UTF-8.

    Raises:
        OSError: it cannot be opened.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text; get the file again.") from error


def read_json_lines(path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """The objects of a JSON Lines file, each with where it stands, for errors.

    Raises:
        OSError: the file cannot be opened.
    """
    is_empty = True
    try:
        for number, found in read_objects(path):
            is_empty = False
            yield found, f"{path}, line {number}"
    except BadLine as error:
        raise ValueError(
            f"{error}; get the file again, or is it one of another data set?"
        ) from error
    if is_empty:
        raise ValueError(f"{path} is empty; get the file again.")


def as_object(raw: Any, where: str) -> dict[str, Any]:
    """A value that has to be a JSON object."""
    if not isinstance(raw, dict):
        raise ValueError(f"{where} is not a JSON object; is this a file of another data set?")
    return raw


def text_of(raw: dict[str, Any], key: str, where: str) -> str:
    """A field that has to be a text with something in it."""
    value = raw.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{where} has no text {key!r}; is this a file of another data set?")
    return value


def texts_of(raw: dict[str, Any], key: str, where: str) -> tuple[str, ...]:
    """A field that has to be a list of texts, at least one."""
    value = raw.get(key)
    is_texts = isinstance(value, list) and value and all(isinstance(v, str) for v in value)
    if not is_texts:
        raise ValueError(f"{where} has no texts {key!r}; is this a file of another data set?")
    return tuple(value or ())


def objects_of(raw: dict[str, Any], key: str, where: str) -> list[dict[str, Any]]:
    """A field that has to be a list of objects; it may be empty."""
    value = raw.get(key)
    if not isinstance(value, list):
        raise ValueError(f"{where} has no list {key!r}; is this a file of another data set?")
    return [as_object(entry, f"{where}, {key}") for entry in value]
