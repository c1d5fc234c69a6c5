"""Documents on their way in: copied, recognised, cut into segments, counted, made searchable.

The copy comes first, so that a crash never loses a document; indexing runs ahead of reading. Files
are opened in reader processes only: recognising one already takes parsing it, and what hangs or
crashes there must not be the server. Later readings take the stored segments, not the file.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BufferedReader
from pathlib import Path

import storage
from app.service.answering.prompt import Encoder, introduction
from app.service.library import versions
from app.settings import Settings
from ingest import (
    Document,
    DocumentNotFound,
    EncryptedDocument,
    Ocr,
    SandboxPool,
    find_ocr,
)
from storage import Database, DocumentRow, NewSegment

BATCH_SEGMENTS = 200
COPY_BYTES = 1 << 20
PART, ABANDONED_SECONDS = ".part", 3600.0


def keep_file(settings: Settings, path: Path) -> tuple[Path, str]:
    """Copy a file into the data directory under its sha256; returns (copy, sha256).

    Raises:
        DocumentNotFound: there is no such file.
        OSError: the disk is full or may not be written.
    """
    settings.files_dir.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    handle, part = tempfile.mkstemp(dir=settings.files_dir, suffix=PART)
    try:
        with os.fdopen(handle, "wb") as out:
            with _opened(path) as source:
                while block := source.read(COPY_BYTES):
                    digest.update(block)
                    out.write(block)
            out.flush()
            os.fsync(out.fileno())
        kept = settings.files_dir / digest.hexdigest()
        os.replace(part, kept)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
    return kept, digest.hexdigest()


def _opened(path: Path) -> BufferedReader:
    try:
        return path.open("rb")
    except OSError as error:
        raise DocumentNotFound(
            f"{path.name} cannot be opened ({error.strerror}); check the path and try again."
        ) from error


def kept_path(settings: Settings, document: DocumentRow) -> Path:
    """Where the copy of a document's file lies."""
    return settings.files_dir / document.sha256


def add_document(
    db: Database,
    settings: Settings,
    processes: SandboxPool,
    session_id: int,
    path: Path,
    name: str | None = None,
    again: bool = False,
    source: str | None = None,
    password: str | None = None,
) -> DocumentRow:
    """Register a file with a session; the same content is registered once, unless asked.

    Args:
        path: the file; it may disappear afterwards.
        name: what the person calls it, where it is a copy; then its path says nothing.
        source: where it really comes from, if that is known of a copy.
        again: register it once more even though its content was read.
        password: of an encrypted PDF; not stored.

    Raises:
        IngestError: it is not a document Ammon reads, with the reason.
    """
    shown = name or path.name
    source_path = source if name else str(path.resolve())
    try:  # refuse what cannot be read before copying it
        processes.open_document(path, name=shown, password=password)
    except EncryptedDocument:
        indexed = _find_indexed(db, session_id, versions.File(shown, source_path, _sha256(path)))
        if indexed is None or again:
            raise
        return indexed
    kept, sha256 = keep_file(settings, path)
    document = processes.open_document(kept, name=shown, password=password)
    file = versions.File(shown, source_path, sha256)
    with db.transaction():  # nobody registers the same file in between
        known = versions.find_read(db, session_id, file, again)
        if known is not None:
            return known
        place = versions.slot_for(db, session_id, file, document.title)
        return storage.add_document(
            db,
            session_id,
            title=place.title,
            kind=document.kind,
            file_name=file.name,
            sha256=sha256,
            byte_count=document.byte_count,
            source_path=file.path,
            version=place.version,
            replaces=place.replaces,
        )


def _find_indexed(db: Database, session_id: int, file: versions.File) -> DocumentRow | None:
    """The document of an encrypted file whose text is stored, so that no password is needed."""
    known = versions.find_read(db, session_id, file, again=False)
    return known if known is not None and known.token_count is not None else None


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with _opened(path) as source:
        while block := source.read(COPY_BYTES):
            digest.update(block)
    return digest.hexdigest()


class _Stopped(Exception):
    """Raised through a reading to end it."""


