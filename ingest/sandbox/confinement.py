"""A worker gives up what it does not need, for good, before it looks at a file from outside.

A hostile file may make native code run what it wants. So its process keeps no more than reading the
one file, Python's own files and fonts: no network, no other file, no writing, no other process.
Landlock (`landlock.py`) and seccomp (`seccomp.py`) refuse that where Linux has them; where it has
neither, and on other systems, only the resource limits hold, and `probe.py` says so. Only the
standard library is imported, because the light workers import this file.
"""

import contextlib
import ctypes
import os
import signal
import struct
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from ingest.sandbox.landlock import WITH_TRUNCATION, abi_version, restrict_files
from ingest.sandbox.limits import (
    MAX_CPU_S,
    PROGRAM_FILE_BYTES,
    PROGRAM_MEMORY_BYTES,
    bound_memory,
    bound_resources,
)
from ingest.sandbox.seccomp import Allowed, restrict_calls
from ingest.sandbox.system_calls import MACHINE, prctl, system_call, unshare

_PACKAGE = Path(__file__).resolve().parents[1]
_SYSTEM_FILES = (
    *("/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec"),
    *("/bin", "/usr/bin", "/usr/share", "/usr/local/bin", "/usr/local/lib", "/usr/local/lib64"),
    *("/usr/local/share", "/nix/store", "/gnu/store"),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/mime.types", "/etc/fonts"),
    *("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom", "/sys/devices/system/cpu"),
)
_PARTS_OF_PYTHON = ("lib", "lib64", "bin", "pyvenv.cfg")
_MODULE_FOLDERS = ("site-packages", "dist-packages")
# Options of prctl.
_DIE_WITH_PARENT, _DUMPABLE, _NO_NEW_PRIVILEGES = 1, 4, 38
_NEW_USER_NAMESPACE, _NEW_NETWORK_NAMESPACE = 0x10000000, 0x40000000
_CAPABILITY_CALLS = {"x86_64": (125, 126), "aarch64": (90, 91)}
_CAPABILITY_VERSION = 0x20080522
# The root user may still read a file that another user owns.
_READ_ANY_FILE = 1 << 2


def confine(path: str, *, cpu_s: float = MAX_CPU_S) -> None:
    """Keep only what reading one file needs; call it before a second thread is started.

    Args:
        path: of the file; it need not exist.
        cpu_s: the processor time that this process may take.
    """
    bound_resources(cpu_s)
    _confine([*python_files(), path], (), Allowed())


def confine_program(program: str, path: str, folder: str | None, cpu_s: float) -> None:
    """Keep only what a program needs that is run next in place of this process.

    It reads the file, Python's files and its own, and starts no other process.

    Args:
        program: its path.
        path: of the file.
        folder: in which it may write; a program with a folder may start others, too. None for none.
        cpu_s: the processor time that it may take.
    """
    die_with_parent()
    bound_memory(PROGRAM_MEMORY_BYTES)
    bound_resources(cpu_s, file_bytes=0 if folder is None else PROGRAM_FILE_BYTES)
    readable = [*python_files(), *_files_of_program(program), path]
    writable = ["/dev/null"] if folder is None else ["/dev/null", folder]
    is_trusted = folder is not None
    allowed = Allowed(
        programs=True,
        processes=is_trusted,
        # An older Landlock, or none, would let it empty or overwrite files.
        open_for_writing=is_trusted or abi_version() >= WITH_TRUNCATION,
        change_files=is_trusted,
    )
    _confine(readable, writable, allowed)


def die_with_parent() -> None:
    """Let Linux kill this process when the one that started it ends."""
    with contextlib.suppress(OSError):
        prctl(_DIE_WITH_PARENT, signal.SIGKILL)


def _confine(readable: Iterable[str], writable: Iterable[str], allowed: Allowed) -> None:
    """Apply every means that this system has; one that it lacks leaves the others in force."""
    with contextlib.suppress(OSError):
        prctl(_NO_NEW_PRIVILEGES, 1)
    with contextlib.suppress(OSError):
        _drop_capabilities()
    with contextlib.suppress(OSError):
        restrict_files(readable, writable, may_execute=allowed.programs)
    with contextlib.suppress(OSError):
        prctl(_DUMPABLE, 0)
    try:
        restrict_calls(allowed)
    except OSError:
        _leave_network()


def _leave_network() -> None:
    for flags in (_NEW_NETWORK_NAMESPACE, _NEW_USER_NAMESPACE | _NEW_NETWORK_NAMESPACE):
        with contextlib.suppress(OSError):
            unshare(flags)
            return


def _drop_capabilities() -> None:
    if MACHINE not in _CAPABILITY_CALLS:
        return
    get, put = _CAPABILITY_CALLS[MACHINE]
    head = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    # Effective, permitted and inheritable: of the first 32 capabilities, then of the others.
    words = ctypes.create_string_buffer(24)
    system_call(get, head, words)
    permitted = struct.unpack("=6I", words.raw)[1]
    kept = permitted & _READ_ANY_FILE
    system_call(put, head, struct.pack("=6I", kept, kept, 0, 0, 0, 0))


def python_files() -> Iterator[str]:
    """Yield the files and folders of the system, of Python and of this package."""
    yield from _SYSTEM_FILES
    yield str(_PACKAGE)
    for prefix in {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}:
        yield from (os.path.join(prefix, part) for part in _PARTS_OF_PYTHON)
    yield from (path for path in sys.path if os.path.basename(path) in _MODULE_FOLDERS)


def _files_of_program(program: str) -> Iterator[str]:
    """Yield where a program and its data are, if they are not in the folders of the system."""
    yield program
    prefix = os.path.dirname(os.path.dirname(os.path.realpath(program)))
    yield from (os.path.join(prefix, part) for part in (*_PARTS_OF_PYTHON, "share"))
    if "TESSDATA_PREFIX" in os.environ:
        yield os.environ["TESSDATA_PREFIX"]
