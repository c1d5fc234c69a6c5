"""Questions about single lines of logs.

The file qa.json is a list of {"file", "line", "question", "answer"}, with lines counted from 1; the
logs are beside it. Each log is read whole; with a length, an excerpt of so many tokens, in which
the line is at a random depth.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random

from evaluation.tasks.item import Item
from evaluation.tasks.local.files import as_object, find_file, read_text, text_of
from evaluation.tasks.options import Encode, TaskOptions, sample

PATTERNS = ("qa.json",)
SOURCE = "your own logs: write a list of objects with file, line, question and answer"
METRIC = "substring_match"
MAX_NEW_TOKENS = 48


def logs(options: TaskOptions) -> list[Item]:
    """Questions about single lines of logs: one item for each.

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
    logs_read: dict[str, list[str]] = {}
    items = []
    for number, entry in enumerate(raw):
        where = f"{path}, question {number + 1}"
        question = as_object(entry, where)
        name, line = text_of(question, "file", where), question.get("line")
        if name not in logs_read:
            logs_read[name] = read_text(path.parent / name).splitlines(keepends=True)
        lines: Sequence[str] = logs_read[name]
        if not isinstance(line, int) or not 1 <= line <= len(lines):
            raise ValueError(f"{where} has no 'line' that {name} has.")
        if options.lengths:
            rng = Random(f"{options.seed}/{name}/{line}")
            lines = _around(lines, line - 1, options.lengths[0], options.encode, rng.random())
        items.append(
            Item(
                id=f"{name}/{number}",
                documents=((name, "".join(lines)),),
                question=text_of(question, "question", where),
                prompt="",
                references=(text_of(question, "answer", where),),
                choices=(),
                max_new_tokens=MAX_NEW_TOKENS,
                metric=METRIC,
            )
        )
    return sample(items, options)


def _around(
    lines: Sequence[str], at: int, tokens: int, encode: Encode, depth: float
) -> Sequence[str]:
    """An excerpt with the line of index `at`: about `tokens` tokens, `depth` of them before it."""
    start, left = at, tokens * depth
    while start > 0 and (left := left - len(encode(lines[start - 1]))) > 0:
        start -= 1
    end, left = at + 1, tokens * (1 - depth)
    while end < len(lines) and (left := left - len(encode(lines[end]))) > 0:
        end += 1
    return lines[start:end]
