"""`SandboxPool` opens and reads documents in worker processes instead of in this process.

A file from outside may make its reader hang, crash, or use all memory, above all in native code.
In a worker it harms only itself: the worker is ended and replaced, and the document fails with one
sentence. The process that reads sees no other file, no network and no process (`confinement.py`),
as far as the system can refuse that, and nothing that it sends is executed.

Starting a worker takes a quarter of a second, so idle workers are kept for the next document.
"""

import logging
import os
import secrets
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.document import Document, Locator, Segment
from ingest.errors import IngestError, LimitExceeded, ReaderFailed
from ingest.limits import DEFAULT_LIMITS, Limits
from ingest.naming import clean_line, file_name
from ingest.sandbox.document_messages import Answer, pack_request, unpack_answer
from ingest.sandbox.process import WorkerLost, WorkerProcess, worker_command
from ingest.sandbox.protocol import Message
from ingest.sandbox.slots import worker_slot

# One for the caller that adds documents, one for the worker thread that indexes them.
_MAX_IDLE = 2
# So many that no reader guesses the serial of another document.
_SERIAL_BYTES = 16
# A reader keeps the limit itself; one that was taken over is ended here, at twice of it.
_MAX_OF_LIMIT = 2
_REMEDY = "open it in another program, save it as a new file and read that copy."
_LOG = logging.getLogger(__name__)


class SandboxPool:
    """Opens documents in worker processes; any thread may call it.

    Args:
        limits: what a file may ask for.
        opener: the function that opens a file in the worker, as "module:function"; for tests.
    """

    def __init__(
        self,
        limits: Limits = DEFAULT_LIMITS,
        *,
        opener: str = "ingest.opening:open_document",
    ) -> None:
        self._limits = limits
        self._opener = opener
        self._idle: list[WorkerProcess] = []
        self._lock = threading.Lock()
        self._is_closed = False

    def warm_up(self) -> None:
        """Start a worker if none is idle, without waiting for it.

        Nothing is raised: a worker that cannot start is reported when it is needed.
        """
        with self._lock, suppress(OSError):
            if not self._idle and not self._is_closed:
                self._idle.append(self._start())

    def close(self) -> None:
        """End the idle workers; a busy one is ended when its document is done."""
        with self._lock:
            self._is_closed = True
            ended, self._idle = self._idle, []
        for worker in ended:
            worker.end()

    def __enter__(self) -> "SandboxPool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open_document(
        self,
        path: str | os.PathLike[str],
        *,
        name: str | None = None,
        password: str | None = None,
        encoding: str | None = None,
        with_title: bool = False,
    ) -> Document:
        """Recognise a file in a worker and return the document, whose segments a worker reads, too.

        Args:
            path: of the file.
            name: the user's name for the file, where `path` is a temporary one.
            password: for an encrypted PDF.
            encoding: the name of a text's encoding; None to detect it.
            with_title: look for the title by which people know the document, too.

        Raises:
            IngestError: the file cannot be read; `LimitExceeded` or `ReaderFailed` if the worker
                was lost.
            OSError: no worker can be started.
        """
        path = Path(path)
        given_name = name if name is not None else path.name
        serial = secrets.token_hex(_SERIAL_BYTES)
        request = pack_request(
            serial, path, given_name, password, encoding, self._limits, with_title
        )
        reader = _SandboxedReader(self, request, file_name(given_name), self._limits)
        found: dict[str, Any] = {}
        for answer in reader.answers(read=False, on_wait=lambda: None):
            found = answer.document or {}
        return Document(
            title=found["title"],
            kind=found["kind"],
            path=path,
            byte_count=found["byte_count"],
            unit_name=found["unit_name"],
            unit_count=found["unit_count"],
            reader=reader,
            notes=found["notes"],
            own_title=found["own_title"],
        )

    @contextmanager
    def borrow(self, on_wait: Callable[[], None] = lambda: None) -> Iterator[WorkerProcess]:
        """Give a worker for the block; afterwards it is kept if it owes no answer, else ended.

        Args:
            on_wait: called several times a second while too many workers are busy.

        Raises:
            OSError: no worker can be started.
        """
        with worker_slot(on_wait):
            worker = self._acquire()
            try:
                yield worker
            finally:
                self._release(worker)

    def _acquire(self) -> WorkerProcess:
        while True:
            with self._lock:
                if not self._idle:
                    return self._start()
                worker = self._idle.pop()
            if worker.is_free:
                return worker
            worker.end()  # it was killed from outside while it was idle

    def _release(self, worker: WorkerProcess) -> None:
        with self._lock:
            if worker.is_free and len(self._idle) < _MAX_IDLE and not self._is_closed:
                self._idle.append(worker)
                return
        worker.end()

    def _start(self) -> WorkerProcess:
        command = worker_command("ingest.sandbox.worker", self._opener)
        return WorkerProcess(command, has_own_session=True)


