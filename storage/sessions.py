"""Sessions: a name, the settings, and the time of the last activity.

This file does not know what a session has read: that is in the checkpoints.
"""

from __future__ import annotations

import contextlib
import difflib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storage.database import Database, Row
from storage.document_state import OPEN_STATES, states_sql
from storage.errors import AlreadyExists, DamagedDatabase, NotFound, Outdated
from storage.listing import Listing, first_of_screen
from storage.names import find_lookalike, seen_part, with_unseen
from storage.values import (
    SQL_FOLDED,
    SQL_TOTAL,
    now,
    object_from_json,
    plain_text,
    readable_object,
    storable,
    to_json,
    whole,
    whole_or_none,
)

MAX_NAME_CHARACTERS = 120
_MAX_COMPARED = 1000
"""Names that a wrong name is compared with at most, those with the same beginning first."""
SHOWN = "rereads IS NULL AND unfinished IS NULL AND id NOT IN (SELECT session_id FROM trash)"
"""Which sessions are listed: no re-readings, and none in the trash."""
_MAX_OFFSET = 1 << 62


@dataclass(frozen=True)
class SessionRow:
    """One session; times are ISO 8601 in UTC.

    ``settings`` is JSON of the caller, empty if what is stored cannot be read: then the session is
    listed and can be deleted, and the caller says why it cannot be used. ``rereads`` is None, or
    in a re-reading the id of the session whose state it will replace. ``generation`` counts how
    often what the session has read was undone or replaced: a state that was loaded before that is
    outdated. ``updated_at`` is when a person used it last, not when something was read into it.
    ``kept_changes`` counts how often a kept note was added, changed or deleted.
    """

    id: int
    name: str
    created_at: str
    updated_at: str
    settings: dict[str, Any]
    rereads: int | None = None
    generation: int = 0
    kept_changes: int = 0


@dataclass(frozen=True)
class SessionSummary:
    """One session with counts of its contents.

    ``tokens_read`` is how many tokens its checkpoints have read, and more if the caller knew more.
    ``token_count`` is how many tokens its indexed documents have, and ``open_count`` is how many
    documents are in one of the ``OPEN_STATES``. ``byte_count`` is its size on the disk, None unless
    the caller computes it.
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
        ValueError: the name is empty, too long, not to be seen, or contains control characters or
            line breaks.
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
    if not seen_part(cleaned):
        raise ValueError(
            f"The session name {with_unseen(cleaned)} has no character that is seen; choose "
            "another name."
        )
    return cleaned


def create_session(db: Database, name: str, settings: Mapping[str, Any]) -> SessionRow:
    """Create an empty session.

    Args:
        settings: an object that JSON can represent.

    Raises:
        AlreadyExists: another session has the name; upper and lower case are equal, and so
            are names that differ only in characters that are not seen.
        ValueError: the name is not a valid session name.
    """
    cleaned, at = clean_session_name(name), now()
    with db.transaction():
        refuse_taken_name(db, cleaned)
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
        raise NotFound(_no_such_session(db, wanted_name(name)))
    return found


def get_session_by_id(db: Database, session_id: int) -> SessionRow:
    """Return the session with this id.

    Raises:
        NotFound: the session does not exist.
    """
    # One that is being copied or deleted is nobody's any more, whoever still works on it.
    row = db.row("SELECT * FROM sessions WHERE id = ? AND unfinished IS NULL", [session_id])
    if row is None:
        raise NotFound(
            f"There is no session number {session_id} in {db.path}; it may have been deleted."
        )
    return session_from(row)


def find_session(db: Database, name: str) -> SessionRow | None:
    """Return the session of this name, or None; upper and lower case are equal."""
    wanted = wanted_name(name)
    row = db.row(f"SELECT * FROM sessions WHERE name = ? AND {SHOWN}", [wanted])
    if row is None:  # a name that is no text can still be used to delete its session
        shown = f"SELECT * FROM sessions WHERE typeof(name) != 'text' AND {SHOWN}"
        row = next((r for r in db.rows(shown) if plain_text(r["name"]) == wanted), None)
    return None if row is None else session_from(row)


def wanted_name(name: str) -> str:
    """Return a name that is looked for as names are stored."""
    # A name with lone surrogates cannot be stored, so no session has it.
    return unicodedata.normalize("NFC", name.strip()).encode("utf-8", "replace").decode()


_MATCHES = f"""
    {SHOWN} AND NOT EXISTS (
        SELECT 1 FROM json_each(:words) AS word
        WHERE NOT instr({SQL_FOLDED.format("sessions.name")}, word.value) AND NOT EXISTS (
            SELECT 1 FROM documents WHERE session_id = sessions.id
            AND (instr({SQL_FOLDED.format("documents.title")}, word.value)
                OR instr({SQL_FOLDED.format("coalesce(documents.shown_title, '')")}, word.value))))
