"""Questions about single lines of logs.

The file qa.json is a list of {"file", "line", "question", "answer"}; the logs are beside it. Each
log is read alone, from its beginning; with a length, only its first lines are read, and the
questions about later ones are left out.
"""

from __future__ import annotations

import json

from evaluation.tasks.item import Item
from evaluation.tasks.local.files import as_object, find_file, read_text, text_of
from evaluation.tasks.options import Encode, TaskOptions, sample

PATTERNS = ("qa.json",)
SOURCE = "your own logs: write a list of objects with file, line, question and answer"
METRIC = "contains_answer"
MAX_NEW_TOKENS = 48


def logs(options: TaskOptions) -> list[Item]:
    """One item for each question whose line is within the length.

    Raises:
        ValueError: a file is missing or malformed.
        OSError: a file cannot be opened.
    """
    path = find_file(options.data, "logs", PATTERNS, SOURCE)
    try:
        raw = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not JSON ({error}).") from error
    if not isinstance(raw, list):
        raise ValueError(f"{path} is not a list of questions; is this a file of another data set?")
    kept: dict[str, list[str]] = {}
    items = []
    for number, entry in enumerate(raw):
        where = f"{path}, question {number + 1}"
        question = as_object(entry, where)
        name, line = text_of(question, "file", where), question.get("line")
        if not isinstance(line, int):
            raise ValueError(f"{where} has no number 'line'.")
        if name not in kept:
            lines = read_text(path.parent / name).splitlines(keepends=True)
            kept[name] = _first(lines, options.lengths[:1], options.encode)
        if line > len(kept[name]):
            continue
        items.append(
            Item(
                id=f"{name}/{number}",
                documents=((name, "".join(kept[name])),),
                question=text_of(question, "question", where),
                prompt="",
                references=(text_of(question, "answer", where),),
                choices=(),
                max_new_tokens=MAX_NEW_TOKENS,
                metric=METRIC,
            )
        )
    return sample(items, options)


def _first(lines: list[str], length: tuple[int, ...], encode: Encode) -> list[str]:
    """The first lines, with at most `length` tokens; all of them without a length."""
    if not length:
        return lines
    left = length[0]
    for number, line in enumerate(lines):
        left -= len(encode(line))
        if left < 0:
            return lines[:number]
    return lines
