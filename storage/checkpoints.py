"""Checkpoints: a manifest and the pages that it uses, written and deleted together.

This file knows JSON and bytes, not tensors: only the runtime understands a manifest. Consecutive
checkpoints share pages, so deleting a checkpoint frees only the pages that no other one uses.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from storage.database import Database, Row
from storage.deletion import delete_hidden_sessions, new_hidden_session
from storage.document_state import DocumentState
from storage.documents import get_document, hide_document, stored_state
from storage.errors import NotFound, StorageError
from storage.notes import forget_notes
from storage.pages import free_unused_pages, insert_pages
from storage.sessions import (
    begin_generation,
    check_generation,
    get_session_by_id,
    touch_session,
)
from storage.speeds import forget_speeds
from storage.values import (
    SQL_TOTAL,
    now,
    plain_text,
    readable_object,
    to_json,
    whole,
    whole_or_none,
)

_SELECT = f"""
    SELECT checkpoints.*, (
        SELECT {SQL_TOTAL.format("pages.byte_count")} FROM checkpoint_pages
        JOIN pages ON pages.hash = checkpoint_pages.hash
        WHERE checkpoint_pages.checkpoint_id = checkpoints.id
    ) AS byte_count FROM checkpoints
"""


@dataclass(frozen=True)
class CheckpointRow:
    """One checkpoint.

    ``position`` is how many tokens of the session's stream the state has read. ``document_id`` is
    the document that was being read, or None, and ``document_tokens`` is how many tokens of it were
    read. ``byte_count`` is the size of its pages, shared ones included. ``manifest`` is empty if
    the stored one is damaged: the list of checkpoints still works, and the runtime refuses to
    restore this one. ``created_at`` is ISO 8601 in UTC.
    """

    id: int
    session_id: int
    position: int
    document_id: int | None
    document_tokens: int
    manifest: dict[str, Any]
    created_at: str
    byte_count: int


def save_checkpoint(
    db: Database,
    session_id: int,
    *,
    position: int,
    manifest: Mapping[str, Any],
    pages: Mapping[str, bytes],
    page_hashes: Sequence[str],
    document_id: int | None = None,
    document_tokens: int = 0,
    document_state: DocumentState | None = None,
    generation: int | None = None,
) -> CheckpointRow:
    """Store a checkpoint and how far its document was read in one transaction.

    Args:
        position: how many tokens of the session's stream were read.
        manifest: an object that JSON can represent.
        pages: the bytes of pages by hash; pages that are already stored may be left out.
        page_hashes: the hashes of all pages that the manifest uses.
        document_id: the document that is being read.
        document_tokens: how many tokens of that document were read.
        document_state: the new state of that document; None does not change it.
        generation: of the session when the state was loaded; None does not check it.

    Raises:
        Outdated: what the session has read was undone or replaced since then.
        StorageError: a page of ``page_hashes`` is neither given nor stored.
        NotFound: the session does not exist, or has no such document.
        IllegalTransition: the document's present state does not allow the new one.
        ValueError: a page does not have its hash, or ``page_hashes`` does not name it.
    """
    hashes = list(dict.fromkeys(page_hashes))
    if stray := set(pages) - set(hashes):
        raise ValueError(f"Pages were given that page_hashes does not name: {sorted(stray)}.")
    with db.transaction():
        get_session_by_id(db, session_id)
        if generation is not None:
            check_generation(db, session_id, generation)
        if document_id is not None:
            _advance_document(db, session_id, document_id, document_tokens, document_state)
        insert_pages(db, pages)
        checkpoint_id = db.insert(
            "INSERT INTO checkpoints (session_id, position, document_id, document_tokens, "
            "manifest, created_at) VALUES (?, ?, ?, ?, ?, ?)",
            [session_id, position, document_id, document_tokens, to_json(dict(manifest)), now()],
        )
        _link_pages(db, checkpoint_id, hashes)
        return get_checkpoint(db, checkpoint_id)


def list_checkpoints(
    db: Database, session_id: int, *, limit: int | None = None, offset: int = 0
) -> list[CheckpointRow]:
    """Return the checkpoints of a session, the one with the highest position first.

    Args:
        limit: return at most this many; None returns all.
        offset: leave out this many before them.
    """
    rows = db.rows(
        f"{_SELECT} WHERE checkpoints.session_id = ? ORDER BY position DESC, id DESC "
        "LIMIT ? OFFSET ?",
        [session_id, -1 if limit is None else limit, offset],
    )
    return [_checkpoint(row) for row in rows]


def checkpoint_ids(
    db: Database,
    session_id: int,
    *,
    max_position: int | None = None,
    min_position: int | None = None,
    not_in: int | None = None,
    limit: int | None = None,
) -> list[int]:
    """Return the ids of a session's checkpoints, the one with the highest position first.

    Args:
        max_position: only those at this position of the stream or before it.
        min_position: only those at this position of the stream or after it.
        not_in: leave out those that were taken in this document.
        limit: return at most this many; None returns all.
    """
    rows = db.rows(
        "SELECT id FROM checkpoints WHERE session_id = :session "
        "AND position <= coalesce(:last, position) AND position >= coalesce(:first, position) "
        "AND (:document IS NULL OR document_id IS NOT :document) "
        "ORDER BY position DESC, id DESC LIMIT :limit",
        {
            "session": session_id,
            "last": max_position,
            "first": min_position,
            "document": not_in,
            "limit": -1 if limit is None else limit,
        },
    )
    return [row["id"] for row in rows]


def count_checkpoints(db: Database, session_id: int) -> int:
    """Return how many checkpoints a session has."""
    return int(db.value("SELECT count(*) FROM checkpoints WHERE session_id = ?", [session_id]))


def manifest_numbers(
    db: Database, session_id: int, keys: Sequence[str], limit: int | None = None
) -> list[tuple[int, ...]]:
    """Return numbers in the manifests of a session's checkpoints, in the order of the stream.

    Manifests that lack one of them, or in which one is no whole number, are left out.

    Args:
        keys: names of the numbers, at the top of the manifest; at least two.
        limit: return at most this many, evenly spread; None returns all.
    """
    count = count_checkpoints(db, session_id)
    step = 1 if limit is None else max(1, -(-count // limit))
    paths = ", ".join("?" for _ in keys)
    rows = db.rows(
        f"""
        SELECT json_extract(manifest, {paths}) AS numbers FROM checkpoints WHERE id IN (
            SELECT id FROM (SELECT id, row_number() OVER (ORDER BY position DESC, id DESC) AS number
            FROM checkpoints WHERE session_id = ?) WHERE (number - 1) % ? = 0)
        AND CASE WHEN typeof(manifest) = 'text' AND json_valid(manifest)
            THEN json_type(manifest) = 'object' END
        ORDER BY position, id
        """,
        [*(f'$."{key}"' for key in keys), session_id, step],
    )
    # An array of JSON, because a number may need more than 64 bits.
    found = (json.loads(row["numbers"]) for row in rows)
    return [tuple(numbers) for numbers in found if all(type(n) is int for n in numbers)]


def get_checkpoint(db: Database, checkpoint_id: int) -> CheckpointRow:
    """Return the checkpoint with this id.

    Raises:
        NotFound: the checkpoint does not exist.
    """
    row = db.row(f"{_SELECT} WHERE checkpoints.id = ?", [checkpoint_id])
    if row is None:
        raise NotFound(
            f"There is no checkpoint number {checkpoint_id} in {db.path}; it may have been pruned."
        )
    return _checkpoint(row)


def delete_checkpoint(db: Database, checkpoint_id: int) -> None:
    """Delete a checkpoint and the pages that no other checkpoint uses.

    Raises:
        NotFound: the checkpoint does not exist.
    """
    with db.transaction():
        if not db.execute("DELETE FROM checkpoints WHERE id = ?", [checkpoint_id]):
            get_checkpoint(db, checkpoint_id)
        free_unused_pages(db)


def bytes_of_sessions(db: Database, session_ids: Sequence[int]) -> dict[int, int]:
    """Return the bytes on the disk of each session, by its id.

    They are those of its checkpoints' pages and of its documents' files, each counted once for each
    session that uses it.
    """
    rows = db.rows(
        f"""
        WITH wanted AS (SELECT value AS id FROM json_each(?)), used AS (
            SELECT DISTINCT session_id, 'page' AS kind, checkpoint_pages.hash AS hash, byte_count
            FROM wanted CROSS JOIN checkpoints ON session_id = wanted.id
            JOIN checkpoint_pages ON checkpoint_id = checkpoints.id
            JOIN pages ON pages.hash = checkpoint_pages.hash
            UNION SELECT session_id, 'file', sha256, byte_count
            FROM wanted CROSS JOIN documents ON session_id = wanted.id
        )
        SELECT session_id, {SQL_TOTAL.format("byte_count")} AS byte_count
        FROM used GROUP BY session_id
        """,
        [to_json(list(session_ids))],
    )
    found = {row["session_id"]: int(row["byte_count"]) for row in rows}
    return {session_id: found.get(session_id, 0) for session_id in session_ids}


def checkpoint_bytes(db: Database, session_id: int) -> int:
    """Return how many bytes the pages of the session's checkpoints have, each page counted once."""
    return int(
        db.value(
            f"SELECT {SQL_TOTAL.format('byte_count')} FROM pages WHERE hash IN (SELECT hash "
            "FROM checkpoint_pages JOIN checkpoints ON checkpoints.id = checkpoint_id "
            "WHERE session_id = ?)",
            [session_id],
        )
    )


