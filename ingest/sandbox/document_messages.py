"""What a document worker is asked and what it answers, as plain values for `protocol.py`.

A request names a file and says whether its segments are wanted. The answers are any number of
`{"segments": [...], "at": [...], "more": true}`, then `{"document": ..., "error": ...}`, where
either may be missing. The worker is not trusted: segments, documents and errors are rebuilt value
by value, each of the right type, and the class of an error is looked up in a table.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args

from ingest.document import MAX_NOTES, Chapter, Document, Kind, Locator, Segment, Unit
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
from ingest.naming import clean_line

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


# What a database holds.
_MAX_INT = 2**63 - 1
_MAX_NOTE_CHARS = 2000
_Value = TypeVar("_Value", int, str, bool)


@dataclass(frozen=True)
class Answer:
    """An answer of a worker, each value of the right type.

    Args:
        segments: of the document.
        at: the number of the unit that is being read, and whether it is being recognised; see
            `Document`.
        document: what `pack_document` packed; None if it is not in this answer.
        error: of the document.
        fault, traceback: what went wrong in the reader; "" if nothing did.
    """

    segments: list[Segment]
    at: tuple[int, bool]
    document: dict[str, Any] | None
    error: IngestError | None
    fault: str
    traceback: str


def unpack_answer(answer: dict[str, Any]) -> Answer:
    """Return the answer of which a worker sent the values.

    Raises:
        ValueError: it sent something else.
    """
    document, error = answer.get("document"), answer.get("error")
    try:
        return Answer(
            list(map(unpack_segment, answer.get("segments", ()))),
            _unpack_at(*answer.get("at", (0, False))),
            None if document is None else unpack_document(document),
            None if error is None else unpack_error(error),
            _typed(str, answer.get("fault", "")),
            _typed(str, answer.get("traceback", "")),
        )
    except (KeyError, TypeError) as wrong:
        raise ValueError("no answer of a reader") from wrong


def pack_request(
    serial: str,
    path: Path,
    name: str,
    password: str | None,
    encoding: str | None,
    limits: Limits,
    with_title: bool = False,
) -> dict[str, Any]:
    """Return the part of a request that names a document.

    Args:
        serial: tells documents apart: a worker keeps the one that it opened last. A secret.
        path: of the file; it is made absolute, because this process may change its folder later.
        name: the file's name as the user gave it; the worker cleans it.
        password: for an encrypted PDF.
        encoding: the name of a text's encoding, None to detect it.
        limits: what the file may ask for.
        with_title: look for the title by which people know the document, too.
    """
    return {
        "serial": serial,
        "path": str(path.absolute()),
        "name": name,
        "password": password,
        "encoding": encoding,
        "limits": asdict(limits),
        "with_title": with_title,
    }


def pack_segment(segment: Segment) -> list[Any]:
    """Return a segment as plain values, for `unpack_segment`."""
    where = segment.locator
    return [segment.text, where.kind, where.start, where.end, where.label, where.chapter]


def unpack_segment(values: list[Any]) -> Segment:
    """Return the segment of which `pack_segment` made the values."""
    text, kind, start, end, label, chapter = values
    if chapter:
        number, title = chapter
        chapter = Chapter(_count(number), _typed(str, title))
    locator = Locator(
        _one_of(get_args(Unit), kind),
        _count(start),
        _count(end),
        None if label is None else _typed(str, label),
        chapter or None,
    )
    return Segment(_typed(str, text), locator)


def pack_document(document: Document) -> dict[str, Any]:
    """Return what is known of a document so far; its path and its reader are not included."""
    return {
        "title": document.title,
        "own_title": document.own_title,
        "kind": document.kind,
        "byte_count": document.byte_count,
        "unit_name": document.unit_name,
        "unit_count": document.unit_count,
        "notes": document.notes,
    }


def unpack_document(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of `pack_document`, with titles that are safe to show on one line."""
    unit_count, notes = values["unit_count"], values["notes"]
    return {
        "title": clean_line(_typed(str, values["title"])) or "Untitled",
        "own_title": clean_line(_typed(str, values["own_title"])),
        "kind": _one_of(get_args(Kind), values["kind"]),
        "byte_count": _count(values["byte_count"]),
        "unit_name": _one_of(get_args(Unit), values["unit_name"]),
        "unit_count": None if unit_count is None else _count(unit_count),
        "notes": [_typed(str, note)[:_MAX_NOTE_CHARS] for note in notes[: MAX_NOTES + 1]],
    }


def _unpack_at(unit: Any, is_recognising: Any) -> tuple[int, bool]:
    return _count(unit), _typed(bool, is_recognising)


def _typed(wanted: type[_Value], value: Any) -> _Value:
    if type(value) is not wanted:
        raise TypeError(f"no {wanted.__name__}")
    return value


def _count(value: Any) -> int:
    if not 0 <= _typed(int, value) <= _MAX_INT:
        raise ValueError("no count")
    return int(value)


def _one_of(names: tuple[Any, ...], value: Any) -> Any:
    if value not in names:
        raise ValueError("no such name")
    return value


def pack_error(error: IngestError) -> list[str]:
    """Return the name of the error's class, or of its nearest base in `errors.py`, and the text."""
    name = next(cls.__name__ for cls in type(error).__mro__ if cls.__name__ in _ERRORS)
    return [name, str(error)]


def unpack_error(values: list[str]) -> IngestError:
    """Return the error of which `pack_error` made the values."""
    name, message = values
    return _ERRORS[name](_typed(str, message))
