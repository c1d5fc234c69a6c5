"""Loaders of the public benchmarks' released files, from a local folder; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from evaluation.released import infinitebench, longbench, lveval, ruler
from evaluation.tasks.item import Item


@dataclass(frozen=True)
class Benchmark:
    """A benchmark whose released files can be loaded.

    Args:
        title: its name for people.
        tasks: names of its tasks, in its own order.
        load: yields the items of a task from a folder; `BenchmarkFileError` for a file or line that
            is missing, damaged or foreign.
    """

    title: str
    tasks: tuple[str, ...]
    load: Callable[[Path, str], Iterator[Item]]


BENCHMARKS = {
    "lveval": Benchmark("LV-Eval", tuple(lveval.TASKS), lveval.load),
    "infinitebench": Benchmark("InfiniteBench", tuple(infinitebench.TASKS), infinitebench.load),
    "longbench": Benchmark("LongBench", tuple(longbench.TASKS), longbench.load),
    "ruler": Benchmark("RULER", tuple(ruler.TASKS), ruler.load),
}
