"""The library tab: the session's documents, and the ways to add some."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from app.messages import KNOWN_ERRORS
from app.service import Service
from app.web.javascript import BUTTONS
from app.web.library.html import documents_html
from app.web.notify import tell, tell_text
from app.web.sidebar.tab import SessionActions
from storage import DocumentRow

FILES = "Add books, documents or logs"


@dataclass(frozen=True)
class Library:
    """The components of the tab; what the settings do not allow is not shown."""

    upload: gr.File
    documents: gr.HTML
    password: gr.Textbox
    title: gr.Textbox
    text: gr.Textbox
    add_text: gr.Button
    url: gr.Textbox
    add_url: gr.Button
    path: gr.Textbox
    add_path: gr.Button
    follow: gr.Button


def lay_out_library(service: Service) -> Library:
    """The tab's content."""
    allowed = service.settings.sources
    upload = gr.File(label=FILES, file_count="multiple", height=180)
    with gr.Accordion("Other ways to add", open=False, elem_classes="plain field"):
        password = gr.Textbox(
            label="Password of a protected PDF (type it, then drop the file; it is not kept)",
            type="password",
        )
        title = gr.Textbox(label="Title of a text", max_lines=1, placeholder="Pasted text")
        text = gr.Textbox(label="Text to paste", lines=4, max_lines=12)
        with gr.Row():
            add_text = gr.Button("Add the text", size="sm", scale=0, min_width=160)
        with gr.Row(equal_height=True, visible=allowed.urls):
            url = gr.Textbox(label="Address on the web", placeholder="https://", scale=4)
            add_url = gr.Button("Add the page or file", size="sm", scale=1, min_width=120)
        with gr.Row(equal_height=True, visible=bool(allowed.paths)):
            path = gr.Textbox(label="File on the server", placeholder=_example(service), scale=4)
            add_path = gr.Button("Add the file", size="sm", scale=1, min_width=110)
            follow = gr.Button("Follow the log", size="sm", scale=1, min_width=110)
    documents = gr.HTML(js_on_load=BUTTONS)
    return Library(
        upload, documents, password, title, text, add_text, url, add_url, path, add_path, follow
    )


def _example(service: Service) -> str:
    paths = service.settings.sources.paths
    return f"{paths[0]}/…" if paths else ""


class LibraryActions:
    """What the tab does; all that adds makes a session where none is chosen."""

    def __init__(self, service: Service, sessions: SessionActions) -> None:
        self._service, self._sessions = service, sessions

    def shown(self, session: str | None) -> str:
        if not session:
            return documents_html([], "")
        try:
            return documents_html(
                self._service.documents.list(session), self._service.sessions.notice(session)
            )
        except KNOWN_ERRORS:  # deleted on another page a moment ago; the next tick shows it
            return documents_html([], "")

    def upload(
        self, session: str | None, paths: list[str] | None, password: str
    ) -> tuple[Any, None, str]:
        """Add files one by one; one that is refused does not stop the others.

        Returns: the sessions, and the emptied fields of files and password.
        """
        # A copy that was uploaded: only its name is the person's.
        secret = password or None
        adds = [
            lambda name, path=path: self._service.documents.add(
                name, path, path.name, password=secret
            )
            for path in map(Path, paths or [])
        ]
        return self._add(session, *adds)[0], None, ""

    def add_text(self, session: str | None, title: str, text: str) -> tuple[Any, Any, Any]:
        """Add what was pasted; the fields are emptied where it was taken."""
        radio, is_added = self._add(
            session, lambda name: self._service.sources.add_text(name, title, text)
        )
        return (radio, "", "") if is_added else (radio, gr.skip(), gr.skip())

    def add_url(self, session: str | None, url: str) -> tuple[Any, Any]:
        radio, is_added = self._add(session, lambda name: self._service.sources.add_url(name, url))
        return radio, "" if is_added else gr.skip()

    def add_path(self, session: str | None, path: str) -> tuple[Any, Any]:
        radio, is_added = self._add(
            session, lambda name: self._service.sources.add_path(name, path)
        )
        return radio, "" if is_added else gr.skip()

    def follow(self, session: str | None, path: str) -> tuple[Any, Any]:
        """Read a log of the server, and go on as it grows."""
        radio, is_added = self._add(
            session, lambda name: self._service.sources.follow_path(name, path)
        )
        return radio, "" if is_added else gr.skip()

    def act(self, session: str | None, event: gr.EventData) -> str:
        """What a button of a document asks for."""
        service = self._service
        actions: dict[str, Callable[[int], object]] = {
            "pause": service.documents.pause,
            "resume": service.documents.resume,
            "cancel": service.documents.cancel,
            "remove": service.documents.remove,
        }
        action, wanted = actions.get(str(event._data.get("do"))), event._data.get("id")
        found = service.documents.list(session) if session else []
        if action is not None and wanted in [status.document.id for status in found]:
            try:
                action(int(wanted))
            except KNOWN_ERRORS as error:
                tell(error)
        return self.shown(session)

    def _add(self, session: str | None, *adds: Callable[[str], DocumentRow]) -> tuple[Any, bool]:
        """Returns: the sessions with the right one chosen, and whether all was added."""
        try:
            chosen = (
                session or self._service.sessions.create(self._sessions.free_name("Session")).name
            )
        except KNOWN_ERRORS as error:
            tell(error)
            return gr.skip(), False
        is_all = True
        for add in adds:
            try:
                for note in self._service.documents.version_notes(add(chosen)):
                    tell_text(note)
            except KNOWN_ERRORS as error:
                tell(error)
                is_all = False
        return gr.Radio(choices=self._sessions.choices(), value=chosen), is_all
