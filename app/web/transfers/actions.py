"""What the page does with imports and exports: it begins, shows and ends them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
from gradio.utils import get_upload_folder

import storage
from app.service import SUFFIX, Service
from app.web.events import row_number, sent
from app.web.notify import notify_text
from app.web.sidebar.actions import NOTHING_SELECTED, SessionActions
from app.web.sources.upload import discard, name_of
from app.web.transfers.html import transfers_html
from storage import Presence


class Begun(NamedTuple):
    """What a page began to import.

    Args:
        ids: of the transfers.
        session: the one that was selected then. If it still is, the first one that is imported is
            selected in its place.
    """

    ids: tuple[int, ...]
    session: str | None


class Arrived(NamedTuple):
    """A session that was imported and is to be selected; the id tells it from one before."""

    id: int
    session: str


def is_export(path: str) -> bool:
    """Whether an uploaded file is an exported session, by its content or by its name.

    One that is only named so is damaged or no export, and the import says which.
    """
    return storage.is_export(Path(path)) or name_of(path).lower().endswith(SUFFIX)


class TransferActions:
    """The handlers of imports and exports."""

    def __init__(self, service: Service, sessions: SessionActions) -> None:
        self._service, self._sessions = service, sessions

    def begin_imports(self, paths: Sequence[str], session: str | None) -> Begun:
        """Begin to import uploaded files, which are deleted when they are not needed any more.

        Args:
            session: the selected one.
        """
        uploads = self._service.settings.uploads_dir
        begin = self._service.transfers.begin_import
        ids = [
            begin(Path(path), name_of(path), partial(discard, Path(path), uploads))
            for path in paths
        ]
        return Begun(tuple(ids), session)

    def export(self, session: str | None) -> str:
        """Begin to export a session, and show that."""
        if not session:
            notify_text(NOTHING_SELECTED)
        else:
            # Among the uploads: what is there is deleted after an hour, or when the server ends.
            folder = Path(get_upload_folder())
            self._service.transfers.begin_export(session, folder)
        return self.shown()

    def shown(self) -> str:
        """What is going on, as HTML."""
        return transfers_html(self._service.transfers.list())

    def end(self, event: gr.EventData) -> str:
        """Stop the import or export whose button was clicked, or forget it if it has ended.

        Args:
            event: with the data of `javascript.BUTTONS`.
        """
        number = row_number(sent(event).get("id"))
        if number is not None:
            self._service.transfers.end(number)
        return self.shown()

    def tick(
        self, now: Presence, begun: Begun | None, view: str | None
    ) -> tuple[Any, Any, Any, Any]:
        """What is going on, the same as the next `view`, what is still awaited, and what arrived.

        Args:
            begun: what the page awaits.
            view: what it shows.
        """
        html = self.shown()
        shown = (gr.skip(), gr.skip()) if html == (view or "") else (html, html)
        if begun is None:
            return *shown, gr.skip(), gr.skip()
        left, arrived = begun, gr.skip()
        for number in begun.ids:
            found = self._service.transfers.find(number)
            if found is not None and not found.has_ended:
                continue
            left = left._replace(ids=tuple(i for i in left.ids if i != number))
            if found is None or found.session is None:
                continue  # stopped, or failed, which is shown until somebody closes it
            notify_text(f"Imported the session {found.session!r}.")
            self._service.transfers.end(number)
            if now.name == left.session:
                arrived, left = Arrived(number, found.session), left._replace(session="")
        if left == begun:
            return *shown, gr.skip(), gr.skip()
        return *shown, left if left.ids else None, arrived

    def select(self, arrived: Arrived | None) -> tuple[Any, ...]:
        """Select a session that was imported; the search is emptied so that it is listed."""
        if arrived is None:
            return (gr.skip(),) * 4
        return *self._sessions.shown(arrived.session), ""