"""


def _words(search: str) -> str:
    return to_json(unicodedata.normalize("NFC", search).casefold().split())


_SUMMARIES = f"""
    found AS (
        SELECT session_id, count(*) AS document_count,
            {SQL_TOTAL.format("tokens_read")} AS tokens_read,
            {SQL_TOTAL.format("token_count")} AS token_count,
            sum(state IN {states_sql(OPEN_STATES)}) AS open_count
        FROM documents WHERE session_id IN (SELECT id FROM listed) GROUP BY session_id
    )
    SELECT sessions.*, coalesce(found.document_count, 0) AS document_count,
        coalesce(found.tokens_read, 0) + (
            SELECT {SQL_TOTAL.format("max(0, read.value - documents.tokens_read)")}
            FROM json_each(:positions) AS read
            JOIN documents ON documents.id = CAST(read.key AS INTEGER)
            WHERE session_id = sessions.id
        ) AS tokens_read,
        coalesce(found.token_count, 0) AS token_count,
        coalesce(found.open_count, 0) AS open_count,
        (SELECT count(*) FROM checkpoints WHERE session_id = sessions.id) AS checkpoint_count
        {{also}}
    FROM listed JOIN sessions ON sessions.id = listed.id
    LEFT JOIN found ON found.session_id = sessions.id
    ORDER BY updated_at DESC, sessions.id DESC
