"""Documents of a session: what they are, in which state, and how far each was read.

Knows counts of tokens, not the text: that is in the segments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.database import Database, Row
from storage.document_state import STALLED_STATES, DocumentState, states_sql
from storage.errors import DamagedDatabase, NotFound, StorageError
from storage.sessions import get_session_by_id, touch_session
from storage.values import list_from_json, now, storable, to_json

_VACUUM_PAGES = 65_536  # 256 MiB: bounds how long a deletion keeps the disk busy


@dataclass(frozen=True)
class DocumentRow:
    """One document; times are ISO 8601 in UTC.

    ``unit_count`` counts what ``unit_name`` says (pages, chapters, lines). ``start_position`` is
    where in the session's stream its first token stands, None before it is reached.
    ``notes`` are sentences of the reader, such as which pages had no text.
    ``tokens_read`` counts this document's tokens and is durable: it moves with the checkpoints.
    ``source_path`` is where the file lay on this machine, None where that is not known.
    ``version`` and ``replaces`` are explained in `versions`.
    """

    id: int
    session_id: int
    ordinal: int
    title: str
    kind: str
    file_name: str
    sha256: str
    byte_count: int
    state: DocumentState
    error: str | None
    unit_count: int | None
    unit_name: str
    segment_count: int
    token_count: int | None
    start_position: int | None
    tokens_read: int
    created_at: str
    finished_at: str | None
    notes: list[str]
    source_path: str | None = None
    version: int = 1
    replaces: int | None = None


def add_document(
    db: Database,
    session_id: int,
    *,
    title: str,
    kind: str,
    file_name: str,
    sha256: str,
    byte_count: int,
    source_path: str | None = None,
    version: int = 1,
    replaces: int | None = None,
) -> DocumentRow:
    """Put a document, still without text, behind the others of its session.

    Its state is 'indexing'; ordinals count from 1.

    Raises:
        NotFound: there is no such session.
    """
    with db.transaction():
        get_session_by_id(db, session_id)
        document_id = db.insert(
            "INSERT INTO documents (session_id, ordinal, title, kind, file_name, sha256, "
            "byte_count, state, created_at, source_path, version, replaces) "
            "VALUES (?, (SELECT coalesce(max(ordinal), 0) + 1 "
            "FROM documents WHERE session_id = ?), ?, ?, ?, ?, ?, 'indexing', ?, ?, ?, ?)",
            [session_id, session_id, storable(title), kind, storable(file_name)]
            + [sha256, byte_count, now()]
            + [None if source_path is None else storable(source_path), version, replaces],
        )
        touch_session(db, session_id)
        return get_document(db, document_id)


def finish_indexing(
    db: Database,
    document_id: int,
    *,
    token_count: int,
    unit_count: int | None,
    unit_name: str,
    notes: Sequence[str] = (),
) -> DocumentRow:
    """Note that all segments are there: the document is 'queued' for reading.

    Raises:
        NotFound: there is no such document.
    """
    with db.transaction():
        document = get_document(db, document_id)
        document.state.check(DocumentState.QUEUED, document.title)
        db.execute(
            "UPDATE documents SET token_count = ?, unit_count = ?, unit_name = ?, error = NULL, "
            "notes = ?, state = 'queued' WHERE id = ?",
            [token_count, unit_count, storable(unit_name), to_json(list(notes)), document_id],
        )
        return get_document(db, document_id)


def reset_indexing(db: Database, document_id: int) -> DocumentRow:
    """Drop the segments of an interrupted indexing, so that it can start again.

    Raises:
        NotFound: there is no such document.
        StorageError: a part of it was already read, and would no longer be what was read.
    """
    with db.transaction():
        document = get_document(db, document_id)
        if document.tokens_read > 0:
            raise StorageError(
                f"The document {document.title!r} was already read up to token "
                f"{document.tokens_read}; delete it and add it again instead of indexing it anew."
            )
        document.state.check(DocumentState.INDEXING, document.title)
        db.execute("DELETE FROM segments WHERE document_id = ?", [document_id])
        db.execute(
            "UPDATE documents SET state = 'indexing', error = NULL, segment_count = 0, "
            "token_count = NULL, unit_count = NULL, unit_name = '', notes = '[]', "
            "finished_at = NULL "
            "WHERE id = ?",
            [document_id],
        )
        return get_document(db, document_id)


def set_document_state(
    db: Database, document_id: int, state: DocumentState, error: str | None = None
) -> DocumentRow:
    """Set the state and the error that explains it; the time of 'done' is kept as finished_at.

    Raises:
        NotFound: there is no such document.
        IllegalTransition: its present state does not allow that.
        ValueError: ``state`` is text that names no state.
    """
    new = DocumentState(state)
    with db.transaction():
        document = get_document(db, document_id)
        document.state.check(new, document.title)
        db.execute(
            "UPDATE documents SET state = ?, error = ?, finished_at = CASE WHEN ? = 'done' "
            "THEN coalesce(finished_at, ?) END WHERE id = ?",
            [new, None if error is None else storable(error), new, now(), document_id],
        )
        return get_document(db, document_id)


def set_start_position(db: Database, document_id: int, position: int | None) -> DocumentRow:
    """Note where in the session's stream the first token of the document stands.

    Raises:
        NotFound: there is no such document.
    """
    with db.transaction():
        db.execute("UPDATE documents SET start_position = ? WHERE id = ?", [position, document_id])
        return get_document(db, document_id)


def get_document(db: Database, document_id: int) -> DocumentRow:
    """The document of this id.

    Raises:
        NotFound: there is none.
    """
    row = db.row("SELECT * FROM documents WHERE id = ?", [document_id])
    if row is None:
        raise NotFound(
            f"There is no document number {document_id} in {db.path}; it may have been deleted."
        )
    return _document(row)


def list_documents(db: Database, session_id: int) -> list[DocumentRow]:
    """The documents of a session in the order in which they are read."""
    rows = db.rows("SELECT * FROM documents WHERE session_id = ? ORDER BY ordinal", [session_id])
    return [_document(row) for row in rows]


def find_by_hash(db: Database, session_id: int, sha256: str) -> DocumentRow | None:
    """The newest document of the session whose file has this hash."""
    row = db.row(
        "SELECT * FROM documents WHERE session_id = ? AND sha256 = ? ORDER BY ordinal DESC LIMIT 1",
        [session_id, sha256],
    )
    return None if row is None else _document(row)


def kept_hashes(db: Database) -> set[str]:
    """The sha256 of the files that documents name, those of hidden sessions too."""
    return {row["sha256"] for row in db.rows("SELECT DISTINCT sha256 FROM documents")}


def file_bytes(db: Database, session_id: int) -> int:
    """Bytes of the files that the session's documents name, each counted once."""
    return int(
        db.value(
            "SELECT coalesce(sum(byte_count), 0) FROM (SELECT DISTINCT sha256, byte_count "
            "FROM documents WHERE session_id = ?)",
            [session_id],
        )
    )


