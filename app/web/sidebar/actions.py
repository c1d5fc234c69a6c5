"""What the sidebar does: it lists, makes, renames, duplicates, deletes and restores sessions."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any, NamedTuple

import gradio as gr

from app.messages import KNOWN_ERRORS
from app.service import Service
from app.web.events import sent
from app.web.notify import notify, notify_text
from app.web.pager import pager_html, wanted_number
from app.web.selected_session import selected_session
from app.web.sidebar.html import session_label
from storage import MAX_NAME_CHARACTERS, Listing, Presence, SessionSummary, TrashedSession

SIZES_SECONDS = 15.0
"""Sizes on disk are summed page by page, so they are counted again only after this many seconds."""
SCREEN = 50
"""Sessions that are listed at once; buttons lead to the others."""
MAX_KEPT_SIZES = 1000
NOTHING_SELECTED = "Select a session first."


class Seen(NamedTuple):
    """What a tick found.

    Args:
        choices: label and name of the sessions on the screen.
        pager: the line below them.
        trashed: the session that was deleted last.
        missed: the selected session, if it does not exist.
        is_first: there was no session before, and none is selected yet; the next tick selects the
            newest, unless the person or the handler that made it does so before.
    """

    choices: list[tuple[str, str]]
    pager: str
    trashed: TrashedSession | None
    missed: str | None
    is_first: bool = False

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left that only the next tick decides."""
        return self.missed is None and not self.is_first


