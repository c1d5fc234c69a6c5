"""Documents of a session: what each is, its state, and how far it was read.

This file knows counts of tokens, not the text: the text is in the segments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from storage.database import Database, Row
from storage.deletion import delete_hidden_sessions, new_hidden_session
from storage.document_state import OPEN_STATES, STALLED_STATES, DocumentState, states_sql
from storage.errors import AlreadyExists, DamagedDatabase, NotFound, StorageError
from storage.kept_notes import forget_document
from storage.messages import erase_quotations
from storage.names import find_lookalike, with_unseen
from storage.sessions import get_session_by_id, touch_session
from storage.values import (
    SQL_TOTAL,
    now,
    plain_text,
    readable_list,
    storable,
    text_or_none,
    to_json,
    whole,
    whole_or_none,
)

_BATCH_SEGMENTS = 500


@dataclass(frozen=True)
class DocumentRow:
    """One document; times are ISO 8601 in UTC.

    ``ordinal`` counts the documents of the session from 1 in reading order. ``unit_count`` is the
    number of its units, and ``unit_name`` says what they are (page, chapter, line).
    ``segment_count`` and ``token_count`` are of the stored text; ``token_count`` is None until
    indexing has finished. ``start_position`` is the position of its first token in the session's
    stream, None before that token is read. ``tokens_read`` is how many of its tokens the newest
    checkpoint has read. ``notes`` are sentences about its text, such as which pages had none.
    ``error`` is the sentence that explains a failed state. ``source_path`` is the path from which
    the file was read on this machine, None where it is unknown. ``version`` is the number of the
    file's version, and ``replaces`` is the id of the document that this one replaces, or None.
    ``encoding`` is that of a text as a person named it, None where it is detected. ``title`` is the
    one in the session's stream. ``own_title`` is that of the document as its file states it, of
    which ``title`` was made, None where that is the file's name; ``shown_title`` is the one that a
    person chose for it, or None. ``is_asked`` says whether the page asks it, as it does
    until a person leaves it out.
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
    encoding: str | None = None
    own_title: str | None = None
    shown_title: str | None = None
    is_asked: bool = True


class DocumentKey(NamedTuple):
    """What tells a document apart from the others of its session; see `DocumentRow`.

    A session's ten thousand keys are read in hundredths of a second, its rows in tenths.
    """

    id: int
    ordinal: int
    title: str
    file_name: str
    sha256: str
    source_path: str | None
    version: int
    replaces: int | None
    encoding: str | None
    start_position: int | None
    own_title: str | None = None
    shown_title: str | None = None


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
    encoding: str | None = None,
    own_title: str | None = None,
    shown_title: str | None = None,
) -> DocumentRow:
    """Add a document without text after the other documents of its session.

    Its state is 'indexing'.

    Args:
        kind: of the reader that reads the file, such as 'pdf'.
        sha256: of the file, in hexadecimal digits.
        byte_count: the size of the file.
        source_path: the path of the file, None where it is unknown.
        version: the number of the file's version, from 1.
        replaces: the id of the document that this one replaces.
        encoding: of a text, if a person named it.
        own_title: of which the title was made, if that is not the file's name.
        shown_title: that a person chose for the earlier versions.

    Raises:
        NotFound: the session does not exist.
        AlreadyExists: the name of another file differs only in characters that are not seen.
    """
    with db.transaction():
        get_session_by_id(db, session_id)
        _refuse_lookalike(db, session_id, file_name)
        document_id = db.insert(
            "INSERT INTO documents (session_id, ordinal, title, kind, file_name, sha256, "
            "byte_count, state, created_at, source_path, version, replaces, encoding, own_title, "
            "shown_title) VALUES (?, (SELECT coalesce(max(ordinal), 0) + 1 FROM documents "
            "WHERE session_id = ?), ?, ?, ?, ?, ?, 'indexing', ?, ?, ?, ?, ?, ?, ?)",
            [session_id, session_id, storable(title), kind, storable(file_name)]
            + [sha256, byte_count, now()]
            + [None if source_path is None else storable(source_path), version, replaces]
            + [encoding]
            + [None if text is None else storable(text) for text in (own_title, shown_title)],
        )
        touch_session(db, session_id)
        return get_document(db, document_id)


def _refuse_lookalike(db: Database, session_id: int, file_name: str) -> None:
    rows = db.rows("SELECT DISTINCT file_name FROM documents WHERE session_id = ?", [session_id])
    lookalike = find_lookalike(file_name, (row["file_name"] for row in rows))
    if lookalike is not None:
        raise AlreadyExists(
            f"The file name {with_unseen(file_name)} differs from {with_unseen(lookalike)}, which "
            "the session has, only in characters that are not seen; rename the file."
        )