"""


def list_sessions(
    db: Database,
    search: str = "",
    *,
    limit: int | None = None,
    positions: Mapping[int, int] | None = None,
) -> list[SessionSummary]:
    """Return sessions except re-readings and those in the trash, latest activity first.

    Args:
        search: return only sessions of which the name or a document's title contains each of these
            words.
        limit: return at most this many; None returns all.
        positions: how many tokens of documents were read, where that is newer than what is stored.
    """
    rows = db.rows(
        f"WITH listed AS (SELECT id FROM sessions WHERE {_MATCHES} "
        f"ORDER BY updated_at DESC, id DESC LIMIT :limit), {_SUMMARIES.format(also='')}",
        {
            "words": _words(search),
            "limit": -1 if limit is None else limit,
            "positions": to_json(dict(positions or {})),
        },
    )
    return [_summary(row) for row in rows]


def screen_of_sessions(
    db: Database, search: str, offset: int, size: int, positions: Mapping[int, int]
) -> Listing[SessionSummary]:
    """Return one screen of what `list_sessions` returns, in one statement.

    Args:
        offset: number of the first one to show, counted from 0; see `first_of_screen`.
        size: how many sessions a screen has.
        positions: see `list_sessions`.
    """
    rows = db.rows(
        f"""
        WITH matching AS MATERIALIZED (SELECT id, updated_at FROM sessions WHERE {_MATCHES}),
        listed AS (
            SELECT id FROM matching ORDER BY updated_at DESC, id DESC LIMIT :size
            OFFSET (SELECT min(max(0, :offset), (max(1, count(*)) - 1) / :size * :size)
                FROM matching)
        ),
        {_SUMMARIES.format(also=", (SELECT count(*) FROM matching) AS total")}
        """,
        {
            "words": _words(search),
            "offset": min(max(0, offset), _MAX_OFFSET),
            "size": size,
            "positions": to_json(dict(positions)),
        },
    )
    total = int(rows[0]["total"]) if rows else 0
    return Listing([_summary(row) for row in rows], first_of_screen(offset, size, total), total)


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
        {"words": _words(search), "name": wanted_name(name)},
    )
    return None if rank is None else int(rank)


def session_names(db: Database, beginning: str = "") -> list[str]:
    """Return the names of all sessions that begin so; upper and lower case are equal."""
    rows = db.rows(
        f"SELECT name FROM sessions WHERE {SHOWN} "
        f"AND substr({SQL_FOLDED.format('name')}, 1, length(:beginning)) = :beginning",
        {"beginning": unicodedata.normalize("NFC", storable(beginning)).casefold()},
    )
    return [plain_text(row["name"]) for row in rows]


def settings_in_use(db: Database) -> list[dict[str, Any]]:
    """Return the settings of all sessions that can be used and of re-readings, each once.

    Settings that cannot be read are left out.
    """
    rows = db.rows(
        "SELECT DISTINCT settings FROM sessions "
        "WHERE unfinished IS NULL AND id NOT IN (SELECT session_id FROM trash)"
    )
    found = []
    for row in rows:
        with contextlib.suppress(DamagedDatabase):
            found.append(object_from_json(row["settings"], "settings of a session"))
    return found


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
        refuse_taken_name(db, cleaned, except_id=session_id)
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
    """Set the time at which a person used the session last to now.

    What is read in the background does not: lists would move under the pointer.
    """
    db.execute("UPDATE sessions SET updated_at = ? WHERE id = ?", [now(), session_id])


def begin_generation(db: Database, session_id: int) -> None:
    """Note that what the session has read was undone or replaced, so that all its states reload."""
    db.execute("UPDATE sessions SET generation = generation + 1 WHERE id = ?", [session_id])


def check_generation(db: Database, session_id: int, generation: int) -> None:
    """Raise unless a state of this generation still holds.

    Raises:
        NotFound: the session does not exist.
        Outdated: what it has read was undone or replaced meanwhile.
    """
    row = get_session_by_id(db, session_id)
    if row.generation != generation:
        raise Outdated(
            f"The session {row.name!r} was changed by another Ammon, so its state is loaded again; "
            "nothing is lost."
        )


def refuse_taken_name(db: Database, name: str, except_id: int | None = None) -> None:
    """Raise if a session other than ``except_id`` has the name; upper and lower case are equal.

    Raises:
        AlreadyExists: another session has it.
    """
    row = db.row("SELECT id, name FROM sessions WHERE name = ?", [name])
    if row is not None and row["id"] != except_id:
        raise AlreadyExists(
            f"There is already a session named {row['name']!r}; choose another name, or delete "
            "that session."
        )
    rows = db.rows("SELECT id, name FROM sessions ORDER BY id")
    lookalike = find_lookalike(name, (row["name"] for row in rows if row["id"] != except_id))
    if lookalike is not None:
        raise AlreadyExists(
            f"The session name {with_unseen(name)} differs from {with_unseen(lookalike)}, which is "
            "another session, only in characters that are not seen; choose another name."
        )


def _summary(row: Row) -> SessionSummary:
    counts = ("document_count", "tokens_read", "checkpoint_count", "token_count", "open_count")
    return SessionSummary(session=session_from(row), **{name: row[name] for name in counts})


def session_from(row: Row) -> SessionRow:
    """Return the session of a row of the table."""
    return SessionRow(
        id=row["id"],
        name=plain_text(row["name"]),
        created_at=plain_text(row["created_at"]),
        updated_at=plain_text(row["updated_at"]),
        settings=readable_object(row["settings"]),
        rereads=whole_or_none(row["rereads"]),
        generation=whole(row["generation"]),
        kept_changes=whole(row["kept_changes"]),
    )


def _no_such_session(db: Database, wanted: str) -> str:
    found = db.rows(f"SELECT name FROM sessions WHERE {SHOWN} ORDER BY updated_at DESC")
    names = [plain_text(row["name"]) for row in found]
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
