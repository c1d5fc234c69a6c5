"""A program of its own: gives the text of single pages of one PDF, through PDFium.

It runs in a process of its own because PDFium is native code that a hostile file may crash or keep
busy: then only this process ends. It takes lines of JSON and answers each with one; the first
names the file. It imports nothing of Ammon.
"""

import contextlib
import json
import signal
import sys
from typing import Any

import pypdfium2  # type: ignore[import-untyped]

_MEMORY_BYTES = 2 * 1024 * 1024 * 1024


def main() -> None:
    _bound_memory()
    opening = json.loads(sys.stdin.readline())
    pdf = pypdfium2.PdfDocument(opening["path"], password=opening["password"])
    for line in sys.stdin:
        _set_alarm(opening["seconds"])
        text = _page_text(pdf, json.loads(line))
        _set_alarm(0)
        sys.stdout.write(json.dumps(text[: opening["max_chars"]]) + "\n")
        sys.stdout.flush()


def _page_text(pdf: Any, index: int) -> str:
    try:
        page = pdf[index]
        text: str = page.get_textpage().get_text_bounded(errors="replace")
        page.close()
    except Exception:  # a damaged page has no text
        return ""
    return text


def _set_alarm(seconds: float) -> None:
    """Let the system end this process then: who waits for it ends it sooner, unless it is gone."""
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _bound_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # there are none on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
