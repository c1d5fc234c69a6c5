"""The client of a worker process: starts it, asks it, limits its time, ends it, reports its loss.

Knows no documents. The worker shares only two pipes with this process, so it may hang, crash or be
killed at any time. Its answers wait in a short queue; when the queue is full, the worker waits.
"""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

from ingest.sandbox.limits import (
    EXIT_ALARM,
    EXIT_CPU_TIME,
    EXIT_KILLED,
    EXIT_OUT_OF_MEMORY,
    MAX_LINE_BYTES,
)
from ingest.sandbox.programs import start_program
from ingest.sandbox.protocol import Message, decode_line, encode_line, has_more

_PACKAGE = Path(__file__).resolve().parents[1]
# Imports are found where this process finds them, in whichever folder the worker starts.
_WORKER = (
    "import importlib, sys; module = sys.argv[1]; arguments = sys.argv[3:3 + int(sys.argv[2])]; "
    "sys.path[:] = sys.argv[3 + len(arguments):]; importlib.import_module(module).main(*arguments)"
)
# The package is registered without its `__init__`, which would import every reader.
_LIGHT_WORKER = (
    "import importlib, sys, types; package = sys.modules['ingest'] = types.ModuleType('ingest'); "
    "package.__path__ = [sys.argv[1]]; importlib.import_module(sys.argv[2]).main()"
)
_START_S = 120.0
_POLL_S = 0.25
_EXIT_S = 5.0
_MAX_LINES_AHEAD = 4


def worker_command(module: str, *arguments: str) -> list[str]:
    """Return the command of a worker that can import all that this process can.

    Args:
        module: the module whose `main(*arguments)` the worker runs.
    """
    paths = [str(_PACKAGE.parent), *sys.path]
    return [
        *(sys.executable, "-P", "-c", _WORKER),
        *(module, str(len(arguments)), *arguments, *paths),
    ]


def light_worker_command(module: str) -> list[str]:
    """Return the command of a worker that starts fast: it imports only what its module names.

    It runs isolated (`-I`): environment variables and the working directory add no imports.

    Args:
        module: the module whose `main()` the worker runs; in this package, importing nothing
            else of it but `limits.py` and `protocol.py`.
    """
    return [sys.executable, "-I", "-c", _LIGHT_WORKER, str(_PACKAGE), module]


class WorkerLost(Exception):
    """The worker ended by itself, or did not answer in time.

    Args:
        exit_code: of the process, negative for a signal; None if it was still running.
        is_silent: it sent nothing within the time limit.
        is_started: it was ready once; otherwise the file is not to blame.
    """

    def __init__(self, exit_code: int | None, *, is_silent: bool, is_started: bool) -> None:
        super().__init__(f"exit code {exit_code}, silent: {is_silent}, started: {is_started}")
        self.exit_code, self.is_silent, self.is_started = exit_code, is_silent, is_started

    @property
    def is_timeout(self) -> bool:
        """Whether it was found silent for too long, or took more processor time than it may."""
        return self.is_silent or self.exit_code in (EXIT_ALARM, EXIT_CPU_TIME)

    @property
    def is_out_of_memory(self) -> bool:
        """Whether it reached its memory limit, or the system killed it."""
        return self.exit_code in (EXIT_OUT_OF_MEMORY, EXIT_KILLED)


