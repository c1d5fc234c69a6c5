"""A program of its own: gives the text or the picture of single pages of one PDF, through PDFium.

It runs in a process of its own because PDFium is native code that a hostile file may crash or keep
busy: then only this process ends. It takes lines of JSON and answers each with one; the first
names the file. It imports nothing of Ammon.
"""

import base64
import contextlib
import json
import signal
import sys
from typing import Any

import pypdfium2  # type: ignore[import-untyped]

_MEMORY_BYTES = 2 * 1024 * 1024 * 1024
_POINTS_PER_INCH = 72
_DPI = 300


def main() -> None:
    _bound_memory()
    opening = json.loads(sys.stdin.readline())
    pdf = pypdfium2.PdfDocument(opening["path"], password=opening["password"])
    for line in sys.stdin:
        wanted, index = json.loads(line)
        _set_alarm(opening["seconds"])
        answer: Any
        if wanted == "picture":
            answer = _page_picture(pdf, index, opening["max_pixels"])
        else:
            answer = _page_text(pdf, index)[: opening["max_chars"]]
        _set_alarm(0)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _page_text(pdf: Any, index: int) -> str:
    try:
        page = pdf[index]
        text: str = page.get_textpage().get_text_bounded(errors="replace")
        page.close()
    except Exception:  # a damaged page has no text
        return ""
    return text


def _page_picture(pdf: Any, index: int, max_pixels: int) -> dict[str, Any] | None:
    """Return a grey PGM image in base64 and its resolution, None for a page of one colour."""
    try:
        page = pdf[index]
        width, height = page.get_size()
        most = _POINTS_PER_INCH * (max_pixels / max(1.0, width * height)) ** 0.5
        dpi = int(max(1, min(_DPI, most)))
        bitmap = page.render(scale=dpi / _POINTS_PER_INCH, grayscale=True)
        rows = bytes(bitmap.buffer)
        columns, stride = bitmap.width, bitmap.stride
        page.close()
    except Exception:  # a damaged page has no picture
        return None
    pixels = b"".join(rows[start : start + columns] for start in range(0, len(rows), stride))
    if pixels.count(pixels[:1]) == len(pixels):
        return None
    pgm = b"P5\n%d %d\n255\n" % (columns, len(pixels) // columns) + pixels
    return {"dpi": dpi, "pgm": base64.b64encode(pgm).decode("ascii")}


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
