"""The limits that a worker process sets on itself, and the size limits of its answers.

A worker calls `set_alarm`, `bound_memory`, `bound_resources` and `be_expendable`. The client
(`process.py`) compares exit codes and line lengths with the constants here. Only the standard
library is imported, because the light workers import this file.
"""

import contextlib
import signal
from pathlib import Path

EXIT_OUT_OF_MEMORY = 77
"""Exit code of a worker that reached its memory limit."""
# Exit codes that `subprocess` reports for a signal; Windows has neither of these signals.
EXIT_ALARM = -getattr(signal, "SIGALRM", 1000)
EXIT_KILLED = -getattr(signal, "SIGKILL", 1000)
EXIT_CPU_TIME = -getattr(signal, "SIGXCPU", 1000)

PDFIUM_MEMORY_BYTES = 2 * 1024 * 1024 * 1024
"""Address space of a worker that runs PDFium."""
PROGRAM_MEMORY_BYTES = 4 * 1024 * 1024 * 1024
"""Address space of a program that a confined reader has started."""
PROGRAM_FILE_BYTES = 1024 * 1024 * 1024
"""Size of a file that a program may write which needs files, such as OCRmyPDF."""
MAX_CPU_S = 12 * 3600
"""Processor time for one document: more than the longest takes, so that none runs for ever."""
_MAX_OPEN_FILES = 256
# Threads and processes that a user may have beside those that run when a worker is bounded.
_MAX_NEW_TASKS = 256

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


def bound_resources(cpu_s: float = MAX_CPU_S, file_bytes: int = 0) -> None:
    """Limit the processor time of this process, its files, and what it starts, for good.

    Does nothing on Windows. Linux does not count the threads and processes of root.

    Args:
        cpu_s: processor time from its start on.
        file_bytes: the size of a file that it may write; pipes are not limited.
    """
    with contextlib.suppress(ImportError):
        import resource

        seconds = max(1, round(cpu_s))
        _bound(resource.RLIMIT_CPU, seconds, seconds + 1)
        _bound(resource.RLIMIT_CORE, 0)
        _bound(resource.RLIMIT_FSIZE, file_bytes)
        _bound(resource.RLIMIT_NOFILE, _MAX_OPEN_FILES)
        _bound(resource.RLIMIT_NPROC, _task_count() + _MAX_NEW_TASKS)


def _bound(what: int, soft: int, hard: int | None = None) -> None:
    """Lower a limit to `soft`, and its highest value to `hard` or `soft`; never raise one."""
    import resource

    with contextlib.suppress(ValueError, OSError):
        now_soft, now_hard = resource.getrlimit(what)
        unlimited = resource.RLIM_INFINITY
        hard = soft if hard is None else hard
        hard = hard if now_hard == unlimited else min(hard, now_hard)
        soft = soft if now_soft == unlimited else min(soft, now_soft)
        resource.setrlimit(what, (min(soft, hard), hard))


def _task_count() -> int:
    """Return how many threads the machine runs, 4096 where the system does not say it."""
    try:
        running_of_all = Path("/proc/loadavg").read_text(encoding="ascii").split()[3]
        return int(running_of_all.partition("/")[2])
    except (OSError, ValueError, IndexError):
        return 4096


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
