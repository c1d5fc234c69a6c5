"""What the sidebar does: it lists, makes, renames, duplicates, deletes and restores sessions."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

import gradio as gr

from app.messages import KNOWN_ERRORS
from app.service import Service
from app.web.notify import notify, notify_text
from app.web.selected_session import selected_session
from app.web.sidebar.html import session_label
from storage import MAX_NAME_CHARACTERS

SIZES_SECONDS = 15.0
"""Sizes on disk are summed page by page, so they are counted again only after this many seconds."""
NOTHING_SELECTED = "Select a session first."


class SessionActions:
    """The handlers of the sidebar's events."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._guard = threading.Lock()
        self._sizes: dict[int, int | None] = {}
        self._sized_at = float("-inf")

    def choices(self, search: str = "") -> list[tuple[str, str]]:
        """Label and name of each session that matches the search."""
        sizes = self._current_sizes()
        found = self._service.sessions.list(search or "")
        return [
            (session_label(replace(s, byte_count=sizes.get(s.session.id))), s.session.name)
            for s in found
        ]

    def first_view(self, address: str) -> tuple[Any, Any, str | None]:
        """The list, the undo button and the session to be selected when the page is loaded.

        The list comes without a selection: by the time it arrives the person may have made one.

        Args:
            address: the session named by the page's address, which is selected if it exists; else
                the newest session is.
        """
        selected = address if self._exists(address) else self._newest()
        return gr.Radio(choices=self.choices()), self._undo(), selected

    def find(self, search: str) -> Any:
        """The list narrowed to a search."""
        return gr.Radio(choices=self.choices(search))

    def create(self, name: str) -> tuple[Any, Any, Any]:
        """Make a session and select it; without a name it is called "Session 1", "Session 2", ...

        Returns: the list, and the emptied fields of name and search.
        """
        try:
            row = self._service.sessions.create(name.strip() or self.free_name("Session"))
        except KNOWN_ERRORS as error:
            notify(error)
            return gr.skip(), gr.skip(), gr.skip()
        return self._shown(row.name), "", ""

    def begin_rename(self, session: str | None) -> tuple[Any, Any]:
        """Open the form for renaming, with the present name in it."""
        if not session:
            notify_text(NOTHING_SELECTED)
            return gr.skip(), gr.skip()
        return gr.Group(visible=True), session

    def rename(self, session: str | None, new: str, search: str) -> tuple[Any, Any]:
        """Rename the session and close the form, which stays open if the name is refused."""
        try:
            row = self._service.sessions.rename(session or "", new)
        except KNOWN_ERRORS as error:
            notify(error)
            return gr.skip(), gr.skip()
        return self._shown(row.name, search), gr.Group(visible=False)

    def duplicate(self, session: str | None) -> tuple[Any, Any]:
        """Copy the session and select the copy; the search is emptied so that it is listed."""
        if not session:
            notify_text(NOTHING_SELECTED)
            return gr.skip(), gr.skip()
        try:
            row = self._service.sessions.duplicate(session, self._copy_name(session))
        except KNOWN_ERRORS as error:
            notify(error)
            return gr.skip(), gr.skip()
        return self._shown(row.name), ""

    def delete(self, session: str | None, search: str) -> tuple[Any, Any]:
        """Move the session to the trash and select the newest of the others."""
        if not session:
            notify_text(NOTHING_SELECTED)
            return gr.skip(), gr.skip()
        try:
            self._service.trash.put(session)
        except KNOWN_ERRORS as error:
            notify(error)
        return self._shown(self._newest(), search), self._undo()

    def undelete(self, search: str) -> tuple[Any, Any]:
        """Restore the session that was deleted last and select it."""
        trashed = self._service.trash.list()
        try:
            name = self._service.trash.restore(trashed[0].session_id).name if trashed else None
        except KNOWN_ERRORS as error:
            notify(error)
            return gr.skip(), self._undo()
        return self._shown(name or self._newest(), search), self._undo()

    def tick(self, session: str | None, search: str, seen: Any) -> tuple[Any, Any, Any]:
        """The list, the undo button and the next `seen`; all skipped if nothing changed.

        The selection is cleared only if the session was missing at the previous tick too. A tick
        may be under way while the person selects or renames a session: it must not undo that.

        Args:
            seen: what the previous tick found; None at the first.
        """
        choices = self.choices(search)
        trashed = [(t.session_id, t.name) for t in self._service.trash.list()]
        is_listed = session in {name for _, name in choices}
        missed = session if session and not is_listed and not self._exists(session) else None
        now = choices, trashed, missed
        if now == seen and missed is None:
            return gr.skip(), gr.skip(), gr.skip()
        is_gone = missed is not None and seen and seen[2] == missed
        radio = gr.Radio(choices=choices, value=None) if is_gone else gr.Radio(choices=choices)
        return radio, self._undo(), now

    def _exists(self, session: str | None) -> bool:
        """Whether the session exists, listed or left out by a search."""
        return session is not None and selected_session(self._service, session) == session

    def free_name(self, stem: str) -> str:
        """The first of "stem 1", "stem 2", ... that no session has."""
        taken = {s.session.name.casefold() for s in self._service.sessions.list()}
        numbers = range(1, len(taken) + 2)
        return next(f"{stem} {n}" for n in numbers if f"{stem} {n}".casefold() not in taken)

    def _copy_name(self, name: str) -> str:
        stem = f"{name[: MAX_NAME_CHARACTERS - 12]} (copy"
        taken = {s.session.name.casefold() for s in self._service.sessions.list()}
        tries = [f"{stem})", *(f"{stem} {n})" for n in range(2, len(taken) + 3))]
        return next(candidate for candidate in tries if candidate.casefold() not in taken)

    def _shown(self, selected: str | None, search: str = "") -> Any:
        return gr.Radio(choices=self.choices(search), value=selected)

    def _newest(self) -> str | None:
        found = self._service.sessions.list()
        return found[0].session.name if found else None

    def _undo(self) -> Any:
        trashed = self._service.trash.list()
        if not trashed:
            return gr.Button(visible=False)
        return gr.Button(f"Undo: bring back “{trashed[0].name}”", visible=True)

    def _current_sizes(self) -> dict[int, int | None]:
        with self._guard:
            if time.monotonic() - self._sized_at > SIZES_SECONDS:
                found = self._service.sessions.list(sizes=True)
                self._sizes = {s.session.id: s.byte_count for s in found}
                self._sized_at = time.monotonic()
            return self._sizes
