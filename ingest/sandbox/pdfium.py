"""Text, words and images of PDF pages from PDFium, for pages where pypdf's text is doubtful.

PDFium is native code, so it runs in a worker process. The worker starts with the first page that is
asked for; after it was lost it is not asked again, and every page is without text or image.
"""

import base64
import logging
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ingest.limits import Limits
from ingest.sandbox.limits import max_binary_line_bytes, max_text_line_bytes
from ingest.sandbox.process import WorkerLost, WorkerProcess, light_worker_command
from ingest.sandbox.protocol import Message

_LOG = logging.getLogger(__name__)
_WORKER_MODULE = "ingest.sandbox.pdfium_worker"
# PDFium's sign for a hyphen that only ends a line.
_LINE_HYPHEN = re.compile("[\x02\ufffe](?:\r?\n)?")


@dataclass(frozen=True)
class PageImage:
    """A page as it looks: a grey PGM image and its dots per inch."""

    pgm: bytes
    dpi: int


class PageWord(NamedTuple):
    """A word and where it is drawn, in points; y grows upwards.

    The coordinates are turned by `angle` (degrees), so that the word runs from left to right.
    `baseline` is the line on which it stands, `height` a little more than its font's size.
    `has_space` is whether a space is drawn before it.
    """

    text: str
    left: float
    right: float
    baseline: float
    height: float
    angle: int = 0
    has_space: bool = False


class PdfiumExtractor:
    """Gives the text, the words and the image of single pages of one PDF; use it in a `with` block.

    Args:
        path: of the PDF.
        password: that opens it, if it is encrypted.
        limits: `seconds_per_page`, `max_page_chars` and `max_ocr_pixels` hold for each page.
    """

    def __init__(self, path: Path, password: str | None, limits: Limits) -> None:
        self._pdf = {"path": str(path), "password": password}
        self._limits = limits
        self._worker: WorkerProcess | None = None
        self._is_lost = False

    def __enter__(self) -> "PdfiumExtractor":
        return self

    def __exit__(self, *_: object) -> None:
        if self._worker is not None:
            self._worker.end()

    def page_text(self, index: int) -> str:
        """Return the text of the page at a 0-based index, "" if there is none or it failed."""
        text = self._ask("text", index, max_chars=self._limits.max_page_chars).get("text")
        return _LINE_HYPHEN.sub("", text) if isinstance(text, str) else ""

    def page_words(self, index: int) -> list[PageWord]:
        """Return the words of the page at a 0-based index in the order of their drawing.

        There are none if the page has none, is damaged, or has too many to look at.
        """
        words = self._ask("words", index).get("words")
        try:
            return [_page_word(*word) for word in words] if isinstance(words, list) else []
        except (TypeError, ValueError) as error:
            _LOG.debug("the PDFium worker gave no words on page %d: %r", index + 1, error)
            return []

    def page_image(self, index: int) -> PageImage | None:
        """Return the image of the page at a 0-based index; None if it is blank or it failed."""
        answer = self._ask("image", index, max_pixels=self._limits.max_ocr_pixels)
        pgm, dpi = answer.get("pgm"), answer.get("dpi")
        if not isinstance(pgm, str) or not isinstance(dpi, int):
            return None
        return PageImage(base64.b64decode(pgm), dpi)

    def _ask(self, wanted: str, index: int, **bounds: int) -> Message:
        if self._is_lost:
            return {}
        # The client ends a silent worker after half of that; the worker's own alarm is for the
        # case that the client is gone.
        alarm_s = 2 * self._limits.seconds_per_page
        request = {
            **self._pdf,
            **bounds,
            "wanted": wanted,
            "page_index": index,
            "seconds": alarm_s,
        }
        try:
            self._worker = self._worker or self._start()
            return self._worker.ask_once(request, self._limits.seconds_per_page)
        except (OSError, WorkerLost) as error:
            _LOG.debug("the PDFium worker was lost on page %d: %r", index + 1, error)
            self._is_lost = True
            return {}

    def _start(self) -> WorkerProcess:
        limits = self._limits
        return WorkerProcess(
            light_worker_command(_WORKER_MODULE),
            start_s=limits.seconds_per_page,
            max_line_bytes=max(
                max_text_line_bytes(limits.max_page_chars),
                # Rounding to whole dots may give some pixels more than the limit.
                max_binary_line_bytes(2 * limits.max_ocr_pixels),
            ),
            is_quiet=True,
        )


def _page_word(
    text: str,
    left: float,
    right: float,
    baseline: float,
    height: float,
    angle: int,
    has_space: bool,
) -> PageWord:
    """Return the word that the worker sent.

    Raises:
        TypeError, ValueError: it sent something else.
    """
    word = PageWord(
        text, float(left), float(right), float(baseline), float(height), int(angle), bool(has_space)
    )
    if not isinstance(text, str) or not all(map(math.isfinite, word[1:5])):
        raise ValueError("no word")
    return word
