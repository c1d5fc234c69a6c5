"""The document worker: opens and reads one file after another for `pool.py`.

Its requests and answers are those of `document_messages.py`.
"""

import importlib
import os
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ingest.document import Document, Segment
from ingest.errors import IngestError, LimitExceeded
from ingest.limits import Limits
from ingest.sandbox.document_messages import pack_document, pack_error, pack_segment
from ingest.sandbox.host import CAN_HOST, DocumentHost
from ingest.sandbox.limits import (
    EXIT_OUT_OF_MEMORY,
    PROGRAM_FILE_BYTES,
    be_expendable,
    bound_memory,
    bound_resources,
)
from ingest.sandbox.protocol import Message, WorkerConnection

_BATCH_CHARS = 64 * 1024
# A segment waits no longer than this for others to be sent with it.
_STEP_S = 1.0
# Helper processes take processor time that is not seen here, and a busy machine takes long.
_WALL_PER_CPU = 4
# They take as long as all others together.
_SLOW_IMPORTS = ("ingest.pdf.reader",)
_MAX_TRACEBACK_CHARS = 8000
_MAX_FAULT_CHARS = 500
OpenDocument = Callable[..., Document]


def main(opener: str) -> None:
    """Answer requests until standard input ends.

    Args:
        opener: the function that opens a file, as "module:function".
    """
    connection = WorkerConnection()
    be_expendable()
    module, function = opener.split(":")
    worker = DocumentWorker(connection, getattr(importlib.import_module(module), function))
    if CAN_HOST:
        DocumentHost(connection, worker.answer, _SLOW_IMPORTS).serve()
    for request in connection.requests(before_first=_bound):
        worker.answer(request)


def _bound(request: Message) -> None:
    """Set the limits of a worker that reads by itself, and of the programs that it starts."""
    bound_resources(file_bytes=PROGRAM_FILE_BYTES)


class DocumentWorker:
    """Answers requests; keeps the document that it opened last, with its serial number."""

    def __init__(self, connection: WorkerConnection, open_document: OpenDocument) -> None:
        self._connection, self._open_document = connection, open_document
        self._serial: str | None = None
        self._document: Document | None = None

    def answer(self, request: Message) -> None:
        """Answer one request, be the file good or bad; end the process when memory runs out."""
        limits = Limits(**request["limits"])
        bound_memory(limits.max_reader_bytes, can_change=True)
        # The client ends a silent worker after half of that.
        self._connection.end_after_silence(2 * limits.seconds_without_step)
        failure: dict[str, Any] = {}
        try:
            self._open(request, limits)
            if request["read"]:
                self._send_segments(limits)
        except MemoryError:
            os._exit(EXIT_OUT_OF_MEMORY)
        except IngestError as error:
            failure = {"error": pack_error(error)}
        except Exception as error:  # a fault of the reader: the log gets its traceback
            trace = "".join(traceback.format_exception(error))[-_MAX_TRACEBACK_CHARS:]
            words = f"{type(error).__name__}: {error}"[:_MAX_FAULT_CHARS]
            failure = {"fault": words, "traceback": trace}
        found = pack_document(self._document) if self._document else None
        self._connection.send({"document": found, **failure})

    def _open(self, request: Message, limits: Limits) -> None:
        if self._document is not None and request["serial"] == self._serial:
            return
        self._document = None
        self._document = self._open_document(
            Path(request["path"]),
            name=request["name"],
            password=request["password"],
            encoding=request["encoding"],
            limits=limits,
            **({"with_title": True} if request["with_title"] else {}),
        )
        self._serial = request["serial"]

    def _send_segments(self, limits: Limits) -> None:
        assert self._document is not None
        step_s = min(_STEP_S, limits.seconds_without_step / 4)
        batch = _SegmentBatch(self._connection, self._document, step_s)
        budget = _Budget(self._document, limits.seconds_for(self._document.byte_count))

        def on_step() -> None:
            batch.step()
            budget.check(batch.blocked_s)

        self._document.on_step = on_step
        try:
            for segment in self._document.segments():
                batch.add(segment)
        finally:  # also what came before an error
            batch.send_rest()


class _Budget:
    """Ends the reading of a document that takes too much of the machine.

    Args:
        seconds: of processor time; see `Limits`.
    """

    def __init__(self, document: Document, seconds: float) -> None:
        self._name, self._seconds = document.title, seconds
        self._cpu_s, self._wall_s = time.process_time(), time.monotonic()

    def check(self, blocked_s: float) -> None:
        """Raise if the time is spent.

        Args:
            blocked_s: wall time that does not count.

        Raises:
            LimitExceeded: it is.
        """
        cpu_s = time.process_time() - self._cpu_s
        wall_s = time.monotonic() - self._wall_s - blocked_s
        if max(cpu_s, wall_s / _WALL_PER_CPU) > self._seconds:
            raise LimitExceeded(
                f"Reading {self._name!r} takes more than {self._seconds:,.0f} s of processor time, "
                "the limit for a file of its size: it is damaged or made to keep its reader busy; "
                "save it as a new file in another program, or split it, and read that."
            )


class _SegmentBatch:
    """Sends segments in batches, and an empty batch as a sign of life.

    Args:
        document: where it is is sent with each batch.
        step_s: send at least this often, whenever the reader reports a step.
    """

    def __init__(self, connection: WorkerConnection, document: Document, step_s: float) -> None:
        self._connection, self._document, self._step_s = connection, document, step_s
        self._segments: list[Segment] = []
        self._chars = 0
        self._sent_at = time.monotonic()
        self.blocked_s = 0.0
        """How long it has waited for the client to take what was sent."""

    def add(self, segment: Segment) -> None:
        """Add a segment; send the batch if it is large enough."""
        self._segments.append(segment)
        self._chars += len(segment.text)
        if self._chars >= _BATCH_CHARS:
            self._send()

    def step(self) -> None:
        """Send the batch, even an empty one, if the last one was sent long enough ago."""
        if time.monotonic() - self._sent_at >= self._step_s:
            self._send()

    def send_rest(self) -> None:
        """Send the segments that are left."""
        if self._segments:
            self._send()

    def _send(self) -> None:
        segments, self._segments, self._chars = self._segments, [], 0
        packed = list(map(pack_segment, segments))
        at = [self._document.at_unit, self._document.is_recognising]
        began_at = time.monotonic()
        self._connection.send({"segments": packed, "at": at, "more": True})
        self._sent_at = time.monotonic()
        self.blocked_s += self._sent_at - began_at
