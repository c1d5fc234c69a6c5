"""The tasks by name. This module is light, for the command line lists its tasks in the help."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from evaluation.released import BENCHMARKS
from evaluation.tasks.generated import infinitebench
from evaluation.tasks.generated.ruler import RULER
from evaluation.tasks.item import Item
from evaluation.tasks.local.fairytaleqa import fairytaleqa, unanswerable
from evaluation.tasks.local.logs import logs
from evaluation.tasks.local.qmsum import qmsum
from evaluation.tasks.local.quality import quality
from evaluation.tasks.local.squality import squality
from evaluation.tasks.options import TaskOptions
from evaluation.tasks.released import released

Make = Callable[[TaskOptions], Iterable[Item]]


@dataclass(frozen=True)
class Task:
    """Questions of one kind.

    Args:
        name: as the command line takes it.
        make: makes the items.
        needs_data: whether they come from files, which --data names.
        summary: a line about it, for the help.
    """

    name: str
    make: Make
    needs_data: bool
    summary: str


def _task(name: str, make: Make, needs_data: bool) -> Task:
    summary = (make.__doc__ or "").strip().partition("\n")[0]
    return Task(name, make, needs_data, summary)


TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        _task("passkey", infinitebench.passkey, False),
        _task("number_string", infinitebench.number_string, False),
        _task("kv_retrieval", infinitebench.kv_retrieval, False),
        *(_task(name, make, False) for name, make in RULER.items()),
        _task("fairytaleqa", fairytaleqa, True),
        _task("quality", quality, True),
        _task("squality", squality, True),
        _task("qmsum", qmsum, True),
        _task("logs", logs, True),
        _task("unanswerable", unanswerable, True),
        *(
            Task(name, released(name), True, f"The released files of {benchmark.title}.")
            for name, benchmark in BENCHMARKS.items()
        ),
    )
}
