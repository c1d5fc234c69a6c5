"""The service: everything a page or a terminal can ask for, on one database and one model."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import storage
from ahn_runtime import Runtime
from ahn_runtime.cells import cell_class
from app.errors import NothingRead
from app.service import library
from app.service.answering import Answer, check_question, stream_answer
from app.service.live import LiveSession, open_live
from app.service.locks import SessionLocks
from app.service.models import Load, Models, settle
from app.service.reader import Reader
from app.service.report import Report, make_report
from app.service.turns import Turns
from app.settings import ModelOptions, Settings
from storage import Database, DocumentRow, MessageRow, SessionRow, SessionSummary


@dataclass(frozen=True)
class DocumentStatus:
    """A document with its live progress; `eta_s` is None while nothing is known."""

    document: DocumentRow
    tokens_read: int
    tokens_per_second: float

    @property
    def eta_s(self) -> float | None:
        if not self.tokens_per_second or self.document.token_count is None:
            return None
        return (self.document.token_count - self.tokens_read) / self.tokens_per_second


class Service:
    """Joins ingest, storage and the runtime.

    Args:
        settings: see there.
        load: makes a runtime of options; see `Models`.
    """

    def __init__(self, settings: Settings, load: Load) -> None:
        self.settings = settings
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        self.db = Database(settings.database_path)
        self._models = Models(load)
        self._live: dict[int, LiveSession] = {}
        self._live_lock = threading.RLock()
        self._turns = Turns()
        self.reader = Reader(
            self.db,
            settings,
            self._runtime_of,
            self._live_for_reading,
            self._turns,
            SessionLocks(settings.locks_dir),
        )

    def runtime(self, row: SessionRow | None = None) -> Runtime:
        """The model a session was made with, or that of a new one, loaded on first need.

        Raises:
            AhnError: why it cannot be loaded.
        """
        return self._models.get(self.options_of(row) if row else self.settings.model)

    def options_of(self, row: SessionRow) -> ModelOptions:
        """What a session was made with; a session from before an option existed has its old way."""
        return ModelOptions(**{"quantize": None, **row.settings["options"]})

    @property
    def is_loaded(self) -> bool:
        return self._models.any_loaded

    def start(self) -> None:
        """Start reading in the background, going on with whatever was left unfinished."""
        self.reader.start()
        for summary in storage.list_sessions(self.db):
            self._enqueue_open_documents(summary.session.id)

    def close(self) -> None:
        """Finish the chunk being read, write a checkpoint, close the database."""
        self.reader.stop()
        self.db.close()

    # Sessions.

    def sessions(self) -> list[SessionSummary]:
        return storage.list_sessions(self.db)

    def session(self, name: str) -> SessionRow:
        return storage.get_session(self.db, name)

    def create_session(self, name: str) -> SessionRow:
        """A new session, bound to the model and window that are loaded."""
        runtime = self.runtime()
        cell = runtime.stream.cell
        return storage.create_session(
            self.db,
            name,
            {
                "options": settle(self.settings.model).as_dict(),
                "stream": asdict(runtime.stream),
                "config": asdict(runtime.config),
                "num_gates": cell_class(cell).num_gates if cell else 0,
                "memory_status": runtime.memory_status,
                "title": runtime.title,
                "chunk_tokens": self.settings.chunk_tokens,
            },
        )

    def ensure_session(self, name: str) -> SessionRow:
        try:
            return self.session(name)
        except storage.NotFound:
            return self.create_session(name)

    def delete_session(self, name: str) -> None:
        """Delete a session with everything that only it used."""
        row = self.session(name)
        self.reader.forget(row.id, [d.id for d in storage.list_documents(self.db, row.id)])
        with self._live_lock:
            self._live.pop(row.id, None)
        storage.delete_session(self.db, row.id)
        library.drop_unused_files(self.db, self.settings)

    # Documents.

    def add_document(self, session: str, path: Path, name: str | None = None) -> DocumentRow:
        """Add a file to a session and read it; a file already there goes on where it stopped.

        Raises:
            IngestError, StorageError, OSError: with the reason; nothing already stored is touched.
        """
        row = self.session(session)
        document = library.add_document(self.db, self.settings, row.id, path, name or path.name)
        return self.resume(document.id)

    def resume(self, document_id: int) -> DocumentRow:
        """Read a document on, wherever it stopped; a failed one is tried again."""
        document = storage.get_document(self.db, document_id)
        if document.state in ("paused", "failed"):
            waiting = "queued" if document.token_count is not None else "indexing"
            document = storage.set_document_state(self.db, document_id, waiting)
        if document.state in ("indexing", "queued", "reading"):
            self.reader.enqueue(document)
        return document

    def pause(self, document_id: int) -> None:
        """Stop reading at the next grid point; what was read is saved."""
        document = storage.get_document(self.db, document_id)
        if document.state == "queued" and not self.reader.is_busy(document.session_id):
            storage.set_document_state(self.db, document_id, "paused")
        self.reader.pause(document_id)

    def documents(self, session: str) -> list[DocumentStatus]:
        """The session's documents in reading order, with live progress."""
        rows = storage.list_documents(self.db, self.session(session).id)
        return [self._status(row) for row in rows]

    def _status(self, row: DocumentRow) -> DocumentStatus:
        progress = self.reader.progress.get(row.id)
        if progress is None or row.state == "done":
            return DocumentStatus(row, row.tokens_read, 0.0)
        return DocumentStatus(row, progress.tokens_read, progress.tokens_per_second)

    def notice(self, session: str) -> str:
        """What the person should know about the session's reading; empty when all is well."""
        row = self.session(session)
        with self._live_lock:
            live = self._live.get(row.id)
            return " ".join(
                [*(live.notes if live else []), *filter(None, [self.reader.notices.get(row.id)])]
            )

    def _enqueue_open_documents(self, session_id: int) -> None:
        for document in storage.list_documents(self.db, session_id):
            if document.state in ("indexing", "queued", "reading"):
                self.reader.enqueue(document)

    # Questions.

    def ask(self, session: str, question: str) -> Iterator[Answer]:
        """Answer a question from where the session stands; see `stream_answer`.

        Raises:
            BadQuestion, NothingRead: nothing was asked, or there is nothing to ask about.
        """
        row = self.session(session)
        question = check_question(question, self.settings.max_question_chars)
        if not storage.list_documents(self.db, row.id):
            raise NothingRead(
                f"The session {row.name!r} has no documents yet; add one, then ask about it."
            )
        runtime = self.runtime(row)
        with self._turns.answering():
            live = self._live_now(row.id)
            yield from stream_answer(self.db, self.settings, runtime, live, question)

    def messages(self, session: str) -> list[MessageRow]:
        return storage.list_messages(self.db, self.session(session).id)

    def report(self, session: str) -> Report:
        """What the session saved; live where it is ahead of its checkpoint. Needs no model."""
        row = self.session(session)
        with self._live_lock:
            live = self._live.get(row.id)
        state = live.session.state if live else None
        now = (state.tokens_seen, state.flops, state.flops_full) if state else None
        return make_report(self.db, row, now)

    # Live sessions.

    def _live_now(self, session_id: int) -> LiveSession:
        """The session in memory, or restored; called with the model's turn held."""
        with self._live_lock:
            live = self._live.get(session_id)
            if live is None or self._is_stale(live):
                row = storage.get_session_by_id(self.db, session_id)
                live = open_live(self.db, row, self.runtime(row))
                self._live[session_id] = live
            live.used_at = time.monotonic()
            while len(self._live) > self.settings.live_sessions:
                self._park_oldest(session_id)
            return live

    def _runtime_of(self, session_id: int) -> Runtime:
        return self.runtime(storage.get_session_by_id(self.db, session_id))

    def _live_for_reading(self, session_id: int) -> LiveSession:
        self._runtime_of(session_id)  # loaded before the page and other sessions have to wait
        with self._turns.reading():
            return self._live_now(session_id)

    def _is_stale(self, live: LiveSession) -> bool:
        """True if another process has read on; a reading of ours is always the newest."""
        if live.position != live.saved_at and live.checkpoint_id is not None:
            return False
        newest = storage.list_checkpoints(self.db, live.row.id)[:1]
        return bool(newest) and newest[0].id != live.checkpoint_id

    def _park_oldest(self, keep: int) -> None:
        """Drop a session from memory; its checkpoint has everything."""
        others = (s for s in self._live.values() if s.row.id != keep)
        oldest = min(others, key=lambda s: s.used_at)
        with suppress(KeyError):
            del self._live[oldest.row.id]
