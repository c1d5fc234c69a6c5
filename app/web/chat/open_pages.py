"""What the chat keeps for each open page, by the id that the browser made up for it.

Anybody can invent ids, and a page that is only invented is never closed. So only so many are kept,
those that were used last, and none that was unused for long. A page that was forgotten all the same
shows its session from the beginning at its next request, as one that was just opened.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from app.service import AnswerJob
from app.web.page_ids import MAX_PAGES

MAX_KEPT = 2 * MAX_PAGES
"""Pages that are kept: those that the server knows, and those whose last events still run."""
UNUSED_S = 3600.0
"""Seconds after which a page that asked for nothing is forgotten; an open one is renewed sooner."""


@dataclass
class OpenPage:
    """The state of one open page.

    Args:
        session: that it shows.
        offset: number of the first message that it shows, counted from 0.
        found: the text that was looked for in the conversation, and the message where it was found.
        last_message_id: of the last message that it shows.
        kept_changes: of the session's kept notes, when its messages were last shown as kept or not.
        ticked: ids of the sources for which it suggests first questions; None: all.
        watched: the answer that grows on it.
        stopped: the answer that was stopped from it.
    """

    session: str | None = None
    offset: int = 0
    found: tuple[str, int] | None = None
    last_message_id: int | None = None
    kept_changes: int = 0
    ticked: list[int] | None = None
    watched: AnswerJob | None = None
    stopped: AnswerJob | None = None


class OpenPages:
    """The state of the open pages; for several threads.

    Args:
        clock: seconds, for tests.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._pages: OrderedDict[str, tuple[OpenPage, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._pages)

    def of(self, page_id: str) -> OpenPage:
        """The state of a page; a new one if none is kept."""
        with self._lock:
            now = self._clock()
            page, _ = self._pages.pop(page_id, (OpenPage(), now))
            self._pages[page_id] = (page, now)  # the last used is the last
            while len(self._pages) > MAX_KEPT or self._oldest() < now - UNUSED_S:
                self._pages.popitem(last=False)
            return page

    def forget(self, page_id: str) -> None:
        """Free the state of a page that was closed."""
        with self._lock:
            self._pages.pop(page_id, None)

    def _oldest(self) -> float:
        return next(iter(self._pages.values()))[1]
