"""System calls of Linux that Python has no function for, through ctypes.

Only the standard library is imported, because the light workers import this file. On another system
every call raises OSError.
"""

import ctypes
import errno
import os
import platform
import sys

IS_LINUX = sys.platform == "linux"
_IS_64_BIT = sys.maxsize > 2**32
# A Python of 32 bits makes other calls than the machine that it runs on.
MACHINE = platform.machine().lower().replace("arm64", "aarch64") if IS_LINUX and _IS_64_BIT else ""


def system_call(number: int, *arguments: int | bytes | ctypes.Array[ctypes.c_char] | None) -> int:
    """Make a system call and return its result.

    Args:
        number: of the call, on this machine.
        arguments: numbers, and bytes or buffers, of which the call gets the address.

    Raises:
        OSError: the system refused it, or there is no such call.
    """
    words = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return _checked("syscall", ctypes.c_long(number), *words)


def prctl(option: int, value: int = 0, *more: int) -> int:
    """Change an attribute of this process, as prctl(2) says.

    Raises:
        OSError: the system refused it.
    """
    rest = [*more, 0, 0, 0][:3]
    return _checked("prctl", ctypes.c_int(option), *map(ctypes.c_ulong, (value, *rest)))


def unshare(flags: int) -> None:
    """Leave some of the namespaces of this process, as unshare(2) says.

    Raises:
        OSError: the system refused it.
    """
    _checked("unshare", ctypes.c_int(flags))


def _checked(name: str, *arguments: object) -> int:
    if not IS_LINUX:
        raise OSError(errno.ENOSYS, "not Linux")
    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    function.restype = ctypes.c_long if name == "syscall" else ctypes.c_int
    result = int(function(*arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
