"""What a conversation shows before its first question: questions to begin with."""

from __future__ import annotations

from collections.abc import Iterator

from app.service import Service
from app.web.chat import html
from app.web.chat.open_pages import OpenPage


class Welcome:
    """Suggests questions of the ticked sources."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def html(self, session: str) -> str:
        """The suggestions for the sources that are ticked now."""
        return self._for(session, self._service.documents.asked(session))

    def note_ticks(self, page: OpenPage, session: str) -> None:
        """Note for which ticks a page is about to show suggestions."""
        page.ticked = self._service.documents.asked(session)

    def renewed(self, page: OpenPage, session: str) -> Iterator[str]:
        """The suggestions, if other sources are ticked than when the page showed them.

        More ticks may follow while they are made; then they are made again.
        """
        while page.ticked != (asked := self._service.documents.asked(session)):
            page.ticked = asked
            yield self._for(session, asked)

    def _for(self, session: str, asked: list[int] | None) -> str:
        return html.welcome_html(self._service.questions.suggested(session, asked))
