"""Adding documents to the selected session, or to a new one that is named after the first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from app.messages import KNOWN_ERRORS
from app.service import Service
from app.web.notify import notify_text
from app.web.sidebar.actions import SessionActions
from ingest import EncryptedDocument
from ingest.titles.readable_name import readable_name
from storage import DocumentRow

Add = Callable[[str | int | None], DocumentRow]
"""Adds one document to a session, or to a new one if it is called with None."""
WAITS = "Received. It is read as soon as the model is here."


class Adding:
    """How every part of the page adds documents."""

    def __init__(self, service: Service, sessions: SessionActions) -> None:
        self._service, self._sessions = service, sessions

    def add(self, session: str | None, *adds: Add, called: str = "") -> tuple[Any, list[Exception]]:
        """Add documents; the others are added even if one is refused.

        Args:
            session: the selected one. Without one, the first document that is accepted makes a
                session named after it. So does a file that only lacks its password, for the field
                of the password is beside the documents of a session.
            called: the name of the first file.

        Returns: the list of sessions with a new one selected, skipped if none was made, and why
            documents were refused.
        """
        if adds and not self._service.is_loaded and session is None:
            notify_text(WAITS)
        wanted: str | int | None = session
        refused: list[Exception] = []
        for add in adds:
            try:
                document = add(wanted)
                wanted = wanted or document.session_id
                for note in self._service.documents.version_notes(document):
                    notify_text(note)
            except KNOWN_ERRORS as error:
                refused.append(error)
        if wanted is None and any(isinstance(error, EncryptedDocument) for error in refused):
            sessions = self._service.sessions
            wanted = sessions.create_called(readable_name(called), sessions.new_settings()).id
        if session or wanted is None:  # another one may have been selected meanwhile
            return gr.skip(), refused
        return self._sessions.shown(self._service.sessions.get(wanted).name)[0], refused

    def add_one(self, session: str | None, add: Add) -> Any:
        """Add one document to the selected session, or to a new one; see `add`.

        The event of a refusal ends with the sentence that says so: while it lasts, gradio drops
        the click of a person who tries again.

        Returns: the list of sessions.

        Raises:
            one of KNOWN_ERRORS: it is refused.
        """
        radio, refused = self.add(session, add)
        if refused:
            raise refused[0]
        return radio
