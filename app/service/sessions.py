"""The sessions: made, found, renamed, doubled, deleted, taken elsewhere, and what is to be told."""

from __future__ import annotations

import builtins
from dataclasses import replace
from pathlib import Path

import storage
from app.service import archive
from app.service.context import Context
from app.service.reading.replay import find_checkpoint
from app.service.report import Report, make_report
from app.service.rereads import Rereads
from storage import CheckpointRow, SessionRow, SessionSummary


class Sessions:
    """What the service does about sessions as wholes."""

    def __init__(self, context: Context, rereads: Rereads) -> None:
        self._context, self._db, self._rereads = context, context.db, rereads

    def list(self, search: str = "", sizes: bool = False) -> list[SessionSummary]:
        """The sessions, the one with the newest activity first.

        Args:
            search: only those whose name, or a document's title, has each of these words.
            sizes: say what each takes on the disk; that is counted page by page.
        """
        found = storage.list_sessions(self._db, search)
        if not sizes:
            return found
        return [replace(s, byte_count=self._disk_bytes(s.session.id)) for s in found]

    def _disk_bytes(self, session_id: int) -> int:
        """What a session takes on the disk; what it shares with others counts for each."""
        pages = storage.checkpoint_bytes(self._db, session_id)
        return pages + storage.file_bytes(self._db, session_id)

    def create(self, name: str) -> SessionRow:
        """A new session, bound to the model and window that are loaded."""
        settings = self._rereads.config_for(self._context.settings.model).as_settings()
        return storage.create_session(self._db, name, settings)

    def ensure(self, name: str) -> SessionRow:
        """The session of this name, a new one if there is none."""
        try:
            return self._context.session(name)
        except storage.NotFound:
            return self.create(name)

    def rename(self, name: str, new: str) -> SessionRow:
        """Give a session another name.

        Raises:
            AlreadyExists: another session has it.
        """
        row = storage.rename_session(self._db, self._context.session(name).id, new)
        live = self._context.live.peek(row.id)
        if live is not None:
            live.row = row
        return row

    def duplicate(self, name: str, new: str) -> SessionRow:
        """A second session that stands where this one does, and goes its own way from there.

        Its checkpoints share the pages of the first, so it takes hardly any disk.

        Raises:
            AlreadyExists: the new name is taken.
        """
        row = self._context.session(name)
        self._context.save(row.id)
        copy = storage.duplicate_session(self._db, row.id, new)
        self._context.read_on(copy.id)
        return copy

    def delete(self, name: str) -> None:
        """Delete a session with everything that only it used."""
        row = self._context.session(name)
        self._rereads.drop(row)
        self._context.forget(row.id, save=False)
        storage.delete_session(self._db, row.id)
        self._context.files.drop_unused()

    def export_to(self, name: str, path: Path, all_checkpoints: bool = False) -> None:
        """Write a session to one file; see `archive`."""
        row = self._context.session(name)
        archive.export_session(self._db, self._context.settings, row, path, all_checkpoints)

    def import_from(self, path: Path, name: str | None = None) -> SessionRow:
        """Take a session in from a file, and read on what it left unfinished."""
        context = self._context
        with context.files.adding():
            row = archive.import_session(self._db, context.settings, path, name, context.runtime)
        context.read_on(row.id)
        return row

    def go_back(self, name: str, checkpoint_id: int) -> None:
        """Forget what a session read after a checkpoint; its later documents are paused.

        Raises:
            NoSuchPlace: it has no such checkpoint.
            SessionBusy: another process is reading it.
        """
        row = self._context.session(name)
        find_checkpoint(self._db, row, checkpoint_id)
        self._rereads.drop(row)
        self._context.forget(row.id)
        with self._context.locks.held(row.id):
            storage.go_back(self._db, row.id, checkpoint_id, pause=True)

    def checkpoints(self, session: str) -> builtins.list[CheckpointRow]:
        """The session's checkpoints, the one furthest on first."""
        return storage.list_checkpoints(self._db, self._context.session(session).id)

    def report(self, session: str) -> Report:
        """What the session saved; live where it is ahead of its checkpoint. Needs no model."""
        row = self._context.session(session)
        live = self._context.live.peek(row.id)
        state = live.session.state if live else None
        now = (state.tokens_seen, state.flops, state.flops_full) if state else None
        return make_report(self._db, row, now, self._context.settings.retention.budget_bytes)

    def is_at_work(self, name: str) -> bool:
        """Whether anything of the session is being indexed or read, or is about to be, here."""
        return self._context.is_at_work(self._context.session(name).id)

    def reading_notes(self, session: str) -> builtins.list[str]:
        """How the session was restored where that is worth telling, and why its reading stops."""
        row, context = self._context.session(session), self._context
        live = context.live.peek(row.id)
        notice = context.reader.notices.get(row.id)
        return [*(live.notes if live else []), *([notice] if notice else [])]

    def notice(self, session: str) -> str:
        """What the person should know about the session's reading; empty when all is well."""
        row, context = self._context.session(session), self._context
        notes: builtins.list[str | None] = [*self.reading_notes(session)]
        notes.append(context.following.notices.get(row.id))
        anew = self._rereads.progress(session)
        if anew is not None:
            reread = storage.find_reread(self._db, row.id)
            notes += [str(anew), context.reader.notices.get(reread.id) if reread else None]
        return " ".join(filter(None, notes))