class WorkerProcess:
    """A worker that answers one request at a time, for one thread at a time.

    Args:
        command: of `worker_command` or `light_worker_command`.
        start_s: how long it may take to be ready.
        max_line_bytes: a longer answer counts as the loss of the worker.
        has_own_session: keep it out of reach of the terminal's Ctrl-C, and end the programs that it
            started together with it.
        is_quiet: discard what it prints to standard error before it is ready.

    Raises:
        OSError: the command cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        start_s: float = _START_S,
        max_line_bytes: int = MAX_LINE_BYTES,
        has_own_session: bool = False,
        is_quiet: bool = False,
    ) -> None:
        self._process = start_program(command, own_session=has_own_session, is_quiet=is_quiet)
        self._start_s, self._max_line_bytes = start_s, max_line_bytes
        self._has_own_session = has_own_session
        self._lines: queue.Queue[bytes] = queue.Queue(_MAX_LINES_AHEAD)
        self._receiver = threading.Thread(target=self._receive, daemon=True, name="ammon-worker")
        self._receiver.start()
        self._is_started = False
        self._owes_answer = False

    def __enter__(self) -> "WorkerProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    @property
    def pid(self) -> int:
        """The process id of the worker."""
        return self._process.pid

    @property
    def is_free(self) -> bool:
        """Whether it is running and owes no answer."""
        return not self._owes_answer and self._process.poll() is None

    def ask(
        self, request: Message, max_silence_s: float, on_wait: Callable[[], None] = lambda: None
    ) -> Iterator[Message]:
        """Yield the answers to a request.

        A caller that stops before the last answer cannot ask this worker again.

        Args:
            request: if it has a `serial`, what comes before an answer with the same one is passed
                over: another reader has left it in the pipe.
            max_silence_s: how long each answer may take.
            on_wait: called several times a second while waiting; what it raises is passed on.

        Raises:
            WorkerLost: the worker ended, was silent for too long, or sent something else.
        """
        self._owes_answer = True
        if not self._is_started:
            self._answer(self._start_s, on_wait)
            self._is_started = True
        self._send(request)
        answer = self._first_answer(request.get("serial"), max_silence_s, on_wait)
        while True:
            self._owes_answer = has_more(answer)
            yield answer
            if not self._owes_answer:
                return
            answer = self._answer(max_silence_s, on_wait)

    def ask_once(self, request: Message, max_silence_s: float) -> Message:
        """Return the only answer to a request.

        Raises:
            WorkerLost: the worker ended, was silent for too long, or sent something else.
        """
        answer = next(self.ask(request, max_silence_s))
        if has_more(answer):
            raise self._lost(0)
        return answer

    def end(self) -> None:
        """Kill the worker if it is running, with the programs that it started, and free its pipes.

        The programs are ended only if the worker has a session of its own.
        """
        if self._has_own_session and self._process.poll() is None:
            # The group is surely the worker's own as long as it was not waited for.
            with contextlib.suppress(OSError, AttributeError):  # it ended; or this is Windows
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        while self._receiver.is_alive():  # it may wait for room in the queue
            with contextlib.suppress(queue.Empty):
                self._lines.get(timeout=0.01)
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with contextlib.suppress(OSError):  # a request in its buffer was not read
                stream.close()
        self._process.wait()

    def _send(self, request: Message) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(encode_line(request))
            self._process.stdin.flush()
        except OSError as error:
            raise self._lost(_EXIT_S) from error

    def _first_answer(
        self, serial: str | None, max_silence_s: float, on_wait: Callable[[], None]
    ) -> Message:
        if serial is None:
            return self._answer(max_silence_s, on_wait)
        deadline = time.monotonic() + max_silence_s
        while line := self._line(max(0.0, deadline - time.monotonic()), on_wait):
            with contextlib.suppress(ValueError):
                answer = decode_line(line)
                if answer.get("serial") == serial:
                    return answer
        raise self._lost(_EXIT_S)

    def _answer(self, max_silence_s: float, on_wait: Callable[[], None]) -> Message:
        line = self._line(max_silence_s, on_wait)
        try:
            return decode_line(line)
        except ValueError as error:  # the end of the output, a line that is too long, or no JSON
            is_output_ended = not line.endswith(b"\n") and len(line) < self._max_line_bytes
            raise self._lost(_EXIT_S if is_output_ended else 0) from error

    def _line(self, max_silence_s: float, on_wait: Callable[[], None]) -> bytes:
        """Return the next line of the worker's output, b"" at its end."""
        deadline = time.monotonic() + max_silence_s
        while True:
            left_s = deadline - time.monotonic()
            try:
                return self._lines.get(timeout=max(0.0, min(_POLL_S, left_s)))
            except queue.Empty:
                if left_s <= 0:
                    raise WorkerLost(None, is_silent=True, is_started=self._is_started) from None
                on_wait()

    def _lost(self, wait_s: float) -> WorkerLost:
        """Return how the worker was lost; one that is just ending gets `wait_s` to do so."""
        exit_code = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            exit_code = self._process.wait(timeout=wait_s)
        return WorkerLost(exit_code, is_silent=False, is_started=self._is_started)

    def _receive(self) -> None:
        """Put the lines of the worker's output into the queue, b"" after the last one."""
        output: IO[bytes] | None = self._process.stdout
        assert output is not None
        line = b"\n"
        while line:
            line = output.readline(self._max_line_bytes)
            self._lines.put(line)
