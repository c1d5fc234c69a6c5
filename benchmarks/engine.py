"""Benchmark engines: an engine reads token ids, generates tokens and reports its memory.

Each engine runs in its own process, so that its memory is measured separately and the threads of
different libraries do not disturb each other. Only one engine works at a time.
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


class EngineFailed(ValueError):
    """An engine could not be started, or a command failed; the message names engine and cause."""


class Engine(ABC):
    """A model with a context that grows with every read."""

    @abstractmethod
    def read(self, ids: list[int]) -> None:
        """Read token ids after those read before."""

    @abstractmethod
    def answer(self, count: int) -> None:
        """Generate `count` tokens greedily, then restore the context from before."""

    @abstractmethod
    def cache_bytes(self) -> int:
        """Size of the context in bytes: keys, values and, with a memory, its state."""


Make = Callable[[dict[str, Any]], Engine]
"""Makes an engine from options."""


@dataclass(frozen=True)
class Memory:
    """Memory of an engine's process, in bytes.

    Args:
        resident: present resident memory.
        peak: highest resident memory so far.
        cache: size of the engine's context.
    """

    resident: int
    peak: int
    cache: int


class Worker:
    """An engine in its own process.

    Args:
        name: the engine's name in reports and messages.
        make: module-level function that makes the engine; called in the new process.
        options: the argument of `make`.

    Raises:
        EngineFailed: the engine could not be made.
    """

    def __init__(self, name: str, make: Make, options: dict[str, Any]) -> None:
        self.name = name
        context = multiprocessing.get_context("spawn")
        self._pipe, child_end = context.Pipe()
        arguments = (child_end, make, options)
        self._process = context.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        child_end.close()
        self._receive("start")

    def read(self, ids: list[int]) -> float:
        """Read token ids; returns the seconds it took.

        Raises:
            EngineFailed: the engine raised an error, or its process ended.
        """
        return float(self._call("read", ids))

    def answer(self, count: int) -> float:
        """Generate `count` tokens and restore the context; returns the seconds it took.

        Raises:
            EngineFailed: the engine raised an error, or its process ended.
        """
        return float(self._call("answer", count))

    def memory(self) -> Memory:
        """The memory of the engine's process.

        Raises:
            EngineFailed: the engine raised an error, or its process ended.
        """
        return Memory(*self._call("memory"))

    def close(self) -> None:
        """End the process; it is killed if it does not end within `STOP_SECONDS`."""
        self._pipe.close()
        self._process.join(STOP_SECONDS)
        if self._process.is_alive():
            self._process.kill()

    def _call(self, command: str, *arguments: Any) -> Any:
        try:
            self._pipe.send((command, *arguments))
        except OSError as error:
            raise self._process_ended(command) from error
        return self._receive(command)

    def _receive(self, command: str) -> Any:
        try:
            ok, value = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise self._process_ended(command) from error
        if not ok:
            raise EngineFailed(f"{self.name} failed to {command}: {value}")
        return value

    def _process_ended(self, command: str) -> EngineFailed:
        return EngineFailed(
            f"The process of {self.name} ended before it could {command}; it may have run out of "
            "memory."
        )


def _serve(pipe: Connection, make: Make, options: dict[str, Any]) -> None:
    """Main function of an engine's process: runs commands until the pipe is closed."""
    process, highest = psutil.Process(), 0
    try:
        engine = make(options)
        pipe.send((True, None))
    except Exception as error:  # sent to the process that started this one
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
                value = (resident, highest, engine.cache_bytes())
            else:
                getattr(engine, name)(*arguments)
                value = time.perf_counter() - began
            pipe.send((True, value))
        except Exception as error:
            traceback.print_exc()
            pipe.send((False, f"{type(error).__name__}: {error}"))


def _peak() -> int:
    """The process's highest resident memory in bytes; 0 if the system does not report it."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(kib) * 1024
