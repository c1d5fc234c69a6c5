"""The document that a session is at: what is read of it now, and the text at that position."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from storage.database import Database, Row
from storage.document_state import OPEN_STATES, STALLED_STATES, DocumentState, states_sql
from storage.documents import stored_state
from storage.errors import DamagedDatabase
from storage.values import plain_text, text_or_none, to_json, whole, whole_or_none


@dataclass(frozen=True)
class CurrentText:
    """The segment at the position of a reading; see `SegmentRow`."""

    text: str
    locator_kind: str
    locator_start: int
    token_start: int
    token_count: int


@dataclass(frozen=True)
class CurrentDocument:
    """The document that is being worked on, or that stopped early; see `DocumentRow`.

    ``title`` is the one to show. ``is_reread`` says that the session is read again with other
    options, beside its state; ``is_followed``, that it is a log which is read as it grows.
    ``tokens_read`` is newer than what is stored if the caller knew more. ``text`` is None where
    nothing is stored at that position yet; while a document is being indexed, it is the last one
    that is stored.
    """

    id: int
    session_id: int
    is_reread: bool
    is_followed: bool
    title: str
    kind: str
    state: DocumentState
    error: str | None
    unit_count: int | None
    unit_name: str
    token_count: int | None
    tokens_read: int
    text: CurrentText | None


_NO_BOUND = 1 << 62
_COLUMNS = (
    "documents.id, session_id, title, shown_title, kind, state, error, unit_count, unit_name, "
    "token_count, coalesce((SELECT value FROM json_each(:positions) "
    "WHERE key = CAST(documents.id AS TEXT)), tokens_read) AS tokens_read, "
    "rereads IS NOT NULL AS is_reread, EXISTS (SELECT 1 FROM follows "
    "WHERE document_id = documents.id AND NOT ended) AS is_followed"
)
# What was read in part and stopped blocks the others; then comes what is being read.
_ORDER = (
    f"is_reread, tokens_read > 0 AND state IN {states_sql(STALLED_STATES)} DESC, "
    "state = 'reading' DESC, state = 'queued' DESC, state = 'indexing' DESC, ordinal"
)


def find_current_document(
    db: Database, session: str, positions: Mapping[int, int]
) -> CurrentDocument | None:
    """Return the document that a session is at, or None if all are read; in one statement.

    Of several, that is the one which was read in part and stopped, then the one being read, then
    the first that waits. A document of the session itself comes before those of its re-reading.

    Args:
        session: its name.
        positions: tokens read of documents, by their ids, where that is newer than what is stored.
    """
    row = db.row(
        f"""
        WITH current AS (
            SELECT {_COLUMNS} FROM documents JOIN sessions ON sessions.id = session_id
            WHERE session_id IN (
                SELECT id FROM sessions WHERE name = :name
                UNION ALL SELECT reread.id FROM sessions AS reread
                JOIN sessions AS own ON own.id = reread.rereads WHERE own.name = :name)
            AND (state IN {states_sql({*OPEN_STATES, DocumentState.PAUSED})}
                OR (state = 'failed' AND tokens_read > 0))
            ORDER BY {_ORDER} LIMIT 1)
        SELECT current.*, text, locator_kind, locator_start, token_start,
            segments.token_count AS text_tokens
        FROM current LEFT JOIN segments ON segments.id = coalesce(
            (SELECT id FROM segments WHERE document_id = current.id
            AND token_start <= CASE state WHEN 'indexing' THEN :no_bound ELSE tokens_read END
            ORDER BY token_start DESC, id DESC LIMIT 1),
            (SELECT id FROM segments WHERE document_id = current.id
            ORDER BY token_start LIMIT 1))
        """,
        {"name": session, "positions": to_json(dict(positions)), "no_bound": _NO_BOUND},
    )
    return None if row is None else _current(row)


def _current(row: Row) -> CurrentDocument:
    try:
        state, error = stored_state(row["state"], row["id"]), text_or_none(row["error"])
    except DamagedDatabase as damage:
        state, error = DocumentState.FAILED, str(damage)
    shown = row["shown_title"]
    return CurrentDocument(
        id=row["id"],
        session_id=row["session_id"],
        is_reread=bool(row["is_reread"]),
        is_followed=bool(row["is_followed"]),
        title=plain_text(row["title"] if shown is None else shown),
        kind=plain_text(row["kind"]),
        state=state,
        error=error,
        unit_count=whole_or_none(row["unit_count"]),
        unit_name=plain_text(row["unit_name"]),
        token_count=whole_or_none(row["token_count"]),
        tokens_read=whole(row["tokens_read"]),
        text=None if row["text"] is None else _text(row),
    )


def _text(row: Row) -> CurrentText:
    return CurrentText(
        plain_text(row["text"]),
        plain_text(row["locator_kind"]),
        whole(row["locator_start"]),
        whole(row["token_start"]),
        whole(row["text_tokens"]),
    )
