"""The sidebar: sessions with their size and progress, to be made, found, renamed and deleted."""

from __future__ import annotations

import threading
import time
from abc import ABCMeta
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from app.messages import KNOWN_ERRORS
from app.service import Service
from app.web.formatting import size
from app.web.notify import tell, tell_text
from app.web.selected_session import chosen_session
from storage import MAX_NAME_CHARACTERS, SessionSummary

SIZES_SECONDS = 15.0
"""Sizes on the disk are counted page by page, so not at every look."""
BRAND = '<div class="brand">Ammon<small>reads anything, answers with the page</small></div>'


def _as_chosen(_: gr.Radio, payload: Any) -> str | None:
    return payload if isinstance(payload, str) else None


# Sessions to choose from; the chosen one need not be among those that are listed: a search may have
# passed it over, or a list from just before it was made may have come late. Gradio would refuse
# every event of the page then; an unknown name is the service's to refuse. Not a `class`, for then
# gradio writes a .pyi beside this file, wherever that is installed.
SessionRadio: Any = ABCMeta.__new__(
    type(gr.Radio),
    "SessionRadio",
    (gr.Radio,),
    {"__module__": __name__, "is_template": True, "preprocess": _as_chosen},
)


@dataclass(frozen=True)
class SessionList:
    """The components of the sidebar.

    Args:
        wanted: the session that the page's address names; not shown.
    """

    wanted: gr.Textbox
    sessions: gr.Radio
    search: gr.Textbox
    name: gr.Textbox
    create: gr.Button
    rename: gr.Button
    duplicate: gr.Button
    delete: gr.Button
    new_name_row: gr.Group
    new_name: gr.Textbox
    save_name: gr.Button
    keep_name: gr.Button
    undo: gr.Button


def lay_out_sessions() -> SessionList:
    """The sidebar's content."""
    gr.HTML(BRAND)
    with gr.Row(equal_height=True, elem_classes="tight"):
        name = _field("Name of a new session", "New session", scale=3)
        create = gr.Button("New", size="md", scale=1, min_width=60)
    search = _field("Search sessions", "Search sessions and titles")
    sessions = SessionRadio(label="Sessions", choices=[], interactive=True, elem_classes="sessions")
    with gr.Row(elem_classes="tight"):
        rename = gr.Button("Rename", size="sm", min_width=70)
        duplicate = gr.Button("Duplicate", size="sm", min_width=70)
        delete = gr.Button("Delete", size="sm", min_width=70)
    with gr.Group(visible=False, elem_classes="plain") as row:
        new_name = _field("New name of the session", "New name")
        with gr.Row(elem_classes="tight"):
            save = gr.Button("Save name", size="sm", variant="primary", min_width=70)
            keep = gr.Button("Keep the old", size="sm", min_width=70)
    undo = gr.Button(size="sm", visible=False, elem_classes="undo")
    wanted = gr.Textbox(visible="hidden", label="Session of the address")
    return SessionList(
        *(wanted, sessions, search, name, create, rename, duplicate, delete),
        *(row, new_name, save, keep, undo),
    )


def _field(label: str, placeholder: str, scale: int | None = None) -> gr.Textbox:
    return gr.Textbox(
        label=label,
        placeholder=placeholder,
        show_label=False,
        container=False,
        min_width=100,
        scale=scale,
        max_lines=1,
        elem_classes="field",
    )


def session_label(summary: SessionSummary) -> str:
    """A session's two lines in the sidebar, as plain text."""
    facts = [f"{summary.tokens_read:,} tokens"]
    if summary.open_count and summary.token_count:
        share = summary.tokens_read / summary.token_count
        facts = [f"{share:.0%} of {summary.token_count:,} tokens"]
    if summary.byte_count:
        facts.append(size(summary.byte_count))
    return f"{summary.session.name}\n{' · '.join(facts)}"


