"""Whoever takes part: reads token ids, answers some, and tells what it holds.

Each runs in a process of its own, so that memory is measured alone and one library's threads do not
stand in another's way; only one works at a time.
"""

from __future__ import annotations

import multiprocessing
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import psutil

STOP_SECONDS = 10.0


class ContestantFailed(ValueError):
    """A contestant could not be started or failed on the way; the message says which and why."""


class Contestant(ABC):
    """One way to read and answer."""

    @abstractmethod
    def read(self, ids: list[int]) -> None:
        """Read on."""

    @abstractmethod
    def answer(self, count: int) -> None:
        """Say `count` tokens greedily from here, then stand where it stood before."""

    @abstractmethod
    def cache_bytes(self) -> int:
        """Held for what was read: keys, values and what comes with them."""


Make = Callable[[dict[str, Any]], Contestant]


@dataclass(frozen=True)
class Memory:
    """Bytes of a contestant's process: now, at its highest, and of its cache."""

    resident: int
    peak: int
    cache: int


class Worker:
    """A contestant in its process.

    Args:
        name: as it is shown.
        make: module-level function that makes it, called in the process.
        options: given to `make`.

    Raises:
        ContestantFailed: it could not be made.
    """

    def __init__(self, name: str, make: Make, options: dict[str, Any]) -> None:
        self.name = name
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, make, options), daemon=True)
        self._process.start()
        theirs.close()
        self._call("ready")

    def read(self, ids: list[int]) -> float:
        """Seconds it took to read on."""
        return float(self._call("read", ids))

    def answer(self, count: int) -> float:
        """Seconds it took to say so many tokens."""
        return float(self._call("answer", count))

    def memory(self) -> Memory:
        """What its process holds."""
        return Memory(*self._call("memory"))

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join(STOP_SECONDS)
        if self._process.is_alive():
            self._process.kill()

    def _call(self, *command: Any) -> Any:
        try:
            if command[0] != "ready":
                self._pipe.send(command)
            ok, value = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise ContestantFailed(
                f"{self.name} died while it was to {command[0]}; it may have run out of memory."
            ) from error
        if not ok:
            raise ContestantFailed(f"{self.name} could not {command[0]}: {value}")
        return value


def _serve(pipe: Connection, make: Make, options: dict[str, Any]) -> None:
    """The process: one command after another until the pipe closes."""
    process, highest = psutil.Process(), 0
    try:
        contestant = make(options)
        pipe.send((True, None))
    except Exception as error:  # told to whoever started it
        pipe.send((False, f"{type(error).__name__}: {error}"))
        return
    while True:
        try:
            name, *arguments = pipe.recv()
        except EOFError:
            return
        try:
            began = time.perf_counter()
            value: Any = None
            if name == "memory":
                resident = process.memory_info().rss
                highest = max(highest, resident, _peak())
                value = (resident, highest, contestant.cache_bytes())
            else:
                getattr(contestant, name)(*arguments)
                value = time.perf_counter() - began
            pipe.send((True, value))
        except Exception as error:
            traceback.print_exc()
            pipe.send((False, f"{type(error).__name__}: {error}"))


def _peak() -> int:
    """The process's highest resident size, where the system tells."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(kib) * 1024