def go_back(db: Database, session_id: int, checkpoint_id: int | None, *, pause: bool) -> None:
    """Undo all reading after a checkpoint: delete later checkpoints and queue documents again.

    Args:
        checkpoint_id: a checkpoint of the session; None goes back to the beginning of the stream.
        pause: pause the documents that would be read again, until a user resumes them.

    Raises:
        NotFound: the session has no such checkpoint.
    """
    with db.transaction():
        to = None if checkpoint_id is None else get_checkpoint(db, checkpoint_id)
        if to is not None and to.session_id != session_id:
            raise NotFound(
                f"The session has no checkpoint number {checkpoint_id}; choose another checkpoint."
            )
        _undo_after(db, session_id, to)
        if pause:
            db.execute(
                "UPDATE documents SET state = 'paused' "
                "WHERE session_id = ? AND state IN ('queued', 'reading')",
                [session_id],
            )
    delete_hidden_sessions(db)


def remove_document(db: Database, document_id: int) -> None:
    """Delete a document, and undo all reading from its first token on.

    Raises:
        NotFound: the document does not exist.
    """
    with db.transaction():
        document = get_document(db, document_id)
        if document.start_position is not None:
            before = checkpoint_ids(
                db,
                document.session_id,
                max_position=document.start_position,
                not_in=document_id,
                limit=1,
            )
            to = get_checkpoint(db, before[0]) if before else None
            _undo_after(db, document.session_id, to)
        hide_document(db, document_id)
    delete_hidden_sessions(db)


