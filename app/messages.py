"""Turns errors into the sentences that people read, on the page and on the terminal."""

from __future__ import annotations

import errno
import logging

from ahn_runtime import AhnError
from app.errors import AppError, InternalFault
from ingest import IngestError
from storage import StorageError

log = logging.getLogger(__name__)

KNOWN_ERRORS = (AppError, AhnError, IngestError, StorageError, ValueError, OSError, MemoryError)
"""Errors that are shown as a sentence; any other is a fault of Ammon and is raised."""


def known_error(error: Exception) -> Exception:
    """The error itself if it is a known one; else an `InternalFault`, with the traceback logged."""
    if isinstance(error, KNOWN_ERRORS):
        return error
    log.error("a fault in the background", exc_info=error)
    return InternalFault.of(error)


def sentence(error: BaseException) -> str:
    """One sentence about an error: what failed, where, and what to do about it."""
    if isinstance(error, OSError) and not str(error).strip():
        return "The operating system refused, without saying why; try again."
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return (
            f"The disk is full{_where(error)}: free some space and try again; "
            "nothing already stored was touched."
        )
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return f"Ammon may not write or read there{_where(error)}: change its permissions."
    if isinstance(error, MemoryError):
        return "There is not enough memory for this; close other programs and try again."
    return " ".join(str(error).split()) or type(error).__name__


def _where(error: OSError) -> str:
    return f" ({error.filename})" if error.filename else ""
