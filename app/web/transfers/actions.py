"""What the page does with imports and exports: it begins, shows and ends them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
from gradio.utils import get_upload_folder

from app.errors import TooManyTransfers, TransferStopped
from app.messages import sentence
from app.service import MAX_CALLED_CHARS, SUFFIX, Service
from app.web.events import row_number, sent
from app.web.notify import notify_text
from app.web.sidebar.actions import NOTHING_SELECTED, SessionActions
from app.web.sources.upload import discard, keep, name_of
from app.web.transfers.html import transfers_html
from ingest.naming import clean_line
from ingest.sniffing import SESSION_HEAD_BYTES, is_session_export
from storage import Presence


class Begun(NamedTuple):
    """What a page began to import with one upload.

    Args:
        ids: of the transfers.
        session: the one that was selected then. If it still is, the first one that is imported is
            selected in its place.
    """

    ids: tuple[int, ...]
    session: str | None


class Arrived(NamedTuple):
    """A session that was imported and is to be selected.

    Args:
        id: of the transfer.
        session: the name of the imported one.
        begun: the upload that it came with.
    """

    id: int
    session: str
    begun: Begun


def is_export(path: str) -> bool:
    """Whether an uploaded file is an exported session, by its content or by its name.

    One that is only named so is damaged or no export, and the import says which. A file that cannot
    be read has its name only.
    """
    head = b""
    with suppress(OSError), Path(path).open("rb") as file:
        head = file.read(SESSION_HEAD_BYTES)
    return is_session_export(head) or name_of(path).lower().endswith(SUFFIX)


class TransferActions:
    """The handlers of imports and exports."""

    def __init__(self, service: Service, sessions: SessionActions) -> None:
        self._service, self._sessions = service, sessions

    def begin_imports(
        self, paths: Sequence[str], session: str | None, begun: Sequence[Begun] = ()
    ) -> tuple[Begun, ...]:
        """Begin to import uploaded files, which are deleted when they are not needed any more.

        Args:
            session: the selected one.
            begun: what the page began before.

        Returns: what the page has begun then, without what has been seen to its end.
        """
        find = self._service.transfers.find
        known = tuple(each for each in begun if any(find(number) for number in each.ids))
        ids: list[int] = []
        refused: dict[str, list[str]] = {}
        for path in paths:
            try:
                ids.append(self._begin_import(path))
            except (TooManyTransfers, TransferStopped) as error:
                refused.setdefault(sentence(error), []).append(
                    clean_line(name_of(path), MAX_CALLED_CHARS)
                )
        for why, names in refused.items():
            more = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
            notify_text(f"{names[0]}{more} cannot be imported now: {why}")
        return (*known, Begun(tuple(ids), session)) if ids else known

    def _begin_import(self, path: str) -> int:
        uploads = self._service.settings.uploads_dir
        kept = keep(Path(path), uploads)
        done = partial(discard, kept, uploads)
        try:
            return self._service.transfers.begin_import(kept, name_of(path), done)
        except BaseException:
            done()
            raise

    def export(self, session: str | None) -> tuple[str, str]:
        """Begin to export a session, and show that.

        Returns: as `end`.

        Raises:
            one of KNOWN_ERRORS: it is refused.
        """
        if not session:
            notify_text(NOTHING_SELECTED)
        else:
            # Among the uploads: what is there is deleted after an hour, or when the server ends.
            folder = Path(get_upload_folder())
            self._service.transfers.begin_export(session, folder)
        return self._shown_twice()

    def shown(self) -> str:
        """What is going on, as HTML."""
        return transfers_html(self._service.transfers.list())

    def _shown_twice(self) -> tuple[str, str]:
        html = self.shown()
        return html, html

    def end(self, event: gr.EventData) -> tuple[str, str]:
        """Stop the import or export whose button was clicked, or forget it if it has ended.

        Args:
            event: with the data of `javascript.BUTTONS`.

        Returns: what is going on, and the same as the next `view` of `tick`.
        """
        number = row_number(sent(event).get("id"))
        if number is not None:
            self._service.transfers.end(number)
        return self._shown_twice()

    def tick(
        self, now: Presence, begun: Sequence[Begun] | None, view: str | None
    ) -> tuple[Any, Any, Any]:
        """What is going on, the same as the next `view`, and what arrived.

        What was imported is announced once: then it is forgotten, so `begun` is only read here. If
        this changed it, an upload could lose what it adds at the same time.

        Args:
            begun: what the page began to import.
            view: what it shows.
        """
        html = self.shown()
        shown = (gr.skip(), gr.skip()) if html == (view or "") else (html, html)
        arrived: Any = gr.skip()
        for upload in begun or ():
            for number in upload.ids:
                found = self._service.transfers.find(number)
                if found is None or found.session is None:
                    continue  # stopped, at work, or failed, which is shown until it is closed
                notify_text(f"Imported the session {found.session!r}.")
                self._service.transfers.end(number)
                if now.name == upload.session and not isinstance(arrived, Arrived):
                    arrived = Arrived(number, found.session, upload)
        return *shown, arrived

    def select(
        self, arrived: Arrived | None, session: str | None, followed: Begun | None
    ) -> tuple[Any, ...]:
        """Select a session that was imported; the search is emptied so that it is listed.

        Args:
            session: the selected one.
            followed: the upload of the last one that was selected; no second one of it is.

        Returns: the sessions, the emptied search, and the next `followed`.
        """
        if arrived is None or arrived.begun == followed or arrived.begun.session != session:
            return (gr.skip(),) * 5
        return *self._sessions.shown(arrived.session), "", arrived.begun
