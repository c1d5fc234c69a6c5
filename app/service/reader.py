"""The background worker that indexes and reads, independent of any page or terminal.

One thread indexes, one reads. Reading goes in chunks on the document's grid; between chunks the
model can answer. A session is read for about one checkpoint's worth of tokens, saved, and then
the next session with something to read has its turn.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import storage
from ahn_runtime import Runtime
from app.errors import InternalFault, SessionBusy
from app.messages import KNOWN_ERRORS, sentence
from app.service import retention
from app.service.library import document_pieces, index_document
from app.service.live import LiveSession, settle
from app.service.locks import SessionLocks
from app.service.turns import Turns
from app.settings import Settings
from ingest import ReaderProcesses, token_chunks
from storage import Database, DocumentRow

log = logging.getLogger(__name__)
RATE_SECONDS = 20.0


@dataclass
class Progress:
    """How far a document is, as of the last chunk; more recent than what is stored."""

    tokens_read: int
    marks: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=64))

    def advance(self, tokens_read: int) -> None:
        self.tokens_read = tokens_read
        self.marks.append((time.monotonic(), tokens_read))

    @property
    def tokens_per_second(self) -> float:
        """Over the last chunks; 0 before there are two."""
        now = time.monotonic()
        recent = [m for m in self.marks if now - m[0] <= RATE_SECONDS]
        if len(recent) < 2 or recent[-1][0] == recent[0][0]:
            return 0.0
        return (recent[-1][1] - recent[0][1]) / (recent[-1][0] - recent[0][0])


class Reader:
    """Owns the two threads; `service` tells it what there is to do.

    Args:
        processes: open the documents' files.
        runtime: returns the model of a session, or raises why there is none.
        live: returns the session in memory, restored on demand.
        all_read: told of a session that has nothing left to read.
    """

    def __init__(
        self,
        db: Database,
        settings: Settings,
        processes: ReaderProcesses,
        runtime: Callable[[int], Runtime],
        live: Callable[[int], LiveSession],
        all_read: Callable[[int], None],
        turns: Turns,
        locks: SessionLocks,
    ) -> None:
        self._db, self._settings, self._runtime, self._live = db, settings, runtime, live
        self._processes = processes
        self._all_read, self._turns, self._locks = all_read, turns, locks
        self._wake = threading.Condition()
        self._stopping = False
        self._to_index: deque[int] = deque()
        self._to_read: deque[int] = deque()
        self._paused: set[int] = set()
        self._forgotten: set[int] = set()
        # Of encrypted PDFs, until their text is stored; nowhere but in memory.
        self._passwords: dict[int, str] = {}
        self._indexing: int | None = None
        self._reading: int | None = None
        self.progress: dict[int, Progress] = {}
        self.notices: dict[int, str] = {}
        self._threads = [
            threading.Thread(target=self._work, args=work, name=f"ammon-{name}", daemon=True)
            for name, *work in (
                ("indexer", self._index_next, self._to_index),
                ("reader", self._read_next, self._to_read),
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

    def enqueue(self, document: DocumentRow, password: str | None = None) -> None:
        """Index and read a document, wherever it stands; takes back a pause."""
        with self._wake:
            self._paused.discard(document.id)
            if password is not None and document.state == "indexing":
                self._passwords[document.id] = password
        self._queue_up(document)

    def _queue_up(self, document: DocumentRow) -> None:
        with self._wake:
            if document.state == "indexing" and document.id not in self._to_index:
                self._to_index.append(document.id)
            elif document.session_id not in self._to_read:
                self._to_read.append(document.session_id)
            self._wake.notify_all()

    def pause(self, document_id: int) -> None:
        """Stop reading a document at the next grid point."""
        with self._wake:
            self._paused.add(document_id)

    def forget(self, session_id: int, document_ids: list[int]) -> None:
        """Drop a session from all queues and wait until nothing of it is being worked on."""
        with self._wake:
            self._paused.update(document_ids)
            self._forgotten.update(document_ids)
            for queue, gone in ((self._to_index, document_ids), (self._to_read, [session_id])):
                for item in gone:
                    while item in queue:
                        queue.remove(item)
            self._wake.wait_for(
                lambda: self._reading != session_id and self._indexing not in document_ids
            )
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
            return not {self._indexing, *self._to_index}.isdisjoint(document_ids)

    def _work(self, job: Callable[[], None], queue: deque[int]) -> None:
        while not self._stopping:
            with self._wake:
                self._wake.wait_for(lambda: self._stopping or queue)
            if not self._stopping:
                job()

    # Indexing.

    def _index_next(self) -> None:
        with self._wake:
            if not self._to_index:  # forgotten meanwhile
                return
            self._indexing = document_id = self._to_index.popleft()
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
            self._fail(session_id, document_id, _known(error))
        finally:
            with self._wake:
                self._indexing = None
                self._wake.notify_all()

    def _fail(self, session_id: int | None, document_id: int, error: BaseException) -> None:
        log.warning("document %d: %s", document_id, sentence(error))
        try:
            storage.set_document_state(self._db, document_id, "failed", sentence(error))
        except storage.StorageError as second:  # the disk is full, say: then it is only told
            log.warning("document %d: %s", document_id, sentence(second))
            if session_id is not None:
                self.notices[session_id] = sentence(error)

    # Reading.

    def _read_next(self) -> None:
        with self._wake:
            if not self._to_read:  # forgotten meanwhile
                return
            self._reading = session_id = self._to_read.popleft()
        again = False
        try:
            with self._locks.held(session_id):
                again = self._read_slice(session_id)
                if not again:
                    self._all_read(session_id)
            self.notices.pop(session_id, None)
        except SessionBusy as error:
            self.notices[session_id], again = sentence(error), True
            time.sleep(1.0)
        except Exception as error:  # the thread must outlive a fault of ours, too
            self._fail_reading(session_id, _known(error))
        finally:
            with self._wake:
                self._reading = None
                if again and not self._stopping and session_id not in self._to_read:
                    self._to_read.append(session_id)
                self._wake.notify_all()

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
        """Read one document on for about a checkpoint's worth; True if the session has more."""
        if storage.next_document_to_read(self._db, session_id) is None:
            return False
        live = self._live(session_id)
        settle(self._db, live)  # behind a damaged checkpoint an earlier document comes first again
        document = storage.next_document_to_read(self._db, session_id)
        if document is None:
            return False
        self._begin(live, document)
        self._read_document(live, document)
        retention.prune(self._db, self._settings, session_id)
        return storage.next_document_to_read(self._db, session_id) is not None

    def _begin(self, live: LiveSession, document: DocumentRow) -> None:
        """Place a document in the stream when its first token is about to be read."""
        if live.document_id != document.id:
            live.document_id, live.document_tokens = document.id, 0
        if live.document_tokens == 0:
            storage.set_start_position(self._db, document.id, live.position)
        storage.set_document_state(self._db, document.id, "reading")

    def _read_document(self, live: LiveSession, document: DocumentRow) -> None:
        total, is_growing = storage.readable_tokens(self._db, document)
        progress = self.progress.setdefault(document.id, Progress(live.document_tokens))
        progress.advance(live.document_tokens)
        chunk_tokens = live.chunk_tokens(self._settings)
        stop = retention.next_stop(
            self._db, self._settings, document, live.document_tokens, chunk_tokens
        )
        tokens = live.session.runtime.tokenizer
        pieces = document_pieces(self._db, document, tokens, live.document_tokens)
        state = "reading"
        for chunk in token_chunks(pieces, chunk_tokens):
            if live.document_tokens >= total:
                break
            with self._turns.reading():
                live.session.feed(chunk, logits=None)
                live.document_tokens += len(chunk)
            progress.advance(live.document_tokens)
            if document.id in self._paused:
                state = "paused"
            if self._stopping or state == "paused":
                break
            if live.document_tokens >= stop:
                break
        if live.document_tokens >= total:
            state = "paused" if is_growing else "done"  # a followed log rests until it has more
        with self._turns.reading():  # nobody forks a session while its checkpoint is written
            live.save(self._db, state)
        if is_growing and document.id not in self._paused:
            storage.wake_follow(self._db, document.id)  # it may have got more, or ended, meanwhile
        if state == "done":
            self.progress.pop(document.id, None)


def _known(error: Exception) -> Exception:
    """The error where a person can be told it; a fault of ours is logged whole, then named."""
    if isinstance(error, KNOWN_ERRORS):
        return error
    log.error("a fault in the background", exc_info=error)
    return InternalFault.of(error)
