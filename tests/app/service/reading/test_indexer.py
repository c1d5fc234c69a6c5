"""The indexer, one step at a time, with a function in the place of the library's."""

from __future__ import annotations

import time

import pytest

import storage
from app.service.reading import indexer as indexer_file
from app.service.reading import job_queue as queue_module
from app.service.reading.indexer import Indexer
from app.service.reading.job_queue import JobQueue
from ingest import IngestError
from storage import Database, DocumentRow


@pytest.fixture
def document(db: Database) -> DocumentRow:
    row = storage.create_session(db, "s", {})
    return storage.add_document(
        db, row.id, title="t", kind="text", file_name="t", sha256="t", byte_count=1
    )


def test_a_step_indexes_the_next_document_and_queues_its_session(db, document):
    jobs, calls = JobQueue(), []

    def index(row, is_cancelled, password, report):
        calls.append((row.id, is_cancelled(), password))
        return True

    indexer = Indexer(db, jobs, index)
    assert not indexer.step(), "there is nothing to index"
    jobs.enqueue(document, password="open")
    assert indexer.step() and not indexer.step()
    assert calls == [(document.id, False, "open")]
    assert jobs.take_to_read().session_id == document.session_id


def test_a_document_that_cannot_be_indexed_fails_with_the_reason(db, document):
    jobs = JobQueue()

    def index(row, is_cancelled, password, report):
        raise IngestError("It is damaged.")

    jobs.enqueue(document)
    assert Indexer(db, jobs, index).step()
    stored = storage.get_document(db, document.id)
    assert (stored.state, stored.error) == ("failed", "It is damaged.")
    assert jobs.take_to_read() is None and not jobs.is_active(document.session_id)


def test_a_fault_of_the_program_ends_the_document_and_not_the_thread(db, document):
    jobs = JobQueue()
    jobs.enqueue(document)
    assert Indexer(db, jobs, lambda *_: 1 // 0).step()
    assert storage.get_document(db, document.id).state == "failed"


def test_indexing_is_cancelled_by_a_stop_and_nothing_of_it_is_queued(db, document):
    jobs, seen = JobQueue(), []

    def index(row, is_cancelled, password, report):
        jobs.stop()
        seen.append(is_cancelled())
        return not is_cancelled()

    jobs.enqueue(document)
    Indexer(db, jobs, index).step()
    assert seen == [True] and jobs.take_to_read() is None
    assert storage.get_document(db, document.id).state == "indexing"


def test_a_document_queued_twice_is_indexed_once(db, document):
    jobs, calls = JobQueue(), []

    def index(row, is_cancelled, password, report):
        jobs.enqueue(document)  # the same file was added again meanwhile
        storage.finish_indexing(db, row.id, token_count=1, unit_count=1, unit_name="line", notes=[])
        calls.append(row.id)
        return True

    indexer = Indexer(db, jobs, index)
    jobs.enqueue(document)
    assert indexer.step() and indexer.step() and not indexer.step()
    assert calls == [document.id]
    assert storage.get_document(db, document.id).state == "queued"
    assert jobs.take_to_read().session_id == document.session_id


@pytest.fixture
def idle_for_hours(monkeypatch):
    monkeypatch.setattr(indexer_file, "_SEARCH_INDEX_POLL_S", 3600.0)


def test_an_idle_indexer_is_woken_by_what_was_copied_and_ends_at_once(db, document, idle_for_hours):
    jobs, asked = JobQueue(), []
    indexer = Indexer(db, jobs, lambda *_: True)
    indexer.start()
    try:
        storage.add_segments(
            db, document.id, [storage.NewSegment("the whale", "p", "page", 1, 1, 0, 1)]
        )
        time.sleep(0.2)  # so that it idles; if it does not yet, the test proves less
        storage.duplicate_session(db, document.session_id, "copy")
        indexer.wake()
        asked.append(_is_complete_within(db, 20))
    finally:
        jobs.stop()
        asked.append(indexer.join(20))
    assert asked == [True, True]


def _is_complete_within(db, seconds):
    deadline = time.monotonic() + seconds
    while storage.lacks_segments(db) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not storage.lacks_segments(db)


def test_what_an_older_version_stored_is_indexed_in_the_background(db, document):
    texts = ["the white whale", "the ship"]
    storage.add_segments(
        db, document.id, [storage.NewSegment(text, "p", "page", 1, 1, 0, 1) for text in texts]
    )
    db.execute("DELETE FROM segment_tokens")
    db.execute("INSERT INTO segments_to_index SELECT document_id, id FROM segments")
    jobs = JobQueue()
    indexer = Indexer(db, jobs, lambda *_: True)
    indexer.start()
    try:
        deadline = time.monotonic() + 20
        while storage.lacks_segments(db) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert storage.index_state(db) == storage.IndexState(2, 2)
    finally:
        jobs.stop()
        assert indexer.join(20)


def test_a_database_that_others_write_to_is_no_fault_of_the_document(db, document):
    jobs, attempts = JobQueue(), []

    def index(row, is_cancelled, password, report):
        attempts.append(password)
        if len(attempts) == 1:
            raise storage.DatabaseLocked("It is locked by another program.")
        return True

    jobs.enqueue(document, password="open")
    indexer = Indexer(db, jobs, index)
    assert indexer.step()
    stored = storage.get_document(db, document.id)
    assert (stored.state, stored.error) == ("indexing", None)
    assert jobs.notice_of(document.session_id) == "It is locked by another program."
    assert not indexer.step(), "it waits a moment"
    assert jobs.wait_to_index() and indexer.step()
    assert attempts == ["open", "open"] and jobs.take_to_read() is not None


def test_a_document_that_takes_long_makes_room_and_is_indexed_later(db, monkeypatch):
    monkeypatch.setattr(queue_module, "MAX_LONG", 1)
    monkeypatch.setattr(queue_module, "MAX_SHORT", 1)
    jobs, ended = JobQueue(long_s=0.0), []
    for name in ("huge", "large", "small"):
        row = storage.create_session(db, name, {})
        jobs.enqueue(
            storage.add_document(
                db, row.id, title=name, kind="text", file_name=name, sha256=name, byte_count=1
            )
        )

    def index(row, is_stopped, password, report):
        if row.title == "small":
            ended.append(row.title)
            return True
        if is_stopped():
            ended.append(f"{row.title} made room")
            return False
        while row.title == "huge" and Indexer(db, jobs, index).step():
            pass  # another thread indexes meanwhile
        ended.append(row.title)
        return True

    while Indexer(db, jobs, index).step():
        pass
    assert ended == ["large made room", "small", "huge", "large"]
