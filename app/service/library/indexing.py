"""Indexing: a document's text is cut into segments, counted in tokens and made searchable.

It runs ahead of reading. Files are opened in processes of their own only: to recognise one already
takes parsing it, and what hangs or crashes there must not be the server. Reading and later
re-readings take the stored segments, not the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice

import storage
from ahn_runtime.tokenizer import Encoder
from app.service.library import versions
from app.service.library.file_store import FileStore
from app.service.reading.patience import patiently
from app.service.reading.stream_text import introduction
from app.service.reading.work_step import StepReport, WorkStep, unreported
from ingest import Document, Ocr, SandboxPool, SandboxReport, find_ocr, probe_sandbox
from storage import Database, DocumentRow, NewSegment

BATCH_SEGMENTS = 200
OPENING = "Opening the file"
TAKING_OUT = "Taking out the text"
RECOGNISING = "Recognising the text of scanned pages"
COUNTING = "Counting the tokens of its text"
_Uncounted = tuple[str, tuple[str, str, int, int], int | None]
"""A segment's text, its locator as `NewSegment` has it, and its chapter."""


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
    report: StepReport = unreported,
) -> bool:
    """Store a document's segments; the segments of an interrupted indexing are deleted first.

    Args:
        tokens: the tokenizer of the session's model, which counts the segments.
        is_cancelled: asked before each segment, and while a page takes long.
        password: of an encrypted PDF.
        report: is told how far it is.

    Returns:
        False if it was cancelled before the end.

    Raises:
        IngestError, StorageError, OSError: it cannot be indexed, with the reason.
    """

    def check() -> None:
        if is_cancelled():
            raise _Stopped

    patiently(lambda: storage.reset_indexing(db, row.id), is_cancelled)
    report(WorkStep(OPENING))
    document: Document | DocumentRow | None = storage.reread_source(db, row.id)
    if document is None:
        document = processes.open_document(
            files.path(row), name=row.file_name, password=password, encoding=row.encoding
        )
        # Also called while a page takes long.
        document.on_step = partial(_on_step, document, check, report)
    try:
        segments = _segments(db, document, report)
        end = _store_segments(db, row, segments, tokens, check, is_cancelled)
    except _Stopped:
        return False
    opened = document
    notes = list(dict.fromkeys([*versions.notes_on(db, row), *opened.notes]))
    patiently(
        lambda: storage.finish_indexing(
            db,
            row.id,
            token_count=end,
            unit_count=opened.unit_count,
            unit_name=opened.unit_name,
            notes=notes,
        ),
        is_cancelled,
    )
    return True


def _store_segments(
    db: Database,
    row: DocumentRow,
    segments: Iterator[_Uncounted],
    tokens: Encoder,
    check: Callable[[], None],
    is_cancelled: Callable[[], bool],
) -> int:
    """Store a document's segments in batches; returns how many tokens it has.

    A batch is stored by another thread while the next one is prepared: SQLite and the tokenizer
    work beside each other, since neither holds Python's lock. Making the search tokens does.
    """
    end = len(introduction(tokens, row.title))

    def counted(batch: list[_Uncounted]) -> Iterator[NewSegment]:
        nonlocal end
        for text, place, chapter in batch:
            check()
            count = len(tokens.encode(text))
            yield NewSegment(text, *place, end, count, chapter)
            end += count

    stored: Future[None] | None = None
    with ThreadPoolExecutor(1, "store segments") as storing:
        while batch := list(islice(segments, BATCH_SEGMENTS)):
            language = storage.language_of([text for text, _, _ in batch])
            prepared = storage.prepare_segments(counted(batch), language)
            if stored is not None:
                stored.result()
            store = partial(storage.store_segments, db, row.id, prepared)
            stored = storing.submit(patiently, store, is_cancelled)
        if stored is not None:
            stored.result()
    return end


def _on_step(document: Document, check: Callable[[], None], report: StepReport) -> None:
    """StepReport the page that a reader is at, as far as it says so."""
    check()
    if document.at_unit:
        what = RECOGNISING if document.is_recognising else TAKING_OUT
        report(WorkStep(what, document.at_unit, document.unit_count, document.unit_name))


def _segments(
    db: Database, document: Document | DocumentRow, report: StepReport
) -> Iterator[_Uncounted]:
    """Segments of a file, or the stored ones of a document that is read again; not yet counted."""
    if isinstance(document, DocumentRow):
        for number, row in enumerate(storage.iter_segments(db, document.id), 1):
            report(WorkStep(COUNTING, number, document.segment_count, "passage"))
            place = (row.locator, row.locator_kind, row.locator_start, row.locator_end)
            yield row.text, place, row.chapter
        return
    for segment in document.segments():
        found = segment.locator
        if not document.at_unit:  # its reader says no other place than that of its segments
            total = document.unit_count if document.unit_name == found.kind else None
            report(WorkStep(TAKING_OUT, found.end, total, found.kind))
        place = (str(found), found.kind, found.start, found.end)
        yield segment.text, place, found.chapter_number


def text_recognition() -> Ocr:
    """The program that recognises scanned pages on this machine, or why there is none."""
    return find_ocr()


def sandbox_report() -> SandboxReport:
    """What this machine refuses a process that reads a file, as one just tried."""
    return probe_sandbox()
