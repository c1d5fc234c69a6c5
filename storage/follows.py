"""Logs that are followed: documents that grow, and how far what they have may be read.

A followed document rests as 'paused', half-read, whenever the reading has caught up with it: what
comes later in its session waits behind it, as behind any document that stands still. Its last
segments are open: they can be searched, are replaced when more lines come, and are not read before
they are settled. Knows nothing of files: what tells the place in one is kept as it is given.
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
from storage.segments import NewSegment, add_segments
from storage.values import object_from_json, storable, to_json


@dataclass(frozen=True)
class FollowRow:
    """How a document is followed.

    ``ready_tokens`` of the document may be read, until it ``ended``: then all of them. The segments
    from ordinal ``settled_segments`` on are open. ``place`` is the follower's own.
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
    """Put a log, still without lines, behind the documents of a session.

    Args:
        sha256: stands for the log; no file is kept under it, the text is in the segments.
        token_count: of what stands before the first line.

    Raises:
        NotFound: there is no such session.
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
            source_path=path,  # a log of the same name elsewhere is no newer version of it
        )
        finish_indexing(db, document.id, token_count=token_count, unit_count=0, unit_name="line")
        db.execute(
            "INSERT INTO follows (document_id, path, place) VALUES (?, ?, ?)",
            [document.id, storable(path), to_json(dict(place))],
        )
        return set_document_state(db, document.id, DocumentState.PAUSED)


def find_follow(db: Database, document_id: int) -> FollowRow | None:
    """How a document is, or was, followed; None for any other."""
    return _follow(db.row("SELECT * FROM follows WHERE document_id = ?", [document_id]))


def find_open_follow(db: Database, session_id: int) -> FollowRow | None:
    """The log that a session follows; it has one at most."""
    return _follow(
        db.row(
            "SELECT follows.* FROM follows JOIN documents ON documents.id = document_id "
            "WHERE session_id = ? AND NOT ended",
            [session_id],
        )
    )


def find_ended_follow(db: Database, session_id: int, path: str) -> FollowRow | None:
    """The last time that a session followed this log to an end."""
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
    """Store what a log has got, and up to where it was taken, in one step.

    Args:
        settled, open_segments: they take the place of those that were open.
        byte_count: that were added.

    Raises:
        NotFound: the document was deleted, or is not followed any more.
    """
    with db.transaction():
        follow = _must_find(db, document_id)
        db.execute(
            "DELETE FROM segments WHERE document_id = ? AND ordinal >= ?",
            [document_id, follow.settled_segments],
        )
        add_segments(db, document_id, [*settled, *open_segments])
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
    """The text of a followed log that is not settled yet."""
    rows = db.rows(
        "SELECT text FROM segments JOIN follows USING (document_id) WHERE document_id = ? "
        "AND ordinal >= settled_segments ORDER BY ordinal",
        [document_id],
    )
    return "".join(row["text"] for row in rows)


def set_ready_tokens(db: Database, document_id: int, ready_tokens: int) -> None:
    """Note how much of a followed log may be read."""
    db.execute(
        "UPDATE follows SET ready_tokens = ? WHERE document_id = ?", [ready_tokens, document_id]
    )


def wake_follow(db: Database, document_id: int) -> DocumentRow | None:
    """Queue a log that rests, if it has more to read or its following ended; else None."""
    follow, document = find_follow(db, document_id), get_document(db, document_id)
    if follow is None or document.state is not DocumentState.PAUSED:
        return None
    if not follow.ended and follow.ready_tokens <= document.tokens_read:
        return None
    return set_document_state(db, document_id, DocumentState.QUEUED)


def end_follow(db: Database, document_id: int) -> DocumentRow:
    """Make an ordinary document of a followed log: all that it has is settled and may be read.

    Raises:
        NotFound: the document was deleted, or is not followed any more.
    """
    with db.transaction():
        _must_find(db, document_id)
        db.execute("UPDATE follows SET ended = 1 WHERE document_id = ?", [document_id])
        return set_document_state(db, document_id, DocumentState.QUEUED)


def readable_tokens(db: Database, document: DocumentRow) -> tuple[int, bool]:
    """How many of a document's tokens may be read by now, and whether it may get more."""
    follow = find_follow(db, document.id)
    if follow is None or follow.ended:
        return document.token_count or 0, False
    return follow.ready_tokens, True


def _must_find(db: Database, document_id: int) -> FollowRow:
    follow = find_follow(db, document_id)
    if follow is None or follow.ended:
        raise NotFound(
            f"The document number {document_id} in {db.path} is not followed any more; it was "
            "deleted, or its following ended."
        )
    return follow


def _follow(row: Row | None) -> FollowRow | None:
    if row is None:
        return None
    place = object_from_json(row["place"], "place in a followed log")
    return FollowRow(**{**row, "ended": bool(row["ended"]), "place": place})
