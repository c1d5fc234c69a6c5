"""RULER: needles, variables, frequent words and questions, as its scripts write them.

Each line of a file is a whole prompt of a chosen length. It is taken apart at the sentences that
its template has before and after the text, so that every way of holding the text can be asked.

Source: arXiv 2404.06654; templates, lengths of answers and rules from NVIDIA/RULER (Apache-2.0).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evaluation.released.files import Record, Source, find_file, records
from evaluation.tasks.item import CONTEXT, Item

URL = "https://github.com/NVIDIA/RULER"
LICENCE = "Apache-2.0"


@dataclass(frozen=True)
class Family:
    """Tasks with the same template.

    Args:
        before: pattern of the last sentence before the text.
        after: pattern of what begins behind the text.
        question: pattern of the question, its first group, behind the text.
        max_new_tokens: of an answer.
        metric: name of their metric.
    """

    before: str
    after: str
    question: str
    max_new_tokens: int
    metric: str = "ruler_all"


NEEDLES = Family(
    r"I will quiz you about the \w+ afterwards\.\n",
    r"\nWhat (?:are all|is) the special magic ",
    r"(What (?:are all|is) the special magic .*? mentioned in the provided text\?)",
    128,
)
VARIABLES = Family(
    r"Memorize and track the chain\(s\) of variable assignment hidden in the following text\.\n\n",
    r"\nQuestion: Find all variables that are assigned the value ",
    r"(Find all variables that are assigned the value .*? in the text above\.)",
    30,
)
COMMON_WORDS = Family(
    r"Memorize the ones that appear most often\.\n",
    r"\nQuestion: What are the \d+ most common words in the above list\?",
    r"(What are the \d+ most common words in the above list\?)",
    120,
)
FREQUENT_WORDS = Family(
    r"Find the three most frequently appeared coded words\. ",
    r"\nQuestion: Do not provide any explanation\.",
    r"(Do not provide any explanation\..*?coded text\?)",
    50,
)
QUESTIONS = Family(
    r"The following are given documents\.\n\n",
    r"\n\nAnswer the question based on the given documents\.",
    r"Question: (.*?)(?:\s*Answer:)?\s*$",
    32,
    "ruler_part",
)

TASKS = {
    "niah_single_1": NEEDLES,
    "niah_single_2": NEEDLES,
    "niah_single_3": NEEDLES,
    "niah_multikey_1": NEEDLES,
    "niah_multikey_2": NEEDLES,
    "niah_multikey_3": NEEDLES,
    "niah_multivalue": NEEDLES,
    "niah_multiquery": NEEDLES,
    "vt": VARIABLES,
    "cwe": COMMON_WORDS,
    "fwe": FREQUENT_WORDS,
    "qa_1": QUESTIONS,
    "qa_2": QUESTIONS,
}


def load(folder: Path, task: str) -> Iterator[Item]:
    """Yield a task's items, in the file's order.

    Args:
        folder: that RULER's prepare.py was given as --save_dir, with niah_single_1/validation.jsonl
            and so on.
        task: a key of `TASKS`.

    Raises:
        BenchmarkFileError: the file is missing, or a line is not RULER's.
    """
    source = Source("RULER", f"what scripts/data/prepare.py --task {task} writes", URL, LICENCE)
    names = (f"{task}/validation.jsonl", f"{task}/test.jsonl", f"{task}.jsonl")
    path = find_file(folder, names, source)
    for record in records(path, source):
        yield _item(task, record)


def _item(task: str, record: Record) -> Item:
    family = TASKS[task]
    written = record.filled_text("input")
    # Newer scripts write the beginning of the answer as a field of its own.
    if "answer_prefix" in record.fields:
        written += record.text("answer_prefix")
    begin, end = _text_in(written, family, task, record)
    question = re.search(family.question, written[end:], re.DOTALL)
    if question is None:
        raise record.refusal(f"has no question of {task} behind its text")
    return Item(
        id=f"ruler/{task}/{record.index}",
        documents=((f"{task} {record.index}", written[begin:end]),),
        question=question.group(1),
        prompt=written[:begin] + CONTEXT + written[end:],
        references=record.values("outputs"),
        choices=(),
        max_new_tokens=family.max_new_tokens,
        metric=family.metric,
    )


def _text_in(written: str, family: Family, task: str, record: Record) -> tuple[int, int]:
    """Where the text begins and ends; the last one, since worked examples may stand before it."""
    begins = [match.end() for match in re.finditer(family.before, written)]
    ends = [match.start() for match in re.finditer(family.after, written)]
    if not begins or not ends or begins[-1] >= ends[-1]:
        raise record.refusal(f"is not a prompt of {task}")
    return begins[-1], ends[-1]
