"""What keeps pypdf in bounds: its warnings, its work on one stream, its work on one page.

Knows pypdf's settings and nothing of documents.
"""

import logging
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from pypdf import apply_configuration

from ingest.document import Limits
from ingest.pdf.lines import PageLines

_LOG = logging.getLogger("ingest.pdf.reader")


class _QuietHandler(logging.Handler):
    """Passes pypdf's warnings about damaged files on as debug messages of this module.

    Thousands of them may come out of one file, and they are written for programmers.
    """

    def emit(self, record: logging.LogRecord) -> None:
        _LOG.debug("pypdf: %s", record.getMessage()[:500])


def quiet_pypdf() -> None:
    logger = logging.getLogger("pypdf")
    logger.addHandler(_QuietHandler())
    logger.propagate = False


class PageBeyondLimits(Exception):
    """Raised through pypdf to leave a page; the message ends the note about it."""


@dataclass
class PageGuard:
    """Called by pypdf between operators and for each piece of text; stops an endless page."""

    limits: Limits
    lines: PageLines = field(default_factory=PageLines)
    started_s: float = field(default_factory=time.thread_time)
    chars: int = 0

    def on_operator(self, *_: object) -> None:
        if time.thread_time() - self.started_s > self.limits.seconds_per_page:
            raise PageBeyondLimits(f"took longer than {self.limits.seconds_per_page:g} s")

    def on_text(self, text: str, space: Any, matrix: Any, font: object, font_size: float) -> None:
        self.chars += len(text)
        if self.chars > self.limits.max_page_chars:
            raise PageBeyondLimits(f"had more than {self.limits.max_page_chars:,} characters")
        self.lines.add(text, space, matrix, font_size)


def bounded_pypdf(limits: Limits) -> AbstractContextManager[object]:
    """Return pypdf's limits for a block of code; never held across a yield, being context-wide."""
    size = limits.max_stream_bytes
    configuration: AbstractContextManager[object] = apply_configuration(
        array_based_stream_maximum_output_length=size,
        lzw_maximum_output_length=size,
        run_length_maximum_output_length=size,
        zlib_maximum_output_length=size,
        brotli_maximum_output_length=size,
        stream_decoding_work_maximum_length=4 * size,
        stream_parsing_work_maximum_count=limits.max_page_operators,
        # Branches of the tree count too; beyond that the number of pages is checked itself.
        page_tree_maximum_entries=2 * limits.max_pages + 100,
        # An external program for images, which have no text to give.
        jbig2dec_binary=None,
    )
    return configuration
