"""InfiniteBench: 12 tasks over 44 thousand to 2 million tokens.

The prompts are those for open models, which leave the answer's first words open: the lengths of
answers are made for them. Options are chosen in words, as the benchmark scores them.

Source: arXiv 2402.13718; prompts, lengths of answers and rules from OpenBMB/InfiniteBench (MIT).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evaluation.released.files import Record, Source, find_file, records
from evaluation.released.prompts import filled, without_context
from evaluation.tasks.item import Item

URL = "https://huggingface.co/datasets/xinrongzhang2022/InfiniteBench"
LICENCE = "MIT"
CALL = re.compile(r"func_[0-9]+\(-?[0-9]+\)")
WANTED_NUMBER = re.compile(r"The .+ of")
LETTERS = "ABCD"
OPTIONS = "\n".join(f"{letter}. {{{letter}}}" for letter in LETTERS)


@dataclass(frozen=True)
class Task:
    """One of the tasks.

    Args:
        prompt: with `{context}` and the fields of its lines.
        max_new_tokens: of an answer.
        metric: name of its metric.
        asks: whether the field "input" alone is a question about the text.
        has_options: whether there are four options, of which one is right.
    """

    prompt: str
    max_new_tokens: int
    metric: str
    asks: bool = False
    has_options: bool = False


TASKS = {
    "passkey": Task(
        "There is an important info hidden inside a lot of irrelevant text. Find it and memorize "
        "it. I will quiz you about the important information.\n\n{context}\n\n{input}\n\n"
        "The pass key is",
        6,
        "infinitebench_first_digits",
        asks=True,
    ),
    "number_string": Task(
        "There is an important info hidden inside a lot of irrelevant text. Find it. I will quiz "
        "you about the important information there.\n\n{context}\n\n{input}\n\n"
        "The sequence of digits is",
        12,
        "infinitebench_first_digits",
        asks=True,
    ),
    "kv_retrieval": Task(
        "Extract the value corresponding to the specified key in the JSON object below.\n\n"
        "{context}\n\n{input}",
        50,
        "infinitebench_words",
        asks=True,
    ),
    "longbook_sum_eng": Task(
        "Summarize the book below.\n\n{context}\n\nSummary:", 1200, "rouge_lsum"
    ),
    "longbook_choice_eng": Task(
        f"Read the book and answer the question.\n\n{{context}}\n\nQuestion: {{input}}\n{OPTIONS}"
        "\n\nThe letter of the correct answer is",
        40,
        "infinitebench_option",
        has_options=True,
    ),
    "longbook_qa_eng": Task(
        "Read the book and answer the question. Be very concise in your answer.\n\n{context}\n\n"
        "Question: {input}\nAnswer:",
        40,
        "token_f1",
        asks=True,
    ),
    "longbook_qa_chn": Task(
        "阅读以下书籍然后回答问题。\n\n{context}\n\n问题：{input}\n答案：",
        40,
        "character_f1",
        asks=True,
    ),
    "longdialogue_qa_eng": Task(
        "Below is a dialogue script where one random occurrence of a character name is replaced "
        'with "$$MASK$$", and you should try to guess who that character is.\n\n{context}\n\n'
        "The name that has been replaced with $$MASK$$ is likely",
        40,
        "infinitebench_first_label",
    ),
    "math_find": Task("{prefix}\n\n{context}\n\n{input}", 3, "infinitebench_first_number"),
    "math_calc": Task(
        "Let us calculate the intermediate values of an expression.\n\n"
        "Expression: 1 + 3 + 4\nValues: [1, 4, 8]\n\n"
        "Expression: 8 - 3 + 2 - 4\nValues: [8, 5, 7, 3]\n\n"
        "Expression: {context}\nValues:",
        30_000,
        "infinitebench_leading_values",
    ),
    "code_run": Task(
        "There is a function called {func} in the following Python code.\n\n{context}\n\n"
        "Please compute the exact value of {func_call}. The value of {func_call} is",
        5,
        "infinitebench_last_word",
    ),
    "code_debug": Task(
        "Following is a Python code where exactly one of the functions/methods has a deliberate "
        f"error that makes it crash.\n\n{{context}}\n\nOptions:\n{OPTIONS}\n\n"
        "The correct option is:",
        5,
        "infinitebench_function",
        has_options=True,
    ),
}


def load(folder: Path, task: str) -> Iterator[Item]:
    """Yield a task's items, in the file's order.

    Args:
        folder: with passkey.jsonl, kv_retrieval.jsonl and so on.
        task: a key of `TASKS`.

    Raises:
        BenchmarkFileError: the file is missing, or a line is not InfiniteBench's.
    """
    source = Source("InfiniteBench", f"{task}.jsonl", URL, LICENCE)
    path = find_file(folder, (f"{task}.jsonl",), source)
    for record in records(path, source):
        yield _item(task, record)


def _item(name: str, record: Record) -> Item:
    task = TASKS[name]
    prompt = filled(task.prompt, **_fields(name, record))
    return Item(
        id=f"infinitebench/{name}/{record.index}",
        documents=((f"{name} {record.index}", record.filled_text("context")),),
        question=record.text("input") if task.asks else without_context(prompt),
        prompt=prompt,
        references=_right_option(record) if task.has_options else record.values("answer"),
        choices=(),
        max_new_tokens=task.max_new_tokens,
        metric=task.metric,
    )


def _fields(name: str, record: Record) -> dict[str, str]:
    """What fills the prompt's places, beside the text."""
    fields = {"input": record.filled_text("input") if TASKS[name].asks else record.text("input")}
    if name == "math_find":
        wanted = WANTED_NUMBER.search(fields["input"])
        if wanted is None:
            raise record.refusal('names no number such as "The largest number of" in its "input"')
        number = wanted.group().lower().removesuffix(" of")
        fields["prefix"] = f"What is {number} in the following list?"
    if name == "code_run":
        call = CALL.search(fields["input"])
        if call is None:
            raise record.refusal('calls no function such as "func_1(2)" in its "input"')
        fields |= {"func": call.group().partition("(")[0], "func_call": call.group()}
    if TASKS[name].has_options:
        fields |= dict(zip(LETTERS, _options(record), strict=True))
    return fields


def _options(record: Record) -> tuple[str, ...]:
    options = record.values("options")
    if len(options) != len(LETTERS):
        raise record.refusal(f'has {len(options)} "options" instead of {len(LETTERS)}')
    return options


def _right_option(record: Record) -> tuple[str, ...]:
    """The right option's text and its letter, which some lines have beside it."""
    options, answer = _options(record), record.values("answer")
    if answer[0] not in options:
        raise record.refusal('has an "answer" that is none of its "options"')
    return answer[0], LETTERS[options.index(answer[0])]
