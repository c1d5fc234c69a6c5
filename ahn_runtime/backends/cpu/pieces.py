"""Work in pieces that free threads take, and blocks of tokens whose pieces each use one thread.

Torch shares every product among its threads in equal parts, and its threads spin while they wait
for the next. While another program uses a core, the thread there spends its share of that core
spinning, and each product waits for it. A block in pieces waits three or four times a layer, never
spins, and never waits for a thread that has begun nothing.
"""

from __future__ import annotations

import ctypes
import functools
import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Generic, TypeVar

import torch

Result = TypeVar("Result")

M_ARENA_MAX = -8
"""Of glibc's malloc.h."""


class Pieces(Generic[Result]):
    """The range 0 to `count` as pieces, which any number of threads take.

    Args:
        work: called with a piece's first and last (exclusive) item; pieces must be independent.
        number: of pieces, at least 1.
    """

    def __init__(self, work: Callable[[int, int], Result], count: int, number: int) -> None:
        bounds = (count * i // number for i in range(number + 1))
        self._work, self._number = work, number
        self._waiting = deque(enumerate(pairwise(bounds)))
        self._done = threading.Semaphore(0)
        self._results: dict[int, Result] = {}
        self._errors: list[BaseException] = []

    def take_all(self) -> None:
        """Run pieces until none is left."""
        while True:
            try:
                piece, (first, last) = self._waiting.popleft()  # atomic
            except IndexError:
                return
            try:
                self._results[piece] = self._work(first, last)
            except BaseException as error:  # raised by `finish`, on the caller's thread
                self._errors.append(error)
            finally:
                self._done.release()

    def finish(self) -> list[Result]:
        """Run pieces until none is left, wait for those that other threads have begun.

        Returns:
            The pieces' results, in order.

        Raises:
            BaseException: the first that a piece raised; all pieces have ended by then.
        """
        self.take_all()
        for _ in range(self._number):
            self._done.acquire()
        if self._errors:
            raise self._errors[0]
        return [self._results[piece] for piece in range(self._number)]


class PieceThreads:
    """Threads that each run torch's calls alone, for blocks whose pieces they take.

    Args:
        count: of threads.
    """

    _here = threading.local()  # .threads: the `PieceThreads` that this thread leads a block for

    def __init__(self, count: int) -> None:
        self.count = count
        _use_one_arena()
        usual, all_started = torch.get_num_threads(), threading.Barrier(count + 1)

        def start() -> None:
            torch.get_num_threads()  # by its first call a thread takes over the usual number
            torch.set_num_threads(1)
            all_started.wait()

        self._pool = ThreadPoolExecutor(count, "ammon-pieces", start)
        for _ in range(count):
            self._pool.submit(lambda: None)
        all_started.wait()
        # Torch takes the last number set by any thread as the usual one of new threads.
        torch.set_num_threads(usual)

    @staticmethod
    @functools.cache
    def of(count: int) -> PieceThreads:
        """The process's, started when first asked for."""
        return PieceThreads(count)

    def lead(self, work: Callable[[], Result]) -> Result:
        """Run `work` on one of the threads; `map_pieces` inside it shares pieces with the others.

        Gradient and inference modes are the caller's.
        """

        def leading() -> Result:
            PieceThreads._here.threads = self
            try:
                return work()
            finally:
                PieceThreads._here.threads = None

        return self._pool.submit(_in_this_mode(leading)).result()

    def finish(self, pieces: Pieces[Result]) -> list[Result]:
        """`Pieces.finish` with all threads, called by the leading one."""
        for _ in range(self.count - 1):
            self._pool.submit(_in_this_mode(pieces.take_all))
        return pieces.finish()


def map_pieces(work: Callable[[int, int], Result], count: int, min_items: int = 1) -> list[Result]:
    """Results of `work` over 0 to `count`, in order: in pieces inside `PieceThreads.lead`.

    Args:
        work: called with the first and last (exclusive) item of a piece.
        min_items: fewest items of a piece, unless there are fewer in all.
    """
    threads: PieceThreads | None = getattr(PieceThreads._here, "threads", None)
    number = 1 if threads is None else min(threads.count, count // min_items)
    if threads is None or number <= 1:
        return [work(0, count)]
    return threads.finish(Pieces(work, count, number))


def _use_one_arena() -> None:
    """Let threads started from now on allocate from memory that others have freed.

    By default glibc gives each thread an arena of its own, and each keeps the most that its pieces
    ever needed at once. Other C libraries have no such option, or no such arenas.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is not None:
        mallopt(M_ARENA_MAX, 1)


def _in_this_mode(work: Callable[[], Result]) -> Callable[[], Result]:
    """`work` in the gradient and inference modes of this thread, on whichever thread it runs."""
    is_inference, has_gradient = torch.is_inference_mode_enabled(), torch.is_grad_enabled()

    def in_mode() -> Result:
        with torch.inference_mode(is_inference), torch.set_grad_enabled(has_gradient):
            return work()

    return in_mode
