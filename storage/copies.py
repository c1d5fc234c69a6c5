"""Copies a session row by row under new ids, from an export or within one database.

The copy is a hidden session until it is whole: its rows are written in batches, between which the
write lock is free, and the last transaction gives it its name. `sweep_unfinished` deletes what is
left of a copy whose process was killed.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from itertools import islice
from typing import Any, TypeVar

from storage.counted import Counted, uncounted
from storage.database import Database, Row
from storage.deletion import DELETING, delete_hidden_sessions
from storage.errors import Outdated, StorageError
from storage.messages import citations_and_details
from storage.pages import insert_pages, read_page
from storage.segments import SegmentRow, iter_segments
from storage.sessions import (
    SessionRow,
    check_generation,
    clean_session_name,
    get_session_by_id,
    refuse_taken_name,
)
from storage.values import now, to_json, whole

_BATCH_ROWS = 500
_BATCH_BYTES = 8 << 20
_ATTEMPTS = 3
_Item = TypeVar("_Item")


def duplicate_session(
    db: Database, session_id: int, name: str, *, key: str | None = None
) -> SessionRow:
    """Create a session with copies of another session's documents, messages, notes and checkpoints.

    Pages are stored under their hash, so both sessions share them. In the copy a followed log is an
    ordinary document. The session may be read on meanwhile: the copy has what was there at first.

    Args:
        key: as for `copy_session`.

    Raises:
        NotFound: the session does not exist.
        AlreadyExists: another session has the name.
        Outdated: what the session has read was undone or replaced meanwhile, several times.
        ValueError: the name is not a valid session name.
    """
    for _ in range(_ATTEMPTS - 1):
        with contextlib.suppress(Outdated):
            return copy_session(db, get_session_by_id(db, session_id), db, name, key=key)
    return copy_session(db, get_session_by_id(db, session_id), db, name, key=key)


def copy_session(
    source: Database,
    theirs: SessionRow,
    db: Database,
    name: str,
    *,
    key: str | None = None,
    on_copied: Counted = uncounted,
) -> SessionRow:
    """Copy a session from one database to another, or within one, completely or not at all.

    The search index is not copied: a search in the copy builds what it lacks.

    Args:
        source: the database of the session to copy.
        theirs: the session to copy.
        db: the database of the copy; it may be the source.
        name: the name of the copy.
        key: names this copying, so that `sweep_unfinished` can ask whether it is still at work.
        on_copied: is told how many passages and pages of checkpoints were copied, and how many
            there are.

    Raises:
        AlreadyExists: another session has the name.
        DamagedPage: the bytes of a page do not have its hash.
        Outdated: what the session has read was undone or replaced meanwhile.
        ValueError: the name is not a valid session name.
    """
    name = clean_session_name(name)
    refuse_taken_name(db, name)
    copy = _Copy(source, theirs, db, key or uuid.uuid4().hex, on_copied)
    try:
        copy.begin()
        copy.copy_segments()
        copy.copy_pages()
        copy.copy_messages()
        copy.copy_notes()
        copy.copy_kept_notes()
        return copy.finish(name)
    except BaseException:
        with contextlib.suppress(StorageError):  # it stays hidden, and is deleted later
            copy.drop()
        raise


def insert_row(db: Database, table: str, row: Mapping[str, Any]) -> int:
    """Insert a row given as values by column name; return its id."""
    columns, marks = ", ".join(row), ", ".join("?" * len(row))
    return db.insert(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(row.values()))


class _Copy:
    """One copying: the new ids of what was copied, by the old ids."""

    def __init__(
        self, source: Database, theirs: SessionRow, db: Database, key: str, on_copied: Counted
    ) -> None:
        self._source, self._theirs, self._db, self._key = source, theirs, db, key
        self._on_copied, self._done, self._total = on_copied, 0, 0
        self._is_within = source is db
        self._id = 0
        self._documents: dict[int, int] = {}
        self._segments: dict[int, int] = {}
        self._checkpoints: dict[int, int] = {}
        self._settled: dict[int, int] = {}  # by document: how many segments no longer change
        self._messages: list[int] = []
        self._copied_messages: dict[int, int] = {}
        self._notes: list[int] = []
        self._kept_notes: list[int] = []

    def begin(self) -> None:
        """Create the hidden session with the rows that may change: documents and checkpoints.

        Within one database they are read in the transaction that writes them, so they fit together,
        and no page that they need can be deleted after that.
        """
        with self._db.transaction():
            self._id = self._db.insert(
                "INSERT INTO sessions (name, created_at, updated_at, settings, unfinished) "
                "VALUES (?, ?, ?, ?, ?)",
                [f"\x01copy {self._key}", now(), now(), to_json(self._theirs.settings), self._key],
            )
            self._check_source()
            self._copy_documents()
            self._copy_checkpoints()
            self._messages = [row["id"] for row in self._rows("messages", "id", "id")]
            self._notes = self._note_ids()
            self._kept_notes = [row["id"] for row in self._rows("kept_notes", "id", "id")]
        self._total = sum(self._settled.values()) + self._count_pages()

    def _count_pages(self) -> int:
        """How many pages of checkpoints are copied; within one database they are shared."""
        if self._is_within:
            return 0
        count = self._source.value(
            "SELECT count(*) FROM checkpoint_pages WHERE checkpoint_id IN "
            "(SELECT value FROM json_each(?))",
            [to_json(list(self._checkpoints))],
        )
        return int(count)

    def _report(self, count: int) -> None:
        self._done += count
        self._on_copied(self._done, self._total)

    def copy_segments(self) -> None:
        """Copy the text of the documents in batches.

        Raises:
            Outdated: a document was deleted meanwhile.
        """
        for document_id, count in self._settled.items():
            copied = 0
            segments = islice(iter_segments(self._source, document_id), count)
            for batch in _batches(segments, _BATCH_ROWS):
                with self._db.transaction():
                    self._store(batch)
                copied += len(batch)
                self._report(len(batch))
                self._db.pause()
            if self._is_within and copied < count:
                raise Outdated(
                    f"A document of {self._theirs.name!r} was deleted or indexed again while the "
                    "session was copied; try again."
                )

    def copy_pages(self) -> None:
        """Copy the pages of the checkpoints from another database, some in each transaction."""
        if self._is_within:
            return
        for old, new in self._checkpoints.items():
            links = self._source.rows(
                "SELECT hash, byte_count FROM checkpoint_pages JOIN pages USING (hash) "
                "WHERE checkpoint_id = ?",
                [old],
            )
            for batch in _by_bytes(links):
                pages = {name: read_page(self._source, name) for name in batch}
                with self._db.transaction():
                    insert_pages(self._db, pages)
                    for name in batch:
                        insert_row(
                            self._db, "checkpoint_pages", {"checkpoint_id": new, "hash": name}
                        )
                self._report(len(batch))
                self._db.pause()

    def copy_messages(self) -> None:
        """Copy the conversation; its citations refer to the copied rows."""
        for rows in self._in_batches("messages", self._messages):
            with self._db.transaction():
                for row in rows:
                    old = row.pop("id")
                    copied = _renumbered(row, self._id, self._documents, self._segments)
                    self._copied_messages[old] = insert_row(self._db, "messages", copied)
            self._db.pause()

    def copy_notes(self) -> None:
        """Copy the notes on the documents."""
        for rows in self._in_batches("notes", self._notes):
            with self._db.transaction():
                for row in rows:
                    row.pop("id")
                    copied = {**row, "document_id": self._documents[row["document_id"]]}
                    insert_row(self._db, "notes", copied)
            self._db.pause()

    def copy_kept_notes(self) -> None:
        """Copy what people noted and kept; it refers to the copied rows, or to nothing."""
        for rows in self._in_batches("kept_notes", self._kept_notes):
            with self._db.transaction():
                for row in rows:
                    row.pop("id")
                    copied = _renumbered(row, self._id, self._documents, self._segments)
                    copied |= {
                        "message_id": self._copied_messages.get(row["message_id"]),
                        "document_id": self._documents.get(row["document_id"]),
                        "segment_id": self._segments.get(row["segment_id"]),
                    }
                    insert_row(self._db, "kept_notes", copied)
            self._db.pause()

    def finish(self, name: str) -> SessionRow:
        """Show the copy under its name.

        Raises:
            AlreadyExists: another session was given the name meanwhile.
            Outdated: what the copied session has read was undone or replaced meanwhile.
            NotFound: the copy was deleted, because this process was taken for dead.
        """
        with self._db.transaction():
            self._check_source()
            refuse_taken_name(self._db, name)
            self._db.execute(
                "UPDATE sessions SET name = ?, unfinished = NULL, updated_at = ? "
                "WHERE id = ? AND unfinished = ?",
                [name, now(), self._id, self._key],
            )
            return get_session_by_id(self._db, self._id)

    def drop(self) -> None:
        """Delete what was copied."""
        self._db.execute(
            "UPDATE sessions SET unfinished = ? WHERE unfinished = ?", [DELETING, self._key]
        )
        delete_hidden_sessions(self._db)

    def _check_source(self) -> None:
        if self._is_within:
            check_generation(self._source, self._theirs.id, self._theirs.generation)

    def _rows(self, table: str, columns: str, order: str) -> list[Row]:
        return self._source.rows(
            f"SELECT {columns} FROM {table} WHERE session_id = ? ORDER BY {order}",
            [self._theirs.id],
        )

    def _in_batches(self, table: str, ids: list[int]) -> Iterator[list[Row]]:
        """The rows of these ids that are still there, in the order of the ids."""
        for batch in _batches(iter(ids), _BATCH_ROWS):
            yield self._source.rows(
                f"SELECT * FROM {table} WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
                [to_json(batch)],
            )

    def _note_ids(self) -> list[int]:
        rows = self._source.rows(
            "SELECT id FROM notes WHERE document_id IN "
            "(SELECT id FROM documents WHERE session_id = ?) ORDER BY id",
            [self._theirs.id],
        )
        return [row["id"] for row in rows]

    def _copy_documents(self) -> None:
        rows = self._rows("documents", "*", "ordinal")
        for row in rows:
            old = row.pop("id")
            # The path of a file has no meaning on another machine.
            path = row["source_path"] if self._is_within else None
            count = 0 if row["state"] == "indexing" else row["segment_count"]
            changed = {"session_id": self._id, "source_path": path, "segment_count": count}
            copied = {**row, **changed, "replaces": None}
            self._documents[old] = insert_row(self._db, "documents", copied)
            self._settled[old] = self._copy_open_segments(old, count)
            row["id"] = old
        for row in rows:
            if row["replaces"] is not None:
                pair = [self._documents.get(row["replaces"]), self._documents[row["id"]]]
                self._db.execute("UPDATE documents SET replaces = ? WHERE id = ?", pair)

    def _copy_open_segments(self, document_id: int, count: int) -> int:
        """Copy the last segments of a followed log, which may change; return how many do not."""
        settled = self._source.value(
            "SELECT settled_segments FROM follows WHERE document_id = ? AND NOT ended",
            [document_id],
        )
        if settled is None or settled >= count:
            return count
        rows = self._source.rows(
            "SELECT * FROM segments WHERE document_id = ? AND ordinal >= ? ORDER BY ordinal",
            [document_id, settled],
        )
        self._store([SegmentRow(**row) for row in rows])
        return int(settled)

    def _copy_checkpoints(self) -> None:
        for row in self._rows("checkpoints", "*", "id"):
            old, document = row.pop("id"), self._documents.get(row["document_id"])
            copied = {**row, "session_id": self._id, "document_id": document}
            self._checkpoints[old] = new = insert_row(self._db, "checkpoints", copied)
            if self._is_within:
                self._db.execute(
                    "INSERT INTO checkpoint_pages (checkpoint_id, hash) "
                    "SELECT ?, hash FROM checkpoint_pages WHERE checkpoint_id = ?",
                    [new, old],
                )

    def _store(self, batch: list[SegmentRow]) -> None:
        for segment in batch:
            copied = {**asdict(segment), "document_id": self._documents[segment.document_id]}
            del copied["id"]
            self._segments[segment.id] = insert_row(self._db, "segments", copied)


def _batches(items: Iterator[_Item], count: int) -> Iterator[list[_Item]]:
    while batch := list(islice(items, count)):
        yield batch


def _by_bytes(links: Iterable[Row]) -> Iterator[list[str]]:
    """The hashes of pages in batches of about as many bytes as one transaction may write."""
    batch: list[str] = []
    byte_count = 0
    for link in links:
        batch.append(link["hash"])
        byte_count += link["byte_count"]
        if byte_count >= _BATCH_BYTES:
            yield batch
            batch, byte_count = [], 0
    if batch:
        yield batch


def _renumbered(
    row: Row, session_id: int, documents: Mapping[int, int], segments: Mapping[int, int]
) -> Row:
    """Return a message or a kept note whose citations refer to the copied rows."""

    def renumber(citations: list[Any]) -> list[Any]:
        kept = []
        for citation in citations:
            if isinstance(citation, dict):
                numbers = {
                    "document_id": documents.get(whole(citation.get("document_id"), -1)),
                    "segment_id": segments.get(whole(citation.get("segment_id"), -1)),
                }
                citation = {**citation, **{k: v for k, v in numbers.items() if k in citation}}
            kept.append(citation)
        return kept

    citations, details = citations_and_details(row)
    if isinstance(details.get("passages"), list):
        details["passages"] = renumber(details["passages"])
    changed = {"citations": to_json(renumber(citations)), "details": to_json(details)}
    return {**row, **changed, "session_id": session_id}
