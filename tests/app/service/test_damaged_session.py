"""One session whose rows hold nonsense: the others, the start and its deletion do not suffer.

The rows are written past the program's own checks, as a damaged disk, another program or an older
version that checked less could have left them.
"""

from __future__ import annotations

import contextlib
import sqlite3
from contextlib import closing

import pytest

import storage
from app.service import Service, final_answer
from storage import DocumentState
from tests.support.service import wait_until_read

LARGEST = "9223372036854775807"
NONSENSE = (LARGEST, f"-{LARGEST}", "'nonsense'", "''", "x'00ff'", "1e300", "9e999", "NULL", "'[['")
KEPT = ("id", "session_id", "document_id", "checkpoint_id", "hash", "rereads", "unfinished")
"""Columns by which rows belong to each other; what a wrong one loses is another matter."""


@pytest.fixture
def two_sessions(make_service, tmp_path):
    """A service on two sessions, of which "bad" has a row in every table that a session can fill.

    The other one, "good", has the same documents, of which nothing is read yet.
    """
    service = make_service()
    notes = [tmp_path / "parrot.txt", tmp_path / "lamp.txt"]
    for note in notes:
        text = f"The harbour master kept a grey {note.stem}.\n"
        note.write_text(text, encoding="utf-8")
    for name in ("bad", "good"):
        service.sessions.create(name)
        for note in notes:
            service.documents.add(name, note)
            service.context.indexer.step()
        storage.add_message(
            service.db, service.sessions.get(name).id, role="user", text="?", position=1
        )
    service.context.worker.step()
    assert storage.list_checkpoints(service.db, service.sessions.get("bad").id)
    return service


def columns(db: storage.Database) -> list[tuple[str, str]]:
    tables = ("sessions", "documents", "segments", "messages", "checkpoints", "pages", "speeds")
    found = [(t, r["name"]) for t in tables for r in db.rows(f"PRAGMA table_info({t})")]
    return [(table, column) for table, column in found if column not in KEPT]


def rows_of_bad(table: str) -> str:
    session = "(SELECT min(id) FROM sessions)"
    return {
        "sessions": f"id = {session}",
        "segments": f"document_id IN (SELECT id FROM documents WHERE session_id = {session})",
        "pages": "hash IN (SELECT hash FROM checkpoint_pages JOIN checkpoints ON "
        f"checkpoints.id = checkpoint_id WHERE session_id = {session})",
    }.get(table, f"session_id = {session}")


class Undo(Exception):
    """Ends a transaction so that nothing of it stays."""


def test_whatever_the_rows_of_one_session_hold_all_are_listed_and_it_is_deleted(two_sessions):
    service = two_sessions
    bad = service.sessions.get("bad").id
    service.db.execute("PRAGMA ignore_check_constraints = ON")
    tried = 0
    for table, column in columns(service.db):
        for value in NONSENSE:
            change = f"UPDATE {table} SET {column} = {value} WHERE {rows_of_bad(table)}"
            with contextlib.suppress(Undo), service.db.transaction():
                try:
                    service.db.execute(change)
                except storage.StorageError:
                    continue  # NOT NULL and UNIQUE are kept by any program
                check_lists_and_delete(service, bad, change)
                tried += 1
                raise Undo
    assert tried > 300


def check_lists_and_delete(service: Service, bad: int, change: str) -> None:
    listed = service.sessions.list(sizes=True)
    assert bad in [s.session.id for s in listed], change
    (good,) = (s for s in listed if s.session.name == "good")
    assert (good.document_count, good.checkpoint_count) == (2, 0), change
    assert service.sessions.list("no such words") == [], change
    states = [document.state for document in storage.list_documents(service.db, bad)]
    assert all(isinstance(state, DocumentState) for state in states), change
    storage.list_checkpoints(service.db, bad)
    storage.list_speeds(service.db, bad, limit=9)
    service.context.unload_unused_models()
    check_screens(service, bad, change)
    storage.delete_session(service.db, bad)
    assert [s.session.name for s in storage.list_sessions(service.db)] == ["good"], change


def check_screens(service: Service, bad: int, change: str) -> None:
    assert service.sessions.listing("GOOD").total == 1, change
    assert service.sessions.listing().total == 2, change
    assert service.sessions.names("goo") == ["good"], change
    assert service.sessions.rank("good") in (0, 1), change
    assert service.sessions.newest() in [s.session.name for s in service.sessions.list()], change
    titles = [status.document.title for status in service.documents.listing(bad).rows]
    assert sorted(titles) == sorted(service.documents.titles(bad).values()), change
    assert service.documents.listing(bad, "no such words", None).total == 0, change
    assert service.documents.token_total(bad) >= 0 or LARGEST in change, change
    assert service.questions.find_message(bad, "no such words") is None, change
    counts = storage.manifest_numbers(service.db, bad, ("tokens_seen", "flops"), 5)
    assert all(type(count) is int for pair in counts for count in pair), change
    assert {d.session_id for d in storage.open_documents(service.db)} <= {
        s.session.id for s in service.sessions.list()
    }, change


BAD_ROWS = {
    "tokens": f"UPDATE documents SET tokens_read = {LARGEST}, token_count = {LARGEST}",
    "sizes": f"UPDATE documents SET byte_count = {LARGEST}",
    "settings": "UPDATE sessions SET settings = '[]'",
    "no settings": "UPDATE sessions SET settings = '{}'",
    "deep settings": f"UPDATE sessions SET settings = '{'[' * 100_000}'",
    "types of settings": "UPDATE sessions SET settings = json_set(settings, '$.options.model', 7)",
    "chunks": "UPDATE sessions SET settings = json_set(settings, '$.chunk_tokens', 0)",
    "state": "UPDATE documents SET state = 'unknown'",
    "notes": "UPDATE documents SET notes = '{'",
    "name": "UPDATE sessions SET name = CAST(name AS BLOB)",
    "pages": f"UPDATE pages SET byte_count = {LARGEST}",
}


@pytest.mark.parametrize("change", BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_service_starts_on_a_bad_session_reads_the_others_and_deletes_it(
    two_sessions, make_service, change
):
    service = two_sessions
    file = service.settings.database_path
    service.close()
    with closing(sqlite3.connect(file, isolation_level=None)) as raw:
        raw.execute("PRAGMA ignore_check_constraints = ON")
        (table,) = (t for t in ("documents", "sessions", "pages") if f"UPDATE {t}" in change)
        raw.execute(f"{change} WHERE {rows_of_bad(table)}")
    service = make_service()
    service.start()
    names = [summary.session.name for summary in service.sessions.list(sizes=True)]
    assert sorted(names) == ["bad", "good"]
    wait_until_read(service, "good")
    assert [s.document.state for s in service.documents.list("good")] == ["done"] * 2
    assert final_answer(service.questions.ask("good", "Who kept a grey parrot?")).text
    service.sessions.delete("bad")
    assert [s.session.name for s in service.sessions.list()] == ["good"]
    assert service.db.integrity_check() == []


def test_a_time_in_the_trash_that_is_none_keeps_no_server_from_starting(two_sessions, make_service):
    service = two_sessions
    service.trash.put("bad")
    service.db.execute("UPDATE trash SET trashed_at = 'yesterday'")
    service.close()
    service = make_service()
    service.start()
    (trashed,) = service.trash.list()
    assert service.trash.restore(trashed.session_id).name == "bad"
