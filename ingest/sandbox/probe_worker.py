"""The probing worker: confines itself as a reader does, then tries what a reader must not do.

A light worker: of Ammon it imports only `protocol.py`, `limits.py` and `confinement.py`.
"""

import os
import socket
from collections.abc import Callable

from ingest.sandbox.confinement import confine
from ingest.sandbox.limits import PDFIUM_MEMORY_BYTES, be_expendable, bound_memory
from ingest.sandbox.protocol import Message, WorkerConnection

_CONNECT_S = 5.0
_LIMITS = ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_NPROC", "RLIMIT_NOFILE")


def main() -> None:
    """Answer one request, which has the `path` of its file, and what it is to try.

    That is an `other_path`, the `port` of a server on this machine, and `parent`, a process. The
    answer has `refused`, a value for each attempt, the names of the `environment` variables, and
    the names of the resource `limits` that are set.
    """
    bound_memory(PDFIUM_MEMORY_BYTES)
    be_expendable()
    connection = WorkerConnection()
    for request in connection.requests(before_first=lambda request: confine(request["path"])):
        connection.send(_answer(request))


def _answer(request: Message) -> Message:
    _read(request["path"])  # a worker that cannot read its own file shows nothing
    return {
        "refused": {what: _is_refused(deed) for what, deed in _attempts(request).items()},
        "environment": sorted(os.environ),
        "limits": list(filter(_is_set, _LIMITS)),
    }


def _attempts(request: Message) -> dict[str, Callable[[], object]]:
    other, parent = request["other_path"], request["parent"]
    return {
        "files": lambda: _read(other),
        "writing": lambda: os.close(os.open(other, os.O_WRONLY)),
        "network": lambda: _connect(request["port"]),
        "processes": lambda: os.kill(parent, 0) if os.name == "posix" else None,
        "programs": _start,
    }


def _is_refused(deed: Callable[[], object]) -> bool:
    """Return whether the system refuses a deed; only that: another error is not a refusal."""
    try:
        deed()
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def _read(path: str) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()


def _connect(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), timeout=_CONNECT_S).close()


def _start() -> None:
    """Start a process that ends at once."""
    if not hasattr(os, "fork"):
        return
    process = os.fork()
    if not process:
        os._exit(0)
    os.waitpid(process, 0)


def _is_set(name: str) -> bool:
    try:
        import resource
    except ImportError:
        return False
    return resource.getrlimit(getattr(resource, name))[1] != resource.RLIM_INFINITY
