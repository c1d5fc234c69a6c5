"""The public benchmarks' released files as tasks: all sets that a folder has, or those named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from evaluation.released import BENCHMARKS, Benchmark
from evaluation.released.files import MissingBenchmarkFile
from evaluation.tasks.item import Item
from evaluation.tasks.local.files import MissingData
from evaluation.tasks.options import TaskOptions, sample


def released(name: str) -> Callable[[TaskOptions], list[Item]]:
    """What makes the items of a benchmark.

    Args:
        name: a key of `BENCHMARKS`.
    """
    benchmark = BENCHMARKS[name]

    def make(options: TaskOptions) -> list[Item]:
        folder = _folder(name, benchmark, options.data)
        unknown = set(options.sets) - set(benchmark.tasks)
        if unknown:
            raise ValueError(
                f"--sets takes names of {benchmark.title}'s sets ({', '.join(benchmark.tasks)}); "
                f"got {', '.join(sorted(unknown))}."
            )
        items: list[Item] = []
        for task in options.sets or benchmark.tasks:
            try:
                items += sample(list(benchmark.load(folder, task)), options)
            except MissingBenchmarkFile as missing:
                if options.sets:
                    raise
                reason = missing
        if not items:
            raise MissingData(f"No file of {benchmark.title} is in {folder}: {reason}")
        return items

    return make


def _folder(name: str, benchmark: Benchmark, data: Path | None) -> Path:
    """The folder itself, or the folder with the benchmark's name in it.

    Raises:
        MissingData: there is none.
    """
    if data is None or not data.is_dir():
        raise MissingData(
            f"{benchmark.title} needs its released files; name their folder with --data."
        )
    return data / name if (data / name).is_dir() else data
