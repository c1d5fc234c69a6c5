"""Commands in two processes at once on one data directory: both do their work, nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

import storage
from app.service.reading.locks import SessionLocks
from tests.support.commands import Commands
from tests.support.paths import DATA
from tests.support.service import state_of, wait_until_read

TEXT = DATA / "two_destinies.txt"
PATIENCE_S = 120.0


@pytest.fixture
def commands(tmp_path: Path, tiny_dir: Path) -> Callable[[str], Commands]:
    """Make processes that write what they say to files of different names."""
    return lambda name: Commands(tmp_path / "data", tmp_path / name, tiny_dir)


def wait_for(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.005)


def test_two_readings_into_one_new_session_read_each_text_once(commands, tmp_path):
    one, two = commands("one"), commands("two")
    other = tmp_path / "note.txt"
    other.write_text("The lamp was lit. " * 200)
    children = [
        one.start("read", TEXT, other, "--session", "new"),
        two.start("read", TEXT, "--session", "new"),
    ]
    for child, process in zip(children, (one, two), strict=True):
        child.join(PATIENCE_S)
        assert child.exitcode == 0, process.said()
    with storage.Database(one.database) as db:
        assert db.integrity_check() == []
        (summary,) = storage.list_sessions(db)
        documents = storage.list_documents(db, summary.session.id)
        assert sorted(d.file_name for d in documents) == ["note.txt", TEXT.name]
        for document in documents:
            assert (document.state, document.tokens_read) == ("done", document.token_count)
            segments = list(storage.iter_segments(db, document.id))
            assert [s.ordinal for s in segments] == list(range(document.segment_count))
            assert segments[-1].token_start + segments[-1].token_count == document.token_count


def test_a_session_that_is_renamed_while_it_is_read_is_read_to_its_end(commands):
    reading, renaming = commands("reading"), commands("renaming")
    child = reading.start("read", TEXT, "--session", "old")
    wait_for(reading.database.exists)
    with storage.Database(reading.database) as db:
        wait_for(lambda: [s for s in storage.list_sessions(db) if s.document_count])
        (summary,) = storage.list_sessions(db)
        storage.rename_session(db, summary.session.id, "new")
        child.join(PATIENCE_S)
        assert child.exitcode == 0, reading.said()
        (summary,) = storage.list_sessions(db)
        assert summary.session.name == "new"
        assert summary.tokens_read == summary.token_count > 0
    assert renaming.run("rename", "new", "last").returncode == 0


def test_a_document_that_a_command_removes_is_forgotten_by_the_process_that_holds_the_session(
    make_service, launch, book
):
    service = make_service()
    service.start()
    service.sessions.create("s")
    document = service.documents.add("s", book)
    wait_until_read(service, "s")
    row = service.sessions.get("s")
    with service.context.queue.reading():
        assert service.context.cache.get(row.id).position > 1000
    done = launch("remove", "s", document.title)
    assert done.returncode == 0, done.stderr
    with service.context.queue.reading():
        assert service.context.cache.get(row.id).position < 500
    service.documents.add("s", book)
    wait_until_read(service, "s")
    (status,) = service.documents.list("s")
    assert (status.document.state, status.document.error) == ("done", None)
    service.sessions.create("lone")
    service.documents.add("lone", book)
    wait_until_read(service, "lone")
    assert state_of(service, "s").position == state_of(service, "lone").position


def test_what_a_killed_process_was_reading_is_taken_up_by_a_server_that_runs(
    make_service, commands, book
):
    server = make_service(abandoned_s=0.2)
    server.start()
    dying = commands("dying")
    child = dying.start("read", TEXT, "--session", "s")
    wait_for(lambda: [s for s in server.sessions.list() if s.document_count])
    child.kill()
    child.join()
    wait_until_read(server, "s", PATIENCE_S)
    assert [s.document.state for s in server.documents.list("s")] == ["done"]


def test_a_trash_that_another_process_restored_from_is_not_emptied_of_that(make_service, book):
    service, other = make_service(), make_service()
    service.sessions.create("s")
    service.documents.add("s", book)
    service.trash.put("s")
    (trashed,) = service.trash.list()
    other.trash.restore(trashed.session_id)
    service.trash._delete(trashed)  # as a sweep does that listed it before
    assert [s.session.name for s in service.sessions.list()] == ["s"]
    assert len(list(service.settings.files_dir.iterdir())) == 1


def test_while_another_process_indexes_a_session_its_documents_wait_and_none_fails(
    make_service, book
):
    service = make_service()
    service.sessions.create("s")
    document = service.documents.add("s", book)
    with SessionLocks(service.settings.locks_dir / "indexing").held(document.session_id):
        assert service.context.indexer.step()
        (status,) = service.documents.list("s")
        assert (status.document.state, status.document.error) == ("indexing", None)
        assert service.sessions.is_at_work("s")
    service.start_reading()
    wait_until_read(service, "s")
