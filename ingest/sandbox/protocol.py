"""What a reader process is asked and what it answers: lines of JSON, plain values only.

A request names the file and says whether its segments are wanted. The answers are any number of
`{"segments": [...]}`, then one `{"document": ..., "error": ...}`, in which either may be null. The
process is not trusted: what comes out of it is rebuilt value by value, errors by a table of names.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from ingest.document import Chapter, Document, Limits, Locator, Segment
from ingest.errors import (
    DamagedDocument,
    DocumentNotFound,
    EmptyDocument,
    EncryptedDocument,
    IngestError,
    LimitExceeded,
    ReaderFailed,
    UnsupportedFormat,
)

_ERRORS: dict[str, type[IngestError]] = {
    error.__name__: error
    for error in (
        DocumentNotFound,
        UnsupportedFormat,
        EncryptedDocument,
        DamagedDocument,
        EmptyDocument,
        LimitExceeded,
        ReaderFailed,
        IngestError,
    )
}


def pack_request(
    serial: int, path: Path, name: str, password: str | None, limits: Limits
) -> dict[str, Any]:
    """Return the part of a request that names a document; `serial` tells documents apart."""
    return {
        "serial": serial,
        # Absolute: Ammon may change its folder after the process began.
        "path": str(path.absolute()),
        "name": name,
        "password": password,
        "limits": asdict(limits),
    }


def pack_segment(segment: Segment) -> list[Any]:
    where = segment.locator
    return [segment.text, where.kind, where.start, where.end, where.label, where.chapter]


def unpack_segment(values: list[Any]) -> Segment:
    text, kind, start, end, label, chapter = values
    return Segment(text, Locator(kind, start, end, label, Chapter(*chapter) if chapter else None))


def pack_document(document: Document) -> dict[str, Any]:
    """Return what a document knows of itself so far."""
    return {
        "title": document.title,
        "kind": document.kind,
        "byte_count": document.byte_count,
        "unit_name": document.unit_name,
        "unit_count": document.unit_count,
        "notes": document.notes,
    }


def pack_error(error: IngestError) -> list[str]:
    """Return the error's class in `errors.py`, or the nearest above it, and its message."""
    name = next(cls.__name__ for cls in type(error).__mro__ if cls.__name__ in _ERRORS)
    return [name, str(error)]


def unpack_error(values: list[str]) -> IngestError:
    name, message = values
    return _ERRORS[name](message)
