"""What a page shows of one session and beside it that is a single value, in one statement."""

from __future__ import annotations

from dataclasses import dataclass

from storage.database import Database, Row
from storage.documents import AskedCount
from storage.sessions import SHOWN, SessionRow, find_session, session_from, wanted_name
from storage.trash import TrashedSession, trashed_from
from storage.values import plain_text


@dataclass(frozen=True)
class Presence:
    """What there is to show.

    ``name`` is the one that was asked for, and ``session`` the session of that name, None if there
    is none. ``has_sessions`` says whether there is any session. Of the session: ``last_state`` is
    the state of its last document, None without one; ``asked`` counts its documents; ``is_reread``
    says whether it is being read again, ``last_message_id`` is that of its last message, None
    without one, and ``left_out`` are the ids of the documents that are not asked, as text, looked
    for only until something is asked. ``lacks_segments`` says whether segments of any session are
    not in the search index yet, and ``trashed`` is the session that was deleted last.
    """

    name: str | None
    session: SessionRow | None = None
    has_sessions: bool = False
    last_state: str | None = None
    asked: AskedCount = AskedCount(0, 0)
    is_reread: bool = False
    last_message_id: int | None = None
    left_out: str = ""
    lacks_segments: bool = False
    trashed: TrashedSession | None = None


_WANTED = "SELECT * FROM sessions WHERE"
_PRESENCE = f"""
    SELECT wanted.*,
        EXISTS(SELECT 1 FROM sessions WHERE {SHOWN}) AS has_sessions,
        (SELECT state FROM documents WHERE session_id = wanted.id
            ORDER BY ordinal DESC LIMIT 1) AS last_state,
        (SELECT count(*) FROM documents WHERE session_id = wanted.id) AS total,
        (SELECT count(*) FROM documents WHERE session_id = wanted.id AND is_asked = 0)
            AS left_out_count,
        (SELECT max(id) FROM messages WHERE session_id = wanted.id) AS last_message_id,
        (SELECT group_concat(id) FROM documents WHERE session_id = wanted.id AND is_asked = 0
            AND NOT EXISTS(SELECT 1 FROM messages WHERE session_id = wanted.id)) AS left_out,
        EXISTS(SELECT 1 FROM sessions WHERE rereads = wanted.id) AS is_reread,
        EXISTS(SELECT 1 FROM segments_to_index) AS lacks_segments,
        trashed.session_id AS trashed_id, trashed.name AS trashed_name, trashed.trashed_at
    FROM (SELECT 1) LEFT JOIN wanted
    LEFT JOIN (SELECT * FROM trash ORDER BY trashed_at DESC, session_id DESC LIMIT 1) AS trashed
"""
_TOLD = (
    *("has_sessions", "last_state", "total", "left_out_count", "last_message_id", "left_out"),
    *("is_reread", "lacks_segments"),
)
_OF_TRASH = ("trashed_id", "trashed_name", "trashed_at")


def presence(db: Database, name: str | None) -> Presence:
    """Return what there is to show, in one statement, whatever the number of rows.

    Args:
        name: of a session; upper and lower case are equal.
    """
    wanted = None if name is None else wanted_name(name)
    row = _row(db, f"name = :wanted AND {SHOWN}", wanted)
    if name is not None and row["id"] is None and (odd := find_session(db, name)):
        row = _row(db, "id = :wanted", odd.id)  # its name is no text
    told = {key: row.pop(key) for key in _TOLD}
    trash_id, trash_name, trashed_at = (row.pop(key) for key in _OF_TRASH)
    trashed = {"session_id": trash_id, "name": trash_name, "trashed_at": trashed_at}
    return Presence(
        name=name,
        session=None if row["id"] is None else session_from(row),
        has_sessions=bool(told["has_sessions"]),
        last_state=None if told["last_state"] is None else plain_text(told["last_state"]),
        asked=AskedCount(told["total"] - told["left_out_count"], told["total"]),
        is_reread=bool(told["is_reread"]),
        last_message_id=told["last_message_id"],
        left_out=told["left_out"] or "",
        lacks_segments=bool(told["lacks_segments"]),
        trashed=None if trash_id is None else trashed_from(trashed),
    )


def _row(db: Database, where: str, wanted: str | int | None) -> Row:
    found = db.row(f"WITH wanted AS ({_WANTED} {where}) {_PRESENCE}", {"wanted": wanted})
    assert found is not None, "a row that is joined to nothing stays"
    return found
