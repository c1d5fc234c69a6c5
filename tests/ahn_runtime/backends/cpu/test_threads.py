"""The threads that share a loop: every piece runs once, barriers do not deadlock, errors arrive."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from ahn_runtime.backends.cpu.jit import jit
from ahn_runtime.backends.cpu.threads import parallel_for, run_with_barriers

THREADS = 4


@pytest.fixture
def eager_switching():
    """Python switches between its threads far more often than it usually does."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def test_run_with_barriers_does_not_deadlock_when_two_callers_share_the_threads(eager_switching):
    def wait_at_barriers(_):
        for _ in range(500):
            barrier = threading.Barrier(THREADS, timeout=20)
            run_with_barriers(lambda thread, barrier=barrier: barrier.wait(), THREADS)
        return True

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(wait_at_barriers, range(2), timeout=100)) == [True, True]


@pytest.fixture
def torch_threads():
    """Sets torch's number of threads, until the test ends."""
    usual = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(usual)


@jit
def add_numbers(out, first, last):
    for i in range(first, last):
        out[i] += i


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 5, 1000])
def test_parallel_for_runs_every_item_once(torch_threads, eager_switching, threads, count):
    torch_threads(threads)
    for is_worth_threads in (False, True):
        for _ in range(50):
            out = np.zeros(count, np.int64)
            parallel_for(add_numbers, count, is_worth_threads, out)
            assert np.array_equal(out, np.arange(count))


def test_parallel_for_does_not_wait_for_threads_that_have_begun_no_piece(torch_threads):
    torch_threads(THREADS)
    barrier = threading.Barrier(THREADS)
    are_held, release = threading.Event(), threading.Event()

    def hold(thread):
        barrier.wait(20)
        if thread:
            release.wait(20)
        else:
            are_held.set()

    with ThreadPoolExecutor(1) as caller:
        try:
            holding = caller.submit(run_with_barriers, hold, THREADS)
            assert are_held.wait(20)
            pieces = []
            parallel_for(lambda first, last: pieces.append((first, last)), 100, True)
            assert not holding.done(), "it ended while the other threads were still held"
        finally:
            release.set()
    assert sum(last - first for first, last in pieces) == 100


def test_parallel_for_raises_what_a_piece_raised_after_all_have_ended(torch_threads):
    torch_threads(2)
    ended = []

    def work(first, last):
        ended.append(first)
        if first:
            raise ValueError(f"piece {first}")

    with pytest.raises(ValueError, match="piece"):
        parallel_for(work, 100, True)
    assert sorted(ended) == [0, 25, 50, 75]
