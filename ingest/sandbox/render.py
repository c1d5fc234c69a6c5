"""A page of a PDF as a picture, with the place of a passage on it, drawn by PDFium.

PDFium is native code that a hostile file may crash or keep busy, so each page is drawn in a process
of its own, with bounds on its memory, its time and the picture.
"""

from __future__ import annotations

import base64
import json
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ingest.document import DEFAULT_LIMITS, Limits
from ingest.errors import DamagedDocument, EncryptedDocument, LimitExceeded

_CHILD = Path(__file__).with_name("render_worker.py")
WIDTH_PIXELS = 1000
MAX_PIXELS = 4_000_000
MAX_PICTURE_BYTES = 20_000_000
_NEEDS_PASSWORD = 3  # as the child says it
_ALARM = -getattr(signal, "SIGALRM", 1000)
_PHRASE_WORDS = 5
_MAX_PHRASES = 60


@dataclass(frozen=True)
class Rectangle:
    """A place on a picture, in pixels from its left upper corner."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class PagePicture:
    """A page as PNG; `marks` is where the passage stands, empty where it is not found."""

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
    """Draw a page.

    Args:
        page_index: from 0 on.
        name: what messages call the file.
        passage: its place is looked for.
        width: of the picture, in pixels; a page of many pixels gets fewer.

    Raises:
        DamagedDocument: there is no such page, or it cannot be drawn.
        EncryptedDocument: it has a password, and that was not given.
        LimitExceeded: it takes too long, or too much memory.
    """
    told = f"Page {page_index + 1} of {name} cannot be drawn; open it in another program."
    if page_index < 0:
        raise DamagedDocument(told)
    request = {
        "path": str(path),
        "password": password,
        "page_index": page_index,
        "phrases": _phrases(passage),
        "width": width,
        "max_pixels": MAX_PIXELS,
        "seconds": limits.seconds_per_page,
    }
    slow = f"Page {page_index + 1} of {name} takes too long to draw; open it in another program."
    try:
        done = subprocess.run(
            # Isolated: neither the environment nor the working directory adds to its imports.
            [sys.executable, "-I", str(_CHILD)],
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=2 * limits.seconds_per_page,
        )
    except subprocess.TimeoutExpired as error:
        raise LimitExceeded(slow) from error
    if done.returncode == _ALARM:
        raise LimitExceeded(slow)
    if done.returncode == _NEEDS_PASSWORD:
        raise EncryptedDocument(
            f"Page {page_index + 1} of {name} is not drawn: the file is encrypted, and its "
            "password is not kept here; its text is, and stands below."
        )
    if done.returncode or len(done.stdout) > 2 * MAX_PICTURE_BYTES:
        raise DamagedDocument(told)
    return _picture(done.stdout)


def _picture(answer: bytes) -> PagePicture:
    found = json.loads(answer)
    marks = [Rectangle(*map(float, mark)) for mark in found["marks"]]
    png = base64.b64decode(found["png"])
    return PagePicture(png, int(found["width"]), int(found["height"]), marks)


def _phrases(passage: str) -> list[str]:
    """Pieces short enough to be found though hyphens and line ends were mended in the passage."""
    words = re.findall(r"\S+", passage)
    pieces = [words[i : i + _PHRASE_WORDS] for i in range(0, len(words), _PHRASE_WORDS)]
    return [" ".join(piece) for piece in pieces[:_MAX_PHRASES]]
