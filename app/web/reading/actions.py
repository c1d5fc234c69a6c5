"""What the card does: it follows the reading of the selected session."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr

from app.service import CurrentReading, Service, Stage
from app.web.reading.html import card_html, picture_html
from app.web.reading.page_drawer import PageDrawer
from storage import Presence

PICTURE_PIXELS = 220
"""Width of the page that is drawn small; screens with two pixels for each show it sharply."""
Outputs = tuple[Any, Any, Any]
"""Values for the picture, the card, and what the page shows by them."""
_DRAWN_STAGES = {Stage.READING, Stage.NOTING, Stage.ANSWERING}


class Shown(NamedTuple):
    """What a page shows: the picture and the card, as HTML."""

    picture: str
    card: str


NOTHING = Shown("", "")


class ReadingActions:
    """The handlers of the card; all pages share the pictures."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._drawer = PageDrawer(self._draw)

    @property
    def pictures_drawn(self) -> int:
        """How many pages were drawn so far; a further one is shown at the next tick."""
        return self._drawer.count

    def tick(self, present: Presence, shown: Shown | None) -> Outputs:
        """What has changed since; what has not is skipped."""
        session = present.session.name if present.session else None
        now, before = self._now(session), shown or NOTHING
        if now == before:
            return gr.skip(), gr.skip(), gr.skip()
        picture = gr.skip() if now.picture == before.picture else now.picture
        return picture, gr.skip() if now.card == before.card else now.card, now

    def opened(self, session: str | None) -> Outputs:
        """The card of a session that was selected."""
        now = self._now(session)
        return now.picture, now.card, now

    def _now(self, session: str | None) -> Shown:
        reading = self._service.readings.of(session) if session else None
        return Shown(self._picture(reading), card_html(reading)) if reading else NOTHING

    def _picture(self, reading: CurrentReading) -> str:
        page_index = reading.page_index
        if page_index is None or reading.stage not in _DRAWN_STAGES:
            return ""
        drawn = self._drawer.picture(reading.document.id, page_index)
        return drawn.html if drawn else ""

    def _draw(self, document_id: int, page_index: int) -> str:
        picture = self._service.passages.render(document_id, page_index, width=PICTURE_PIXELS)
        return picture_html(picture, page_index)
