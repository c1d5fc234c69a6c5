"""A page of a PDF as a picture, with the position of a passage on it, drawn by PDFium.

PDFium is native code that a hostile file may crash or keep busy, so each page is drawn in a worker
process of its own, with limits on its memory, its time and the size of the picture.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import DamagedDocument, EncryptedDocument, LimitExceeded
from ingest.limits import DEFAULT_LIMITS, Limits
from ingest.sandbox.limits import max_binary_line_bytes
from ingest.sandbox.process import WorkerLost, WorkerProcess, light_worker_command
from ingest.sandbox.protocol import Message
from ingest.sandbox.slots import worker_slot

WIDTH_PIXELS = 1000
MAX_PIXELS = 4_000_000
MAX_PICTURE_BYTES = 20_000_000
_WORKER_MODULE = "ingest.sandbox.render_worker"
_PHRASE_WORDS = 5
_MAX_PHRASES = 60


@dataclass(frozen=True)
class Rectangle:
    """A part of a picture, in pixels from its upper left corner."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class PagePicture:
    """A page as PNG; `marks` cover the passage and are empty if it was not found."""

    png: bytes
    width: int
    height: int
    marks: list[Rectangle]


def render_page(
    path: Path,
    page_index: int,
    *,
    name: str,
    passage: str = "",
    password: str | None = None,
    width: int = WIDTH_PIXELS,
    limits: Limits = DEFAULT_LIMITS,
) -> PagePicture:
    """Draw a page of a PDF.

    Args:
        path: of the PDF.
        page_index: from 0 on.
        name: what messages call the file.
        passage: the text to mark on the picture.
        password: that opens the file, if it is encrypted.
        width: of the picture, in pixels; less if it would have more than `MAX_PIXELS`.
        limits: `seconds_per_page` holds for the drawing.

    Raises:
        DamagedDocument: there is no such page, or it cannot be drawn.
        EncryptedDocument: the file needs a password that was not given.
        LimitExceeded: drawing takes too long.
        OSError: no worker can be started.
    """
    page = f"Page {page_index + 1} of {name}"
    if page_index < 0:
        raise _not_drawable(page)
    request = {
        "path": str(path),
        "password": password,
        "page_index": page_index,
        "phrases": _phrases(passage),
        "width": width,
        "max_pixels": MAX_PIXELS,
        "seconds": limits.seconds_per_page,
    }
    try:
        answer = _ask_worker(request, limits)
    except WorkerLost as lost:
        if lost.is_timeout:
            raise LimitExceeded(
                f"{page} takes too long to draw; open it in another program."
            ) from lost
        raise _not_drawable(page) from lost
    if answer.get("needs_password"):
        raise EncryptedDocument(
            f"{page} is not drawn: the file is encrypted, and Ammon does not keep its password; "
            "the text of the passage is below."
        )
    return _picture(answer)


def _ask_worker(request: Message, limits: Limits) -> Message:
    # The worker's own alarm ends it after half of that; the client's limit is for busy machines.
    max_s = 2 * limits.seconds_per_page
    with (
        worker_slot(),
        WorkerProcess(
            light_worker_command(_WORKER_MODULE),
            start_s=max_s,
            max_line_bytes=max_binary_line_bytes(MAX_PICTURE_BYTES),
            is_quiet=True,
        ) as worker,
    ):
        return worker.ask_once(request, max_s)


def _not_drawable(page: str) -> DamagedDocument:
    return DamagedDocument(f"{page} cannot be drawn; open it in another program.")


def _picture(answer: Message) -> PagePicture:
    marks = [Rectangle(*map(float, mark)) for mark in answer["marks"]]
    png = base64.b64decode(answer["png"])
    return PagePicture(png, int(answer["width"]), int(answer["height"]), marks)


def _phrases(passage: str) -> list[str]:
    """Return pieces of the passage that are short enough to be found on the page.

    The passage as a whole is not: its hyphens and line ends were repaired.
    """
    words = re.findall(r"\S+", passage)
    pieces = [words[i : i + _PHRASE_WORDS] for i in range(0, len(words), _PHRASE_WORDS)]
    return [" ".join(piece) for piece in pieces[:_MAX_PHRASES]]
