"""Followed logs: documents that grow, and how many of their tokens may be read.

When the model has read all that may be read of a followed document, the document is 'paused', and
later documents of its session wait, as they do after any document that was read in part. The last
segments of a followed document are open: they can be searched, new lines replace them, and the
model reads them only once they are settled. This file does not know log files: the cursor into the
file is JSON of the caller.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from storage.database import Database, Row
from storage.document_state import DocumentState
from storage.documents import (
    DocumentRow,
    add_document,
    finish_indexing,
    get_document,
    set_document_state,
)
from storage.errors import NotFound
from storage.search_index import language_of
from storage.segments import NewSegment, prepare_segments, store_segments
from storage.values import object_from_json, storable, to_json


@dataclass(frozen=True)
class FollowRow:
    """How a document is followed.

    ``path`` is the path of the log. The first ``ready_tokens`` tokens of the document may be read;
    once following has ``ended``, all of them may. The segments from ordinal ``settled_segments`` on
    are open. ``place`` is the caller's cursor into the file.
    """

    document_id: int
    path: str
    ended: bool
    ready_tokens: int
    settled_segments: int
    place: dict[str, Any]


def begin_follow(
    db: Database,
    session_id: int,
    *,
    title: str,
    kind: str,
    file_name: str,
    sha256: str,
    path: str,
    token_count: int,
    place: Mapping[str, Any],
) -> DocumentRow:
    """Add a log without lines after the documents of a session; its state is 'paused'.

    Args:
        sha256: identifies the log; no file is stored under it, since the text is in the segments.
        path: of the log, absolute.
        token_count: of the introduction before the first line.
        place: the caller's cursor into the file.

    Raises:
        NotFound: the session does not exist.
    """
    with db.transaction():
        document = add_document(
            db,
            session_id,
            title=title,
            kind=kind,
            file_name=file_name,
            sha256=sha256,
            byte_count=0,
            source_path=path,  # so a log of the same name in another folder is another file
        )
        finish_indexing(db, document.id, token_count=token_count, unit_count=0, unit_name="line")
        db.execute(
            "INSERT INTO follows (document_id, path, place) VALUES (?, ?, ?)",
            [document.id, storable(path), to_json(dict(place))],
        )
        return set_document_state(db, document.id, DocumentState.PAUSED)


def find_follow(db: Database, document_id: int) -> FollowRow | None:
    """Return how a document is or was followed, or None if it never was."""
    return _follow(db.row("SELECT * FROM follows WHERE document_id = ?", [document_id]))


def find_open_follow(db: Database, session_id: int) -> FollowRow | None:
    """Return the log that a session follows, or None; a session follows at most one log."""
    return _follow(
        db.row(
            "SELECT follows.* FROM follows JOIN documents ON documents.id = document_id "
            "WHERE session_id = ? AND NOT ended",
            [session_id],
        )
    )


def find_ended_follow(db: Database, session_id: int, path: str) -> FollowRow | None:
    """Return the last ended following of the log at this path by a session, or None."""
    return _follow(
        db.row(
            "SELECT follows.* FROM follows JOIN documents ON documents.id = document_id "
            "WHERE session_id = ? AND path = ? AND ended ORDER BY ordinal DESC LIMIT 1",
            [session_id, storable(path)],
        )
    )


def grow(
    db: Database,
    document_id: int,
    *,
    settled: Sequence[NewSegment],
    open_segments: Sequence[NewSegment],
    token_count: int,
    line_count: int,
    byte_count: int,
    notes: Sequence[str],
    place: Mapping[str, Any],
) -> None:
    """Store the new lines of a log and the cursor behind them in one transaction.

    Args:
        settled: segments that no longer change; they and the open ones replace the open segments.
        open_segments: the last segments, which later lines may change.
        token_count: of the whole document.
        line_count: of the whole document.
        byte_count: how many bytes of the file are new.
        notes: sentences for the user, instead of the stored ones.
        place: the caller's cursor into the file.

    Raises:
        NotFound: the document was deleted, or is no longer followed.
    """
    segments = [*settled, *open_segments]
    language = language_of([segment.text for segment in segments])
    prepared = prepare_segments(segments, language)  # before the write lock is taken
    with db.transaction():
        follow = _must_find(db, document_id)
        db.execute(
            "DELETE FROM segments WHERE document_id = ? AND ordinal >= ?",
            [document_id, follow.settled_segments],
        )
        store_segments(db, document_id, prepared)
        db.execute(
            "UPDATE documents SET token_count = ?, unit_count = ?, byte_count = byte_count + ?, "
            "notes = ? WHERE id = ?",
            [token_count, line_count, byte_count, to_json(list(notes)), document_id],
        )
        db.execute(
            "UPDATE follows SET settled_segments = settled_segments + ?, place = ? "
            "WHERE document_id = ?",
            [len(settled), to_json(dict(place)), document_id],
        )


def open_text(db: Database, document_id: int) -> str:
    """Return the text of the open segments of a followed log."""
    rows = db.rows(
        "SELECT text FROM segments JOIN follows USING (document_id) WHERE document_id = ? "
        "AND ordinal >= settled_segments ORDER BY ordinal",
        [document_id],
    )
    return "".join(row["text"] for row in rows)


def set_ready_tokens(db: Database, document_id: int, ready_tokens: int) -> None:
    """Store how many tokens of a followed log may be read."""
    db.execute(
        "UPDATE follows SET ready_tokens = ? WHERE document_id = ?", [ready_tokens, document_id]
    )


def wake_follow(db: Database, document_id: int) -> DocumentRow | None:
    """Queue a paused log if it has more tokens to read or its following ended.

    Returns:
        The queued document, or None if it stays as it is.

    Raises:
        NotFound: the document does not exist.
    """
    follow, document = find_follow(db, document_id), get_document(db, document_id)
    if follow is None or document.state is not DocumentState.PAUSED:
        return None
    if not follow.ended and follow.ready_tokens <= document.tokens_read:
        return None
    return set_document_state(db, document_id, DocumentState.QUEUED)


def end_follow(db: Database, document_id: int) -> DocumentRow:
    """Stop following a log: all its stored lines may be read, and its state is 'queued'.

    Raises:
        NotFound: the document was deleted, or is no longer followed.
    """
    with db.transaction():
        _must_find(db, document_id)
        db.execute("UPDATE follows SET ended = 1 WHERE document_id = ?", [document_id])
        return set_document_state(db, document_id, DocumentState.QUEUED)


def readable_tokens(db: Database, document: DocumentRow) -> tuple[int, bool]:
    """Return how many tokens of a document may be read now, and whether it can still grow."""
    follow = find_follow(db, document.id)
    if follow is None or follow.ended:
        return document.token_count or 0, False
    return follow.ready_tokens, True


def _must_find(db: Database, document_id: int) -> FollowRow:
    follow = find_follow(db, document_id)
    if follow is None or follow.ended:
        raise NotFound(
            f"The document number {document_id} in {db.path} is no longer followed: it was "
            "deleted, or its following ended; follow the log again."
        )
    return follow


def _follow(row: Row | None) -> FollowRow | None:
    if row is None:
        return None
    place = object_from_json(row["place"], "place in a followed log")
    return FollowRow(**{**row, "ended": bool(row["ended"]), "place": place})