def next_document_to_read(db: Database, session_id: int) -> DocumentRow | None:
    """The document of the session that is being read, else the first that waits to be.

    None while one stands still half-read: its rest belongs right behind what was read of it, so
    the others wait until it is resumed, cancelled or removed.
    """
    if find_stalled_document(db, session_id) is not None:
        return None
    row = db.row(
        "SELECT * FROM documents WHERE session_id = ? AND state IN ('reading', 'queued') "
        "ORDER BY tokens_read > 0 DESC, state = 'reading' DESC, ordinal LIMIT 1",
        [session_id],
    )
    return None if row is None else _document(row)


def find_stalled_document(db: Database, session_id: int) -> DocumentRow | None:
    """The document of the session that stands still half-read, paused or failed."""
    row = db.row(
        "SELECT * FROM documents WHERE session_id = ? AND tokens_read > 0 "
        f"AND state IN {states_sql(STALLED_STATES)} ORDER BY ordinal LIMIT 1",
        [session_id],
    )
    return None if row is None else _document(row)


def delete_document(db: Database, document_id: int) -> None:
    """Delete a document with its segments; checkpoints that stand in it stay, without it.

    What replaced it replaces from now on what it had replaced.

    Raises:
        NotFound: there is no such document.
    """
    with db.transaction():
        document = get_document(db, document_id)
        db.execute(
            "UPDATE documents SET replaces = ? WHERE replaces = ?", [document.replaces, document_id]
        )
        db.execute("DELETE FROM documents WHERE id = ?", [document_id])
    db.incremental_vacuum(_VACUUM_PAGES)


def stored_state(value: str, document_id: int) -> DocumentState:
    """The state that a row holds.

    Raises:
        DamagedDatabase: the row holds something else.
    """
    try:
        return DocumentState(value)
    except ValueError as error:
        raise DamagedDatabase(
            f"The database holds no readable state of document number {document_id}; restore it "
            "from a backup."
        ) from error


def _document(row: Row) -> DocumentRow:
    notes = list_from_json(row["notes"], "a document's notes")
    return DocumentRow(**{**row, "state": stored_state(row["state"], row["id"]), "notes": notes})