def index_document(
    db: Database,
    settings: Settings,
    processes: SandboxPool,
    row: DocumentRow,
    tokens: Encoder,
    stopping: Callable[[], bool] = lambda: False,
    password: str | None = None,
) -> bool:
    """Cut a document into stored segments; False if it was told to stop half-way.

    An earlier, interrupted try is dropped first. A document that cannot be read on becomes
    'failed' with the reason; the others of the session go on.
    """

    def go_on() -> None:
        if stopping():
            raise _Stopped

    storage.reset_indexing(db, row.id)
    document: Document | DocumentRow | None = storage.reread_source(db, row.id)
    if document is None:
        document = processes.open_document(
            kept_path(settings, row), name=row.file_name, password=password
        )
        document.on_step = go_on  # heard as well while a page takes long
    try:
        end = _store_segments(db, row, _segments(db, document), tokens, go_on)
    except _Stopped:
        return False
    storage.finish_indexing(
        db,
        row.id,
        token_count=end,
        unit_count=document.unit_count,
        unit_name=document.unit_name,
        notes=[*versions.notes_on(db, row), *document.notes],
    )
    return True


def _store_segments(
    db: Database,
    row: DocumentRow,
    segments: Iterator[NewSegment],
    tokens: Encoder,
    go_on: Callable[[], None],
) -> int:
    """Store a document's segments in batches; returns how many tokens it has."""
    end = len(introduction(tokens, row.title))
    batch: list[NewSegment] = []
    for segment in _numbered(segments, tokens, end):
        go_on()
        end = segment.token_start + segment.token_count
        batch.append(segment)
        if len(batch) == BATCH_SEGMENTS:
            storage.add_segments(db, row.id, batch)
            batch = []
    storage.add_segments(db, row.id, batch)
    return end


def _segments(db: Database, document: Document | DocumentRow) -> Iterator[NewSegment]:
    """Segments of a file, or those stored of a document that is read anew; not yet counted."""
    if isinstance(document, DocumentRow):
        for row in storage.iter_segments(db, document.id):
            place = (row.locator, row.locator_kind, row.locator_start, row.locator_end)
            yield NewSegment(row.text, *place, 0, 0, row.chapter)
        return
    for segment in document.segments():
        where = segment.locator
        place = (str(where), where.kind, where.start, where.end)
        yield NewSegment(segment.text, *place, 0, 0, where.chapter_number)


def _numbered(segments: Iterator[NewSegment], tokens: Encoder, start: int) -> Iterator[NewSegment]:
    for segment in segments:
        count = len(tokens.encode(segment.text))
        yield replace(segment, token_start=start, token_count=count)
        start += count


def document_pieces(
    db: Database, document: DocumentRow, tokens: Encoder, from_token: int
) -> Iterator[list[int]]:
    """The document's token stream from `from_token` on, in pieces: introduction, then segments."""
    intro = introduction(tokens, document.title)
    if from_token < len(intro):
        yield intro[from_token:]
    for segment in storage.iter_segments(db, document.id, from_token=from_token):
        ids = tokens.encode(segment.text)
        yield ids[max(0, from_token - segment.token_start) :]


class KeptFiles:
    """The copies of documents' files: none is deleted between being kept and being named."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db, self._settings = db, settings
        self._changed = threading.Lock()
        self._adding = 0
        self._is_due = False

    @contextmanager
    def adding(self) -> Iterator[None]:
        """Hold back deletions while files are kept that no document names yet."""
        with self._changed:
            self._adding += 1
        try:
            yield
        finally:
            with self._changed:
                self._adding -= 1
            if self._is_due:
                self.drop_unused()

    def drop_unused(self) -> None:
        """Delete kept files that no document of any session names, now or when that is safe."""
        with self._changed:
            self._is_due = self._adding > 0
            if self._is_due or not self._settings.files_dir.is_dir():
                return
            used = storage.kept_hashes(self._db)
            for path in self._settings.files_dir.iterdir():
                if path.name not in used and not _is_being_copied(path):
                    path.unlink(missing_ok=True)


def _is_being_copied(path: Path) -> bool:
    """Whether a copy may still be written to; one that nobody touched for long was killed."""
    if path.suffix != PART:
        return False
    try:
        return time.time() - path.stat().st_mtime < ABANDONED_SECONDS
    except FileNotFoundError:
        return True


def text_recognition() -> Ocr:
    """What recognises scanned pages on this machine."""
    return find_ocr()


def free_bytes(directory: Path) -> int:
    """Free disk space where the data directory is, or would be."""
    while not directory.exists() and directory != directory.parent:
        directory = directory.parent
    return shutil.disk_usage(directory).free