def _undo_after(db: Database, session_id: int, to: CheckpointRow | None) -> None:
    """Hide the checkpoints after one, and reset the documents to it; None: to the beginning."""
    db.execute(
        "UPDATE checkpoints SET session_id = ?, document_id = NULL "
        "WHERE session_id = ? AND (position > ? OR ? IS NULL)",
        [new_hidden_session(db), session_id] + [to.position if to else -1, to.id if to else None],
    )
    if to is None:
        rewind_documents(db, session_id)
    else:
        rewind_documents(
            db,
            session_id,
            position=to.position,
            document_id=to.document_id,
            document_tokens=to.document_tokens,
        )
    begin_generation(db, session_id)
    touch_session(db, session_id)


def rewind_documents(
    db: Database,
    session_id: int,
    *,
    position: int = 0,
    document_id: int | None = None,
    document_tokens: int = 0,
) -> None:
    """Reset the session's documents to what a checkpoint has read, so that reading resumes there.

    Documents that start after the checkpoint are queued again, and the checkpoint's own document
    counts as read up to ``document_tokens``. Later checkpoints are not deleted. Without arguments
    nothing counts as read.

    Args:
        position: of the checkpoint in the session's stream.
        document_id: the document that was being read at the checkpoint.
        document_tokens: how many tokens of that document the checkpoint has read.
    """
    with db.transaction():
        forget_speeds(db, session_id, position)
        forget_notes(db, session_id, position, document_id, document_tokens)
        db.execute(
            "UPDATE documents SET tokens_read = 0, start_position = NULL, finished_at = NULL, "
            "state = CASE WHEN state IN ('reading', 'done') THEN 'queued' ELSE state END "
            "WHERE session_id = ? AND start_position >= ? AND id IS NOT ?",
            [session_id, position, document_id],
        )
        db.execute(
            "UPDATE documents SET tokens_read = :tokens, "
            "finished_at = CASE WHEN token_count IS :tokens THEN finished_at END, "
            "state = CASE WHEN state = 'done' AND token_count IS NOT :tokens THEN 'reading' "
            "ELSE state END WHERE id = :id",
            {"tokens": document_tokens, "id": document_id},
        )


def _checkpoint(row: Row) -> CheckpointRow:
    readable = {
        "position": whole(row["position"]),
        "document_id": whole_or_none(row["document_id"]),
        "document_tokens": whole(row["document_tokens"]),
        "created_at": plain_text(row["created_at"]),
        "manifest": readable_object(row["manifest"]),
    }
    return CheckpointRow(**{**row, **readable})


def _link_pages(db: Database, checkpoint_id: int, hashes: Sequence[str]) -> None:
    missing = db.row(
        "SELECT value AS hash FROM json_each(?) WHERE value NOT IN (SELECT hash FROM pages)",
        [to_json(hashes)],
    )
    if missing is not None:
        raise StorageError(
            f"The checkpoint was not saved, because its page {missing['hash']} is neither given "
            f"nor stored in {db.path}; save it again with all of its pages."
        )
    db.execute_many(
        "INSERT INTO checkpoint_pages (checkpoint_id, hash) VALUES (?, ?)",
        ((checkpoint_id, hash) for hash in hashes),
    )


def _advance_document(
    db: Database, session_id: int, document_id: int, tokens: int, new: DocumentState | None
) -> None:
    """Store how many tokens of a document were read, and its new state unless that is None."""
    new = None if new is None else DocumentState(new)
    row = db.row(
        "SELECT title, state FROM documents WHERE id = ? AND session_id = ?",
        [document_id, session_id],
    )
    if row is None:
        raise NotFound(
            f"Session number {session_id} in {db.path} has no document number {document_id}; "
            f"it may have been deleted."
        )
    if new is not None:
        stored_state(row["state"], document_id).check(new, row["title"])
    db.execute(
        "UPDATE documents SET tokens_read = :tokens, state = coalesce(:state, state), "
        "error = CASE WHEN :state IS NULL THEN error END, "
        "finished_at = CASE WHEN :state IS NULL THEN finished_at "
        "WHEN :state = 'done' THEN coalesce(finished_at, :now) END WHERE id = :id",
        {"tokens": tokens, "state": new, "now": now(), "id": document_id},
    )
