"""What the sources do: documents are added, paused, resumed, cancelled and removed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from app.messages import KNOWN_ERRORS
from app.service import Service
from app.web.events import sent
from app.web.first_sight.adding import Adding
from app.web.notify import notify, notify_text
from app.web.pager import pager_html, wanted_number
from app.web.sidebar.actions import SessionActions
from app.web.sources import html
from app.web.sources.upload import discard, name_of
from app.web.transfers.actions import Begun, TransferActions, is_export
from ingest.naming import title_from_name
from storage import Presence

SCREEN = 50
"""Documents that are shown at once; buttons lead to the others."""
NOTHING_FOUND = '<div class="empty">No document has these words in its title.</div>'


class View(NamedTuple):
    """What a page shows of the documents.

    Args:
        session: whose they are.
        offset: number of the first one, counted from 0.
        html: how they are shown.
    """

    session: str | None
    offset: int
    html: str


class SourceActions:
    """The handlers of the sources; adding without a selected session makes one."""

    def __init__(self, service: Service, sessions: SessionActions) -> None:
        self._service, self._adding = service, Adding(service, sessions)
        self._transfers = TransferActions(service, sessions)

    def shown(self, now: Presence, search: str = "", offset: int | None = 0) -> tuple[str, View]:
        """One screen of the documents of a session.

        Args:
            search: words in the titles of those to show.
            offset: number of the first one, counted from 0; None: the screen of the first document
                that is being worked on.

        Returns: the documents as HTML, and what the page shows by them.
        """
        documents, first = self._html(now, search, offset)
        return documents, View(now.name, first, documents)

    def opened(self, now: Presence) -> tuple[str, View, str]:
        """The documents of another session, and the emptied search."""
        return *self.shown(now, offset=None), ""

    def _html(self, now: Presence, search: str, offset: int | None) -> tuple[str, int]:
        row, sessions = now.session, self._service.sessions
        if row is None:  # the next tick of the sidebar shows that it was deleted
            return html.documents_html([], ""), 0
        try:
            listing = self._service.documents.listing(row, search or "", offset, SCREEN)
            progress = sessions.index_progress(row.id) if now.lacks_segments else None
            index = html.index_text(progress)
            notice = " ".join(filter(None, [sessions.notice_at(now), index]))
        except KNOWN_ERRORS:  # deleted on another page meanwhile
            return html.documents_html([], ""), 0
        below = pager_html(listing, SCREEN, "documents", bool(search))
        if search and not listing.rows:
            return NOTHING_FOUND + below, 0
        shown = html.documents_html(listing.rows, notice, now.asked)
        return shown + below, listing.offset

    def find(self, session: str | None, search: str) -> tuple[str, View]:
        """The documents whose titles contain the words of a search."""
        return self.shown(self._service.sessions.presence(session), search)

    def tick(self, now: Presence, search: str, view: View | None) -> tuple[Any, Any]:
        """The outputs of `shown`, for the screen that is shown; skipped if it has not changed."""
        is_same = view is not None and view.session == now.name
        shown, seen = self.shown(now, search, view.offset if view and is_same else 0)
        return (gr.skip(), gr.skip()) if seen == view else (shown, seen)

    def upload(
        self,
        session: str | None,
        paths: list[str] | None,
        password: str,
        encoding: str | None,
        model: str | None = None,
        begun: Sequence[Begun] | None = None,
    ) -> tuple[Any, None, str, str, Any]:
        """Add the uploaded files; the others are added even if one is refused.

        Exported sessions among them are no documents: they are imported, which goes on after this.

        What was uploaded is deleted: a file that was added has its copy, and the field is emptied.

        Args:
            encoding: of the texts among them, empty to detect it.
            model: of a new session, the one that is chosen for new sessions.
            begun: what the page began to import before.

        Returns: the sessions, the emptied fields of files, password and encoding, and what the
            page has begun to import then, skipped if that is the same.
        """
        exports = [path for path in paths or [] if is_export(path)]
        paths = [path for path in paths or [] if path not in exports]
        secret = password or None
        adds = [
            lambda name, path=path: self._service.documents.add(
                name,
                Path(path),
                name_of(path),
                password=secret,
                encoding=encoding or None,
                model=model,
            )
            for path in paths
        ]
        called = name_of(paths[0]) if paths else ""
        try:
            radio, refused = self._adding.add(session, *adds, called=called)
            for error in refused:
                notify(error)
            selected = getattr(radio, "value", session)
            importing: Any = gr.skip()
            if exports:
                importing = self._transfers.begin_imports(exports, selected, begun or ())
            return radio, None, "", "", importing
        finally:
            for path in paths:
                discard(Path(path), self._service.settings.uploads_dir)

    def add_text(self, session: str | None, title: str, text: str) -> tuple[Any, str, str]:
        """Add a pasted text, and empty its fields.

        Raises:
            one of KNOWN_ERRORS: it is refused; the fields keep what they hold.
        """
        add_text = self._service.sources.add_text
        return self._adding.add_one(session, lambda name: add_text(name, title, text)), "", ""

    def add_url(self, session: str | None, url: str, encoding: str | None) -> tuple[Any, str]:
        """Fetch and add a page or file of the web; raises as `add_text`."""
        if url.strip():
            notify_text(f"Fetching {url.strip()}…")
        add_url = self._service.sources.add_url
        added = self._adding.add_one(session, partial(add_url, url=url, encoding=encoding or None))
        return added, ""

    def add_path(self, session: str | None, path: str, encoding: str | None) -> tuple[Any, str]:
        """Add a file of the server; raises as `add_text`."""
        add_path = self._service.sources.add_path
        added = self._adding.add_one(
            session, partial(add_path, path=path, encoding=encoding or None)
        )
        return added, ""

    def follow(self, session: str | None, path: str) -> tuple[Any, str]:
        """Read a log of the server, and continue reading as it grows; raises as `add_text`."""
        follow = self._service.sources.follow_path
        return self._adding.add_one(session, lambda name: follow(self._made(name, path), path)), ""

    def _made(self, session: int | str | None, path: str) -> int | str:
        """A session, a new one that is named after a file if there is none."""
        if session is not None:
            return session
        sessions = self._service.sessions
        return sessions.create_called(title_from_name(path), sessions.new_settings()).id

    def act(
        self, session: str | None, search: str, view: View | None, event: gr.EventData
    ) -> tuple[str, View]:
        """Do what the clicked button of a document or of the list says, and show the documents.

        Args:
            event: with the data of `javascript.BUTTONS`: the action and the document's id, both
                from the browser, so both are checked.
        """
        service = self._service
        actions: dict[str, Callable[[int], object]] = {
            "pause": service.documents.pause,
            "resume": service.documents.resume,
            "cancel": service.documents.cancel,
            "remove": service.documents.remove,
        }
        ticks = {"tick": True, "untick": False, "all": True, "none": False}
        data = sent(event)
        wanted, number = str(data.get("do")), wanted_number(data)
        present = service.sessions.presence
        if number is None:
            return self.shown(present(session), search)
        if wanted == "screen":
            return self.shown(present(session), search, number)
        try:
            if session and wanted in ticks:
                is_of_all = wanted in ("all", "none")
                service.documents.choose(session, ticks[wanted], None if is_of_all else number)
            elif session and wanted in actions and service.documents.find(session, number):
                actions[wanted](number)
        except KNOWN_ERRORS as error:
            notify(error)
        return self.shown(present(session), search, view.offset if view else 0)
