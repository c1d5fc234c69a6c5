"""Sessions: a name, its settings, and when something last happened in it.

Knows nothing of the state that a session has read: that is in the checkpoints.
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
_VACUUM_PAGES = 262_144  # 1 GiB: bounds how long a deletion keeps the disk busy
_SHOWN = "rereads IS NULL AND id NOT IN (SELECT session_id FROM trash)"


@dataclass(frozen=True)
class SessionRow:
    """One session; times are ISO 8601 in UTC.

    ``rereads`` is the session whose place this one takes when it is done (see `rereads`).
    """

    id: int
    name: str
    created_at: str
    updated_at: str
    settings: dict[str, Any]
    rereads: int | None = None


@dataclass(frozen=True)
class SessionSummary:
    """One session with what it holds; ``tokens_read`` is durable, as of its checkpoints.

    ``token_count`` is of the documents that were looked through, ``open_count`` how many documents
    are not read yet. ``byte_count`` is what it takes on the disk, where that was asked for.
    """

    session: SessionRow
    document_count: int
    tokens_read: int
    checkpoint_count: int
    token_count: int = 0
    open_count: int = 0
    byte_count: int | None = None


def clean_session_name(name: str) -> str:
    """The name as it is stored: stripped, in Unicode's composed form.

    Raises:
        ValueError: it is empty, too long, or holds control characters.
    """
    # Composed, because a keyboard and a file name may spell the same "é" differently.
    cleaned = unicodedata.normalize("NFC", name.strip())
    if not 1 <= len(cleaned) <= MAX_NAME_CHARACTERS:
        raise ValueError(
            f"A session's name has 1 to {MAX_NAME_CHARACTERS} characters, this one has "
            f"{len(cleaned)}; choose another."
        )
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in cleaned):
        raise ValueError(
            f"The session name {cleaned!r} holds a control character or a line break; leave it out."
        )
    return cleaned


def create_session(db: Database, name: str, settings: Mapping[str, Any]) -> SessionRow:
    """Make an empty session.

    Args:
        settings: anything that JSON can hold.

    Raises:
        AlreadyExists: the name is taken, in whatever case.
        ValueError: the name is not fit to be one.
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
    """The session of this name, in whatever case.

    Raises:
        NotFound: there is none; the message names the nearest ones.
    """
    # A name that could not be stored is simply not there.
    wanted = unicodedata.normalize("NFC", name.strip()).encode("utf-8", "replace").decode()
    row = db.row(f"SELECT * FROM sessions WHERE name = ? AND {_SHOWN}", [wanted])
    if row is None:
        raise NotFound(_no_such_session(db, wanted))
    return _session(row)


def get_session_by_id(db: Database, session_id: int) -> SessionRow:
    """The session of this id.

    Raises:
        NotFound: there is none.
    """
    row = db.row("SELECT * FROM sessions WHERE id = ?", [session_id])
    if row is None:
        raise NotFound(
            f"There is no session number {session_id} in {db.path}; it may have been deleted."
        )
    return _session(row)


def list_sessions(db: Database, search: str = "") -> list[SessionSummary]:
    """All sessions but re-readings and what is in the trash, the newest activity first.

    Args:
        search: only those whose name, or a document's title, has each of these words in it.
    """
    rows = db.rows(
        f"""
        SELECT sessions.*, coalesce(found.document_count, 0) AS document_count,
            coalesce(found.tokens_read, 0) AS tokens_read,
            coalesce(found.token_count, 0) AS token_count,
            coalesce(found.open_count, 0) AS open_count, coalesce(found.titles, '') AS titles,
            (SELECT count(*) FROM checkpoints WHERE session_id = sessions.id) AS checkpoint_count
        FROM sessions LEFT JOIN (
            SELECT session_id, count(*) AS document_count, sum(tokens_read) AS tokens_read,
                sum(token_count) AS token_count,
                sum(state IN {states_sql(OPEN_STATES)}) AS open_count,
                group_concat(title, char(10)) AS titles
            FROM documents GROUP BY session_id
        ) AS found ON found.session_id = sessions.id
        WHERE {_SHOWN} ORDER BY updated_at DESC, id DESC
        """
    )
    words = unicodedata.normalize("NFC", search).casefold().split()
    return [
        _summary(row)
        for row in rows
        if all(word in f"{row['name']}\n{row['titles']}".casefold() for word in words)
    ]


def rename_session(db: Database, session_id: int, name: str) -> SessionRow:
    """Give a session another name.

    Raises:
        AlreadyExists: another session has it.
        NotFound: there is no such session.
        ValueError: the name is not fit to be one.
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
    """Replace a session's settings.

    Raises:
        NotFound: there is no such session.
    """
    with db.transaction():
        db.execute(
            "UPDATE sessions SET settings = ? WHERE id = ?", [to_json(dict(settings)), session_id]
        )
        return get_session_by_id(db, session_id)


def touch_session(db: Database, session_id: int) -> None:
    """Note that something happened in the session now."""
    db.execute("UPDATE sessions SET updated_at = ? WHERE id = ?", [now(), session_id])


def delete_session(db: Database, session_id: int) -> None:
    """Delete a session and all that is in it; pages that others share stay.

    Raises:
        NotFound: there is no such session.
    """
    with db.transaction():
        get_session_by_id(db, session_id)
        db.execute("DELETE FROM sessions WHERE id = ?", [session_id])
        free_unused_pages(db)
        # Deleted rows leave their words in the index until it is merged; what a person deletes
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
            f"There is already a session named {row['name']!r}; choose another name, or delete it."
        )


def _no_such_session(db: Database, wanted: str) -> str:
    found = db.rows(f"SELECT name FROM sessions WHERE {_SHOWN} ORDER BY updated_at DESC")
    names = [row["name"] for row in found]
    if not names:
        return f"There is no session named {wanted!r}, nor any other yet; read a document first."
    by_folded = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(wanted.casefold(), by_folded, n=3, cutoff=0.4)
    if not near:
        return (
            f"There is no session named {wanted!r}; of the {len(names)} that exist none has a "
            f"similar name, so look them up in the list of sessions."
        )
    nearest = ", ".join(repr(by_folded[folded]) for folded in near)
    return f"There is no session named {wanted!r}; the nearest names are: {nearest}."
