"""The ids of the open pages, which browsers make up, and which of them nobody uses any more.

The framework keeps some state for each id that it hears of. Anybody can invent ids. So only so many
are known at a time, and one whose page is neither open nor was heard of for a while is forgotten,
with its state.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

MAX_PAGES = 300
"""Pages that are open at a time, or were a moment ago."""
QUIET_S = 60.0
"""Seconds after which a page that is not open is forgotten."""


@dataclass
class _Seen:
    connections: int
    last: float


class PageIds:
    """Knows the pages; used by the server's one thread for events only.

    Args:
        forget: frees what is kept for an id.
        clock: seconds, for tests.
    """

    def __init__(
        self, forget: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._forget, self._clock = forget, clock
        self._pages: dict[str, _Seen] = {}

    def __len__(self) -> int:
        return len(self._pages)

    def __contains__(self, page_id: str) -> bool:
        return page_id in self._pages

    def see(self, page_id: str, is_open: bool = False) -> bool:
        """Note that a page asked for something.

        Args:
            is_open: it stays connected until `leave`.

        Returns:
            Whether it is known now; not if so many pages are open already.
        """
        page = self._pages.pop(page_id, None)
        if page is None:
            if len(self._pages) >= MAX_PAGES and not self._drop_oldest():
                return False
            page = _Seen(0, 0.0)
        page.connections += is_open
        page.last = self._clock()
        self._pages[page_id] = page  # the newest is the last
        return True

    def leave(self, page_id: str) -> None:
        """Note that a connection of an open page has ended."""
        page = self._pages.get(page_id)
        if page is not None:
            page.connections = max(0, page.connections - 1)
            page.last = self._clock()

    def sweep(self) -> None:
        """Forget the pages that are not open and were quiet for a while."""
        limit = self._clock() - QUIET_S
        gone = [i for i, page in self._pages.items() if not page.connections and page.last < limit]
        for page_id in gone:
            self._drop(page_id)

    def _drop_oldest(self) -> bool:
        """Forget the page that is not open and was heard of longest ago."""
        oldest = next((i for i, page in self._pages.items() if not page.connections), None)
        if oldest is not None:
            self._drop(oldest)
        return oldest is not None

    def _drop(self, page_id: str) -> None:
        del self._pages[page_id]
        self._forget(page_id)
