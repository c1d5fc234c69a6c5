"""The limits that a worker process sets on itself, and the size limits of its answers.

A worker calls `set_alarm`, `bound_memory` and `be_expendable`. The client (`process.py`) compares
exit codes and line lengths with the constants here. Only the standard library is imported, because
the light workers import this file.
"""

import contextlib
import signal
from pathlib import Path

EXIT_OUT_OF_MEMORY = 77
"""Exit code of a worker that reached its memory limit."""
# Exit codes that `subprocess` reports for a signal; Windows has neither of these signals.
EXIT_ALARM = -getattr(signal, "SIGALRM", 1000)
EXIT_KILLED = -getattr(signal, "SIGKILL", 1000)

PDFIUM_MEMORY_BYTES = 2 * 1024 * 1024 * 1024
"""Address space of a worker that runs PDFium."""

MAX_LINE_BYTES = 256 * 1024 * 1024
"""Longest answer that the client takes unless it sets a lower limit."""
_LINE_OVERHEAD_BYTES = 64 * 1024
# JSON in ASCII writes a character outside the basic plane as two escapes of six bytes.
_MAX_BYTES_PER_CHAR = 12


def set_alarm(seconds: float) -> None:
    """Let the operating system end this process after `seconds`; 0 cancels the alarm.

    A thread could not do this: native code, even a regular expression, can block all threads.
    Does nothing on Windows, which has no alarm.
    """
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)


def bound_memory(max_bytes: int, *, can_change: bool = False) -> None:
    """Limit the address space of this process and forbid core dumps; does nothing on Windows.

    Args:
        can_change: leave the hard limit as it is, so that a later call can set a higher limit.
    """
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        soft = max_bytes if hard == resource.RLIM_INFINITY else min(max_bytes, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard if can_change else soft))


def be_expendable() -> None:
    """Make Linux end this process, not another one, when the machine runs out of memory."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def max_text_line_bytes(max_chars: int) -> int:
    """Return the longest line that an answer with `max_chars` characters of text can take."""
    return _MAX_BYTES_PER_CHAR * max_chars + _LINE_OVERHEAD_BYTES


def max_binary_line_bytes(max_bytes: int) -> int:
    """Return the longest line that an answer with `max_bytes` bytes in base64 can take."""
    return 4 * (max_bytes // 3 + 1) + _LINE_OVERHEAD_BYTES
