"""What a document worker is asked and what it answers, as plain values for `protocol.py`.

A request names a file and says whether its segments are wanted. The answers are any number of
`{"segments": [...], "more": true}`, then `{"document": ..., "error": ...}`, where either may be
missing. The worker is not trusted: segments, documents and errors are rebuilt value by value, and
the class of an error is looked up in a table.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from ingest.document import Chapter, Document, Locator, Segment
from ingest.errors import (
    DamagedDocument,
    DocumentNotFound,
    EmptyDocument,
    EncryptedDocument,
    IngestError,
    LimitExceeded,
    ReaderFailed,
    UnknownEncoding,
    UnsupportedFormat,
)
from ingest.limits import Limits

_ERRORS: dict[str, type[IngestError]] = {
    error.__name__: error
    for error in (
        DocumentNotFound,
        UnsupportedFormat,
        UnknownEncoding,
        EncryptedDocument,
        DamagedDocument,
        EmptyDocument,
        LimitExceeded,
        ReaderFailed,
        IngestError,
    )
}


def pack_request(
    serial: str,
    path: Path,
    name: str,
    password: str | None,
    encoding: str | None,
    limits: Limits,
) -> dict[str, Any]:
    """Return the part of a request that names a document.

    Args:
        serial: tells documents apart: a worker keeps the one that it opened last. A secret.
        path: of the file; it is made absolute, because this process may change its folder later.
        name: the file's name as the user gave it; the worker cleans it.
        password: for an encrypted PDF.
        encoding: the name of a text's encoding, None to detect it.
        limits: what the file may ask for.
    """
    return {
        "serial": serial,
        "path": str(path.absolute()),
        "name": name,
        "password": password,
        "encoding": encoding,
        "limits": asdict(limits),
    }


def pack_segment(segment: Segment) -> list[Any]:
    """Return a segment as plain values, for `unpack_segment`."""
    where = segment.locator
    return [segment.text, where.kind, where.start, where.end, where.label, where.chapter]


def unpack_segment(values: list[Any]) -> Segment:
    """Return the segment of which `pack_segment` made the values."""
    text, kind, start, end, label, chapter = values
    return Segment(text, Locator(kind, start, end, label, Chapter(*chapter) if chapter else None))


def pack_document(document: Document) -> dict[str, Any]:
    """Return what is known of a document so far; its path and its reader are not included."""
    return {
        "title": document.title,
        "kind": document.kind,
        "byte_count": document.byte_count,
        "unit_name": document.unit_name,
        "unit_count": document.unit_count,
        "notes": document.notes,
    }


def pack_error(error: IngestError) -> list[str]:
    """Return the name of the error's class, or of its nearest base in `errors.py`, and the text."""
    name = next(cls.__name__ for cls in type(error).__mro__ if cls.__name__ in _ERRORS)
    return [name, str(error)]


def unpack_error(values: list[str]) -> IngestError:
    """Return the error of which `pack_error` made the values."""
    name, message = values
    return _ERRORS[name](message)
