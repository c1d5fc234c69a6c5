"""Threads that take one step after another."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence


class StepThreads:
    """Daemon threads, each of which takes steps until there are none to wait for.

    Args:
        names: of the threads; there are as many as names.
        wait: blocks until there may be something to do; returns False to end the thread.
        step: does one piece of work, if there still is one.
    """

    def __init__(
        self, names: Sequence[str], wait: Callable[[], bool], step: Callable[[], object]
    ) -> None:
        self._wait, self._step = wait, step
        self._threads = [
            threading.Thread(target=self._run, name=f"ammon-{name}", daemon=True) for name in names
        ]

    def start(self) -> None:
        """Start the threads.

        Raises:
            RuntimeError: they were started before.
        """
        for thread in self._threads:
            thread.start()

    def join(self, timeout_s: float) -> bool:
        """Wait for each of them to end, for `timeout_s` at most; True if all have ended.

        Threads that were never started count as ended.
        """
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout_s)
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        while self._wait():
            self._step()