class SessionActions:
    """The handlers of the sidebar's events."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._guard = threading.Lock()
        self._sizes: dict[int, tuple[float, int]] = {}

    def choices(self, search: str = "", offset: int = 0) -> list[tuple[str, str]]:
        """Label and name of the sessions on one screen of those that match the search."""
        return self._choices(self._listing(search, offset))

    def _listing(self, search: str, offset: int) -> Listing[SessionSummary]:
        return self._service.sessions.listing(search or "", offset, SCREEN)

    def _choices(self, listing: Listing[SessionSummary]) -> list[tuple[str, str]]:
        sizes = self._current_sizes([s.session.id for s in listing.rows])
        return [
            (session_label(replace(s, byte_count=sizes[s.session.id])), s.session.name)
            for s in listing.rows
        ]

    def first_view(self, address: str) -> tuple[Any, Any, Any, int, str | None]:
        """What is shown when the page is loaded, and the session to be selected.

        The list comes without a selection: by the time it arrives the person may have made one.

        Args:
            address: the session named by the page's address, which is selected if it exists; else
                the newest session is.

        Returns: the list, the line below it, the undo button, the number of the first session
            listed, and the session to be selected.
        """
        selected = address if self._exists(address) else self._service.sessions.newest()
        listing = self._listing("", self._offset_of(selected, ""))
        radio = gr.Radio(choices=self._choices(listing))
        return radio, _pager(listing), self._undo(), listing.offset, selected

    def find(self, search: str) -> tuple[Any, str, int]:
        """The list narrowed to a search, from its beginning."""
        return self._screen(search, 0)

    def turn(self, search: str, event: gr.EventData) -> tuple[Any, str, int]:
        """Another screen of the list.

        Args:
            event: with the data of `javascript.BUTTONS`: the number of the first session to list.
        """
        return self._screen(search, wanted_number(event._data) or 0)

    def _screen(self, search: str, offset: int) -> tuple[Any, str, int]:
        listing = self._listing(search, offset)
        return gr.Radio(choices=self._choices(listing)), _pager(listing), listing.offset

    def create(self, name: str, model: str | None = None) -> tuple[Any, ...]:
        """Make a session and select it; without a name it is called "Session 1", "Session 2", ...

        Args:
            model: the one that is chosen for new sessions.

        Returns: the list, the line below it, the number of the first session listed, and the
            emptied fields of name and search.
        """
        free = name.strip() or self.free_name("Session")
        row = self._service.sessions.create(free, model)
        return *self.shown(row.name), "", ""

    def begin_rename(self, session: str | None) -> tuple[Any, Any]:
        """Open the form for renaming, with the present name in it."""
        if not session:
            notify_text(NOTHING_SELECTED)
            return gr.skip(), gr.skip()
        return gr.Group(visible=True), session

    def rename(self, session: str | None, new: str, search: str) -> tuple[Any, ...]:
        """Rename the session and close the form, which stays open if the name is refused."""
        row = self._service.sessions.rename(session or "", new)
        return *self.shown(row.name, search), gr.Group(visible=False)

    def rename_in_place(
        self, session: str | None, search: str, event: gr.EventData
    ) -> tuple[Any, ...]:
        """Rename a session of the list; the selected one stays selected.

        Args:
            event: with the old and the new name, as any browser may send them.

        Returns: as `shown`.

        Raises:
            AlreadyExists, NotFound, ValueError: the name is taken or refused, or the session gone.
        """
        data = sent(event)
        old, new = str(data.get("old", "")), str(data.get("name", ""))
        row = self._service.sessions.rename(old, new)
        return self.shown(row.name if session == old else session, search)

    def duplicate(self, session: str | None) -> tuple[Any, ...]:
        """Copy the session and select the copy; the search is emptied so that it is listed."""
        if not session:
            notify_text(NOTHING_SELECTED)
            return (gr.skip(),) * 4
        row = self._service.sessions.duplicate(session, self._copy_name(session))
        return *self.shown(row.name), ""

    def delete(self, session: str | None, search: str) -> tuple[Any, ...]:
        """Move the session to the trash and select the newest of the others."""
        if not session:
            notify_text(NOTHING_SELECTED)
            return (gr.skip(),) * 4
        try:
            self._service.trash.put(session)
        except KNOWN_ERRORS as error:
            notify(error)
        return *self.shown(self._service.sessions.newest(), search), self._undo()

    def undelete(self, search: str) -> tuple[Any, ...]:
        """Restore the session that was deleted last and select it."""
        trashed = self._service.trash.newest()
        try:
            name = self._service.trash.restore(trashed.session_id).name if trashed else None
        except KNOWN_ERRORS as error:
            notify(error)
            return (*(gr.skip(),) * 3, self._undo())
        return *self.shown(name or self._service.sessions.newest(), search), self._undo()

    def tick(
        self, present: Presence, search: str, seen: Seen | None, offset: int = 0
    ) -> tuple[Any, Any, Any]:
        """The list, the undo button and the next `seen`; all skipped if nothing changed.

        The selection is cleared only if the session was missing at the previous tick too. A tick
        may be under way while the person selects or renames a session: it must not undo that.

        The first session that is made on another page or by a command is selected.

        Args:
            seen: what the previous tick found; None at the first.
            offset: number of the first session listed.
        """
        listing, session = self._listing(search, offset), present.name
        choices = self._choices(listing)
        exists = present.session is not None and present.session.name == session
        missed = session if session and not exists else None
        is_new = session is None and not search and bool(choices) and seen is not None
        is_first = is_new and seen is not None and not seen.choices
        now = Seen(choices, _pager(listing), present.trashed, missed, is_first)
        undo = _undo(present.trashed)
        if is_new and seen is not None and seen.is_first:
            return gr.Radio(choices=choices, value=choices[0][1]), undo, now
        if now == seen and missed is None:
            return gr.skip(), gr.skip(), gr.skip()
        is_gone = missed is not None and seen is not None and seen.missed == missed
        radio = gr.Radio(choices=choices, value=None) if is_gone else gr.Radio(choices=choices)
        return radio, undo, now

    def _exists(self, session: str | None) -> bool:
        """Whether the session exists, listed or left out by a search."""
        return session is not None and selected_session(self._service, session) == session

    def free_name(self, stem: str) -> str:
        """The first of "stem 1", "stem 2", ... that no session has."""
        taken = {name.casefold() for name in self._service.sessions.names(f"{stem} ")}
        numbers = range(1, len(taken) + 2)
        return next(f"{stem} {n}" for n in numbers if f"{stem} {n}".casefold() not in taken)

    def _copy_name(self, name: str) -> str:
        stem = f"{name[: MAX_NAME_CHARACTERS - 12]} (copy"
        taken = {name.casefold() for name in self._service.sessions.names(stem)}
        tries = [f"{stem})", *(f"{stem} {n})" for n in range(2, len(taken) + 3))]
        return next(candidate for candidate in tries if candidate.casefold() not in taken)

    def shown(self, selected: str | None, search: str = "") -> tuple[Any, str, int]:
        """The screen of the list on which a session is, with that session selected.

        Returns: the list, the line below it, and the number of the first session listed.
        """
        listing = self._listing(search, self._offset_of(selected, search))
        radio = gr.Radio(choices=self._choices(listing), value=selected)
        return radio, _pager(listing), listing.offset

    def _offset_of(self, session: str | None, search: str) -> int:
        rank = self._service.sessions.rank(session, search) if session else None
        return (rank or 0) // SCREEN * SCREEN

    def _undo(self) -> Any:
        return _undo(self._service.trash.newest())

    def _current_sizes(self, session_ids: list[int]) -> dict[int, int]:
        """The bytes on disk of sessions, by their ids."""
        now = time.monotonic()
        with self._guard:
            if len(self._sizes) > MAX_KEPT_SIZES:
                self._sizes.clear()
            since = now - SIZES_SECONDS
            found = {i: self._sizes[i] for i in session_ids if i in self._sizes}
            kept = {i: sized for i, sized in found.items() if sized[0] > since}
            if old := [i for i in session_ids if i not in kept]:
                counted = self._service.sessions.disk_bytes(old)
                kept |= {i: (now, byte_count) for i, byte_count in counted.items()}
                self._sizes |= kept
            return {i: byte_count for i, (_, byte_count) in kept.items()}


def _undo(trashed: TrashedSession | None) -> Any:
    """The button that restores the session that was deleted last; hidden without one."""
    if trashed is None:
        return gr.Button(visible=False)
    return gr.Button(f"Undo: bring back “{trashed.name}”", visible=True)


def _pager(listing: Listing[SessionSummary]) -> str:
    return pager_html(listing, SCREEN, "sessions")