def finish_indexing(
    db: Database,
    document_id: int,
    *,
    token_count: int,
    unit_count: int | None,
    unit_name: str,
    notes: Sequence[str] = (),
) -> DocumentRow:
    """Mark a document whose segments are all stored as 'queued' for reading.

    Args:
        token_count: of the whole document, its introduction included.
        unit_count: how many pages, chapters or lines it has, None where that is unknown.
        unit_name: what the units are.
        notes: sentences for the user about its text.

    Raises:
        NotFound: the document does not exist.
        IllegalTransition: its present state does not allow 'queued'.
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
    """Delete the segments of an interrupted indexing, so that indexing can start again.

    Raises:
        NotFound: the document does not exist.
        StorageError: a part of it was already read, and other segments might replace that part.
        IllegalTransition: its present state does not allow 'indexing'.
    """
    with db.transaction():
        document = get_document(db, document_id)
        if document.tokens_read > 0:
            raise StorageError(
                f"The document {document.title!r} was already read up to token "
                f"{document.tokens_read}, so it cannot be indexed again; delete it, then add it "
                "again."
            )
        document.state.check(DocumentState.INDEXING, document.title)
        db.execute(
            "UPDATE documents SET state = 'indexing', error = NULL, segment_count = 0, "
            "token_count = NULL, unit_count = NULL, unit_name = '', notes = '[]', "
            "finished_at = NULL "
            "WHERE id = ?",
            [document_id],
        )
    # Not in the transaction: a long document has many, and each leaves the search index.
    while db.execute(
        "DELETE FROM segments WHERE id IN (SELECT id FROM segments WHERE document_id = ? LIMIT ?)",
        [document_id, _BATCH_SEGMENTS],
    ):
        db.pause()
    return get_document(db, document_id)


def set_document_state(
    db: Database, document_id: int, state: DocumentState, error: str | None = None
) -> DocumentRow:
    """Set the state of a document and the error that explains it.

    A document that becomes 'done' gets the present time as ``finished_at``; any other state clears
    that time.

    Args:
        error: a sentence for the user; None clears the error.

    Raises:
        NotFound: the document does not exist.
        IllegalTransition: its present state does not allow the new one.
        ValueError: ``state`` is not one of the states.
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
    """Store the position of the document's first token in the session's stream.

    Raises:
        NotFound: the document does not exist.
    """
    with db.transaction():
        db.execute("UPDATE documents SET start_position = ? WHERE id = ?", [position, document_id])
        return get_document(db, document_id)


def set_shown_title(db: Database, document_ids: Sequence[int], title: str | None) -> None:
    """Store the title that a person chose for documents; None: they are shown as they were.

    The title in the session's stream stays.
    """
    db.execute(
        "UPDATE documents SET shown_title = ? WHERE id IN (SELECT value FROM json_each(?))",
        [None if title is None else storable(title), to_json(list(document_ids))],
    )


class AskedCount(NamedTuple):
    """How many documents of a session are asked, and how many it has."""

    asked: int
    total: int


def set_asked(
    db: Database, session_id: int, is_asked: bool, document_ids: Sequence[int] | None = None
) -> None:
    """Store whether documents of a session are among those that are asked.

    Args:
        document_ids: those of other sessions are left as they are; None: all of the session.
    """
    db.execute(
        "UPDATE documents SET is_asked = :asked WHERE session_id = :session AND is_asked != :asked "
        "AND (:ids IS NULL OR id IN (SELECT value FROM json_each(:ids)))",
        {
            "asked": int(is_asked),
            "session": session_id,
            "ids": None if document_ids is None else to_json(list(document_ids)),
        },
    )


def count_asked(db: Database, session_id: int) -> AskedCount:
    """Return how many documents of a session are asked, and how many it has."""
    ((total, left_out),) = db.tuples(
        "SELECT (SELECT count(*) FROM documents WHERE session_id = :session), "
        "(SELECT count(*) FROM documents WHERE session_id = :session AND is_asked = 0)",
        {"session": session_id},
    )
    return AskedCount(int(total) - int(left_out), int(total))


def asked_documents(db: Database, session_id: int) -> list[int]:
    """Return the ids of the documents of a session that are asked, in reading order."""
    found = db.tuples(
        "SELECT id FROM documents WHERE session_id = ? AND is_asked = 1 ORDER BY ordinal",
        [session_id],
    )
    return [int(document_id) for (document_id,) in found]


