"""What all parts of the service share: the store, the models, who works, and whose turn it is."""

from __future__ import annotations

from collections.abc import Callable

import storage
from ahn_runtime import Runtime
from app.service.library.followers import Following
from app.service.library.indexing import KeptFiles
from app.service.models import Load, Models
from app.service.reading.locks import SessionLocks
from app.service.reading.model_queue import ModelQueue
from app.service.reading.session_cache import SessionCache
from app.service.reading.worker import Reader
from app.service.session_config import SessionConfig
from app.settings import ModelOptions, Settings
from ingest import SandboxPool
from storage import (
    OPEN_STATES,
    RESUMABLE_STATES,
    Database,
    DocumentRow,
    DocumentState,
    SessionRow,
)


class Context:
    """One model, one reader, many sessions.

    Args:
        load: makes a runtime of options; see `Models`.
        processes: open the documents' files; the context's own where none are given.
        all_read: told of a session that has nothing left to read.
    """

    def __init__(
        self,
        settings: Settings,
        load: Load,
        processes: SandboxPool | None,
        all_read: Callable[[int], None],
    ) -> None:
        self.settings = settings
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        self.db = Database(settings.database_path)
        self.models = Models(load)
        self.queue = ModelQueue(settings.max_waiting_questions)
        self.locks = SessionLocks(settings.locks_dir)
        self.files = KeptFiles(self.db, settings)
        self.live = SessionCache(self.db, settings, self.queue, self.locks, self.runtime)
        self._own_processes = SandboxPool()
        self.processes = processes or self._own_processes
        self.reader = Reader(
            self.db,
            settings,
            self.processes,
            self._runtime_of,
            self.live,
            all_read,
            self.queue,
        )
        self.following = Following(self.db, settings, self._runtime_of, self.reader.enqueue)

    def close(self) -> None:
        """Finish the chunk being read, write checkpoints, close the database."""
        self.following.stop_all()
        self.reader.stop()
        self._own_processes.close()
        self.db.close()

    def session(self, name: str) -> SessionRow:
        """The session of this name.

        Raises:
            NotFound: there is none; the message names the nearest ones.
        """
        return storage.get_session(self.db, name)

    def runtime(self, row: SessionRow | None = None) -> Runtime:
        """The model a session was made with, or that of a new one, loaded on first need.

        Raises:
            AhnError: why it cannot be loaded.
        """
        return self.models.get(self.options_of(row) if row else self.settings.model)

    def options_of(self, row: SessionRow) -> ModelOptions:
        """The options with which a session's model is loaded."""
        return SessionConfig.from_row(row).resume_options

    def _runtime_of(self, session_id: int) -> Runtime:
        return self.runtime(storage.get_session_by_id(self.db, session_id))

    def let_go_of_models(self) -> None:
        """Free the memory of models that no session goes on with any more."""
        rows = [summary.session for summary in storage.list_sessions(self.db)]
        used = map(self.options_of, (*rows, *storage.list_rereads(self.db)))
        self.models.keep([self.settings.model, *used])

    def forget(self, session_id: int, save: bool = True) -> None:
        """Take a session out of the following, out of the reading and out of memory.

        Args:
            save: what was read since its last checkpoint; not if it is to be deleted.
        """
        self.following.make_free(storage.get_session_by_id(self.db, session_id))
        self.rest(session_id)
        if save:
            self.save(session_id)
        self.live.drop(session_id)

    def rest(self, session_id: int) -> None:
        """Stop reading a session at the next grid point."""
        documents = storage.list_documents(self.db, session_id)
        self.reader.forget(session_id, [document.id for document in documents])

    def save(self, session_id: int) -> None:
        """Write a checkpoint of what a session has read since its last."""
        with self.queue.reading():
            self.live.save(session_id)

    def resume(self, document: DocumentRow, password: str | None = None) -> DocumentRow:
        """Read a document on, wherever it stopped; a failed one is tried again."""
        if document.state in RESUMABLE_STATES:
            is_indexed = document.token_count is not None
            waiting = DocumentState.QUEUED if is_indexed else DocumentState.INDEXING
            document = storage.set_document_state(self.db, document.id, waiting)
        if document.state in OPEN_STATES:
            self.reader.enqueue(document, password)
        return document

    def read_on(self, session_id: int) -> None:
        """Have the reader go on with all that a session has left to read."""
        for document in storage.list_documents(self.db, session_id):
            if document.state in OPEN_STATES:
                self.reader.enqueue(document)

    def is_at_work(self, session_id: int) -> bool:
        """Whether anything of a session is being indexed or read, or is about to be, here."""
        documents = [document.id for document in storage.list_documents(self.db, session_id)]
        # In this order: what is indexed is read next.
        return self.reader.is_indexing(documents) or self.reader.is_busy(session_id)
