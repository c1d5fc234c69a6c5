"""The reading worker, one step at a time, on sessions without a model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import storage
from app.errors import SessionBusy
from app.service.reading import worker as worker_module
from app.service.reading.job_queue import JobQueue
from app.service.reading.model_queue import ModelQueue
from app.service.reading.worker import ReadingWorker
from app.settings import Settings
from storage import Database
from tests.support.fake_sessions import FakeCache, add_document

CHUNK = 8
TEXT = "The lamp was lit by the keeper of the tower.\n"


class Reading:
    """A worker with its parts, and sessions of one document each."""

    def __init__(self, db: Database, folder: Path, **settings: int) -> None:
        self.db, self.jobs, self.cache = db, JobQueue(), FakeCache(db, CHUNK)
        options = Settings(data_dir=folder, **{"checkpoint_tokens": 32, **settings})
        self.worker = ReadingWorker(db, options, self.jobs, self.cache, ModelQueue())

    def add(self, name: str, text: str = TEXT) -> int:
        """A session with a document that waits to be read; its id."""
        row = storage.create_session(self.db, name, {})
        self.jobs.enqueue(add_document(self.db, row.id, text))
        return row.id

    def document(self, session_id: int) -> storage.DocumentRow:
        return storage.list_documents(self.db, session_id)[0]


@pytest.fixture
def reading(db: Database, tmp_path: Path) -> Callable[..., Reading]:
    return lambda **settings: Reading(db, tmp_path, **settings)


def test_a_step_reads_to_the_next_checkpoint_and_steps_read_everything(reading, db):
    r = reading()
    assert not r.worker.step(), "there is nothing to read"
    session_id = r.add("s")
    assert r.worker.step()
    document = r.document(session_id)
    assert (document.state, document.tokens_read, document.start_position) == ("reading", 32, 0)
    while r.worker.step():
        pass
    document = r.document(session_id)
    assert (document.state, document.tokens_read) == ("done", document.token_count)
    assert bytes(r.cache.opened[session_id].fed).decode() == f"\n\n# book\n\n{TEXT}"
    positions = [c.position for c in storage.list_checkpoints(db, session_id)]
    assert positions[0] == document.token_count and 32 in positions


def test_sessions_take_turns_and_a_slice_without_a_due_checkpoint_writes_none(reading, db):
    r = reading(slice_tokens=16, checkpoint_tokens=10**6)
    a, b = r.add("a"), r.add("b")
    for _ in range(4):
        r.worker.step()
    assert r.cache.slices == [a, b, a, b]
    assert [r.cache.opened[s].position for s in (a, b)] == [32, 32]
    assert storage.list_checkpoints(db, a) == []
    while r.worker.step():
        pass
    assert {r.document(s).state for s in (a, b)} == {"done"}


def test_alone_a_session_is_read_on_after_its_slice(reading):
    r = reading(slice_tokens=16, checkpoint_tokens=10**6)
    session_id = r.add("s")
    r.worker.step()
    assert r.document(session_id).state == "done" and r.cache.slices == [session_id]


def test_a_paused_document_is_saved_after_the_chunk_under_way(reading):
    r = reading()
    session_id = r.add("s")
    opened = r.cache.for_reading(session_id)
    opened.before_feed = lambda: r.jobs.pause(r.document(session_id))
    r.worker.step()
    document = r.document(session_id)
    assert (document.state, document.tokens_read) == ("paused", CHUNK)
    assert not r.worker.step()
    opened.before_feed = lambda: None
    storage.set_document_state(r.db, document.id, "queued")
    r.jobs.enqueue(r.document(session_id))
    while r.worker.step():
        pass
    assert r.document(session_id).state == "done"
    assert bytes(opened.fed).decode() == f"\n\n# book\n\n{TEXT}", "no token twice, none left out"


def test_a_stop_saves_what_was_read_and_leaves_the_document_to_be_resumed(reading):
    r = reading(checkpoint_tokens=10**6)
    session_id = r.add("s")
    r.cache.for_reading(session_id).before_feed = r.jobs.stop
    r.worker.step()
    assert (r.document(session_id).state, r.document(session_id).tokens_read) == ("reading", CHUNK)
    assert not r.worker.step()


def test_a_session_that_another_process_reads_is_tried_again(reading, monkeypatch):
    monkeypatch.setattr(worker_module, "BUSY_S", 0.0)
    r = reading()
    session_id = r.add("s")
    r.cache.error = SessionBusy("Another Ammon is reading this session.")
    assert r.worker.step()
    assert r.jobs.notice_of(session_id) == "Another Ammon is reading this session."
    assert r.jobs.is_in_reading(session_id)
    r.cache.error = None
    r.worker.step()
    assert r.jobs.notice_of(session_id) == "" and r.document(session_id).tokens_read == 32


def test_a_reading_that_fails_says_why_and_the_worker_reads_others(reading):
    r = reading()
    a, b = r.add("a"), r.add("b")

    def fail() -> None:
        raise storage.DiskFull("The disk is full.")

    r.cache.for_reading(a).before_feed = fail
    while r.worker.step():
        pass
    assert (r.document(a).state, r.document(a).error) == ("failed", "The disk is full.")
    assert r.jobs.notice_of(a) == "The disk is full." and r.jobs.notice_of(b) == ""
    assert r.document(b).state == "done"


def test_a_document_that_another_process_cancels_stays_cancelled_and_the_next_is_read(reading, db):
    r = reading()
    session_id = r.add("s")
    second = add_document(db, session_id, TEXT, "second")

    def cancel() -> None:
        storage.set_document_state(db, r.document(session_id).id, "cancelled")
        r.cache.for_reading(session_id).before_feed = lambda: None

    r.cache.for_reading(session_id).before_feed = cancel
    while r.worker.step():
        pass
    assert r.document(session_id).state == "cancelled"
    assert storage.get_document(db, second.id).state == "done"


def test_subscribers_hear_of_each_session_that_is_all_read(reading, monkeypatch):
    monkeypatch.setattr(worker_module, "BUSY_S", 0.0)
    r, heard = reading(checkpoint_tokens=10**6), []
    session_id = r.add("s")

    def all_read(session_id: int) -> None:
        heard.append(session_id)
        if len(heard) == 1:
            raise SessionBusy("Another Ammon is reading this session.")

    r.worker.subscribe(all_read)
    r.worker.step()
    assert r.document(session_id).state == "done" and heard == [session_id]
    r.worker.step()
    assert heard == [session_id, session_id], "the subscriber was busy and is called again"
    assert not r.worker.step() and r.jobs.notice_of(session_id) == ""


def test_progress_is_that_of_the_last_chunk_and_ends_with_the_document(reading):
    r, seen = reading(checkpoint_tokens=10**6), []
    session_id = r.add("s")
    document = r.document(session_id)
    r.cache.for_reading(session_id).before_feed = lambda: seen.append(
        r.jobs.progress_of(document).tokens_read
    )
    r.worker.step()
    assert seen[:3] == [0, CHUNK, 2 * CHUNK]
    assert r.jobs.progress_of(document) is None


def test_positions_are_newer_than_what_is_stored(reading):
    r, seen = reading(checkpoint_tokens=32), []
    session_id = r.add("s")
    r.cache.for_reading(session_id).before_feed = lambda: seen.append(
        (r.document(session_id).tokens_read, r.jobs.positions()[r.document(session_id).id])
    )
    while r.worker.step():
        pass
    assert seen[:6] == [(0, 0), (0, 8), (0, 16), (0, 24), (32, 32), (32, 40)]
    assert r.jobs.positions() == {}


def test_a_database_that_others_write_to_is_waited_for_and_fails_no_document(reading, monkeypatch):
    monkeypatch.setattr(worker_module, "BUSY_S", 0.0)
    r = reading()
    session_id = r.add("s")
    r.cache.error = storage.DatabaseLocked("It is locked by another program.")
    assert r.worker.step()
    assert (r.document(session_id).state, r.document(session_id).error) == ("queued", None)
    assert r.jobs.notice_of(session_id) == "It is locked by another program."
    r.cache.error = None
    while r.worker.step():
        pass
    assert r.document(session_id).state == "done" and r.jobs.notice_of(session_id) == ""
