"""Sessions: a name, the settings, and the time of the last activity.

This file does not know what a session has read: that is in the checkpoints.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storage.database import Database, Row
from storage.document_state import OPEN_STATES, states_sql
from storage.errors import AlreadyExists, NotFound
from storage.pages import free_unused_pages
from storage.values import now, object_from_json, to_json

MAX_NAME_CHARACTERS = 120
_VACUUM_PAGES = 262_144  # 1 GiB: limits how long a deletion keeps the disk busy
_MAX_COMPARED = 1000
"""Names that a wrong name is compared with at most, those with the same beginning first."""
_SHOWN = "rereads IS NULL AND id NOT IN (SELECT session_id FROM trash)"


@dataclass(frozen=True)
class SessionRow:
    """One session; times are ISO 8601 in UTC.

    ``settings`` is JSON of the caller. ``rereads`` is None, or in a re-reading the id of the
    session whose state it will replace.
    """

    id: int
    name: str
    created_at: str
    updated_at: str
    settings: dict[str, Any]
    rereads: int | None = None


@dataclass(frozen=True)
class SessionSummary:
    """One session with counts of its contents.

    ``tokens_read`` is how many tokens its checkpoints have read. ``token_count`` is how many tokens
    its indexed documents have, and ``open_count`` is how many documents are in one of the
    ``OPEN_STATES``. ``byte_count`` is its size on the disk, None unless the caller computes it.
    """

    session: SessionRow
    document_count: int
    tokens_read: int
    checkpoint_count: int
    token_count: int = 0
    open_count: int = 0
    byte_count: int | None = None


def clean_session_name(name: str) -> str:
    """Return a session name as it is stored: without surrounding spaces, in composed Unicode.

    Raises:
        ValueError: the name is empty, too long, or contains control characters or line breaks.
    """
    # Composed, because a keyboard and a file name may encode the same "é" differently.
    cleaned = unicodedata.normalize("NFC", name.strip())
    if not 1 <= len(cleaned) <= MAX_NAME_CHARACTERS:
        raise ValueError(
            f"A session name has 1 to {MAX_NAME_CHARACTERS} characters, but this one has "
            f"{len(cleaned)}; choose another name."
        )
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in cleaned):
        raise ValueError(
            f"The session name {cleaned!r} contains a control character or a line break; remove it."
        )
    return cleaned


def create_session(db: Database, name: str, settings: Mapping[str, Any]) -> SessionRow:
    """Create an empty session.

    Args:
        settings: an object that JSON can represent.

    Raises:
        AlreadyExists: another session has the name; upper and lower case are equal.
        ValueError: the name is not a valid session name.
    """
    cleaned, at = clean_session_name(name), now()
    with db.transaction():
        _refuse_taken_name(db, cleaned, except_id=None)
        session_id = db.insert(
            "INSERT INTO sessions (name, created_at, updated_at, settings) VALUES (?, ?, ?, ?)",
            [cleaned, at, at, to_json(dict(settings))],
        )
        return get_session_by_id(db, session_id)


def get_session(db: Database, name: str) -> SessionRow:
    """Return the session of this name; upper and lower case are equal.

    Raises:
        NotFound: no session has the name; the message names those with the most similar names.
    """
    found = find_session(db, name)
    if found is None:
        raise NotFound(_no_such_session(db, unicodedata.normalize("NFC", name.strip())))
    return found


def get_session_by_id(db: Database, session_id: int) -> SessionRow:
    """Return the session with this id.

    Raises:
        NotFound: the session does not exist.
    """
    row = db.row("SELECT * FROM sessions WHERE id = ?", [session_id])
    if row is None:
        raise NotFound(
            f"There is no session number {session_id} in {db.path}; it may have been deleted."
        )
    return _session(row)


def find_session(db: Database, name: str) -> SessionRow | None:
    """Return the session of this name, or None; upper and lower case are equal."""
    # A name with lone surrogates cannot be stored, so no session has it.
    wanted = unicodedata.normalize("NFC", name.strip()).encode("utf-8", "replace").decode()
    row = db.row(f"SELECT * FROM sessions WHERE name = ? AND {_SHOWN}", [wanted])
    return None if row is None else _session(row)


_MATCHES = f"""
    {_SHOWN} AND NOT EXISTS (
        SELECT 1 FROM json_each(:words) AS word
        WHERE NOT instr(casefold(sessions.name), word.value) AND NOT EXISTS (
            SELECT 1 FROM documents WHERE session_id = sessions.id
            AND instr(casefold(documents.title), word.value)))
