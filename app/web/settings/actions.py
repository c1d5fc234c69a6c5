"""What the settings tab shows of a session and the server, and reading a session again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from app.messages import KNOWN_ERRORS
from app.service import Service
from app.service.session_config import SessionConfig
from app.web.notify import notify
from app.web.selected_session import selected_session
from app.web.settings import html
from app.web.settings.reread_form import (
    NO_MEMORY,
    OWN_MEMORY,
    WINDOW,
    Wanted,
    cache_bytes,
    check_memory,
    window_bytes,
)
from app.web.settings.server_facts import server_facts
from storage import NotFound

MEMORY_CHOICES = [("The model's own", OWN_MEMORY), ("None", NO_MEMORY)]

SKIPPED = (gr.skip(),) * 4
"""The four fields of the form, left as they are."""


class SettingsActions:
    """The handlers of the settings tab; a session that no longer exists is shown as none."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def server(self) -> str:
        """What the server was started with, as HTML."""
        return html.facts_html(server_facts(self._service.settings))

    def shown(self, session: str | None) -> tuple[Any, ...]:
        """The outputs of `state` and the fields: those of a re-reading if there is one."""
        return *self.state(session), *self._fields(session)

    def state(self, session: str | None) -> tuple[Any, ...]:
        """How the session was made, the form, its costs, the progress, both buttons, the timer."""
        name = selected_session(self._service, session)
        try:
            return _no_state() if name is None else self._state_of(name)
        except NotFound:  # another page has deleted or renamed it just now
            return _no_state()

    def _state_of(self, name: str) -> tuple[Any, ...]:
        made = SessionConfig.from_row(self._service.sessions.get(name))
        rereading = self._service.rereads.progress(name)
        is_running = rereading is not None and self._service.rereads.is_running(name)
        notice, tokens = self._service.sessions.notice(name), self._tokens(name)
        costs = (window_bytes(made, 1000), cache_bytes(made, None, tokens), tokens)
        return (
            html.facts_html(html.made_facts(made)),
            gr.Column(visible=True),
            html.costs_html(*costs),
            "" if rereading is None else html.progress_html(rereading, notice, is_running),
            *_buttons(rereading is not None, is_running),
        )

    def _fields(self, session: str | None) -> tuple[Any, ...]:
        """The values of the form's fields; skipped without a session."""
        name = selected_session(self._service, session)
        try:
            return SKIPPED if name is None else self._fields_of(name)
        except NotFound:  # another page has deleted or renamed it just now
            return SKIPPED

    def _fields_of(self, name: str) -> tuple[Any, ...]:
        made = SessionConfig.from_row(self._service.sessions.get(name))
        rereading = self._service.rereads.progress(name)
        wanted = Wanted.of(made if rereading is None else rereading.config)
        reach, window, precision, memory = wanted.fields
        others = [] if memory in (OWN_MEMORY, NO_MEMORY) else [(memory, memory)]
        return (
            reach,
            gr.Textbox(value=window, visible=reach == WINDOW),
            precision,
            gr.Radio(choices=[*MEMORY_CHOICES, *others], value=memory),
        )

    def _tokens(self, session: str) -> int:
        """The tokens of the session's documents as far as counted, at least those it has read."""
        counted = self._service.documents.token_total(session)
        return max(counted, self._service.sessions.report(session, max_points=1).tokens)

    def reread(
        self, session: str | None, reach: str, window: str, precision: str, memory: str
    ) -> Iterator[tuple[Any, Any]]:
        """Begin to read the session again, or resume that.

        Args:
            reach, window, precision, memory: the fields, see `Wanted.given`.

        Yields: the progress and the start button, first while the model is being loaded.
        Raises:
            one of KNOWN_ERRORS: what the fields hold is refused. The event ends with the sentence
                that says so: while it lasts, gradio drops the click of a person who tries again.
        """
        name = self._service.sessions.get(session or "").name
        changes = self._changes(name, Wanted.given(reach, window, precision, memory))
        yield html.LOADING, gr.Button(interactive=False)
        self._service.rereads.begin(name, changes)
        yield gr.skip(), gr.skip()  # gradio empties the outputs of a generator that yields nothing

    def _changes(self, session: str, wanted: Wanted) -> dict[str, Any]:
        """The session's options that a re-reading with the wanted settings changes.

        Raises:
            ValueError: nothing would change, or the window does not fit into this machine's memory.
        """
        config = SessionConfig.from_row(self._service.sessions.get(session))
        rereading = self._service.rereads.progress(session)
        if rereading is not None and wanted == Wanted.of(rereading.config):
            return rereading.config.options.as_dict()
        changes = wanted.changes(config)
        if not changes and not self._service.rereads.is_offered(session):
            raise ValueError("The session has these settings already; change one of them.")
        check_memory(config, wanted.window, self._tokens(session))
        return changes

    def cancel(self, session: str | None) -> None:
        """Drop the re-reading; the session keeps its present state."""
        try:
            self._service.rereads.cancel(session or "")
        except KNOWN_ERRORS as error:
            notify(error)

    def tick(self, session: str | None) -> tuple[Any, ...]:
        """The outputs of `shown`; the fields only once the re-reading is over."""
        return *self.state(session), *(self._fields(session) if self._is_over(session) else SKIPPED)

    def _is_over(self, session: str | None) -> bool:
        """Whether the session has no re-reading; True if it no longer exists."""
        try:
            return session is None or self._service.rereads.progress(session) is None
        except NotFound:
            return True


def _no_state() -> tuple[Any, ...]:
    return html.EMPTY, gr.Column(visible=False), "", "", *_buttons(False, False)


def _buttons(exists: bool, is_running: bool) -> tuple[Any, Any, Any]:
    """The buttons that start and cancel a re-reading, and the timer that shows its progress.

    Args:
        exists: whether there is a re-reading, which may have been interrupted.
    """
    return (
        gr.Button(interactive=not is_running),
        gr.Button(visible=exists),
        gr.Timer(active=exists),
    )
