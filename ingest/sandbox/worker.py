"""The program of a reader process: opens and reads one file after another for Ammon.

It is started by `contained_process.py`, takes requests from its standard input, and ends when that
ends, whatever it is doing: with Ammon gone, nobody wants the answer. See `contained_wire.py`.
"""

import contextlib
import importlib
import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from ingest.document import Document, Limits, Segment
from ingest.errors import IngestError
from ingest.sandbox.protocol import pack_document, pack_error, pack_segment

OUT_OF_MEMORY = 77
"""The exit code that says so."""
_BATCH_CHARS = 64 * 1024
# Segments wait no longer than that for others to go with.
_STEP_S = 1.0
_MAX_TRACE_CHARS = 8000
Open = Callable[..., Document]


def main(opener: str) -> None:
    """Answer requests until there are no more.

    Args:
        opener: what opens a file, as "module:function"; `open_document` but for tests.
    """
    answers = _Answers(_own_output())
    module, function = opener.split(":")
    open_document: Open = getattr(importlib.import_module(module), function)
    _be_expendable()
    requests = _requests()
    # Faults up to here were told on Ammon's standard error; what a library finds to say is not.
    os.dup2(1, 2)
    answers.send({"ready": True})
    opened: tuple[int, Document] | None = None
    while True:
        request = requests.get()
        opened = _answer(request, open_document, opened, answers)


def _answer(
    request: dict[str, Any],
    open_document: Open,
    opened: tuple[int, Document] | None,
    answers: "_Answers",
) -> tuple[int, Document] | None:
    """Answer one request; returns the document that was opened last, by its serial number."""
    document: Document | None = None
    ending: dict[str, Any] = {}
    limits = Limits(**request["limits"])
    _bound_memory(limits.max_reader_bytes)
    answers.begin(limits)
    try:
        if opened is not None and opened[0] == request["serial"]:
            document = opened[1]
        else:
            document = open_document(
                Path(request["path"]),
                name=request["name"],
                password=request["password"],
                limits=limits,
            )
        if request["read"]:
            document.on_step = answers.step
            for segment in document.segments():
                answers.add(segment)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except IngestError as error:
        ending = {"error": pack_error(error)}
    except Exception as error:  # a fault of the reader: Ammon's log shall have its traceback
        trace = "".join(traceback.format_exception(error))[-_MAX_TRACE_CHARS:]
        ending = {"fault": f"{type(error).__name__}: {error}"[:500], "traceback": trace}
    answers.end({"document": pack_document(document) if document else None, **ending})
    return (request["serial"], document) if document else None


class _Answers:
    """The lines that go out, segments in batches; and a clock that ends a process that hangs."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._batch: list[Segment] = []
        self._chars = 0
        self._sent_at = 0.0
        self._patience_s = 0.0
        self._step_s = _STEP_S

    def begin(self, limits: Limits) -> None:
        self._step_s = min(_STEP_S, limits.seconds_without_step / 4)
        # Ammon itself ends what hangs, after half of that; this is for when it is gone.
        self._patience_s = 2 * limits.seconds_without_step
        self._sent_at = time.monotonic()
        _set_alarm(self._patience_s)

    def add(self, segment: Segment) -> None:
        self._batch.append(segment)
        self._chars += len(segment.text)
        if self._chars >= _BATCH_CHARS:
            self._flush()

    def step(self) -> None:
        """Send what there is, be it nothing: a sign of life."""
        if time.monotonic() - self._sent_at >= self._step_s:
            self._flush()

    def end(self, answer: dict[str, Any]) -> None:
        if self._batch:
            self._flush()
        self.send(answer)
        _set_alarm(0)

    def send(self, answer: dict[str, Any]) -> None:
        # Waiting for Ammon to take the line is no hanging: it may be busy.
        _set_alarm(0)
        # ASCII: whatever Python can hold in a string, half a surrogate pair too, comes out as is.
        self._out.write(json.dumps(answer).encode("ascii") + b"\n")
        self._out.flush()
        _set_alarm(self._patience_s)
        self._sent_at = time.monotonic()

    def _flush(self) -> None:
        segments, self._batch, self._chars = self._batch, [], 0
        self.send({"segments": list(map(pack_segment, segments))})


def _own_output() -> BinaryIO:
    """Return the standard output; what libraries print goes nowhere."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return out


def _requests() -> "queue.SimpleQueue[dict[str, Any]]":
    """Return the requests as they come; at their end the process ends, also amid a file."""
    requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()

    def take() -> None:
        for line in sys.stdin.buffer:
            requests.put(json.loads(line))
        os._exit(0)

    threading.Thread(target=take, daemon=True).start()
    return requests


def _set_alarm(seconds: float) -> None:
    """Let the system end this process then, whatever holds it; 0: never.

    A thread could not: native code, a regular expression even, may keep all threads waiting.
    """
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _bound_memory(max_bytes: int) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # there are none on Windows
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (max_bytes, hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _be_expendable() -> None:
    """Where memory runs out all the same, Linux shall end this process and no other."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
