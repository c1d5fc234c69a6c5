"""What a process does that was taken over; only the standard library is imported.

Every deed is tried for real, with nothing between it and the system.
"""

import ctypes
import fcntl
import mmap
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import threading
from pathlib import Path

BOMB = 2000


def outcome(request: dict) -> str:
    """Do a deed of `DEEDS`, with its arguments, and return "done ..." or the name of the error."""
    try:
        return f"done {DEEDS[request['deed']](*request['arguments'])!r}"
    except Exception as error:
        return type(error).__name__


def read(path):
    """The first bytes of a file."""
    with open(path, "rb") as stream:
        return stream.read(100)


def read_in_a_thread(path):
    """The first bytes of a file, read by another thread than the one that was confined."""
    found = []

    def attempt():
        try:
            found.append(read(path))
        except OSError as error:
            found.append(error)

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    if isinstance(found[0], OSError):
        raise found[0]
    return found[0]


def query(path, statement):
    """What a statement gives on the database, committed."""
    with sqlite3.connect(path) as db:
        return db.execute(statement).fetchall()


def connect(port):
    """Connect to a server on this machine."""
    socket.create_connection(("127.0.0.1", port), timeout=10).close()


def make_socket(family, kind):
    """Make a socket."""
    socket.socket(family, kind).close()


def call(number, *arguments):
    """Make a system call by its number."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(number, *arguments) < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return "called"


def peek(pid):
    """Read the memory of another process."""
    buffer = mmap.mmap(-1, 4096)
    here = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
    vector = (ctypes.c_size_t * 2)(here, 8)
    return call(310, pid, vector, 1, vector, 1, 0)


def own_signals(pid):
    """Have the signals of a pipe sent to another process, as F_SETOWN and F_SETSIG do."""
    fcntl.fcntl(0, fcntl.F_SETOWN, pid)


def write(path, text):
    """Write a file, new or old."""
    Path(path).write_text(text)


def environment():
    """The names of the variables that this process knows, also of those that C code sees."""
    libc = ctypes.CDLL(None)
    variables = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, "environ")
    names = set(os.environ)
    for entry in iter(variables):
        if entry is None:
            break
        names.add(entry.partition(b"=")[0].decode())
    return sorted(names)


def bomb():
    """Start as many processes as the system allows, and return how many those were."""
    pids = []
    try:
        for _ in range(BOMB):
            pid = os.fork()
            if not pid:
                signal.pause()
            pids.append(pid)
    except OSError:
        pass
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return len(pids)


def raise_limits():
    """Raise the limits of this process again."""
    for what in (resource.RLIMIT_FSIZE, resource.RLIMIT_CPU, resource.RLIMIT_NPROC):
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(what, (hard + 1, hard + 1))


def limits():
    """The highest values of the limits of this process, by their names."""
    names = ("AS", "CPU", "FSIZE", "NPROC", "NOFILE", "CORE")
    return {name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[1] for name in names}


def several(deeds):
    """Do several deeds, then a fork bomb: starting a program takes a while."""
    each = [outcome({"deed": deed, "arguments": arguments}) for deed, *arguments in deeds]
    return [*each, bomb()]


DEEDS = {
    "read": read,
    "read_in_a_thread": read_in_a_thread,
    "list": os.listdir,
    "query": query,
    "connect": connect,
    "make_socket": make_socket,
    "call": call,
    "peek": peek,
    "own_signals": own_signals,
    "write": write,
    "chmod": os.chmod,
    "rename": os.rename,
    "unlink": os.unlink,
    "utime": os.utime,
    "symlink": os.symlink,
    "mkdir": os.mkdir,
    "environment": environment,
    "kill": os.kill,
    "nice": lambda pid: os.setpriority(os.PRIO_PROCESS, pid, 19),
    "prlimit": lambda pid: resource.prlimit(pid, resource.RLIMIT_CPU, (1, 1)),
    "execute": lambda path: os.execv(path, [path]),
    "run": lambda path: subprocess.run([path]),
    "leave": os.setsid,
    "bomb": bomb,
    "raise_limits": raise_limits,
    "limits": limits,
    "several": several,
}
