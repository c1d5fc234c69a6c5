"""Sessions as wholes: list, create, rename, duplicate, delete, export, go back, report."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import storage
from app.service import archive
from app.service.context import Context, SessionRef
from app.service.free_name import under_free_name
from app.service.model_offers import ModelOffers
from app.service.reading import rereading
from app.service.reading.positions import find_checkpoint
from app.service.reading.work_step import StepReport, unreported
from app.service.report import Report, make_report
from app.service.rereads import Rereads
from app.settings import ModelOptions
from ingest.naming import clean_line
from storage import (
    MAX_NAME_CHARACTERS,
    CheckpointRow,
    Listing,
    Presence,
    SessionRow,
    SessionSummary,
)

_NUMBER_CHARACTERS = 8
"""Of a session's name, kept for a number that tells it from others."""
_MAX_TRIES = 100
"""Names that are tried beyond those that are known to be taken."""


class Sessions:
    """Use cases of sessions."""

    def __init__(self, context: Context, rereads: Rereads, models: ModelOffers) -> None:
        self._context, self._db, self._rereads = context, context.db, rereads
        self._models = models

    def list(self, search: str = "", sizes: bool = False) -> list[SessionSummary]:
        """The sessions, the most recently used first.

        Args:
            search: only those whose name or documents' titles contain each of these words.
            sizes: include the bytes of each on disk, which takes time: pages are counted.
        """
        positions = self._context.jobs.positions()
        found = storage.list_sessions(self._db, search, positions=positions)
        if not sizes:
            return found
        byte_counts = self.disk_bytes([s.session.id for s in found])
        return [replace(s, byte_count=byte_counts[s.session.id]) for s in found]

    def listing(self, search: str = "", offset: int = 0, size: int = 50) -> Listing[SessionSummary]:
        """One screen of what `list` returns.

        Args:
            search: as `list` takes it.
            offset: number of the first one to show, counted from 0.
            size: how many sessions a screen has.
        """
        positions = self._context.jobs.positions()
        return storage.screen_of_sessions(self._db, search, offset, size, positions)

    def rank(self, name: str, search: str = "") -> int | None:
        """How many sessions are listed before this one; None if it is not listed."""
        return storage.session_rank(self._db, name, search)

    def newest(self) -> str | None:
        """The name of the session that was used last; None without sessions."""
        found = storage.list_sessions(self._db, limit=1)
        return found[0].session.name if found else None

    def names(self, beginning: str) -> builtins.list[str]:
        """The names of the sessions that begin so, in any case of letters."""
        return storage.session_names(self._db, beginning)

    def find(self, name: str) -> SessionRow | None:
        """The session of this name, None if there is none."""
        return storage.find_session(self._db, name)

    def disk_bytes(self, session_ids: Sequence[int]) -> dict[int, int]:
        """Bytes of sessions on disk, by id; what they share with others counts for each."""
        return storage.bytes_of_sessions(self._db, session_ids)

    def get(self, name: SessionRef) -> SessionRow:
        """The session of this name.

        Raises:
            NotFound: there is none; the message names the nearest ones.
        """
        return self._context.session(name)

    def options_of(self, row: SessionRow) -> ModelOptions:
        """The model options that a session is read and answered with."""
        return self._context.options_of(row)

    def create(self, name: str, model: str | None = None) -> SessionRow:
        """A new session, made with the model options of the settings.

        Args:
            model: of `ModelOffers.list`, to take another one than that of the settings.

        Raises:
            ModelNotFetched: that model is not on this machine yet.
        """
        return storage.create_session(self._db, name, self.new_settings(model))

    def new_settings(self, model: str | None = None) -> dict[str, Any]:
        """How a new session is made; loads its model, which may have to be fetched first.

        Args:
            model: as `create` takes it.
        """
        return self._rereads.config_for(self._models.options_for(model)).as_settings()

    def create_called(self, title: str, settings: dict[str, Any]) -> SessionRow:
        """A new session named after something: "Emma", or "Emma 2" if there is one of that name.

        Args:
            title: of any length and with any characters.
            settings: of `new_settings`.
        """
        return under_free_name(
            self._free_names(title),
            lambda name: storage.create_session(self._db, name, settings),
        )

    def _free_names(self, title: str) -> Iterator[str]:
        """Names after a title that no session has, as far as is known: "Emma", "Emma 2", ...

        One may be taken all the same: made in between, or in the trash, or it looks the same.
        """
        stem = clean_line(title, MAX_NAME_CHARACTERS - _NUMBER_CHARACTERS) or "Untitled"
        taken = {name.casefold() for name in self.names(stem)}
        for number in range(1, len(taken) + _MAX_TRIES + 2):
            name = stem if number == 1 else f"{stem} {number}"
            if name.casefold() not in taken:
                yield name

    def presence(self, name: str | None) -> Presence:
        """What there is to show of a session: one statement, for what is asked again and again."""
        return storage.presence(self._db, name)

    def ensure(self, name: str, model: str | None = None) -> SessionRow:
        """The session of this name, a new one if there is none.

        Args:
            model: of a new one, as `create` takes it.

        Raises:
            AlreadyExists: another session's name differs only in characters that are not seen.
        """
        try:
            return self._context.session(name)
        except storage.NotFound:
            pass
        try:
            return self.create(name, model)
        except storage.AlreadyExists as error:  # another process made it in between
            try:
                return self._context.session(name)
            except storage.NotFound:  # the name only looks like that of another session
                raise error from None

    def rename(self, name: SessionRef, new: str) -> SessionRow:
        """Give a session another name.

        Raises:
            AlreadyExists: another session has this name.
        """
        row = storage.rename_session(self._db, self._context.session(name).id, new)
        opened = self._context.cache.peek(row.id)
        if opened is not None:
            opened.row = row
        return row

    def duplicate(self, name: SessionRef, new: str) -> SessionRow:
        """A second session with the same state, independent from then on.

        Its checkpoints share the pages of the first, so it takes hardly any disk space.

        Raises:
            AlreadyExists: the new name is taken.
        """
        row = self._context.session(name)
        self._context.save(row.id)
        with self._context.copying.held() as key:
            copy = storage.duplicate_session(self._db, row.id, new, key=key)
        self._context.read_on(copy.id)
        return copy

    def delete(self, name: SessionRef) -> None:
        """Delete a session with everything that only this session uses."""
        row = self._context.session(name)
        self._context.forget(row.id, save=False)  # refused while another process follows a log
        self._rereads.drop(row)
        storage.delete_session(self._db, row.id)
        self._context.files.prune()

    def export_to(
        self,
        name: SessionRef,
        path: Path,
        all_checkpoints: bool = False,
        report: StepReport = unreported,
    ) -> None:
        """Write a session to one file.

        Args:
            all_checkpoints: also the older ones, not only the newest.
            report: is told how far it is.

        Raises:
            StorageError, OSError: it cannot be written.
        """
        context = self._context
        row, settings = context.session(name), context.settings
        runtime = context.models.if_loaded(context.options_of(row))
        archive.export_session(
            self._db, settings, context.files, row, path, all_checkpoints, runtime, report
        )

    def import_from(
        self,
        path: Path,
        name: str | None = None,
        report: StepReport = unreported,
        called: str | None = None,
        is_numbered: bool = False,
    ) -> SessionRow:
        """Add the session of an exported file, and resume its unfinished documents.

        Args:
            name: of the new session; that of the exported one if None.
            report: is told how far it is.
            called: what messages call the file; None: the name in its path.
            is_numbered: a name that is taken gets a number, as in `create_called`.

        Raises:
            StorageError: the file is damaged or not an export, or the name is taken.
            AhnError: the model here cannot continue its state.
        """
        context = self._context

        def names(theirs: str) -> Iterator[str]:
            yield name or theirs
            if is_numbered:
                yield from self._free_names(name or theirs)

        used = [context.settings.model, *context.options_in_use()]
        try:
            with context.files.adding(), context.copying.held() as key:
                row = archive.import_session(
                    self._db,
                    context.settings,
                    path,
                    names,
                    context.runtime,
                    used,
                    key,
                    report,
                    called,
                )
        except BaseException:
            context.files.prune()  # what of the documents' files was written already
            raise
        context.read_on(row.id)
        return row

    def go_back(self, name: SessionRef, checkpoint_id: int) -> None:
        """Forget what a session read after a checkpoint; its later documents are paused.

        Raises:
            NoSuchPlace: it has no such checkpoint.
            SessionBusy: another process is reading it.
        """
        row = self._context.session(name)
        find_checkpoint(self._db, row, checkpoint_id)
        self._context.forget(row.id)
        with self._context.locks.held(row.id):
            self._rereads.drop(row)  # only now: what is refused changes nothing
            storage.go_back(self._db, row.id, checkpoint_id, pause=True)

    def checkpoints(
        self, session: SessionRef, *, limit: int | None = None, offset: int = 0
    ) -> builtins.list[CheckpointRow]:
        """The session's checkpoints, the one at the highest position first.

        Args:
            limit: at most this many; None: all.
            offset: leave out this many before them.
        """
        session_id = self._context.session(session).id
        return storage.list_checkpoints(self._db, session_id, limit=limit, offset=offset)

    def count_checkpoints(self, session: SessionRef) -> int:
        """How many checkpoints the session has."""
        return storage.count_checkpoints(self._db, self._context.session(session).id)

    def report(self, session: SessionRef, max_points: int | None = None) -> Report:
        """What the session saved, as of now; no model is needed.

        Args:
            max_points: of the checkpoints' figures, this many at most; None: those of all.
        """
        row = self._context.session(session)
        opened = self._context.cache.peek(row.id)
        state = opened.session.state if opened else None
        now = (state.tokens_seen, state.flops, state.flops_full) if state else None
        budget = self._context.settings.retention.budget_bytes
        return make_report(self._db, row, now, budget, max_points)

    def is_at_work(self, name: SessionRef) -> bool:
        """Whether this process indexes or reads anything of the session, or is about to."""
        return self._context.jobs.is_active(self._context.session(name).id)

    def reading_notes(self, session: SessionRef) -> builtins.list[str]:
        """Sentences: from which older checkpoint it was restored, and why its reading stopped."""
        row, context = self._context.session(session), self._context
        opened = context.cache.peek(row.id)
        notice = context.jobs.notice_of(row.id)
        return [*(opened.notes if opened else []), *([notice] if notice else [])]

    def index_progress(self, session_id: int) -> storage.IndexState | None:
        """How far the search index of a session is; None once it is complete, as it mostly is."""
        if not storage.lacks_segments(self._db):  # of any session, which is known at once
            return None
        state = storage.index_state(self._db, session_id)
        return state if state.indexed < state.total else None

    def notice(self, session: SessionRef) -> str:
        """Sentences about all that keeps the session from being read; empty if nothing does."""
        row = self._context.session(session)
        return self._notice(row, storage.find_reread(self._db, row.id))

    def notice_at(self, present: Presence) -> str:
        """What `notice` returns of a session that was just looked at; empty if there is none."""
        row = present.session
        if row is None:
            return ""
        return self._notice(
            row, storage.find_reread(self._db, row.id) if present.is_reread else None
        )

    def _notice(self, row: SessionRow, reread: SessionRow | None) -> str:
        context = self._context
        notes = [*self.reading_notes(row), context.following.notices.get(row.id, "")]
        if reread is not None:
            progress = rereading.progress_of(self._db, reread)
            notes += [str(progress), context.jobs.notice_of(reread.id)]
        return " ".join(filter(None, notes))
