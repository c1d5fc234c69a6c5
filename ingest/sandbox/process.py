"""One reader process: started, asked, timed, ended. Knows no document; see `contained_wire.py`.

It shares nothing with Ammon but a pipe each way, so it may hang, crash or be killed at any
instant. Its answers wait in a short queue, and then it waits itself: nothing piles up.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

_ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = (
    "import sys; sys.path[:] = sys.argv[2:]; "
    "from ingest.sandbox.worker import main; main(sys.argv[1])"
)
_START_S = 120.0
_POLL_S = 0.25
_LINES_AHEAD = 4
# Far more than a batch of segments takes.
_MAX_LINE_BYTES = 256 * 1024 * 1024


class ProcessLost(Exception):
    """The process ended, or had to be.

    Args:
        exit_code: its own, negative for a signal; None if it still ran.
        hung: it gave no sign of life in time.
        began: it was ready once; else the file is not to blame.
    """

    def __init__(self, exit_code: int | None, *, hung: bool, began: bool) -> None:
        super().__init__(f"exit code {exit_code}, hung: {hung}, began: {began}")
        self.exit_code, self.hung, self.began = exit_code, hung, began


class ReaderProcess:
    """A process that answers one request at a time, for one thread at a time.

    Args:
        opener: see `contained_child.main`.
    """

    def __init__(self, opener: str) -> None:
        self._process = subprocess.Popen(
            # Its imports are found where Ammon's are, whatever folder it starts in.
            [sys.executable, "-P", "-c", _PROGRAM, opener, str(_ROOT), *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Out of the terminal's reach: Ctrl-C is for Ammon to handle.
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self._lines: queue.Queue[bytes] = queue.Queue(_LINES_AHEAD)
        self._pump = threading.Thread(target=self._take_lines, daemon=True, name="ammon-pump")
        self._pump.start()
        self._is_ready = False
        self._is_asked = False

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_free(self) -> bool:
        """Whether it lives and owes no answer."""
        return not self._is_asked and self._process.poll() is None

    def ask(
        self, request: dict[str, Any], limit_s: float, on_wait: Callable[[], None]
    ) -> Iterator[dict[str, Any]]:
        """Yield the answers to a request, all of them or the process is of no more use.

        Args:
            limit_s: how long it may be silent while it is waited for.
            on_wait: called several times a second meanwhile; what it raises is passed on.

        Raises:
            ProcessLost: in which way.
        """
        self._is_asked = True
        if not self._is_ready:
            self._answer(_START_S, on_wait)
            self._is_ready = True
        self._send(request)
        while True:
            answer = self._answer(limit_s, on_wait)
            self._is_asked = "segments" in answer
            yield answer
            if not self._is_asked:
                return

    def end(self) -> None:
        """Kill it, if need be, and leave nothing of it behind, nor of the programs it runs."""
        with contextlib.suppress(OSError, AttributeError):  # it is gone; there are none on Windows
            # Its own group, for as long as it was not waited for.
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        while self._pump.is_alive():  # it may wait for room in the queue
            with contextlib.suppress(queue.Empty):
                self._lines.get(timeout=0.02)
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with contextlib.suppress(OSError):  # of a request that was never taken
                stream.close()
        self._process.wait()

    def _send(self, request: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode("ascii") + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise self._lost() from error

    def _answer(self, limit_s: float, on_wait: Callable[[], None]) -> dict[str, Any]:
        try:
            answer = json.loads(self._line(limit_s, on_wait))
        except ValueError as error:  # cut short, or no JSON
            raise self._lost() from error
        if not isinstance(answer, dict):
            raise self._lost()
        return answer

    def _line(self, limit_s: float, on_wait: Callable[[], None]) -> bytes:
        """Return the next line, b"" at the end of all."""
        deadline = time.monotonic() + limit_s
        while True:
            left_s = deadline - time.monotonic()
            try:
                return self._lines.get(timeout=max(0.0, min(_POLL_S, left_s)))
            except queue.Empty:
                if left_s <= 0:
                    raise ProcessLost(None, hung=True, began=self._is_ready) from None
                on_wait()

    def _lost(self) -> ProcessLost:
        """Return how it ended; a moment is given to what is ending."""
        exit_code = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            exit_code = self._process.wait(timeout=5.0)
        return ProcessLost(exit_code, hung=False, began=self._is_ready)

    def _take_lines(self) -> None:
        out: IO[bytes] | None = self._process.stdout
        assert out is not None
        line = b"\n"
        while line:
            line = out.readline(_MAX_LINE_BYTES)
            self._lines.put(line)
