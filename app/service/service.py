"""The service: everything a page or a terminal can ask for, on one database and one model."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import storage
from ahn_runtime import Runtime
from ahn_runtime.cells import cell_class
from ahn_runtime.presets import PRESETS
from app.errors import NothingRead
from app.service import exchange, library, rereading, versions
from app.service.answering import Answer, check_question, stream_answer
from app.service.following import Following
from app.service.live import LiveSession, open_live
from app.service.locks import SessionLocks
from app.service.models import Load, Models, settle
from app.service.reader import Reader
from app.service.report import Report, make_report
from app.service.rereading import Rereading
from app.service.timeline import find_checkpoint, find_position, open_at
from app.service.turns import Turns
from app.settings import ModelOptions, Settings
from ingest import ReaderProcesses
from storage import CheckpointRow, Database, DocumentRow, MessageRow, SessionRow, SessionSummary

OPEN_STATES = ("indexing", "queued", "reading")
"""Of documents that are being worked on, or will be."""


@dataclass(frozen=True)
class DocumentStatus:
    """A document with its live progress; `eta_s` is None while nothing is known.

    Args:
        waits_for_more: a log that is followed and rests, its state being 'paused', until it grows.
    """

    document: DocumentRow
    tokens_read: int
    tokens_per_second: float
    waits_for_more: bool = False

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
        processes: open the documents' files; the service's own where none are given.
    """

    def __init__(
        self, settings: Settings, load: Load, processes: ReaderProcesses | None = None
    ) -> None:
        self.settings = settings
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        self.db = Database(settings.database_path)
        self._models = Models(load)
        self._live: dict[int, LiveSession] = {}
        self._live_lock = threading.RLock()
        self._turns = Turns()
        self._locks = SessionLocks(settings.locks_dir)
        self._own_processes = ReaderProcesses()
        self._processes = processes or self._own_processes
        self.reader = Reader(
            self.db,
            settings,
            self._processes,
            self._runtime_of,
            self._live_for_reading,
            self._all_read,
            self._turns,
            self._locks,
        )
        self.following = Following(self.db, settings, self._runtime_of, self.reader.enqueue)

    def runtime(self, row: SessionRow | None = None) -> Runtime:
        """The model a session was made with, or that of a new one, loaded on first need.

        Raises:
            AhnError: why it cannot be loaded.
        """
        return self._models.get(self.options_of(row) if row else self.settings.model)

    def options_of(self, row: SessionRow) -> ModelOptions:
        """What a session goes on with; see `rereading.made_with`."""
        return rereading.made_with(row)

    @property
    def is_loaded(self) -> bool:
        return self._models.any_loaded

    def start(self) -> None:
        """Start reading in the background, going on with whatever was left unfinished."""
        self.reader.start()
        rows = [summary.session for summary in storage.list_sessions(self.db)]
        for row in (*rows, *storage.list_rereads(self.db)):
            self._enqueue_open_documents(row.id)

    def close(self) -> None:
        """Finish the chunk being read, write a checkpoint, close the database."""
        self.following.stop_all()
        self.reader.stop()
        self._own_processes.close()
        self.db.close()

    # Sessions.

    def sessions(self) -> list[SessionSummary]:
        return storage.list_sessions(self.db)

    def session(self, name: str) -> SessionRow:
        return storage.get_session(self.db, name)

    def create_session(self, name: str) -> SessionRow:
        """A new session, bound to the model and window that are loaded."""
        return storage.create_session(self.db, name, self._settings_for(self.settings.model))

    def _settings_for(self, options: ModelOptions) -> dict[str, Any]:
        """What a session made with these options keeps of them and of their model."""
        options = settle(options)
        runtime = self._models.get(options)
        cell = runtime.stream.cell
        return {
            "options": options.as_dict(),
            "stream": asdict(runtime.stream),
            "config": asdict(runtime.config),
            "num_gates": cell_class(cell).num_gates if cell else 0,
            "memory_status": runtime.memory_status,
            "title": runtime.title,
            "chunk_tokens": self.settings.chunk_tokens,
        }

    def ensure_session(self, name: str) -> SessionRow:
        try:
            return self.session(name)
        except storage.NotFound:
            return self.create_session(name)

    def delete_session(self, name: str) -> None:
        """Delete a session with everything that only it used."""
        row = self.session(name)
        self._drop_reread(row)
        self._forget(row.id)
        storage.delete_session(self.db, row.id)
        library.drop_unused_files(self.db, self.settings)

    def _forget(self, session_id: int) -> None:
        """Take a session out of the following, out of the reading and out of memory."""
        self.following.make_free(storage.get_session_by_id(self.db, session_id))
        documents = storage.list_documents(self.db, session_id)
        self.reader.forget(session_id, [document.id for document in documents])
        with self._live_lock:
            self._live.pop(session_id, None)

    # Out of and into files.

    def export_session(self, name: str, path: Path, all_checkpoints: bool = False) -> None:
        """Write a session to one file; see `exchange`."""
        exchange.export_session(self.db, self.settings, self.session(name), path, all_checkpoints)

    def import_session(self, path: Path, name: str | None = None) -> SessionRow:
        """Take a session in from a file, and read on what it left unfinished."""
        row = exchange.import_session(self.db, self.settings, path, name, self.runtime)
        self._enqueue_open_documents(row.id)
        return row

    # Reading anew.

    def reread(self, name: str, changes: dict[str, Any]) -> None:
        """Read a session anew in the background; asked for again, it goes on where it stopped.

        Args:
            changes: `ModelOptions` by name, instead of those the session was made with.

        Raises:
            NothingRead: there is nothing to read.
            AhnError: the model cannot be loaded.
        """
        row = self.session(name)
        if not storage.list_documents(self.db, row.id):
            raise NothingRead(f"The session {name!r} has no documents, so nothing to read anew.")
        self.following.end(row)
        settings = self._settings_for(replace(rereading.given_options(row), **changes))
        reread = storage.find_reread(self.db, row.id)
        if reread is not None and reread.settings != settings:
            self._drop_reread(row)
            reread = None
        reread = reread or storage.begin_reread(self.db, row.id, settings)
        for document in storage.list_documents(self.db, reread.id):
            self.resume(document.id)

    def cancel_reread(self, name: str) -> None:
        """Drop a re-reading; the session stays as it is."""
        self._drop_reread(self.session(name))

    def rereading(self, name: str) -> Rereading | None:
        """How far the session's re-reading is; None if there is none."""
        reread = storage.find_reread(self.db, self.session(name).id)
        return None if reread is None else rereading.progress_of(self.db, reread)

    def is_rereading(self, name: str) -> bool:
        """Whether a re-reading is being worked on, not only there."""
        reread = storage.find_reread(self.db, self.session(name).id)
        if reread is None:
            return False
        return self._is_at_work(reread.id)

    def offers_reread(self, name: str) -> bool:
        """Whether a new session would have a trained memory, where this one's is untrained."""
        row = self.session(name)
        if row.settings.get("memory_status") != rereading.UNTRAINED:
            return False
        made = rereading.given_options(row)
        preset = PRESETS.get(str(made.model))
        return made.ahn == "auto" and preset is not None and preset.memory_status == "trained"

    def _drop_reread(self, row: SessionRow) -> None:
        known = storage.find_reread(self.db, row.id)
        if known is not None:
            self._forget(known.id)
            storage.delete_session(self.db, known.id)

    def _all_read(self, session_id: int) -> None:
        """A re-reading that is done takes its session's place."""
        row = storage.get_session_by_id(self.db, session_id)
        if row.rereads is None:
            return
        with self._turns.reading():  # nobody answers from the old state meanwhile
            more = rereading.finish(self.db, self._locks, row)
            if storage.find_reread(self.db, row.rereads) is None:
                with self._live_lock:
                    for gone in (row.id, row.rereads):
                        self._live.pop(gone, None)
        self._enqueue_open_documents(row.id if more else row.rereads)

    # Documents.

    def add_document(
        self,
        session: str,
        path: Path,
        name: str | None = None,
        again: bool = False,
        password: str | None = None,
    ) -> DocumentRow:
        """Add a file to a session and read it; a file already there goes on where it stopped.

        Args:
            name: what the person calls it, where `path` is only a copy of theirs.
            again: read it once more even though it was read; see `versions`.
            password: of an encrypted PDF. It is kept in memory until the text is stored, and asked
                for again if that was interrupted: the document has then failed and says so.

        Raises:
            EncryptedDocument: it needs a password, or another one.
            IngestError, StorageError, OSError: with the reason; nothing already stored is touched.
        """
        row = self.session(session)
        if log := self.following.end_log(row, path):
            return self.resume(log.id)
        document = library.add_document(
            self.db, self.settings, self._processes, row.id, path, name, again, password
        )
        self.following.end_before(row, document)
        return self.resume(document.id, password)

    def follow(self, session: str, path: Path) -> DocumentRow:
        """Read a log and go on as it grows; see `Following.start`."""
        return self.following.start(self.session(session), path)

    def version_notes(self, document: DocumentRow) -> list[str]:
        """What to know of a document that replaces another one."""
        return versions.notes_on(self.db, document)

    def resume(self, document_id: int, password: str | None = None) -> DocumentRow:
        """Read a document on, wherever it stopped; a failed one is tried again.

        Args:
            password: of an encrypted PDF whose text is not yet stored.
        """
        document = storage.get_document(self.db, document_id)
        if document.state in ("paused", "failed"):
            waiting = "queued" if document.token_count is not None else "indexing"
            document = storage.set_document_state(self.db, document_id, waiting)
        if document.state in OPEN_STATES:
            self.reader.enqueue(document, password)
        return document

    def remove_document(self, document_id: int) -> None:
        """Delete a document; what was read after its beginning is read again without it.

        A memory cannot unlearn, so the session goes back to before the document.
        """
        document = storage.get_document(self.db, document_id)
        row = storage.get_session_by_id(self.db, document.session_id)
        self._drop_reread(row)
        self._forget(row.id)
        with self._locks.held(row.id), self.db.transaction():
            if document.start_position is not None:
                before = [
                    c.id
                    for c in storage.list_checkpoints(self.db, row.id)
                    if c.position <= document.start_position and c.document_id != document.id
                ]
                storage.go_back(self.db, row.id, before[0] if before else None, pause=False)
            storage.delete_document(self.db, document.id)
        library.drop_unused_files(self.db, self.settings)
        self._enqueue_open_documents(row.id)

    def go_back(self, name: str, checkpoint_id: int) -> None:
        """Forget what a session read after a checkpoint; its later documents are paused.

        Raises:
            NoSuchPlace: it has no such checkpoint.
            SessionBusy: another process is reading it.
        """
        row = self.session(name)
        find_checkpoint(self.db, row, checkpoint_id)
        self._drop_reread(row)
        self._forget(row.id)
        with self._locks.held(row.id):
            storage.go_back(self.db, row.id, checkpoint_id, pause=True)

    def pause(self, document_id: int) -> None:
        """Stop reading at the next grid point; what was read is saved."""
        document = storage.get_document(self.db, document_id)
        self.following.pause(document)
        if document.state == "queued" and not self.reader.is_busy(document.session_id):
            storage.set_document_state(self.db, document_id, "paused")
        self.reader.pause(document_id)

    def documents(self, session: str) -> list[DocumentStatus]:
        """The session's documents in reading order, with live progress."""
        rows = storage.list_documents(self.db, self.session(session).id)
        return [self._status(row) for row in rows]

    def _status(self, row: DocumentRow) -> DocumentStatus:
        progress = self.reader.progress.get(row.id)
        rests = self.following.waits_for_more(row)
        if progress is None or row.state == "done":
            return DocumentStatus(row, row.tokens_read, 0.0, rests)
        return DocumentStatus(row, progress.tokens_read, progress.tokens_per_second, rests)

    def notice(self, session: str) -> str:
        """What the person should know about the session's reading; empty when all is well."""
        row = self.session(session)
        notes: list[str | None] = [*self.reading_notes(session)]
        notes.append(self.following.notices.get(row.id))
        anew = storage.find_reread(self.db, row.id)
        if anew is not None:
            notes += [str(rereading.progress_of(self.db, anew)), self.reader.notices.get(anew.id)]
        return " ".join(filter(None, notes))

    def reading_notes(self, session: str) -> list[str]:
        """How the session was restored where that is worth telling, and why its reading stops."""
        row = self.session(session)
        with self._live_lock:
            live = self._live.get(row.id)
            notes = list(live.notes) if live else []
        notice = self.reader.notices.get(row.id)
        return [*notes, *([notice] if notice else [])]

    def is_at_work(self, session: str) -> bool:
        """Whether anything of the session is being indexed or read, or is about to be, here."""
        return self._is_at_work(self.session(session).id)

    def _is_at_work(self, session_id: int) -> bool:
        documents = [document.id for document in storage.list_documents(self.db, session_id)]
        # In this order: what is indexed is read next.
        return self.reader.is_indexing(documents) or self.reader.is_busy(session_id)

    def half_read(self, session: str) -> DocumentRow | None:
        """The document that stands still half-read: the session's others wait behind it."""
        return storage.find_half_read(self.db, self.session(session).id)

    def _enqueue_open_documents(self, session_id: int) -> None:
        for document in storage.list_documents(self.db, session_id):
            if document.state in OPEN_STATES:
                self.reader.enqueue(document)

    # Questions.

    def ask(self, session: str, question: str, at: str = "") -> Iterator[Answer]:
        """Answer a question from where the session stands; see `stream_answer`.

        Args:
            at: a place named as `timeline.find_position` takes it: answer as of there.

        Raises:
            BadQuestion, NothingRead: nothing was asked, or there is nothing to ask about.
            NoSuchPlace: `at` names none that was read.
        """
        row = self.session(session)
        question = check_question(question, self.settings.max_question_chars)
        if not storage.list_documents(self.db, row.id):
            raise NothingRead(
                f"The session {row.name!r} has no documents yet; add one, then ask about it."
            )
        runtime = self.runtime(row)
        position = find_position(self.db, row, at) if at else None
        with self._turns.answering():
            if position is None:
                live = self._live_now(row.id)
            else:
                live = open_at(self.db, self.settings, row, runtime, position)
            yield from stream_answer(self.db, self.settings, runtime, live, question, at)

    def checkpoints(self, session: str) -> list[CheckpointRow]:
        """The session's checkpoints, the one furthest on first."""
        return storage.list_checkpoints(self.db, self.session(session).id)

    def messages(self, session: str) -> list[MessageRow]:
        return storage.list_messages(self.db, self.session(session).id)

    def report(self, session: str) -> Report:
        """What the session saved; live where it is ahead of its checkpoint. Needs no model."""
        row = self.session(session)
        with self._live_lock:
            live = self._live.get(row.id)
        state = live.session.state if live else None
        now = (state.tokens_seen, state.flops, state.flops_full) if state else None
        return make_report(self.db, row, now, self.settings.retention.budget_bytes)

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
