"""The drawing worker: draws one page of a PDF through PDFium for `render.py`.

A light worker: of Ammon it imports only `protocol.py`, `limits.py` and `confinement.py`. A page
that cannot be drawn ends it with an error.
"""

import base64
import ctypes
import io
import math
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pypdfium2.raw  # type: ignore[import-untyped]

from ingest.sandbox.confinement import confine
from ingest.sandbox.limits import PDFIUM_MEMORY_BYTES, be_expendable, bound_memory
from ingest.sandbox.protocol import Message, WorkerConnection

_MAX_RECTANGLES = 200


def main() -> None:
    """Answer requests until standard input ends.

    A request has `path`, `password`, `page_index` (from 0), `phrases` to mark, `width` and
    `max_pixels` of the picture, and `seconds` until the alarm. The answer has `png` in base64,
    `width`, `height` and `marks` (left, top, right, bottom in pixels), or `needs_password`.
    """
    bound_memory(PDFIUM_MEMORY_BYTES)
    be_expendable()
    connection = WorkerConnection()
    for request in connection.requests(before_first=_confine):
        connection.end_after_silence(request["seconds"])
        connection.send(_answer(request))


def _confine(request: Message) -> None:
    confine(request["path"], cpu_s=2 * request["seconds"])


def _answer(request: Message) -> Message:
    try:
        pdf = pypdfium2.PdfDocument(request["path"], password=request["password"])
    except pypdfium2.PdfiumError:
        if pypdfium2.raw.FPDF_GetLastError() == pypdfium2.raw.FPDF_ERR_PASSWORD:
            return {"needs_password": True}
        raise
    page = pdf[request["page_index"]]
    width, height = page.get_size()
    scale = request["width"] / max(width, 1.0)
    scale = min(scale, math.sqrt(request["max_pixels"] / max(width * height, 1.0)))
    picture = page.render(scale=scale).to_pil()
    png = io.BytesIO()
    picture.save(png, "PNG")
    return {
        "png": base64.b64encode(png.getvalue()).decode("ascii"),
        "width": picture.width,
        "height": picture.height,
        "marks": _marks(page, request["phrases"], picture.width, picture.height),
    }


def _marks(page: Any, phrases: list[str], width: int, height: int) -> list[list[float]]:
    """Return the rectangles of the phrases in pixels; each is searched after the one before it."""
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
    """Return where a point of the page is on the picture, also if the page is turned or cropped."""
    to_x, to_y = ctypes.c_int(), ctypes.c_int()
    pypdfium2.raw.FPDF_PageToDevice(
        page.raw, 0, 0, width, height, 0, x, y, ctypes.byref(to_x), ctypes.byref(to_y)
    )
    return to_x.value, to_y.value
