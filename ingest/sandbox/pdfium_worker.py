"""The PDFium worker: gives the text or the image of single pages of a PDF to `pdfium.py`.

A light worker: of Ammon it imports only `limits.py` and `protocol.py`. A PDF that cannot be opened
ends it with an error.
"""

import base64
from typing import Any

import pypdfium2  # type: ignore[import-untyped]

from ingest.sandbox.limits import PDFIUM_MEMORY_BYTES, be_expendable, bound_memory
from ingest.sandbox.protocol import Message, WorkerConnection

_POINTS_PER_INCH = 72
_MAX_DPI = 300


def main() -> None:
    """Answer requests until standard input ends; all are for one PDF.

    A request has `path`, `password`, `page_index` (from 0), `seconds` (until the alarm) and
    `wanted`: "text" with `max_chars`, or "image" with `max_pixels`. The answer has `text`, or `pgm`
    and `dpi`; an image that is blank or damaged has neither.
    """
    bound_memory(PDFIUM_MEMORY_BYTES)
    be_expendable()
    connection = WorkerConnection()
    pdf: Any = None
    for request in connection.requests():
        connection.end_after_silence(request["seconds"])
        if pdf is None:
            pdf = pypdfium2.PdfDocument(request["path"], password=request["password"])
        connection.send(_answer(pdf, request))


def _answer(pdf: Any, request: Message) -> Message:
    if request["wanted"] == "image":
        return _page_image(pdf, request["page_index"], request["max_pixels"])
    return {"text": _page_text(pdf, request["page_index"])[: request["max_chars"]]}


def _page_text(pdf: Any, index: int) -> str:
    try:
        page = pdf[index]
        text: str = page.get_textpage().get_text_bounded(errors="replace")
        page.close()
    except Exception:  # a damaged page has no text
        return ""
    return text


def _page_image(pdf: Any, index: int, max_pixels: int) -> Message:
    """Return a grey PGM image in base64 and its resolution; nothing for a page of one colour."""
    try:
        page = pdf[index]
        width, height = page.get_size()
        max_dpi = _POINTS_PER_INCH * (max_pixels / max(1.0, width * height)) ** 0.5
        dpi = int(max(1, min(_MAX_DPI, max_dpi)))
        bitmap = page.render(scale=dpi / _POINTS_PER_INCH, grayscale=True)
        rows = bytes(bitmap.buffer)
        columns, stride = bitmap.width, bitmap.stride
        page.close()
    except Exception:  # a damaged page has no image
        return {}
    pixels = b"".join(rows[start : start + columns] for start in range(0, len(rows), stride))
    if pixels.count(pixels[:1]) == len(pixels):
        return {}
    pgm = b"P5\n%d %d\n255\n" % (columns, len(pixels) // columns) + pixels
    return {"dpi": dpi, "pgm": base64.b64encode(pgm).decode("ascii")}
