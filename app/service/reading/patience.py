"""Waiting for the database: while another process writes to it, a step is tried again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from storage import DatabaseLocked

log = logging.getLogger(__name__)
_PAUSE_S = 0.05
_Result = TypeVar("_Result")


def patiently(action: Callable[[], _Result], is_stopped: Callable[[], bool]) -> _Result:
    """Do something that writes, and do it again for as long as the write lock is not to be had.

    Args:
        action: it writes everything or nothing, so it can be repeated. Each attempt waits for the
            lock for as long as the database's own timeout.
        is_stopped: asked after each attempt.

    Raises:
        DatabaseLocked: it was stopped before the lock was free.
    """
    while True:
        try:
            return action()
        except DatabaseLocked as error:
            if is_stopped():
                raise
            log.info("%s", error)
            time.sleep(_PAUSE_S)
