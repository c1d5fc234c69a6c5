"""A program of its own: draws one page of one PDF, through PDFium, and ends.

It takes one line of JSON and answers with one. It imports nothing of Ammon.
"""

import base64
import contextlib
import ctypes
import io
import json
import math
import signal
import sys
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pypdfium2.raw  # type: ignore[import-untyped]

_MEMORY_BYTES = 2 * 1024 * 1024 * 1024
_MAX_RECTANGLES = 200
NEEDS_PASSWORD = 3
"""Exit status; `pdf_render.py` knows it too."""


def main() -> None:
    _bound_memory()
    request = json.loads(sys.stdin.readline())
    _set_alarm(request["seconds"])
    pdf = _open(request["path"], request["password"])
    page = pdf[request["page_index"]]
    width, height = page.get_size()
    scale = request["width"] / max(width, 1.0)
    scale = min(scale, math.sqrt(request["max_pixels"] / max(width * height, 1.0)))
    picture = page.render(scale=scale).to_pil()
    out = io.BytesIO()
    picture.save(out, "PNG")
    answer = {
        "png": base64.b64encode(out.getvalue()).decode("ascii"),
        "width": picture.width,
        "height": picture.height,
        "marks": _marks(page, request["phrases"], picture.width, picture.height),
    }
    sys.stdout.write(json.dumps(answer))


def _open(path: str, password: str | None) -> Any:
    try:
        return pypdfium2.PdfDocument(path, password=password)
    except pypdfium2.PdfiumError:
        if pypdfium2.raw.FPDF_GetLastError() == pypdfium2.raw.FPDF_ERR_PASSWORD:
            sys.exit(NEEDS_PASSWORD)
        raise


def _marks(page: Any, phrases: list[str], width: int, height: int) -> list[list[float]]:
    """The rectangles of the phrases, each looked for behind the one before it, in pixels."""
    text = page.get_textpage()
    marks: list[list[float]] = []
    start = 0
    for phrase in phrases:
        found = text.search(phrase, index=start).get_next() or text.search(phrase).get_next()
        if found is None:
            continue
        start = found[0] + found[1]
        for i in range(text.count_rects(*found)):
            left, bottom, right, top = text.get_rect(i)
            corners = [_pixel(page, width, height, x, y) for x, y in ((left, top), (right, bottom))]
            (x1, y1), (x2, y2) = corners
            marks.append([min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)])
        if len(marks) > _MAX_RECTANGLES:
            break
    return marks


def _pixel(page: Any, width: int, height: int, x: float, y: float) -> tuple[int, int]:
    """Where a point of the page is on the picture; turned and cropped pages included."""
    to_x, to_y = ctypes.c_int(), ctypes.c_int()
    pypdfium2.raw.FPDF_PageToDevice(
        page.raw, 0, 0, width, height, 0, x, y, ctypes.byref(to_x), ctypes.byref(to_y)
    )
    return to_x.value, to_y.value


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
