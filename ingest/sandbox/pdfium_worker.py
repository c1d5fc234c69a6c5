"""The PDFium worker: gives the text, the words or the image of single pages to `pdfium.py`.

A light worker: of Ammon it imports only `protocol.py`, `limits.py` and `confinement.py`. A PDF that
cannot be opened ends it with an error.
"""

import base64
import ctypes
import math
import re
from collections.abc import Iterator
from typing import Any

import pypdfium2  # type: ignore[import-untyped]

from ingest.sandbox.confinement import confine
from ingest.sandbox.limits import PDFIUM_MEMORY_BYTES, be_expendable, bound_memory
from ingest.sandbox.protocol import Message, WorkerConnection

_POINTS_PER_INCH = 72
_MAX_DPI = 300
# More characters than any page has that people read; each word takes some time and memory.
_MAX_CHARS_FOR_WORDS = 100_000
# PDFium's signs for a hyphen that only ends a line.
_LINE_HYPHENS = str.maketrans("\x02\ufffe", "--")
_WORD = re.compile(r"\S+")
# A figure inside a word may be raised.
_FIGURE = re.compile(r"\S[\d\W]")


def main() -> None:
    """Answer requests until standard input ends; all are for one PDF.

    A request has `path`, `password`, `page_index` (from 0), `seconds` (until the alarm) and
    `wanted`: "text" with `max_chars`, "words", or "image" with `max_pixels`. The answer has `text`,
    `words`, or `pgm` and `dpi`; an image that is blank or damaged has neither.
    """
    bound_memory(PDFIUM_MEMORY_BYTES)
    be_expendable()
    connection = WorkerConnection()
    pdf: Any = None
    for request in connection.requests(before_first=lambda request: confine(request["path"])):
        connection.end_after_silence(request["seconds"])
        if pdf is None:
            pdf = pypdfium2.PdfDocument(request["path"], password=request["password"])
        connection.send(_answer(pdf, request))


def _answer(pdf: Any, request: Message) -> Message:
    if request["wanted"] == "image":
        return _page_image(pdf, request["page_index"], request["max_pixels"])
    if request["wanted"] == "words":
        return {"words": _page_words(pdf, request["page_index"])}
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


def _page_words(pdf: Any, index: int) -> list[list[Any]]:
    """Return the words of a page in the order of their drawing; nothing for a damaged page.

    Each is its text, left end, right end, baseline, height in points, its angle in degrees, and
    whether a space is drawn before it. The coordinates are turned by the angle, so that every word
    is written from left to right in them.
    """
    try:
        page = pdf[index]
        text_page = page.get_textpage()
        count = text_page.count_chars()
        if count > _MAX_CHARS_FOR_WORDS:
            return []
        words = list(_words(text_page.raw, _text_by_index(text_page.raw, count)))
        page.close()
    except Exception:  # a damaged page has no words
        return []
    return words


def _words(page: Any, text: str) -> Iterator[list[Any]]:
    """Yield the words of a text whose characters have the same indices as PDFium's."""
    end = 0
    for match in _WORD.finditer(text):
        # A line's end is PDFium's guess; the positions show it better.
        has_space = bool(text[end : match.start()].rpartition("\n")[2])
        end = match.end()
        first = match.start()
        for last in _ends(page, match):
            letters = text[first : last + 1].translate(_LINE_HYPHENS)
            yield _word(page, first, last, letters, has_space)
            first, has_space = last + 1, False


def _ends(page: Any, match: re.Match[str]) -> list[int]:
    """Return the index of the last letter of each part of a word that has its own line or size."""
    first, last = match.start(), match.end() - 1
    if not _FIGURE.search(match[0]) and _line(page, first) == _line(page, last):
        return [last]
    lines = [_line(page, at) for at in range(first, last + 1)]
    ends = [at for at in range(len(lines) - 1) if lines[at] != lines[at + 1]]
    return [*(first + at for at in ends), last]


def _line(page: Any, at: int) -> tuple[int, int]:
    """Return the baseline and the font size of a letter, rounded to half a point."""
    x, y = ctypes.c_double(), ctypes.c_double()
    pypdfium2.raw.FPDFText_GetCharOrigin(page, at, x, y)
    return round(2 * y.value), round(2 * pypdfium2.raw.FPDFText_GetFontSize(page, at))


def _text_by_index(page: Any, count: int) -> str:
    """Return the characters of a page, each at PDFium's index."""
    c = pypdfium2.raw
    buffer = (ctypes.c_ushort * (count + 1))()
    written = c.FPDFText_GetText(page, 0, count, buffer)
    text = bytes(buffer)[: 2 * count].decode("utf-16-le", "surrogatepass")
    if written == count + 1 and len(text) == count:
        return text
    codes = (c.FPDFText_GetUnicode(page, at) for at in range(count))
    return "".join(chr(code) if code < 0x110000 else "\ufffd" for code in codes)


def _word(page: Any, first: int, last: int, letters: str, has_space: bool) -> list[Any]:
    c = pypdfium2.raw
    x, y, box = ctypes.c_double(), ctypes.c_double(), c.FS_RECTF()
    c.FPDFText_GetCharOrigin(page, first, x, y)
    angle = c.FPDFText_GetCharAngle(page, first)
    cos, sin = math.cos(angle), -math.sin(angle)  # PDFium's angle is clockwise
    corners = []
    for at in (first, last):
        c.FPDFText_GetLooseCharBox(page, at, box)
        corners += [(box.left, box.bottom), (box.right, box.bottom), (box.left, box.top)]
        corners.append((box.right, box.top))
    along = [a * cos + b * sin for a, b in corners]
    across = [b * cos - a * sin for a, b in corners]
    numbers = [min(along), max(along), y.value * cos - x.value * sin, max(across) - min(across)]
    return [
        letters,
        *(round(number, 2) for number in numbers),
        round(math.degrees(angle)),
        has_space,
    ]
