"""Copies a session row by row under new ids, from an export or within one database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from storage.database import Database, Row
from storage.pages import insert_pages, read_page
from storage.segments import iter_segments
from storage.sessions import SessionRow, clean_session_name, create_session, get_session_by_id
from storage.values import list_from_json, object_from_json, to_json


def duplicate_session(db: Database, session_id: int, name: str) -> SessionRow:
    """Create a session with copies of another session's documents, messages and checkpoints.

    Pages are stored under their hash, so both sessions share them. In the copy a followed log is an
    ordinary document.

    Raises:
        NotFound: the session does not exist.
        AlreadyExists: another session has the name.
        ValueError: the name is not a valid session name.
    """
    return copy_session(db, get_session_by_id(db, session_id), db, name)


def copy_session(source: Database, theirs: SessionRow, db: Database, name: str) -> SessionRow:
    """Copy a session from one database to another, or within one, completely or not at all.

    The search index is not copied: a search in the copy builds what it lacks.

    Args:
        source: the database of the session to copy.
        theirs: the session to copy.
        db: the database of the copy; it may be the source.
        name: the name of the copy.

    Raises:
        AlreadyExists: another session has the name.
        DamagedPage: the bytes of a page do not have its hash.
        ValueError: the name is not a valid session name.
    """
    with db.transaction():
        session = create_session(db, clean_session_name(name), theirs.settings)
        documents, segments = _copy_documents(source, theirs.id, db, session.id)
        for row in source.rows(
            "SELECT * FROM messages WHERE session_id = ? ORDER BY id", [theirs.id]
        ):
            row.pop("id")
            insert_row(db, "messages", _renumbered(row, session.id, documents, segments))
        _copy_checkpoints(source, theirs.id, db, session.id, documents)
        return get_session_by_id(db, session.id)


def insert_row(db: Database, table: str, row: Mapping[str, Any]) -> int:
    """Insert a row given as values by column name; return its id."""
    columns, marks = ", ".join(row), ", ".join("?" * len(row))
    return db.insert(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(row.values()))


def _copy_documents(
    source: Database, theirs: int, db: Database, ours: int
) -> tuple[dict[int, int], dict[int, int]]:
    """Copy documents with their segments; return the new ids of both by the old ids."""
    documents: dict[int, int] = {}
    segments: dict[int, int] = {}
    rows = source.rows("SELECT * FROM documents WHERE session_id = ? ORDER BY ordinal", [theirs])
    for row in rows:
        # The path of a file has no meaning on another machine.
        path = row["source_path"] if source is db else None
        changed = {"session_id": ours, "source_path": path, "replaces": None}
        old = row["id"]
        columns = {name: value for name, value in row.items() if name != "id"}
        documents[old] = insert_row(db, "documents", {**columns, **changed})
        for segment in iter_segments(source, old):
            copied = {**asdict(segment), "document_id": documents[old]}
            del copied["id"]
            segments[segment.id] = insert_row(db, "segments", copied)
    for row in rows:
        if row["replaces"] is not None:
            pair = [documents.get(row["replaces"]), documents[row["id"]]]
            db.execute("UPDATE documents SET replaces = ? WHERE id = ?", pair)
    return documents, segments


def _copy_checkpoints(
    source: Database, theirs: int, db: Database, ours: int, documents: Mapping[int, int]
) -> None:
    rows = source.rows("SELECT * FROM checkpoints WHERE session_id = ? ORDER BY id", [theirs])
    for row in rows:
        old, document = row.pop("id"), documents.get(row["document_id"])
        new = insert_row(db, "checkpoints", {**row, "session_id": ours, "document_id": document})
        links = source.rows("SELECT hash FROM checkpoint_pages WHERE checkpoint_id = ?", [old])
        for link in links:
            if source is not db:
                insert_pages(db, {link["hash"]: read_page(source, link["hash"])})
            insert_row(db, "checkpoint_pages", {"checkpoint_id": new, "hash": link["hash"]})


def _renumbered(
    row: Row, session_id: int, documents: Mapping[int, int], segments: Mapping[int, int]
) -> Row:
    """Return a message whose citations refer to the copied rows."""

    def renumber(citations: list[Any]) -> list[Any]:
        kept = []
        for citation in citations:
            if isinstance(citation, dict):
                numbers = {
                    "document_id": documents.get(citation.get("document_id", -1)),
                    "segment_id": segments.get(citation.get("segment_id", -1)),
                }
                citation = {**citation, **{k: v for k, v in numbers.items() if k in citation}}
            kept.append(citation)
        return kept

    details = object_from_json(row["details"], "a message's details")
    if isinstance(details.get("passages"), list):
        details["passages"] = renumber(details["passages"])
    citations = renumber(list_from_json(row["citations"], "a message's citations"))
    changed = {"citations": to_json(citations), "details": to_json(details)}
    return {**row, **changed, "session_id": session_id}