def get_document(db: Database, document_id: int) -> DocumentRow:
    """Return the document with this id.

    Raises:
        NotFound: the document does not exist.
    """
    row = db.row("SELECT * FROM documents WHERE id = ?", [document_id])
    if row is None:
        raise NotFound(
            f"There is no document number {document_id} in {db.path}; it may have been deleted."
        )
    return document_from(row)


def list_documents(db: Database, session_id: int) -> list[DocumentRow]:
    """Return the documents of a session in reading order."""
    rows = db.rows("SELECT * FROM documents WHERE session_id = ? ORDER BY ordinal", [session_id])
    return [document_from(row) for row in rows]


def kinds_of_documents(db: Database, session_id: int) -> dict[int, str]:
    """Return the kind of each document of a session, by its id."""
    found = db.tuples("SELECT id, kind FROM documents WHERE session_id = ?", [session_id])
    return {document_id: plain_text(kind) for document_id, kind in found}


def list_keys(db: Database, session_id: int) -> list[DocumentKey]:
    """Return what tells the documents of a session apart, in reading order."""
    columns = ", ".join(DocumentKey._fields)
    found = db.tuples(
        f"SELECT {columns} FROM documents WHERE session_id = ? ORDER BY ordinal", [session_id]
    )
    return [_key(*values) for values in found]


def get_documents(db: Database, document_ids: Sequence[int]) -> list[DocumentRow]:
    """Return the documents with these ids, those that exist, in reading order."""
    rows = db.rows(
        "SELECT * FROM documents WHERE id IN (SELECT value FROM json_each(?)) "
        "ORDER BY session_id, ordinal",
        [to_json(list(document_ids))],
    )
    return [document_from(row) for row in rows]


def open_documents(db: Database) -> list[DocumentRow]:
    """Return the documents to be worked on of all sessions and re-readings, session by session.

    Those of sessions in the trash are left out, and so are those of their re-readings.
    """
    rows = db.rows(
        f"""
        SELECT documents.* FROM documents JOIN sessions ON sessions.id = session_id
        WHERE state IN {states_sql(OPEN_STATES)} AND unfinished IS NULL
        AND coalesce(rereads, session_id) NOT IN (SELECT session_id FROM trash)
        ORDER BY rereads IS NOT NULL, sessions.updated_at DESC, session_id DESC, ordinal
        """
    )
    return [document_from(row) for row in rows]


def find_open_document(db: Database, session_id: int) -> int | None:
    """Return the id of the first document of a session that is to be worked on, or None."""
    found = db.value(
        f"SELECT id FROM documents WHERE session_id = ? AND state IN {states_sql(OPEN_STATES)} "
        "ORDER BY ordinal LIMIT 1",
        [session_id],
    )
    return None if found is None else int(found)


def has_documents(db: Database, session_id: int) -> bool:
    """Return whether a session has any document."""
    return db.value("SELECT 1 FROM documents WHERE session_id = ? LIMIT 1", [session_id]) == 1


class TokenCounts(NamedTuple):
    """How many tokens the indexed documents of a session have, and how many were read.

    ``is_complete`` says whether all documents are indexed.
    """

    in_documents: int
    read: int
    is_complete: bool


def count_tokens(db: Database, session_id: int) -> TokenCounts:
    """Return how many tokens the documents of a session have."""
    ((total, read, unknown),) = db.tuples(
        f"SELECT {SQL_TOTAL.format('token_count')}, {SQL_TOTAL.format('tokens_read')}, "
        "coalesce(sum(token_count IS NULL), 0) FROM documents WHERE session_id = ?",
        [session_id],
    )
    return TokenCounts(int(total), int(read), not unknown)


def find_by_hash(db: Database, session_id: int, sha256: str) -> DocumentRow | None:
    """Return the last document of the session whose file has this sha256, or None."""
    row = db.row(
        "SELECT * FROM documents WHERE session_id = ? AND sha256 = ? ORDER BY ordinal DESC LIMIT 1",
        [session_id, sha256],
    )
    return None if row is None else document_from(row)


def kept_hashes(db: Database) -> set[str]:
    """Return the sha256 of every file that a document of any session names.

    Sessions in the trash and re-readings count, too.
    """
    rows = db.rows("SELECT DISTINCT sha256 FROM documents")
    return {plain_text(row["sha256"]) for row in rows}


def file_bytes(db: Database, session_id: int) -> int:
    """Return how many bytes the files of the session's documents have, each file counted once."""
    return int(
        db.value(
            f"SELECT {SQL_TOTAL.format('byte_count')} FROM (SELECT DISTINCT sha256, byte_count "
            "FROM documents WHERE session_id = ?)",
            [session_id],
        )
    )


