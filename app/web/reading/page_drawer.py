"""Draws the page that is being read, small and in the background, and seldom.

Drawing takes a processor for a moment, which the reading would have used. So one page is drawn at a
time, by a thread of its own, and between two there is a rest: some seconds at least, and longer the
longer the drawing took. A page is drawn only if somebody asks for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from app.messages import KNOWN_ERRORS, sentence

log = logging.getLogger(__name__)
REST_S = 5.0
"""Seconds between the end of a drawing and the next one, at least."""
REST_SHARE = 20
"""A rest takes so many times as long as the drawing before it."""
MAX_KEPT = 8
"""Documents whose last picture is kept."""


@dataclass(frozen=True)
class Drawn:
    """The page of a document that was drawn last, as HTML; empty if it could not be drawn."""

    page_index: int
    html: str


class PageDrawer:
    """Keeps the last picture of each document that is being read; for several threads.

    Args:
        draw: makes the HTML of a page of a document, by their numbers; it may take long.
        clock: seconds, for tests.

    Attributes:
        count: how many pages were drawn so far.
    """

    def __init__(
        self, draw: Callable[[int, int], str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._draw, self._clock, self._guard = draw, clock, threading.Lock()
        self._drawn: OrderedDict[int, Drawn] = OrderedDict()
        self.count = 0
        self._free_at: float | None = clock()  # None while a page is being drawn

    def picture(self, document_id: int, page_index: int) -> Drawn | None:
        """The last picture of a document; if that is of another page, the page may be begun.

        Returns at once.
        """
        with self._guard:
            last = self._drawn.get(document_id)
            is_due = self._free_at is not None and self._clock() >= self._free_at
            if is_due and (last is None or last.page_index != page_index):
                self._free_at = None
                threading.Thread(
                    target=self._run, args=(document_id, page_index), daemon=True
                ).start()
            return last if last is not None and last.html else None

    def _run(self, document_id: int, page_index: int) -> None:
        begun, html = self._clock(), ""
        try:
            html = self._draw(document_id, page_index)
        except KNOWN_ERRORS as error:  # it is damaged, or needs a password
            log.info("document %d, its page: %s", document_id, sentence(error))
        finally:
            with self._guard:
                self._drawn[document_id] = Drawn(page_index, html)
                self._drawn.move_to_end(document_id)
                while len(self._drawn) > MAX_KEPT:
                    self._drawn.popitem(last=False)
                self.count += 1
                now = self._clock()
                self._free_at = now + max(REST_S, REST_SHARE * (now - begun))
