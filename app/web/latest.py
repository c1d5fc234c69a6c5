"""What an event shows is dropped once the page has asked for something newer in the same place."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator

import gradio as gr

from app.web.page_ids import MAX_PAGES

Values = tuple[object, ...]


class Latest:
    """Tells the last event of each page; for several threads.

    The framework drops an event while an earlier one of its kind is under way, or runs both side by
    side. So a click on the next page would be lost while this one is drawn, or this one be shown
    after the next. Events whose values go through here may run side by side.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._events: OrderedDict[str, object] = OrderedDict()

    def of(self, request: gr.Request | None, values: Iterator[Values]) -> Iterator[Values]:
        """Yield the values until a newer event of the same page begins; that one shows its own.

        Args:
            request: of the page; None: of no page, so there is nothing newer.
            values: are made one after another, while they are asked for.
        """
        page, event = str(request.session_hash) if request else None, object()
        if page is not None:
            with self._guard:
                self._events[page] = event
                self._events.move_to_end(page)
                while len(self._events) > MAX_PAGES:
                    self._events.popitem(last=False)
        for each in values:
            if page is not None and self._events.get(page) is not event:
                yield tuple(gr.skip() for _ in each)
                return
            yield each