def next_document_to_read(db: Database, session_id: int) -> DocumentRow | None:
    """Return the document of the session that is to be read next, or None.

    A document that was begun comes first, then the others in their order. While a document that was
    read in part is paused or failed, there is none: its remaining tokens must directly follow those
    that were read, so the others wait until it is resumed, cancelled or removed.
    """
    if find_stalled_document(db, session_id) is not None:
        return None
    row = db.row(
        "SELECT * FROM documents WHERE session_id = ? AND state IN ('reading', 'queued') "
        "ORDER BY tokens_read > 0 DESC, state = 'reading' DESC, ordinal LIMIT 1",
        [session_id],
    )
    return None if row is None else document_from(row)


def find_stalled_document(db: Database, session_id: int) -> DocumentRow | None:
    """Return the document that was read in part and is paused or failed, or None.

    It blocks the other documents of the session.
    """
    row = db.row(
        "SELECT * FROM documents WHERE session_id = ? AND tokens_read > 0 "
        f"AND state IN {states_sql(STALLED_STATES)} ORDER BY ordinal LIMIT 1",
        [session_id],
    )
    return None if row is None else document_from(row)


def delete_document(db: Database, document_id: int, *, only_unread: bool = False) -> bool:
    """Delete a document with its segments.

    Checkpoints that were taken inside the document stay, without the reference to it. The document
    that replaced this one now replaces the one that this one had replaced. Messages and
    kept notes no longer quote its passages; what was answered stays.

    Args:
        only_unread: leave it if a token of it was read.

    Returns:
        False if it was left.

    Raises:
        NotFound: the document does not exist.
    """
    with db.transaction():
        if only_unread and get_document(db, document_id).tokens_read > 0:
            return False
        hide_document(db, document_id)
    delete_hidden_sessions(db)
    return True


def hide_document(db: Database, document_id: int) -> None:
    """Move a document to a hidden session, to be deleted; call this in a transaction.

    Raises:
        NotFound: the document does not exist.
    """
    document = get_document(db, document_id)
    erase_quotations(db, document.session_id, document_id)
    forget_document(db, document.session_id, document_id)
    db.execute(
        "UPDATE documents SET replaces = ? WHERE replaces = ?", [document.replaces, document_id]
    )
    db.execute("UPDATE checkpoints SET document_id = NULL WHERE document_id = ?", [document_id])
    db.execute(
        "UPDATE documents SET session_id = ?, replaces = NULL WHERE id = ?",
        [new_hidden_session(db), document_id],
    )


def stored_state(value: str, document_id: int) -> DocumentState:
    """Return the state that the text of a row stands for.

    Args:
        value: the column ``state``.
        document_id: for the message.

    Raises:
        DamagedDatabase: the text is not one of the states.
    """
    try:
        return DocumentState(value)
    except ValueError as error:
        raise DamagedDatabase(
            f"The database holds no readable state of document number {document_id}; restore it "
            "from a backup."
        ) from error


_TEXTS = ("title", "kind", "file_name", "sha256", "unit_name", "created_at")
_COUNTS = ("ordinal", "byte_count", "segment_count", "tokens_read", "version")
_COUNTS_OR_NONE = ("unit_count", "token_count", "start_position", "replaces")
_TEXTS_OR_NONE = (
    *("error", "finished_at", "source_path", "encoding"),
    *("own_title", "shown_title"),
)


def _key(document_id: int, *values: Any) -> DocumentKey:
    """The key of a document from the other columns; see `document_from`."""
    ordinal, title, name, sha256, path, version, replaces, encoding, start, own, shown = values
    return DocumentKey(
        document_id,
        whole(ordinal),
        plain_text(title),
        plain_text(name),
        plain_text(sha256),
        text_or_none(path),
        whole(version),
        whole_or_none(replaces),
        text_or_none(encoding),
        whole_or_none(start),
        text_or_none(own),
        text_or_none(shown),
    )


def document_from(row: Row) -> DocumentRow:
    """The document of a row; one that cannot be read is a failed one, so that it can be deleted."""
    readable: Row = {name: plain_text(row[name]) for name in _TEXTS}
    readable |= {name: whole(row[name]) for name in _COUNTS}
    readable |= {name: whole_or_none(row[name]) for name in _COUNTS_OR_NONE}
    readable |= {name: text_or_none(row[name]) for name in _TEXTS_OR_NONE}
    readable["is_asked"] = bool(whole(row["is_asked"]))
    readable["notes"] = list(map(str, readable_list(row["notes"])))
    try:
        readable["state"] = stored_state(row["state"], row["id"])
    except DamagedDatabase as error:
        readable |= {"state": DocumentState.FAILED, "error": str(error)}
    return DocumentRow(**{**row, **readable})
