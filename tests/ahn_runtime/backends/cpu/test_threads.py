"""The threads that share a loop: who meets whom, and that nobody waits for ever."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ahn_runtime.backends.cpu.threads import run_with_barriers

PARTS = 4


@pytest.fixture
def hurried():
    """Threads of Python that take turns far more often than they usually do."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def test_two_crews_on_the_same_threads_do_not_wait_for_each_other_for_ever(hurried):
    def meet_often(_):
        for _ in range(500):
            barrier = threading.Barrier(PARTS, timeout=20)
            run_with_barriers(lambda part, barrier=barrier: barrier.wait(), PARTS)
        return True

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(meet_often, range(2), timeout=100)) == [True, True]
