"""Limits for pypdf: its warnings, its work on one stream, its work on one page.

Knows pypdf's settings and nothing of documents.
"""

import logging
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from pypdf import apply_configuration

from ingest.limits import Limits
from ingest.pdf.drawing import WATCHED, DrawingOrder
from ingest.pdf.lines import PageLines

_LOG = logging.getLogger(__name__)


class _QuietHandler(logging.Handler):
    """Turns pypdf's warnings about damaged files into debug messages of this module.

    One file may cause thousands of them, and they are written for programmers.
    """

    def emit(self, record: logging.LogRecord) -> None:
        _LOG.debug("pypdf: %s", record.getMessage()[:500])


def quiet_pypdf() -> None:
    """Keep pypdf's warnings out of the log, except at the debug level."""
    logger = logging.getLogger("pypdf")
    logger.addHandler(_QuietHandler())
    logger.propagate = False


class PageBeyondLimits(Exception):
    """Raised through pypdf to stop a page; the message is the end of the note about the page."""


@dataclass
class PageGuard:
    """Collects the text of a page in `lines`; its methods raise `PageBeyondLimits`.

    `order` watches whether the page is read in the order of its drawing. `has_annotations` is
    False once the page is known to have none.
    """

    limits: Limits
    lines: PageLines = field(default_factory=PageLines)
    order: DrawingOrder = field(default_factory=DrawingOrder)
    started_s: float = field(default_factory=time.thread_time)
    chars: int = 0
    has_annotations: bool = True

    def on_operator(self, operator: bytes, operands: Any, space: Any, matrix: Any) -> None:
        """Check the time and watch the order; pypdf calls this before each operator."""
        if time.thread_time() - self.started_s > self.limits.seconds_per_page:
            raise PageBeyondLimits(f"took longer than {self.limits.seconds_per_page:g} s")
        if operator in WATCHED:
            self.order.see(operator, operands, space, matrix)

    def on_text(self, text: str, space: Any, matrix: Any, font: object, font_size: float) -> None:
        """Collect a piece of text and check the length; pypdf calls this for each piece."""
        self.chars += len(text)
        if self.chars > self.limits.max_page_chars:
            raise PageBeyondLimits(f"had more than {self.limits.max_page_chars:,} characters")
        self.lines.add(text, space, matrix, font_size)


def bounded_pypdf(limits: Limits) -> AbstractContextManager[object]:
    """Return a context manager that gives pypdf these limits.

    Do not yield inside the context: its settings hold for all code that runs meanwhile.
    """
    size = limits.max_stream_bytes
    configuration: AbstractContextManager[object] = apply_configuration(
        array_based_stream_maximum_output_length=size,
        lzw_maximum_output_length=size,
        run_length_maximum_output_length=size,
        zlib_maximum_output_length=size,
        brotli_maximum_output_length=size,
        stream_decoding_work_maximum_length=4 * size,
        stream_parsing_work_maximum_count=limits.max_page_operators,
        # Inner nodes of the tree count, too; the number of pages is checked separately.
        page_tree_maximum_entries=2 * limits.max_pages + 100,
        # An external program for images, in which pypdf finds no text.
        jbig2dec_binary=None,
    )
    return configuration
