"""A bound on how many workers of this process read or draw at once; the others wait for their turn.

A worker may take as much memory as `limits.py` lets it, so many at once would stop the machine.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

MAX_BUSY_WORKERS = 8
"""More than the threads that index, add and draw in an ordinary server."""
_POLL_S = 0.25
_FREE = threading.BoundedSemaphore(MAX_BUSY_WORKERS)


@contextmanager
def worker_slot(on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Wait until fewer than `MAX_BUSY_WORKERS` workers are busy, and count one during the block.

    Args:
        on_wait: called several times a second while waiting; what it raises is passed on.
    """
    while not _FREE.acquire(timeout=_POLL_S):
        on_wait()
    try:
        yield
    finally:
        _FREE.release()
