"""Tasks under several variants of one model: what `evaluate TASK` and `evaluate all` run."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ahn_runtime import Runtime
from evaluation.answering.assistant import Assistant, Recall
from evaluation.answering.streamed import Streamed
from evaluation.answering.variant import AnsweringVariant
from evaluation.results.code_hash import ASSISTANT_CODE, MODEL_CODE, code_hash
from evaluation.results.result import Result
from evaluation.results.result_file import ResultFile
from evaluation.results.summary import Row, summarise
from evaluation.results.tables import tables
from evaluation.run import Batch, run_variant
from evaluation.tasks.local.files import MissingData
from evaluation.tasks.noise import NOISES, add_noise
from evaluation.tasks.options import TaskOptions
from evaluation.tasks.registry import TASKS, Task
from evaluation.variants import FULL, WINDOW, Log

NONE, MEMORY, RECALL = "none", "memory", "recall"
VARIANTS = (NONE, FULL, WINDOW, MEMORY, RECALL)
"""No text at all, full attention, the window alone, window and memory, and the assistant."""
WITH_MEMORY = (MEMORY, RECALL)
"""Variants of the model with its memory. They run first, so that a model without one is refused
before anything is answered."""
ALL = "all"
QUICK_GENERATED = (
    "passkey",
    "kv_retrieval",
    "niah_multikey",
    "niah_multivalue",
    "variable_tracking",
)
"""The generated tasks of "all" when it is to be quick: one of each kind."""
QUICK_LENGTH = 4096
QUICK_ITEMS = 2
QUICK_TEXT_TOKENS = 6144
"""Of texts that are not cut: of a data set with shorter ones, one of these is asked about."""
ANSWER_ROOM = 512
"""Positions that full attention leaves for question and answer."""

Load = Callable[[bool], Runtime]
"""Loads the model, with its memory (True) or without one."""
MakeAssistant = Callable[[Runtime], Assistant]


@dataclass(frozen=True)
class SuiteSettings:
    """What is evaluated.

    Args:
        tasks: names of tasks; "all" stands for all whose data is there.
        options: how their items are made.
        variants: names of variants, from `VARIANTS`.
        noises: kinds of noise, besides the texts as they are.
        full_tokens: of a text that full attention reads; None: as many as the model has positions.
        quick: two items of each task, from texts of about 4,096 tokens (of a data set, both from
            the same one), whatever `options` says; "all" then leaves out some generated tasks.
    """

    tasks: tuple[str, ...]
    options: TaskOptions
    variants: tuple[str, ...] = VARIANTS
    noises: tuple[str, ...] = ()
    full_tokens: int | None = None
    quick: bool = False

    def __post_init__(self) -> None:
        _check("--variants", self.variants, VARIANTS)
        _check("--noise", self.noises, NOISES)
        _check("evaluate", self.tasks, (*TASKS, ALL))

    @property
    def baseline(self) -> str:
        """The variant that the others are compared with."""
        return FULL if FULL in self.variants else self.variants[0]


def _check(option: str, given: Sequence[str], known: Sequence[str] | dict[str, Any]) -> None:
    for name in given:
        if name not in known:
            raise ValueError(f"{option} takes {', '.join(known)}; got {name!r}.")


class Suite:
    """Runs the variants one after another, over all items.

    Args:
        load: loads the model; called for each variant.
        assistant: makes the assistant of a model, for the variant "recall".
        folder: where finished answers and the tables are kept; None: nowhere.
        log: receives progress messages.

    Raises:
        ValueError: a task's data is damaged or missing, or a file has no questions.
    """

    def __init__(
        self,
        settings: SuiteSettings,
        load: Load,
        assistant: MakeAssistant,
        folder: Path | None,
        log: Log,
    ) -> None:
        self.settings, self._log, self._folder = settings, log, folder
        self._load, self._assistant = load, assistant
        self.batches = [batch for name in _names(settings) for batch in self._batches(TASKS[name])]
        if not self.batches:
            raise ValueError("No task is left to run; name the folder of its data with --data.")
        self.results: list[Result] = []

    def _batches(self, task: Task) -> list[Batch]:
        settings = self.settings
        options = settings.options
        if settings.quick:
            options = replace(
                options,
                items=QUICK_ITEMS,
                lengths=(QUICK_LENGTH,),
                one_text_tokens=QUICK_TEXT_TOKENS,
            )
        try:
            items = tuple(task.make(options))
        except MissingData as missing:
            if ALL not in settings.tasks:
                raise
            self._log(f"{task.name} is left out: {missing}")
            return []
        noisy = (
            Batch(task.name, kind, tuple(add_noise(items, kind, options.seed)))
            for kind in settings.noises
        )
        return [Batch(task.name, "", items), *noisy]

    def run(self) -> None:
        """Answer what is not answered yet; `results` has all answers afterwards.

        Raises:
            ValueError: the model has no memory, but the variant "memory" is wanted.
            AhnError, AppError, OSError: with the reason; what is finished is kept.
        """
        finished = ResultFile(self._folder / "answers.jsonl" if self._folder else None)
        by_variant = {}
        for name in sorted(VARIANTS, key=lambda name: name not in WITH_MEMORY):
            if name in self.settings.variants:
                variant, options = self._variant(name)
                by_variant[name] = run_variant(self.batches, variant, options, finished, self._log)
        ordered = [by_variant[name] for name in VARIANTS if name in by_variant]
        self.results = [result for results in zip(*ordered, strict=True) for result in results]
        if self._folder is not None:
            self._write(self._folder)

    def _variant(self, name: str) -> tuple[AnsweringVariant, dict[str, Any]]:
        """A variant, and what else its answers depend on."""
        runtime = self._load(name in WITH_MEMORY)
        if name == MEMORY and runtime.stream.cell is None:
            raise ValueError(
                f"{runtime.title} has no memory: name one with --ahn, or leave out "
                f"{MEMORY!r}, as in --variants {FULL},{WINDOW},{RECALL}."
            )
        options: dict[str, Any] = {"identity": runtime.identity, "code": code_hash(MODEL_CODE)}
        if name == RECALL:
            options["code"] = code_hash(ASSISTANT_CODE)
            return Recall(self._assistant(runtime), json.dumps(options)), options
        limit: int | None = None
        if name == NONE:
            limit = 0
        elif name == FULL:
            runtime = runtime.with_stream(window=None, sinks=0)
            positions = runtime.config.max_position_embeddings
            limit = self.settings.full_tokens or max(1, positions - ANSWER_ROOM)
            options |= {"identity": runtime.identity, "max_tokens": limit}
        return Streamed(name, runtime, limit), options

    @property
    def rows(self) -> list[Row]:
        """The summary of the results."""
        return summarise(self.results, self.settings.baseline)

    def tables(self) -> str:
        """The summary as Markdown."""
        return tables(self.rows, self.settings.baseline, with_groups=ALL not in self.settings.tasks)

    def as_dict(self) -> dict[str, Any]:
        """Settings and summary, for JSON."""
        settings, options = self.settings, self.settings.options
        return {
            "settings": {
                "tasks": list(settings.tasks),
                "variants": list(settings.variants),
                "noise": list(settings.noises),
                "items": options.items,
                "seed": options.seed,
                "lengths": list(options.lengths),
                "depths": list(options.depths),
                "sets": list(options.sets),
                "full_tokens": settings.full_tokens,
                "quick": settings.quick,
            },
            "rows": [row.as_dict() for row in self.rows],
        }

    def _write(self, folder: Path) -> None:
        name = "_".join(self.settings.tasks)
        text = json.dumps(self.as_dict(), indent=1) + "\n"
        (folder / f"{name}.json").write_text(text, "utf-8")
        (folder / f"{name}.md").write_text(self.tables() + "\n", "utf-8")


def _names(settings: SuiteSettings) -> list[str]:
    if ALL not in settings.tasks:
        return list(dict.fromkeys(settings.tasks))
    if not settings.quick:
        return list(TASKS)
    return [name for name, task in TASKS.items() if task.needs_data or name in QUICK_GENERATED]
