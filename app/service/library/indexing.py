"""Indexing: a document's text is cut into segments, counted in tokens and made searchable.

It runs ahead of reading. Files are opened in processes of their own only: to recognise one already
takes parsing it, and what hangs or crashes there must not be the server. Reading and later
re-readings take the stored segments, not the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import storage
from app.service.library import versions
from app.service.library.file_store import FileStore
from app.service.reading.stream_text import Encoder, introduction
from ingest import Document, Ocr, SandboxPool, find_ocr
from storage import Database, DocumentRow, NewSegment

BATCH_SEGMENTS = 200


class _Stopped(Exception):
    """Raised inside an indexing to end it."""


def index_document(
    db: Database,
    files: FileStore,
    processes: SandboxPool,
    row: DocumentRow,
    tokens: Encoder,
    is_cancelled: Callable[[], bool] = lambda: False,
    password: str | None = None,
) -> bool:
    """Store a document's segments; the segments of an interrupted indexing are deleted first.

    Args:
        tokens: the tokenizer of the session's model, which counts the segments.
        is_cancelled: asked before each segment, and while a page takes long.
        password: of an encrypted PDF.

    Returns:
        False if it was cancelled before the end.

    Raises:
        IngestError, StorageError, OSError: it cannot be indexed, with the reason.
    """

    def check() -> None:
        if is_cancelled():
            raise _Stopped

    storage.reset_indexing(db, row.id)
    document: Document | DocumentRow | None = storage.reread_source(db, row.id)
    if document is None:
        document = processes.open_document(
            files.path(row), name=row.file_name, password=password, encoding=row.encoding
        )
        document.on_step = check  # also while a page takes long
    try:
        end = _store_segments(db, row, _segments(db, document), tokens, check)
    except _Stopped:
        return False
    storage.finish_indexing(
        db,
        row.id,
        token_count=end,
        unit_count=document.unit_count,
        unit_name=document.unit_name,
        notes=list(dict.fromkeys([*versions.notes_on(db, row), *document.notes])),
    )
    return True


def _store_segments(
    db: Database,
    row: DocumentRow,
    segments: Iterator[NewSegment],
    tokens: Encoder,
    check: Callable[[], None],
) -> int:
    """Store a document's segments in batches; returns how many tokens it has."""
    end = len(introduction(tokens, row.title))
    batch: list[NewSegment] = []
    for segment in _numbered(segments, tokens, end):
        check()
        end = segment.token_start + segment.token_count
        batch.append(segment)
        if len(batch) == BATCH_SEGMENTS:
            storage.add_segments(db, row.id, batch)
            batch = []
    storage.add_segments(db, row.id, batch)
    return end


def _segments(db: Database, document: Document | DocumentRow) -> Iterator[NewSegment]:
    """Segments of a file, or the stored ones of a document that is read again; not yet counted."""
    if isinstance(document, DocumentRow):
        for row in storage.iter_segments(db, document.id):
            locator = (row.locator, row.locator_kind, row.locator_start, row.locator_end)
            yield NewSegment(row.text, *locator, 0, 0, row.chapter)
        return
    for segment in document.segments():
        found = segment.locator
        locator = (str(found), found.kind, found.start, found.end)
        yield NewSegment(segment.text, *locator, 0, 0, found.chapter_number)


def _numbered(segments: Iterator[NewSegment], tokens: Encoder, start: int) -> Iterator[NewSegment]:
    for segment in segments:
        count = len(tokens.encode(segment.text))
        yield replace(segment, token_start=start, token_count=count)
        start += count


def text_recognition() -> Ocr:
    """The program that recognises scanned pages on this machine, or why there is none."""
    return find_ocr()
