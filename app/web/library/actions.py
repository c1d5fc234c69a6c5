"""What the library tab does: it adds documents, and pauses, resumes, cancels and removes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from app.messages import KNOWN_ERRORS
from app.service import Service
from app.web.library import html
from app.web.library.upload import discard, name_of
from app.web.notify import notify, notify_text
from app.web.pager import pager_html, wanted_number
from app.web.sidebar.actions import SessionActions
from storage import DocumentRow

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


class LibraryActions:
    """The handlers of the library tab; adding without a selected session makes one."""

    def __init__(self, service: Service, sessions: SessionActions) -> None:
        self._service, self._sessions = service, sessions

    def shown(
        self, session: str | None, search: str = "", offset: int | None = 0
    ) -> tuple[str, View]:
        """One screen of the documents of a session.

        Args:
            search: words in the titles of those to show.
            offset: number of the first one, counted from 0; None: the screen of the first document
                that is being worked on.

        Returns: the documents as HTML, and what the page shows by them.
        """
        documents, first = self._html(session, search, offset)
        return documents, View(session, first, documents)

    def opened(self, session: str | None) -> tuple[str, View, str]:
        """The documents of another session, and the emptied search."""
        return *self.shown(session, offset=None), ""

    def _html(self, session: str | None, search: str, offset: int | None) -> tuple[str, int]:
        if not session:
            return html.documents_html([], ""), 0
        try:
            listing = self._service.documents.listing(session, search or "", offset, SCREEN)
            sessions = self._service.sessions
            index = html.index_text(sessions.index_progress(sessions.get(session).id))
            notice = " ".join(filter(None, [sessions.notice(session), index]))
        except KNOWN_ERRORS:  # deleted on another page; the next tick of the sidebar shows that
            return html.documents_html([], ""), 0
        below = pager_html(listing, SCREEN, "documents", bool(search))
        if search and not listing.rows:
            return NOTHING_FOUND + below, 0
        return html.documents_html(listing.rows, notice) + below, listing.offset

    def find(self, session: str | None, search: str) -> tuple[str, View]:
        """The documents whose titles contain the words of a search."""
        return self.shown(session, search)

    def tick(self, session: str | None, search: str, view: View | None) -> tuple[Any, Any]:
        """The outputs of `shown`, for the screen that is shown; skipped if it has not changed."""
        is_same = view is not None and view.session == session
        shown, now = self.shown(session, search, view.offset if view and is_same else 0)
        return (gr.skip(), gr.skip()) if now == view else (shown, now)

    def upload(
        self, session: str | None, paths: list[str] | None, password: str, encoding: str | None
    ) -> tuple[Any, None, str, str]:
        """Add the uploaded files; the others are added even if one is refused.

        What was uploaded is deleted: a file that was added has its copy, and the field is emptied.

        Args:
            encoding: of the texts among them, empty to detect it.

        Returns: the sessions, and the emptied fields of files, password and encoding.
        """
        secret = password or None
        adds = [
            lambda name, path=path: self._service.documents.add(
                name, Path(path), name_of(path), password=secret, encoding=encoding or None
            )
            for path in paths or []
        ]
        try:
            return self._add(session, *adds)[0], None, "", ""
        finally:
            for path in paths or []:
                discard(Path(path), self._service.settings.uploads_dir)

    def add_text(self, session: str | None, title: str, text: str) -> tuple[Any, Any, Any]:
        """Add a pasted text; its fields are emptied unless it was refused."""
        radio, is_added = self._add(
            session, lambda name: self._service.sources.add_text(name, title, text)
        )
        return (radio, "", "") if is_added else (radio, gr.skip(), gr.skip())

    def add_url(self, session: str | None, url: str, encoding: str | None) -> tuple[Any, Any]:
        """Fetch and add a page or file of the web."""
        add_url = self._service.sources.add_url
        radio, is_added = self._add(
            session, lambda name: add_url(name, url, encoding=encoding or None)
        )
        return radio, "" if is_added else gr.skip()

    def add_path(self, session: str | None, path: str, encoding: str | None) -> tuple[Any, Any]:
        """Add a file of the server."""
        add_path = self._service.sources.add_path
        radio, is_added = self._add(
            session, lambda name: add_path(name, path, encoding=encoding or None)
        )
        return radio, "" if is_added else gr.skip()

    def follow(self, session: str | None, path: str) -> tuple[Any, Any]:
        """Read a log of the server, and continue reading as it grows."""
        radio, is_added = self._add(
            session, lambda name: self._service.sources.follow_path(name, path)
        )
        return radio, "" if is_added else gr.skip()

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
        data = event._data if isinstance(event._data, dict) else {}
        wanted, number = str(data.get("do")), wanted_number(data)
        if number is None:
            return self.shown(session, search)
        if wanted == "screen":
            return self.shown(session, search, number)
        try:
            if session and wanted in actions and service.documents.find(session, number):
                actions[wanted](number)
        except KNOWN_ERRORS as error:
            notify(error)
        return self.shown(session, search, view.offset if view else 0)

    def _add(self, session: str | None, *adds: Callable[[str], DocumentRow]) -> tuple[Any, bool]:
        """Add to the selected session, or to a new one.

        Returns: the sessions with that one selected, and whether everything was added.
        """
        try:
            name = (
                session or self._service.sessions.create(self._sessions.free_name("Session")).name
            )
        except KNOWN_ERRORS as error:
            notify(error)
            return gr.skip(), False
        is_complete = True
        for add in adds:
            try:
                for note in self._service.documents.version_notes(add(name)):
                    notify_text(note)
            except KNOWN_ERRORS as error:
                notify(error)
                is_complete = False
        radio = gr.Radio(value=name) if session else self._sessions.shown(name)[0]
        return radio, is_complete
