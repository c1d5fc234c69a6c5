"""The document worker on Linux: a host that forks a confined reader for each document.

The host imports all readers once, the slow ones while it is idle, and looks at no file. A reader is
a fork of it, confined to its file (`confinement.py`) before it answers the first request. So a
document whose reader was taken over harms no other one. The host also starts the programs that a
reader asks for (`programs.py`), each confined to the same file. It ends as its reader ends, so the
client sees one process.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from ingest.sandbox.confinement import confine, confine_program, die_with_parent
from ingest.sandbox.environment import worker_environment
from ingest.sandbox.limits import MAX_CPU_S, bound_memory
from ingest.sandbox.programs import MAX_REQUEST_BYTES, use_host
from ingest.sandbox.protocol import Message, WorkerConnection, decode_line

CAN_HOST = sys.platform == "linux"
"""Whether readers are forked; elsewhere the worker reads by itself."""
_MAX_PROGRAMS = 4
_BLOCK_BYTES = 1 << 16
_RETRY_ERRNO = 11


@dataclass
class _Reader:
    """A forked reader: its process, its requests, and the socket on which it asks for programs."""

    pid: int
    serial: str
    path: str
    requests: int
    programs: socket.socket


@dataclass
class _Program:
    process: subprocess.Popen[bytes]
    folder: str | None


class DocumentHost:
    """Forks readers and starts their programs; has one thread, because it forks.

    Args:
        connection: to the client.
        answer: answers one request in a reader.
        slow_imports: modules that only some readers need, imported when there is nothing to do.
    """

    def __init__(
        self,
        connection: WorkerConnection,
        answer: Callable[[Message], None],
        slow_imports: Sequence[str] = (),
    ) -> None:
        self._connection, self._answer = connection, answer
        self._slow_imports = list(slow_imports)
        self._reader: _Reader | None = None
        self._programs: dict[int, _Program] = {}
        self._input = b""
        self._woken, waker = os.pipe()
        for end in (self._woken, waker):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        found = {name: shutil.which(name) for name in ("tesseract", "ocrmypdf")}
        self._ocrmypdf = found["ocrmypdf"]
        self._known_programs = {sys.executable, *filter(None, found.values())}

    def serve(self) -> NoReturn:
        """Answer requests until standard input ends, or until a reader ends."""
        importlib.import_module("resource")  # here once, not in each reader
        gc.freeze()  # what is here now stays shared with the readers
        self._connection.announce()
        while True:
            files: list[Any] = [0, self._woken]
            if self._reader is not None:
                files.append(self._reader.programs)
            ready = select.select(files, [], [], 0 if self._slow_imports else None)[0]
            if not ready:
                importlib.import_module(self._slow_imports.pop())
                gc.freeze()
                continue
            if self._woken in ready:
                os.read(self._woken, _BLOCK_BYTES)
            if 0 in ready:
                self._take_requests()
            elif self._reader is not None and self._reader.programs in ready:
                self._serve_reader(self._reader)
            self._notice_ends()

    def _take_requests(self) -> None:
        data = os.read(0, _BLOCK_BYTES)
        if not data:
            self._end_reader()
            os._exit(0)
        *lines, self._input = (self._input + data).split(b"\n")
        for line in lines:
            self._pass_on(line + b"\n")

    def _pass_on(self, line: bytes) -> None:
        request = decode_line(line)
        if self._reader is not None and self._reader.serial != request["serial"]:
            self._end_reader()
        if self._reader is None:
            self._reader = self._fork(request)
        with contextlib.suppress(OSError):  # it has ended, which is noticed next
            os.write(self._reader.requests, line)

    def _fork(self, request: Message) -> _Reader:
        theirs_in, ours_in = os.pipe()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)  # a reader that takes no answers must not stop the host
        pid = os.fork()
        if pid:
            os.close(theirs_in)
            theirs.close()
            return _Reader(pid, request["serial"], request["path"], ours_in, ours)
        try:
            os.close(ours_in)
            ours.close()
            self._read(request, theirs_in, theirs)
        finally:
            os._exit(1)

    def _read(self, first: Message, requests: int, programs: socket.socket) -> None:
        """Be a reader: confine this process, and answer the requests of the pipe."""
        die_with_parent()
        os.close(signal.set_wakeup_fd(-1))
        os.close(self._woken)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(requests, 0)
        os.close(requests)
        use_host(programs)
        bound_memory(first["limits"]["max_reader_bytes"])
        confine(first["path"])
        for request in self._connection.received():
            self._answer(request)

    def _end_reader(self) -> None:
        """Kill the reader, if there is one, and its programs."""
        reader, self._reader = self._reader, None
        if reader is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(reader.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(reader.pid, 0)
        os.close(reader.requests)
        reader.programs.close()
        self._end_programs()

    def _end_programs(self) -> None:
        for program in self._programs.values():
            program.process.kill()
            program.process.wait()
            _remove(program.folder)
        self._programs.clear()

    def _notice_ends(self) -> None:
        """Report the programs that have ended; end as the reader did if it has."""
        reader = self._reader
        if reader is None:
            return
        ended, status = os.waitpid(reader.pid, os.WNOHANG)
        if ended:
            self._end_programs()
            _end_like(os.waitstatus_to_exitcode(status))
        for number, program in list(self._programs.items()):
            code = program.process.poll()
            if code is not None:
                del self._programs[number]
                _remove(program.folder)
                _tell(reader, {"ended": number, "code": code})

    def _serve_reader(self, reader: _Reader) -> None:
        """Take one message of the reader, which is not trusted; nonsense ends it."""
        pipes: list[int] = []
        try:
            data, pipes, _, _ = socket.recv_fds(reader.programs, MAX_REQUEST_BYTES, 2)
            if data:
                message = json.loads(data)
                if "end" in message:
                    self._end_program(message["end"])
                else:
                    self._start_program(reader, message, pipes)
        except (LookupError, TypeError, ValueError, ArithmeticError, RecursionError):
            os.kill(reader.pid, signal.SIGKILL)
        except OSError:  # it is gone, which is noticed next
            pass
        finally:
            for pipe in pipes:
                os.close(pipe)

    def _end_program(self, number: int) -> None:
        if number in self._programs:
            self._programs[number].process.kill()

    def _start_program(self, reader: _Reader, message: Message, pipes: list[int]) -> None:
        number, command = int(message["start"]), list(map(str, message["command"]))
        stdin, stdout = pipes
        try:
            if command[0] not in self._known_programs or number in self._programs:
                raise PermissionError(1, "not a program of a reader")
            if len(self._programs) >= _MAX_PROGRAMS:
                raise BlockingIOError(_RETRY_ERRNO, "too many programs")
            stderr = stdout if message["with_errors"] else subprocess.DEVNULL
            cpu_s = min(float(message["cpu_s"]), MAX_CPU_S)
            program = self._started(command, reader.path, cpu_s, (stdin, stdout, stderr))
        except (OSError, subprocess.SubprocessError) as error:
            code = getattr(error, "errno", None) or 1
            _tell(reader, {"refused": number, "errno": code})
            return
        self._programs[number] = program
        _tell(reader, {"started": number, "pid": program.process.pid})

    def _started(
        self, command: list[str], path: str, cpu_s: float, streams: tuple[int, int, int]
    ) -> _Program:
        # OCRmyPDF starts programs that share files with it; all others need neither.
        is_family = command[0] == self._ocrmypdf
        folder = tempfile.mkdtemp(prefix="ammon-ocr-") if is_family else None
        environment = worker_environment()
        if folder is not None:
            environment["TMPDIR"] = folder

        def prepare() -> None:
            signal.set_wakeup_fd(-1)
            confine_program(command[0], path, folder, cpu_s)

        try:
            process = subprocess.Popen(
                command,
                stdin=streams[0],
                stdout=streams[1],
                stderr=streams[2],
                env=environment,
                preexec_fn=prepare,  # this process has one thread
            )
        except BaseException:
            _remove(folder)
            raise
        return _Program(process, folder)


def _tell(reader: _Reader, message: Message) -> None:
    with contextlib.suppress(OSError):  # it has ended, which is noticed next
        reader.programs.send(json.dumps(message).encode("ascii"))


def _remove(folder: str | None) -> None:
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def _end_like(exit_code: int) -> NoReturn:
    """End this process with an exit code, or by the signal that a negative one names."""
    if exit_code < 0:
        with contextlib.suppress(OSError, ValueError):
            signal.signal(-exit_code, signal.SIG_DFL)
        os.kill(os.getpid(), -exit_code)
    os._exit(exit_code if exit_code >= 0 else 1)
