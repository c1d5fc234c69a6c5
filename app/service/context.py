"""What all use cases share: the database, the models, the documents' files, and who reads."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import storage
from ahn_runtime import Runtime
from app.service.answering.note_editor import NoteEditor
from app.service.library.file_store import FileStore
from app.service.library.followers import Following
from app.service.library.indexing import index_document
from app.service.library.leftovers import sweep_leftovers
from app.service.models import Load, Models
from app.service.reading.indexer import Indexer
from app.service.reading.job_queue import JobQueue
from app.service.reading.locks import SessionLocks, WorkLocks
from app.service.reading.model_queue import ModelQueue
from app.service.reading.notes import NoteTaker
from app.service.reading.session_cache import SessionCache
from app.service.reading.work_step import StepReport
from app.service.reading.worker import ReadingWorker
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

SessionRef = str | int | SessionRow
"""The name of a session, its id, or the session itself as it was just read."""


class Context:
    """One database, one model at a time, one reading worker, many sessions.

    Args:
        settings: the application's settings; the data directory is made if it does not exist.
        load: makes a runtime from model options; see `Models`.
        processes: open the documents' files; the context starts its own if None.
    """

    def __init__(
        self, settings: Settings, load: Load, processes: SandboxPool | None = None
    ) -> None:
        self.settings = settings
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        storage.make_private(settings.data_dir)
        for folder in settings.own_folders:  # others in there are somebody else's
            storage.make_private_below(folder)
        sweep_leftovers(settings)
        self.db = Database(settings.database_path)
        self.models = Models(load)
        self.files = FileStore(self.db, settings.files_dir, settings.locks_dir / "files")
        self._own_processes = SandboxPool()
        self.processes = processes or self._own_processes
        self.queue = ModelQueue(settings.max_waiting_questions)
        self.replays = ModelQueue(settings.max_waiting_questions)
        """One earlier state at a time is made for a question: each takes memory."""
        self.locks = SessionLocks(settings.locks_dir)
        self.indexing_locks = SessionLocks(settings.locks_dir / "indexing")
        self.copying = WorkLocks(settings.locks_dir)
        self.cache = SessionCache(self.db, settings, self.queue, self.locks, self.runtime)
        self.jobs = JobQueue()
        self.indexer = Indexer(self.db, self.jobs, self._index, self.indexing_locks)
        taker = NoteTaker(self.db, settings, self.queue, NoteEditor())
        self.notes = taker if settings.notes else None
        self.worker = ReadingWorker(
            self.db, settings, self.jobs, self.cache, self.queue, self.notes
        )
        self.following = Following(self.db, settings, self._runtime_of, self.jobs.enqueue)

    def start_reading(self) -> None:
        """Start the threads that index and read."""
        self.processes.warm_up()
        self.indexer.start()
        self.worker.start()

    def stop_reading(self, timeout_s: float = 60.0) -> None:
        """Finish the current chunk, end the threads, write checkpoints.

        Args:
            timeout_s: how long each thread is waited for. If one does not end, no checkpoint is
                written here: what it has read since its last one is read again.
        """
        self.jobs.stop()
        have_ended = [threads.join(timeout_s) for threads in (self.indexer, self.worker)]
        if all(have_ended):
            self.cache.save_all()

    def close(self) -> None:
        """Stop following and reading, write checkpoints, close the database."""
        self.following.stop_all()
        self.stop_reading()
        self._own_processes.close()
        self.db.close()

    def session(self, session: SessionRef) -> SessionRow:
        """The session of this name or id; one that was just read is not read again.

        Who works longer on a session looks its name up once and then uses the id: another process
        may rename it meanwhile.

        Raises:
            NotFound: there is none; the message names the nearest ones.
        """
        if isinstance(session, SessionRow):
            return session
        if isinstance(session, int):
            return storage.get_session_by_id(self.db, session)
        return storage.get_session(self.db, session)

    def runtime(self, row: SessionRow | None = None) -> Runtime:
        """The model of a session, or of a new session if None; loaded on first use.

        Raises:
            AhnError: it cannot be loaded, with the reason.
        """
        return self.models.get(self.options_of(row) if row else self.settings.model)

    def options_of(self, row: SessionRow) -> ModelOptions:
        """The model options that a session is read and answered with."""
        return SessionConfig.from_row(row).resume_options

    def _runtime_of(self, session_id: int) -> Runtime:
        return self.runtime(storage.get_session_by_id(self.db, session_id))

    def _index(
        self,
        document: DocumentRow,
        is_cancelled: Callable[[], bool],
        password: str | None,
        report: StepReport,
    ) -> bool:
        tokens = self._runtime_of(document.session_id).tokenizer
        return index_document(
            self.db, self.files, self.processes, document, tokens, is_cancelled, password, report
        )

    def unload_unused_models(self) -> None:
        """Free the memory of the models that no session uses any more."""
        self.models.keep([self.settings.model, *self.options_in_use()])

    def options_in_use(self) -> list[ModelOptions]:
        """The options of all sessions, but of those whose settings are damaged."""
        used = []
        for settings in storage.settings_in_use(self.db):
            with contextlib.suppress(AttributeError, KeyError, TypeError, ValueError):  # damaged
                used.append(SessionConfig.from_settings(settings).resume_options)
        return used

    def forget(self, session_id: int, save: bool = True) -> None:
        """Stop following and reading for a session, and close it.

        Args:
            save: write a checkpoint of what was read since the last one; False if the session is
                about to be deleted.

        Raises:
            SessionBusy: another process follows a log for it.
        """
        self.following.make_free(storage.get_session_by_id(self.db, session_id))
        self.jobs.drop(session_id)
        if save:
            self.save(session_id)
        self.cache.drop(session_id)

    def save(self, session_id: int) -> None:
        """Write a checkpoint of what a session has read since its last one."""
        with self.queue.reading():
            self.cache.save(session_id)

    def resume(self, document: DocumentRow, password: str | None = None) -> DocumentRow:
        """Continue a document that is not finished; a failed one is tried again.

        Args:
            password: of an encrypted PDF that is not indexed yet.
        """
        if document.state in RESUMABLE_STATES:
            is_indexed = document.token_count is not None
            waiting = DocumentState.QUEUED if is_indexed else DocumentState.INDEXING
            document = storage.set_document_state(self.db, document.id, waiting)
        if document.state in OPEN_STATES:
            self.jobs.enqueue(document, password)
        return document

    def read_on(self, session_id: int) -> None:
        """Queue all of a session's documents that are not finished, and complete its index."""
        self.indexer.wake()
        for document in storage.list_documents(self.db, session_id):
            if document.state in OPEN_STATES:
                self.jobs.enqueue(document)
