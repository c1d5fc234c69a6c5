"""Re-readings: a session is read again with other options, beside its old state."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import storage
from ahn_runtime.loading.presets import PRESETS
from ahn_runtime.model.cells import cell_class
from app.errors import NothingRead
from app.service.context import Context, SessionRef
from app.service.models import resolve_options
from app.service.reading import rereading
from app.service.reading.rereading import Rereading
from app.service.session_config import UNTRAINED, SessionConfig
from app.settings import ModelOptions
from storage import SessionRow


class Rereads:
    """Use cases of re-readings. A finished one takes its session's place by itself."""

    def __init__(self, context: Context) -> None:
        self._context, self._db = context, context.db
        context.worker.subscribe(self._finish)

    def config_for(self, options: ModelOptions) -> SessionConfig:
        """How a session is made with these options; loads their model."""
        options = resolve_options(options)
        runtime = self._context.models.get(options)
        cell = runtime.stream.cell
        return SessionConfig(
            options=options,
            stream=runtime.stream,
            model=runtime.config,
            num_gates=cell_class(cell).num_gates if cell else 0,
            memory_status=runtime.memory_status,
            title=runtime.title,
            chunk_tokens=self._context.settings.chunk_tokens,
            memory_name=_memory_name(options),
        )

    def begin(self, name: SessionRef, changes: dict[str, Any]) -> None:
        """Read a session again in the background; an unfinished re-reading is resumed.

        Args:
            changes: `ModelOptions` by name that replace those the session was made with.

        Raises:
            NothingRead: there is nothing to read.
            AhnError: the model cannot be loaded.
        """
        row = self._context.session(name)
        if not storage.has_documents(self._db, row.id):
            raise NothingRead(
                f"The session {row.name!r} has no documents, so there is nothing to read again."
            )
        self._context.following.end(row)
        options = replace(SessionConfig.from_row(row).options, **changes)
        settings = self.config_for(options).as_settings()
        reread = storage.find_reread(self._db, row.id)
        if reread is not None and reread.settings != settings:
            self.drop(row)
            reread = None
        reread = reread or storage.begin_reread(self._db, row.id, settings)
        for document in storage.list_documents(self._db, reread.id):
            self._context.resume(document)

    def cancel(self, name: SessionRef) -> None:
        """Drop a re-reading; the session stays as it is."""
        self.drop(self._context.session(name))

    def drop(self, row: SessionRow) -> None:
        """Delete the re-reading of a session, if there is one."""
        known = storage.find_reread(self._db, row.id)
        if known is not None:
            self._context.forget(known.id, save=False)
            with suppress(storage.NotFound):  # another process has just finished or dropped it
                storage.delete_session(self._db, known.id)
            self._context.unload_unused_models()

    def progress(self, name: SessionRef) -> Rereading | None:
        """How far the session's re-reading is, None if there is none."""
        reread = storage.find_reread(self._db, self._context.session(name).id)
        return None if reread is None else rereading.progress_of(self._db, reread)

    def is_running(self, name: SessionRef) -> bool:
        """Whether this process indexes or reads the re-reading of a session, or is about to."""
        reread = storage.find_reread(self._db, self._context.session(name).id)
        return reread is not None and self._context.jobs.is_active(reread.id)

    def is_offered(self, name: SessionRef) -> bool:
        """Whether a new session would have a trained memory that this one does not have."""
        row = self._context.session(name)
        config = SessionConfig.from_row(row)
        if config.former_memory is not None:
            return True
        if config.memory_status != UNTRAINED and not config.has_no_memory:
            return False
        made = config.options
        preset = PRESETS.get(str(made.model))
        return made.ahn == "auto" and preset is not None and preset.memory_status == "trained"

    def _finish(self, session_id: int) -> None:
        """Put a finished re-reading in its session's place; other sessions are left alone."""
        context = self._context
        row = storage.get_session_by_id(self._db, session_id)
        if row.rereads is None:
            return
        with context.queue.reading():  # no answer is made from the old state meanwhile
            context.cache.save(row.rereads)
            more = rereading.switch(self._db, context.locks, row)
            if storage.find_reread(self._db, row.rereads) is None:
                for gone in (row.id, row.rereads):
                    context.cache.drop(gone)
                context.unload_unused_models()
        storage.delete_hidden_sessions(self._db)  # the old state, while the new one answers
        context.read_on(row.id if more else row.rereads)


def _memory_name(options: ModelOptions) -> str:
    """The name of the memory that "auto" means now."""
    preset = PRESETS.get(str(options.model))
    return preset.memory_name if preset and options.ahn == "auto" else ""
