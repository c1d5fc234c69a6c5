"""Documents opened and read in processes of their own, in the stead of `open_document`.

A file from outside may make its reader hang, crash, or eat all memory, most of all where native
code reads it. There it costs only itself: the process is ended and replaced, and the document
fails with one sentence. The process never sees the database, and of what it sends nothing is run.

Starting one takes a quarter of a second, so those that did well are kept for the next document.
"""

import itertools
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.document import DEFAULT_LIMITS, Document, Limits, Locator, Segment
from ingest.errors import IngestError, LimitExceeded, ReaderFailed
from ingest.naming import clean_line, file_name
from ingest.sandbox.process import ProcessLost, ReaderProcess
from ingest.sandbox.protocol import pack_request, unpack_error, unpack_segment
from ingest.sandbox.worker import OUT_OF_MEMORY

# One for who adds documents, one for who reads them.
_MOST_KEPT = 2
_AGAIN = "open it in another program, save it anew and read that copy."
# Exit codes of a process that the system ended; Windows has none of these.
_ALARM = -getattr(signal, "SIGALRM", 1000)
_KILLED = -getattr(signal, "SIGKILL", 1000)
_LOG = logging.getLogger("ingest.sandbox.pool")


class SandboxPool:
    """Opens documents in processes that it keeps; any thread may.

    Args:
        limits: what a file may ask for.
        opener: what opens a file there, as "module:function"; for tests.
    """

    def __init__(
        self,
        limits: Limits = DEFAULT_LIMITS,
        *,
        opener: str = "ingest.opening:open_document",
    ) -> None:
        self._limits = limits
        self._opener = opener
        self._kept: list[ReaderProcess] = []
        self._lock = threading.Lock()
        self._is_closed = False
        self._serials = itertools.count()

    def warm_up(self) -> None:
        """Start a process, if none waits; returns at once. A failure shows when one is needed."""
        with self._lock, suppress(OSError):
            if not self._kept and not self._is_closed:
                self._kept.append(ReaderProcess(self._opener))

    def close(self) -> None:
        """End the processes that wait; one at work ends when it is done."""
        with self._lock:
            self._is_closed = True
            ended, self._kept = self._kept, []
        for process in ended:
            process.end()

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
    ) -> Document:
        """Do as `open_document` does; the document's segments come from a process, too.

        Raises:
            IngestError: as there; `LimitExceeded` or `ReaderFailed` where the process was lost.
            OSError: no process can be started.
        """
        path = Path(path)
        shown = file_name(name if name is not None else path.name)
        # The name as it was given: the process cleans it itself.
        given = name if name is not None else path.name
        request = pack_request(next(self._serials), path, given, password, self._limits)
        contained = _ContainedFile(self, request, shown, self._limits)
        found: dict[str, Any] = {}
        for answer in contained.answers(read=False, on_wait=lambda: None):
            found = answer["document"]
        return Document(
            title=found["title"],
            kind=found["kind"],
            path=path,
            byte_count=found["byte_count"],
            unit_name=found["unit_name"],
            unit_count=found["unit_count"],
            reader=contained,
            notes=found["notes"],
        )

    @contextmanager
    def lent(self) -> Iterator[ReaderProcess]:
        """Lend a process; one that still owes an answer afterwards, or is lost, is ended."""
        process = self._take()
        try:
            yield process
        finally:
            self._take_back(process)

    def _take(self) -> ReaderProcess:
        while True:
            with self._lock:
                if not self._kept:
                    return ReaderProcess(self._opener)
                process = self._kept.pop()
            if process.is_free:
                return process
            process.end()  # somebody killed it while it waited

    def _take_back(self, process: ReaderProcess) -> None:
        with self._lock:
            if process.is_free and len(self._kept) < _MOST_KEPT and not self._is_closed:
                self._kept.append(process)
                return
        process.end()


@dataclass(frozen=True)
class _ContainedFile:
    """Reads one file through a process; `name` is what messages call it."""

    processes: SandboxPool = field(repr=False)
    request: dict[str, Any] = field(repr=False)  # it may hold a password
    name: str
    limits: Limits

    def read(self, document: Document) -> Iterator[Segment]:
        """Yield the segments as they come out of the process. See `Reader.read`."""
        for answer in self.answers(read=True, on_wait=document.on_step):
            document.on_step()
            for values in answer.get("segments", ()):
                yield unpack_segment(values)
            found = answer.get("document")
            if found:
                document.unit_count = found["unit_count"]
                for note in found["notes"]:
                    document.add_note(note)

    def answers(self, read: bool, on_wait: Callable[[], None]) -> Iterator[dict[str, Any]]:
        """Yield what the process answers; what it tells of errors is raised behind it.

        Raises:
            IngestError: the document's, or what the loss of the process means.
        """
        place: Locator | None = None
        answer: dict[str, Any] = {}
        with self.processes.lent() as process:
            request = {**self.request, "read": read}
            try:
                for answer in process.ask(request, self.limits.seconds_without_step, on_wait):
                    yield answer
                    if answer.get("segments"):
                        place = unpack_segment(answer["segments"][-1]).locator
            except ProcessLost as lost:
                raise self._loss(lost, place) from lost
        if answer.get("error"):
            raise unpack_error(answer["error"])
        if answer.get("fault"):
            _LOG.error("a fault in the reader of %s\n%s", self.name, answer["traceback"])
            raise ReaderFailed(
                f"The reader of {self.name} failed {_where(place)} "
                f"({clean_line(answer['fault'])}), a fault of Ammon's that the log tells more of: "
                f"{_AGAIN}"
            )

    def _loss(self, lost: ProcessLost, place: Locator | None) -> IngestError:
        """Return the sentence for a process that hung, ran out of memory, or crashed."""
        where = _where(place)
        if not lost.began:
            return ReaderFailed(
                f"{self.name} was not read: Ammon's own reader process did not start "
                f"({_ending(lost.exit_code)}); the terminal or log of Ammon says why."
            )
        if lost.hung or lost.exit_code == _ALARM:
            return LimitExceeded(
                f"The reader of {self.name} gave no sign of life for "
                f"{self.limits.seconds_without_step:g} s {where} and was stopped: the file is "
                f"damaged or made to hang its reader; {_AGAIN}"
            )
        if lost.exit_code in (OUT_OF_MEMORY, _KILLED):
            return LimitExceeded(
                f"The reader of {self.name} ran out of memory {where} (its limit is "
                f"{self.limits.max_reader_bytes:,} bytes) or was killed from outside: close other "
                "programs and try again, or split the file into parts."
            )
        return ReaderFailed(
            f"The reader of {self.name} crashed {where} ({_ending(lost.exit_code)}): the file is "
            f"damaged or made to crash its reader; {_AGAIN}"
        )


def _where(place: Locator | None) -> str:
    return f"somewhere after {clean_line(str(place))}" if place else "before it gave any text"


def _ending(exit_code: int | None) -> str:
    if exit_code is None:
        return "it gave no answer to use"
    if exit_code >= 0:
        return f"exit code {exit_code}"
    try:
        return signal.Signals(-exit_code).name
    except ValueError:
        return f"signal {-exit_code}"
