"""What the first sight does: it appears, and takes the sample, a pasted text or an address."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr

from app.samples import SAMPLE
from app.service import Service
from app.web.events import sent
from app.web.first_sight import html
from app.web.first_sight.adding import Adding
from app.web.sidebar.actions import SessionActions
from ingest import DEFAULT_LIMITS
from storage import DocumentState, Presence


class Phase(NamedTuple):
    """What a page shows by: whether there is anything, and how far its newest document is.

    Args:
        session: the selected one.
        has_sessions: whether there is any session.
        is_found: whether the selected one exists; it may have been deleted or renamed.
        has_documents: whether the selected session has any.
        is_indexed, is_read: whether its last document is.
    """

    session: str | None
    has_sessions: bool
    is_found: bool
    has_documents: bool
    is_indexed: bool = False
    is_read: bool = False


class FirstSightActions:
    """The handlers of the first sight's events."""

    def __init__(self, service: Service, sessions: SessionActions) -> None:
        self._service, self._adding = service, Adding(service, sessions)

    def phase(self, found: Presence) -> Phase:
        """What there is to show of a session."""
        return Phase(
            found.name,
            found.has_sessions,
            found.session is not None,
            found.last_state is not None,
            found.last_state not in (None, DocumentState.INDEXING),
            found.last_state == DocumentState.DONE,
        )

    def shown(self, now: Presence) -> tuple[str, Phase]:
        """The first sight, empty if there is something else to show, and what that is by."""
        phase = self.phase(now)
        return self.html(phase), phase

    def tick(self, now: Presence, before: Phase | None) -> tuple[Any, Any, Any]:
        """The outputs of `shown`, and the phase again if the session has come further.

        All are skipped if nothing changed, and if the session does not exist: it is being renamed,
        or the list of sessions is about to show that it was deleted.

        Args:
            before: what the page shows by.
        """
        phase = self.phase(now)
        if phase == before or (now.name and not phase.is_found):
            return (gr.skip(),) * 3
        is_same = before is not None and before.session in (now.name, None)
        return self.html(phase), phase, phase if is_same else gr.skip()

    def html(self, phase: Phase) -> str:
        """The first sight as HTML; empty if there is something else to show."""
        if phase.has_documents:
            return ""
        is_alone = not phase.has_sessions
        urls = self._service.settings.sources.urls
        return html.zone_html(is_alone, DEFAULT_LIMITS.max_bytes, urls)

    def add_sample(self, session: str | None, model: str | None) -> Any:
        """Read the book that comes with Ammon."""
        add = self._service.documents.add
        return self._adding.add_one(session, lambda wanted: add(wanted, SAMPLE, model=model))

    def add_text(self, session: str | None, model: str | None, event: gr.EventData) -> Any:
        """Read a pasted text.

        Args:
            event: with its title, which may be empty, and the text.
        """
        title, text = _text(event, "title"), _text(event, "text")
        add = self._service.sources.add_text
        return self._adding.add_one(session, lambda wanted: add(wanted, title, text, model=model))

    def add_url(self, session: str | None, model: str | None, event: gr.EventData) -> Any:
        """Fetch and read a page or file of the web.

        Args:
            event: with its address.
        """
        url, add = _text(event, "url"), self._service.sources.add_url
        return self._adding.add_one(session, lambda wanted: add(wanted, url, model=model))


def _text(event: gr.EventData, name: str) -> str:
    """A text that the page's script sent; empty if it sent none."""
    found = sent(event).get(name)
    return found if isinstance(found, str) else ""
