"""How a reader starts the programs that it needs: the PDFium worker, and text recognition.

A confined reader can start no process. It asks the worker that forked it (`host.py`), over a socket
on which one JSON object a line travels: `{"start": 1, "command": [...], "cpu_s": 60, "with_errors":
false}`, with the program's ends of two pipes, is answered by `{"started": 1, "pid": 7}` or
`{"refused": 1, "errno": 2}`, and `{"end": 1}` kills it. `{"ended": 1, "code": 0}` follows whenever
it has ended. Where readers are not confined, a program is started directly.
"""

import contextlib
import errno
import json
import os
import select
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from typing import IO, Any

from ingest.sandbox.environment import worker_environment
from ingest.sandbox.limits import MAX_CPU_S

MAX_REQUEST_BYTES = 64 * 1024
"""Longest request or answer on the socket."""
_BLOCK_BYTES = 64 * 1024


class HostedProgram:
    """A program that the worker started for this process; has what is used of `Popen`.

    Args:
        socket: to the worker.
        number: by which the two call the program.
        pid: of the program.
    """

    def __init__(
        self, host: "ProgramHost", number: int, pid: int, stdin: IO[bytes], stdout: IO[bytes]
    ) -> None:
        self.pid, self.stdin, self.stdout = pid, stdin, stdout
        self._host, self._number = host, number

    def poll(self) -> int | None:
        """Return the exit code, None while it is running."""
        return self._host.exit_code(self._number, 0.0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end of the program and return its exit code.

        Raises:
            subprocess.TimeoutExpired: it did not end in time.
        """
        code = self._host.exit_code(self._number, timeout)
        if code is None:
            raise subprocess.TimeoutExpired("program", timeout or 0.0)
        return code

    def kill(self) -> None:
        """End the program."""
        self._host.end(self._number)


class ProgramHost:
    """The reader's end of the socket to the worker that starts programs.

    Args:
        connection: the socket; its messages keep their bounds.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._count = 0
        self._answers: dict[int, dict[str, Any]] = {}
        self._exit_codes: dict[int, int] = {}

    def start(
        self, command: Sequence[str], cpu_s: float, *, with_errors: bool = False
    ) -> HostedProgram:
        """Start a program with pipes to its standard input and output.

        Args:
            command: the program and its arguments.
            cpu_s: the processor time that it may take.
            with_errors: its standard error goes to its standard output, too, not away.

        Raises:
            OSError: it cannot be started.
        """
        theirs_in, ours_in = os.pipe()
        ours_out, theirs_out = os.pipe()
        try:
            request = {"command": list(command), "cpu_s": cpu_s, "with_errors": with_errors}
            number, pid = self._ask_to_start(request, [theirs_in, theirs_out])
        except OSError:
            os.close(ours_in)
            os.close(ours_out)
            raise
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        stdin, stdout = os.fdopen(ours_in, "wb"), os.fdopen(ours_out, "rb")
        return HostedProgram(self, number, pid, stdin, stdout)

    def end(self, number: int) -> None:
        """Have a program killed; nothing happens if it has ended."""
        with self._lock:
            if number not in self._exit_codes:
                self._send({"end": number})

    def exit_code(self, number: int, timeout_s: float | None) -> int | None:
        """Return the exit code of a program; None if it is still running after `timeout_s`."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        with self._lock:
            while number not in self._exit_codes:
                left_s = None if deadline is None else max(0.0, deadline - time.monotonic())
                if not self._receive(left_s):
                    return None
            return self._exit_codes[number]

    def _ask_to_start(self, request: dict[str, Any], pipes: list[int]) -> tuple[int, int]:
        with self._lock:
            self._count += 1
            number = self._count
            self._send({"start": number, **request}, pipes)
            while number not in self._answers:
                self._receive(None)
            answer = self._answers.pop(number)
        if "errno" in answer:
            raise OSError(answer["errno"], os.strerror(answer["errno"]))
        return number, answer["pid"]

    def _send(self, message: dict[str, Any], pipes: Sequence[int] = ()) -> None:
        data = json.dumps(message).encode("ascii")
        if len(data) > MAX_REQUEST_BYTES:
            raise OSError(errno.E2BIG, os.strerror(errno.E2BIG))
        socket.send_fds(self._connection, [data], pipes)

    def _receive(self, timeout_s: float | None) -> bool:
        """Take one message of the worker; False if none came in time."""
        if not select.select([self._connection], [], [], timeout_s)[0]:
            return False
        data = self._connection.recv(MAX_REQUEST_BYTES)
        if not data:
            raise OSError(errno.EPIPE, os.strerror(errno.EPIPE))
        message = json.loads(data)
        if "ended" in message:
            self._exit_codes[message["ended"]] = message["code"]
        else:
            self._answers[message.get("started") or message["refused"]] = message
        return True


_host: list[ProgramHost] = []


def use_host(connection: socket.socket) -> None:
    """Have all programs of this process started by the worker at the other end of a socket."""
    _host[:] = [ProgramHost(connection)]


def start_program(
    command: Sequence[str], *, own_session: bool = False, is_quiet: bool = False
) -> subprocess.Popen[bytes] | HostedProgram:
    """Start a program with pipes to its standard input and output, and few environment variables.

    Args:
        command: the program and its arguments.
        own_session: keep it out of reach of the terminal's Ctrl-C.
        is_quiet: discard what it prints to standard error.

    Raises:
        OSError: it cannot be started.
    """
    if _host:
        return _host[0].start(command, MAX_CPU_S)
    new_group = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if is_quiet else None,
        start_new_session=own_session,
        creationflags=new_group if own_session else 0,
        env=worker_environment(),
    )


def run_program(
    command: Sequence[str],
    data: bytes,
    timeout_s: float,
    *,
    cpu_s: float | None = None,
    with_errors: bool = False,
) -> tuple[int, bytes]:
    """Run a program to its end, and return its exit code and what it wrote to standard output.

    Args:
        command: the program and its arguments.
        data: for its standard input.
        timeout_s: when it is killed.
        cpu_s: its processor time, which the system limits even when Ammon is gone; None for
            `timeout_s` where readers are confined, and no limit elsewhere.
        with_errors: return what it wrote to standard error, too.

    Raises:
        OSError: it cannot be started.
        subprocess.TimeoutExpired: it took too long.
    """
    if _host:
        program = _host[0].start(command, cpu_s or timeout_s, with_errors=with_errors)
        return _communicate(program, data, timeout_s)
    ended = subprocess.run(
        command if cpu_s is None else with_cpu_limit(command, cpu_s),
        input=data,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if with_errors else subprocess.DEVNULL,
        timeout=timeout_s,
        env=worker_environment(),
    )
    return ended.returncode, ended.stdout


def with_cpu_limit(command: Sequence[str], seconds: float) -> list[str]:
    """Return the command with a limit on its CPU time, which the system enforces without Ammon."""
    shell = shutil.which("sh") if os.name == "posix" else None
    if shell is None:
        return list(command)
    limit = str(max(1, round(seconds)))
    return [shell, "-c", 'ulimit -t "$0" && exec "$@"', limit, *command]


def _communicate(program: HostedProgram, data: bytes, timeout_s: float) -> tuple[int, bytes]:
    deadline = time.monotonic() + timeout_s
    writer = threading.Thread(target=_write, args=(program.stdin, data), daemon=True)
    writer.start()
    try:
        output = _read_until(program.stdout, deadline)
        return program.wait(max(0.0, deadline - time.monotonic())), output
    finally:
        program.kill()
        program.wait()
        writer.join()  # its pipe has no reader any more
        program.stdout.close()


def _write(stdin: IO[bytes], data: bytes) -> None:
    with contextlib.suppress(OSError):  # the program ended before it read all
        stdin.write(data)
    with contextlib.suppress(OSError):
        stdin.close()


def _read_until(stdout: IO[bytes], deadline: float) -> bytes:
    blocks: list[bytes] = []
    while True:
        left_s = deadline - time.monotonic()
        if left_s <= 0 or not select.select([stdout], [], [], left_s)[0]:
            raise subprocess.TimeoutExpired("program", left_s)
        block = os.read(stdout.fileno(), _BLOCK_BYTES)
        if not block:
            return b"".join(blocks)
        blocks.append(block)
