"""Runs coroutines in tests, also where another event loop runs in the test's own thread."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine returns; it runs in a thread of its own.

    Playwright's event loop runs in the main thread from the first test with a browser to the end of
    the process, in which tests of other folders may follow.
    """
    with ThreadPoolExecutor(1, "coroutine") as thread:
        return thread.submit(asyncio.run, coroutine).result()