class SessionActions:
    """What the sidebar does."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._guard = threading.Lock()
        self._sizes: dict[int, int | None] = {}
        self._sized_at = float("-inf")

    def choices(self, search: str = "") -> list[tuple[str, str]]:
        """(label, name) of each session that the search finds."""
        sizes = self._current_sizes()
        found = self._service.sessions.list(search or "")
        return [
            (session_label(replace(s, byte_count=sizes.get(s.session.id))), s.session.name)
            for s in found
        ]

    def first_view(self, wanted: str) -> tuple[Any, Any]:
        """The sessions with the wanted one chosen, else the newest, and what can be taken back."""
        chosen = wanted if self._exists(wanted) else self._newest()
        return self._shown(chosen), self._undo()

    def find(self, search: str) -> Any:
        return gr.Radio(choices=self.choices(search))

    def create(self, wanted: str) -> tuple[Any, Any, Any]:
        """A new session, named by itself where no name was typed; the search is emptied."""
        try:
            row = self._service.sessions.create(wanted.strip() or self.free_name("Session"))
        except KNOWN_ERRORS as error:
            tell(error)
            return gr.skip(), gr.skip(), gr.skip()
        return self._shown(row.name), "", ""

    def begin_rename(self, session: str | None) -> tuple[Any, Any]:
        if not session:
            tell_text("Choose a session first.")
            return gr.skip(), gr.skip()
        return gr.Group(visible=True), session

    def rename(self, session: str | None, new: str, search: str) -> tuple[Any, Any]:
        try:
            row = self._service.sessions.rename(session or "", new)
        except KNOWN_ERRORS as error:
            tell(error)
            return gr.skip(), gr.skip()
        return self._shown(row.name, search), gr.Group(visible=False)

    def duplicate(self, session: str | None) -> tuple[Any, Any]:
        """A copy beside the session, and the search emptied so that it is seen."""
        if not session:
            tell_text("Choose a session first.")
            return gr.skip(), gr.skip()
        try:
            row = self._service.sessions.duplicate(session, self._copy_name(session))
        except KNOWN_ERRORS as error:
            tell(error)
            return gr.skip(), gr.skip()
        return self._shown(row.name), ""

    def delete(self, session: str | None, search: str) -> tuple[Any, Any]:
        if not session:
            tell_text("Choose a session first.")
            return gr.skip(), gr.skip()
        try:
            self._service.trash.put(session)
        except KNOWN_ERRORS as error:
            tell(error)
        return self._shown(self._newest(), search), self._undo()

    def take_back(self, search: str) -> tuple[Any, Any]:
        """Bring back what was deleted last."""
        trashed = self._service.trash.list()
        try:
            name = self._service.trash.restore(trashed[0].session_id).name if trashed else None
        except KNOWN_ERRORS as error:
            tell(error)
            return gr.skip(), self._undo()
        return self._shown(name or self._newest(), search), self._undo()

    def tick(self, session: str | None, search: str, seen: Any) -> tuple[Any, Any, Any]:
        """What others and the reading changed; nothing where nothing did.

        The chosen one is set only where it was gone the last time too: whoever has just chosen
        keeps that, and a name that this page itself has changed meanwhile is not missed.
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
        """Whether there is such a session, which a search may only have passed over."""
        return session is not None and chosen_session(self._service, session) == session

    def free_name(self, stem: str) -> str:
        """The first of "stem 1", "stem 2", ... that is not taken."""
        taken = {s.session.name.casefold() for s in self._service.sessions.list()}
        numbers = range(1, len(taken) + 2)
        return next(f"{stem} {n}" for n in numbers if f"{stem} {n}".casefold() not in taken)

    def _copy_name(self, name: str) -> str:
        stem = f"{name[: MAX_NAME_CHARACTERS - 12]} (copy"
        taken = {s.session.name.casefold() for s in self._service.sessions.list()}
        tries = [f"{stem})", *(f"{stem} {n})" for n in range(2, len(taken) + 3))]
        return next(candidate for candidate in tries if candidate.casefold() not in taken)

    def _shown(self, chosen: str | None, search: str = "") -> Any:
        return gr.Radio(choices=self.choices(search), value=chosen)

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
