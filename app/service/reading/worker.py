"""The background worker that indexes and reads, independent of any page or terminal.

Two threads index, each for another session, and one reads, so that a long book keeps no short note
waiting. Reading goes in chunks on the document's grid; between chunks the model can answer.
Sessions with something to read take queue of a few chunks each; a checkpoint is written when it is
due, not with every turn.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable

import storage
from ahn_runtime import Runtime
from app.errors import SessionBusy
from app.messages import known_error, sentence
from app.service.library.indexing import document_pieces, index_document
from app.service.reading import checkpoint_policy as retention
from app.service.reading.model_queue import ModelQueue
from app.service.reading.open_session import OpenSession
from app.service.reading.progress import Progress
from app.service.reading.session_cache import SessionCache
from app.settings import Settings
from ingest import SandboxPool, token_chunks
from storage import Database, DocumentRow, DocumentState

log = logging.getLogger(__name__)
BUSY_S = 1.0
"""A session that another process reads is looked at again after so long."""


class Reader:
    """Owns the threads; `service` tells it what there is to do.

    Args:
        processes: open the documents' files.
        runtime: returns the model of a session, or raises why there is none.
        live: the sessions in memory, restored on demand.
        all_read: told of a session that has nothing left to read.
    """

    def __init__(
        self,
        db: Database,
        settings: Settings,
        processes: SandboxPool,
        runtime: Callable[[int], Runtime],
        live: SessionCache,
        all_read: Callable[[int], None],
        queue: ModelQueue,
    ) -> None:
        self._db, self._settings, self._runtime, self._live = db, settings, runtime, live
        self._processes = processes
        self._all_read, self._queue = all_read, queue
        self._wake = threading.Condition()
        self._stopping = False
        self._to_index: dict[int, int] = {}  # documents in their order, with their sessions
        self._to_read: deque[int] = deque()
        self._paused: set[int] = set()
        self._forgotten: set[int] = set()
        self._leaving: set[int] = set()
        # Of encrypted PDFs, until their text is stored; nowhere but in memory.
        self._passwords: dict[int, str] = {}
        self._indexing: dict[int, int] = {}
        self._reading: int | None = None
        self.progress: dict[int, Progress] = {}
        self.notices: dict[int, str] = {}
        self._threads = [
            threading.Thread(target=self._work, args=work, name=f"ammon-{name}", daemon=True)
            for name, *work in (
                ("indexer 1", self._index_next, self._next_to_index),
                ("indexer 2", self._index_next, self._next_to_index),
                ("reader", self._read_next, self._next_to_read),
            )
        ]

    def start(self) -> None:
        self._processes.warm_up()
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float = 60.0) -> None:
        """Finish the chunk, write a checkpoint, end the threads."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout_s)
        if not any(thread.is_alive() for thread in self._threads):
            self._live.save_all()

    def enqueue(self, document: DocumentRow, password: str | None = None) -> None:
        """Index and read a document, wherever it stands; takes back a pause."""
        with self._wake:
            self._paused.discard(document.id)
            self._forgotten.discard(document.id)
            if password is not None and document.state == DocumentState.INDEXING:
                self._passwords[document.id] = password
        self._queue_up(document)

    def _queue_up(self, document: DocumentRow) -> None:
        with self._wake:
            if document.state == DocumentState.INDEXING and document.id not in self._to_index:
                self._to_index[document.id] = document.session_id
            elif document.session_id not in self._to_read:
                self._to_read.append(document.session_id)
            self._wake.notify_all()

    def pause(self, document: DocumentRow) -> None:
        """Stop reading a document at the next grid point; it does not wait for its turn."""
        with self._wake:
            self._paused.add(document.id)
            if document.session_id in self._to_read:
                self._to_read.remove(document.session_id)
                self._to_read.appendleft(document.session_id)

    def forget(self, session_id: int, document_ids: list[int]) -> None:
        """Drop a session from all queues and wait until nothing of it is being worked on."""
        with self._wake:
            self._leaving.add(session_id)
            self._forgotten.update(document_ids)
            for document_id in document_ids:
                self._to_index.pop(document_id, None)
            while session_id in self._to_read:
                self._to_read.remove(session_id)
            self._wake.wait_for(
                lambda: (
                    self._reading != session_id and self._indexing.keys().isdisjoint(document_ids)
                )
            )
            self._leaving.discard(session_id)
            for document_id in document_ids:
                self.progress.pop(document_id, None)
                self._paused.discard(document_id)
                self._passwords.pop(document_id, None)
            self.notices.pop(session_id, None)

    def is_busy(self, session_id: int) -> bool:
        with self._wake:
            return self._reading == session_id or session_id in self._to_read

    def is_indexing(self, document_ids: Iterable[int]) -> bool:
        with self._wake:
            return not {*self._indexing, *self._to_index}.isdisjoint(document_ids)

    def _work(self, job: Callable[[], None], next_one: Callable[[], int | None]) -> None:
        while not self._stopping:
            with self._wake:
                self._wake.wait_for(lambda: self._stopping or next_one() is not None)
            if not self._stopping:
                job()

    # Indexing.

    def _next_to_index(self) -> int | None:
        """The first whose session has none being indexed: its documents keep their order."""
        at_work = self._indexing.values()
        return next((d for d, session in self._to_index.items() if session not in at_work), None)

    def _index_next(self) -> None:
        with self._wake:
            document_id = self._next_to_index()
            if document_id is None:  # forgotten meanwhile, or the other thread has it
                return
            self._indexing[document_id] = self._to_index.pop(document_id)
            password = self._passwords.pop(document_id, None)

        def given_up() -> bool:
            return self._stopping or document_id in self._forgotten

        session_id: int | None = None
        try:
            row = storage.get_document(self._db, document_id)
            session_id = row.session_id
            tokens = self._runtime(session_id).tokenizer
            if index_document(
                self._db, self._settings, self._processes, row, tokens, given_up, password
            ):
                self._queue_up(storage.get_document(self._db, document_id))
        except Exception as error:  # the thread must outlive a fault of ours, too
            self._fail(session_id, document_id, known_error(error))
        finally:
            with self._wake:
                del self._indexing[document_id]
                self._wake.notify_all()

    def _fail(self, session_id: int | None, document_id: int, error: BaseException) -> None:
        log.warning("document %d: %s", document_id, sentence(error))
        try:
            storage.set_document_state(self._db, document_id, DocumentState.FAILED, sentence(error))
        except storage.StorageError as second:  # the disk is full, say: then it is only told
            log.warning("document %d: %s", document_id, sentence(second))
            if session_id is not None:
                self.notices[session_id] = sentence(error)

    # Reading.

    def _next_to_read(self) -> int | None:
        return self._to_read[0] if self._to_read else None

    def _read_next(self) -> None:
        with self._wake:
            if not self._to_read:  # forgotten meanwhile
                return
            self._reading = session_id = self._to_read.popleft()
        again = False
        try:
            with self._live.held(session_id):
                again = self._read_slice(session_id)
                if not again:
                    self._all_read(session_id)
            self.notices.pop(session_id, None)
        except SessionBusy as error:
            self.notices[session_id], again = sentence(error), True
            time.sleep(BUSY_S / 10 if self._others_wait(session_id) else BUSY_S)
        except Exception as error:  # the thread must outlive a fault of ours, too
            self._fail_reading(session_id, known_error(error))
        finally:
            with self._wake:
                self._reading = None
                if again and not self._is_dropped(session_id):
                    self._to_read.append(session_id)
                self._wake.notify_all()

    def _is_dropped(self, session_id: int) -> bool:
        return self._stopping or session_id in self._leaving or session_id in self._to_read

    def _fail_reading(self, session_id: int, error: BaseException) -> None:
        """Keep what was read; the document says why it stopped and can be resumed."""
        self.notices[session_id] = sentence(error)
        try:
            document = storage.next_document_to_read(self._db, session_id)
        except storage.StorageError as second:  # the database itself is what fails
            log.warning("session %d: %s", session_id, sentence(second))
            return
        if document is not None:
            self._fail(session_id, document.id, error)

    def _read_slice(self, session_id: int) -> bool:
        """Read one document on for a turn; True if the session has more."""
        if storage.next_document_to_read(self._db, session_id) is None:
            return False
        live = self._live.for_reading(session_id)
        # Asked again: behind a damaged checkpoint an earlier document comes first.
        document = storage.next_document_to_read(self._db, session_id)
        if document is None:
            return False
        self._begin(live, document)
        self._read_document(live, document)
        return storage.next_document_to_read(self._db, session_id) is not None

    def _begin(self, live: OpenSession, document: DocumentRow) -> None:
        """Place a document in the stream when its first token is about to be read."""
        if live.document_id != document.id:
            live.document_id, live.document_tokens = document.id, 0
        if live.document_tokens == 0:
            storage.set_start_position(self._db, document.id, live.position)
        if document.state != DocumentState.READING:
            storage.set_document_state(self._db, document.id, DocumentState.READING)

    def _read_document(self, live: OpenSession, document: DocumentRow) -> None:
        total, is_growing = storage.readable_tokens(self._db, document)
        progress = self.progress.setdefault(document.id, Progress(live.document_tokens))
        progress.advance(live.document_tokens)
        chunk_tokens = live.chunk_tokens(self._settings)
        saved = min(document.tokens_read, live.document_tokens)
        stop = retention.next_stop(self._db, self._settings, document, saved, chunk_tokens)
        turn_ends = live.document_tokens + self._settings.slice_tokens
        tokens = live.session.runtime.tokenizer
        pieces = document_pieces(self._db, document, tokens, live.document_tokens)
        for chunk in token_chunks(pieces, chunk_tokens):
            if live.document_tokens >= total:
                break
            with self._queue.reading():
                live.feed(chunk)
                self._live.make_room(live.row.id)
            progress.advance(live.document_tokens)
            done = live.document_tokens
            if self._is_interrupted(live.row.id, document.id) or done >= min(stop, total):
                break
            if done >= turn_ends and self._others_wait(live.row.id):
                return
        self._save(live, document, total, is_growing)

    def _save(self, live: OpenSession, document: DocumentRow, total: int, is_growing: bool) -> None:
        state = DocumentState.PAUSED if document.id in self._paused else DocumentState.READING
        if live.document_tokens >= total:
            # A followed log rests until it has more.
            state = DocumentState.PAUSED if is_growing else DocumentState.DONE
        with self._queue.reading():  # nobody forks a session while its checkpoint is written
            live.save(self._db, state)
        retention.prune(self._db, self._settings, live.row.id)
        if is_growing and document.id not in self._paused:
            storage.wake_follow(self._db, document.id)  # it may have got more, or ended, meanwhile
        if state is DocumentState.DONE:
            self.progress.pop(document.id, None)

    def _is_interrupted(self, session_id: int, document_id: int) -> bool:
        return self._stopping or session_id in self._leaving or document_id in self._paused

    def _others_wait(self, session_id: int) -> bool:
        with self._wake:
            return any(other != session_id for other in self._to_read)