"""


def _words(search: str) -> str:
    return to_json(unicodedata.normalize("NFC", search).casefold().split())


def count_sessions(db: Database, search: str = "") -> int:
    """Return how many sessions `list_sessions` returns without a limit."""
    where = {"words": _words(search)}
    return int(db.value(f"SELECT count(*) FROM sessions WHERE {_MATCHES}", where))


def list_sessions(
    db: Database, search: str = "", *, limit: int | None = None, offset: int = 0
) -> list[SessionSummary]:
    """Return sessions except re-readings and those in the trash, latest activity first.

    Args:
        search: return only sessions of which the name or a document's title contains each of these
            words.
        limit: return at most this many; None returns all.
        offset: leave out this many before them.
    """
    rows = db.rows(
        f"""
        WITH listed AS (
            SELECT id FROM sessions WHERE {_MATCHES}
            ORDER BY updated_at DESC, id DESC LIMIT :limit OFFSET :offset
        ), found AS (
            SELECT session_id, count(*) AS document_count, sum(tokens_read) AS tokens_read,
                sum(token_count) AS token_count,
                sum(state IN {states_sql(OPEN_STATES)}) AS open_count
            FROM documents WHERE session_id IN (SELECT id FROM listed) GROUP BY session_id
        )
        SELECT sessions.*, coalesce(found.document_count, 0) AS document_count,
            coalesce(found.tokens_read, 0) AS tokens_read,
            coalesce(found.token_count, 0) AS token_count,
            coalesce(found.open_count, 0) AS open_count,
            (SELECT count(*) FROM checkpoints WHERE session_id = sessions.id) AS checkpoint_count
        FROM listed JOIN sessions ON sessions.id = listed.id
        LEFT JOIN found ON found.session_id = sessions.id
        ORDER BY updated_at DESC, sessions.id DESC
        """,
        {"words": _words(search), "limit": -1 if limit is None else limit, "offset": offset},
    )
    return [_summary(row) for row in rows]


def session_rank(db: Database, name: str, search: str = "") -> int | None:
    """Return how many sessions `list_sessions` returns before the one of this name.

    None if it does not return that session.
    """
    rank = db.value(
        f"""
        SELECT (SELECT count(*) FROM sessions WHERE {_MATCHES}
            AND (updated_at, id) > (wanted.updated_at, wanted.id))
        FROM sessions AS wanted WHERE wanted.name = :name
        AND wanted.id IN (SELECT id FROM sessions WHERE {_MATCHES})
        """,
        {"words": _words(search), "name": name},
    )
    return None if rank is None else int(rank)


def session_names(db: Database, beginning: str = "") -> list[str]:
    """Return the names of all sessions that begin so; upper and lower case are equal."""
    rows = db.rows(
        f"SELECT name FROM sessions WHERE {_SHOWN} "
        "AND substr(casefold(name), 1, length(:beginning)) = :beginning",
        {"beginning": unicodedata.normalize("NFC", beginning).casefold()},
    )
    return [row["name"] for row in rows]


def settings_in_use(db: Database) -> list[dict[str, Any]]:
    """Return the settings of all sessions that can be used and of re-readings, each once."""
    rows = db.rows(
        "SELECT DISTINCT settings FROM sessions WHERE id NOT IN (SELECT session_id FROM trash)"
    )
    return [object_from_json(row["settings"], "settings of a session") for row in rows]


def rename_session(db: Database, session_id: int, name: str) -> SessionRow:
    """Change the name of a session.

    Raises:
        AlreadyExists: another session has the name.
        NotFound: the session does not exist.
        ValueError: the name is not a valid session name.
    """
    cleaned = clean_session_name(name)
    with db.transaction():
        get_session_by_id(db, session_id)
        _refuse_taken_name(db, cleaned, except_id=session_id)
        db.execute("UPDATE sessions SET name = ? WHERE id = ?", [cleaned, session_id])
        return get_session_by_id(db, session_id)


def update_session_settings(
    db: Database, session_id: int, settings: Mapping[str, Any]
) -> SessionRow:
    """Replace the settings of a session.

    Raises:
        NotFound: the session does not exist.
    """
    with db.transaction():
        db.execute(
            "UPDATE sessions SET settings = ? WHERE id = ?", [to_json(dict(settings)), session_id]
        )
        return get_session_by_id(db, session_id)


def touch_session(db: Database, session_id: int) -> None:
    """Set the time of the session's last activity to now."""
    db.execute("UPDATE sessions SET updated_at = ? WHERE id = ?", [now(), session_id])


def delete_session(db: Database, session_id: int) -> None:
    """Delete a session with all its rows; pages that other sessions use stay.

    Raises:
        NotFound: the session does not exist.
    """
    with db.transaction():
        get_session_by_id(db, session_id)
        db.execute("DELETE FROM sessions WHERE id = ?", [session_id])
        free_unused_pages(db)
        # The index keeps the words of deleted rows until it is merged, but text that a user deletes
        # should be gone from the file.
        db.execute("INSERT INTO segments_fts (segments_fts) VALUES ('optimize')")
    db.incremental_vacuum(_VACUUM_PAGES)


def _summary(row: Row) -> SessionSummary:
    counts = ("document_count", "tokens_read", "checkpoint_count", "token_count", "open_count")
    return SessionSummary(session=_session(row), **{name: row[name] for name in counts})


def _session(row: Row) -> SessionRow:
    return SessionRow(
        id=row["id"],
        name=row["name"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        settings=object_from_json(row["settings"], f"settings of the session {row['name']!r}"),
        rereads=row["rereads"],
    )


def _refuse_taken_name(db: Database, name: str, except_id: int | None) -> None:
    row = db.row("SELECT id, name FROM sessions WHERE name = ?", [name])
    if row is not None and row["id"] != except_id:
        raise AlreadyExists(
            f"There is already a session named {row['name']!r}; choose another name, or delete "
            "that session."
        )


def _no_such_session(db: Database, wanted: str) -> str:
    found = db.rows(f"SELECT name FROM sessions WHERE {_SHOWN} ORDER BY updated_at DESC")
    names = [row["name"] for row in found]
    if not names:
        return f"There is no session named {wanted!r}, and no other session yet; read a file."
    begins = wanted[:3].casefold()
    likely = sorted(names, key=lambda name: not name.casefold().startswith(begins))
    by_folded = {name.casefold(): name for name in likely[:_MAX_COMPARED]}
    near = difflib.get_close_matches(wanted.casefold(), by_folded, n=3, cutoff=0.4)
    if not near:
        return (
            f"There is no session named {wanted!r}, and none of the {len(names)} sessions has a "
            f"similar name; look at the list of sessions."
        )
    nearest = ", ".join(repr(by_folded[folded]) for folded in near)
    return f"There is no session named {wanted!r}; the most similar names are: {nearest}."
