"""A second opinion on a page, and its picture: PDFium, in a process that may be lost.

Knows nothing of documents. The process starts with the first page that is asked for; once it
crashed or took too long it is not asked again.
"""

import base64
import json
import logging
import re
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from ingest.document import Limits
from ingest.pdf.ocr import Picture

_LOG = logging.getLogger("ingest.pdf.reader")
_CHILD = Path(__file__).with_name("pdfium_worker.py")
# PDFium's sign for a hyphen that only ends a line.
_LINE_HYPHEN = re.compile("[\x02\ufffe](?:\r?\n)?")


class SpareExtractor:
    """Pages' texts and pictures from the process; use it in a `with` block."""

    def __init__(self, path: Path, password: str | None, limits: Limits) -> None:
        self._opening = {
            "path": str(path),
            "password": password,
            "max_chars": limits.max_page_chars,
            "max_pixels": limits.max_ocr_pixels,
            "seconds": 2 * limits.seconds_per_page,
        }
        self._limits = limits
        self._process: subprocess.Popen[str] | None = None
        self._lost = False

    def __enter__(self) -> "SpareExtractor":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def page_text(self, index: int) -> str:
        """Return the text of the page at a 0-based index, "" where there is none to be had."""
        answer = self._ask("text", index)
        return _LINE_HYPHEN.sub("", answer) if isinstance(answer, str) else ""

    def page_picture(self, index: int) -> Picture | None:
        """Return how a page looks; None for a blank one, or where it cannot be had."""
        answer = self._ask("picture", index)
        if not isinstance(answer, dict):
            return None
        return Picture(base64.b64decode(answer["pgm"]), int(answer["dpi"]))

    def _ask(self, what: str, index: int) -> Any:
        if self._lost:
            return None
        try:
            return self._answer(what, index)
        except (OSError, ValueError) as error:  # a broken pipe; half an answer
            _LOG.debug("pdfium was lost on page %d: %r", index + 1, error)
            self._lost = True
            return None

    def _answer(self, what: str, index: int) -> Any:
        process = self._process or self._start()
        assert process.stdin is not None and process.stdout is not None
        # Killed, the process ends its output, and the line that is waited for comes as "".
        timer = threading.Timer(self._limits.seconds_per_page, process.kill)
        timer.start()
        try:
            process.stdin.write(f"{json.dumps([what, index])}\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())
        finally:
            timer.cancel()

    def _start(self) -> subprocess.Popen[str]:
        self._process = subprocess.Popen(
            # Isolated: neither the environment nor the working directory adds to its imports.
            [sys.executable, "-I", str(_CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(self._opening) + "\n")
        return self._process