@dataclass(frozen=True)
class _SandboxedReader:
    """Reads one file in a worker; `name` is what messages call the file."""

    pool: SandboxPool = field(repr=False)
    request: dict[str, Any] = field(repr=False)  # it may hold a password
    name: str
    limits: Limits

    def read(self, document: Document) -> Iterator[Segment]:
        """Yield the segments as the worker sends them; add its notes and unit count at the end."""
        char_count = 0
        for answer in self.answers(read=True, on_wait=document.on_step):
            document.at_unit, document.is_recognising = answer.at
            document.on_step()
            for segment in answer.segments:
                char_count += len(segment.text) + 1
                if char_count > _MAX_OF_LIMIT * self.limits.max_text_chars:
                    raise ReaderFailed(
                        f"The reader of {self.name} gave more text than it may: the file is made "
                        f"to abuse its reader; {_REMEDY}"
                    )
                yield segment
            if answer.document:
                document.unit_count = answer.document["unit_count"]
                for note in answer.document["notes"]:
                    document.add_note(note)

    def answers(self, read: bool, on_wait: Callable[[], None]) -> Iterator[Answer]:
        """Yield the worker's answers; an error that it reports is raised after the last one.

        Args:
            read: ask for the segments too, not only for what is known of the document.
            on_wait: called several times a second while waiting.

        Raises:
            IngestError: the error of the document, or the sentence for the loss of the worker.
        """
        last: Locator | None = None
        answer: Answer | None = None
        with self.pool.borrow(on_wait) as worker:
            request = {**self.request, "read": read}
            try:
                for message in worker.ask(request, self.limits.seconds_without_step, on_wait):
                    answer = _unpacked(message)
                    yield answer
                    if answer.segments:
                        last = answer.segments[-1].locator
                if answer is None or not (answer.document or answer.error or answer.fault):
                    raise _no_answer()
            except WorkerLost as lost:
                raise self._loss_error(lost, last) from lost
        if answer.error:
            raise answer.error
        if answer.fault:
            _LOG.error("a fault in the reader of %s\n%s", self.name, answer.traceback)
            raise ReaderFailed(
                f"The reader of {self.name} failed {_where(last)} "
                f"({clean_line(answer.fault)}). This is a fault of Ammon's, and its log has the "
                f"details; {_REMEDY}"
            )

    def _loss_error(self, lost: WorkerLost, last: Locator | None) -> IngestError:
        """Return the error for a worker that did not start, hung, ran out of memory or crashed.

        Args:
            last: where the last segment is that came.
        """
        where = _where(last)
        if not lost.is_started:
            return ReaderFailed(
                f"{self.name} was not read: Ammon's own reader process did not start "
                f"({_describe_exit(lost.exit_code)}); the terminal or log of Ammon says why."
            )
        if lost.is_timeout:
            return LimitExceeded(
                f"The reader of {self.name} gave no sign of life for "
                f"{self.limits.seconds_without_step:g} s {where} and was stopped: the file is "
                f"damaged or made to hang its reader; {_REMEDY}"
            )
        if lost.is_out_of_memory:
            return LimitExceeded(
                f"The reader of {self.name} ran out of memory {where} (its limit is "
                f"{self.limits.max_reader_bytes:,} bytes) or was killed from outside: close other "
                "programs and try again, or split the file into parts."
            )
        return ReaderFailed(
            f"The reader of {self.name} crashed {where} ({_describe_exit(lost.exit_code)}): the "
            f"file is damaged or made to crash its reader; {_REMEDY}"
        )


def _unpacked(message: Message) -> Answer:
    try:
        return unpack_answer(message)
    except ValueError as error:
        raise _no_answer() from error


def _no_answer() -> WorkerLost:
    """Return the loss of a worker that sent something else than answers."""
    return WorkerLost(None, is_silent=False, is_started=True)


def _where(last: Locator | None) -> str:
    return f"somewhere after {clean_line(str(last))}" if last else "before it gave any text"


def _describe_exit(exit_code: int | None) -> str:
    if exit_code is None:
        return "it gave no usable answer"
    if exit_code >= 0:
        return f"exit code {exit_code}"
    try:
        return signal.Signals(-exit_code).name
    except ValueError:
        return f"signal {-exit_code}"
