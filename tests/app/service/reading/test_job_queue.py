"""The job queue: order, one document per session at a time, pauses, and sessions dropped."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

import storage
from app.service.reading.job_queue import JobQueue
from storage import Database, DocumentRow


@pytest.fixture
def documents(db: Database) -> dict[str, DocumentRow]:
    """Documents a1, a2 of one session and b1 of another, none of them indexed."""
    found = {}
    for session, count in (("a", 2), ("b", 1)):
        row = storage.create_session(db, session, {})
        for number in range(1, count + 1):
            name = f"{session}{number}"
            found[name] = storage.add_document(
                db, row.id, title=name, kind="text", file_name=name, sha256=name, byte_count=1
            )
    return found


def indexed(document: DocumentRow) -> DocumentRow:
    return replace(document, state="queued")


def start_thread(target) -> threading.Thread:
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    return thread


def test_one_document_of_each_session_is_indexed_at_a_time_in_their_order(documents):
    jobs = JobQueue()
    for name in ("a1", "a2", "b1"):
        jobs.enqueue(documents[name])
    first = jobs.take_to_index()
    second = jobs.take_to_index()
    assert [first[1], second[1]] == [documents["a1"].id, documents["b1"].id]
    assert jobs.take_to_index() is None
    jobs.end_indexing(first[0], is_indexed=True)
    assert jobs.take_to_index()[1] == documents["a2"].id


def test_an_indexed_document_is_read_and_a_failed_one_is_not(documents):
    jobs = JobQueue()
    for name in ("a1", "b1"):
        jobs.enqueue(documents[name])
    (a, *_), (b, *_) = jobs.take_to_index(), jobs.take_to_index()
    jobs.end_indexing(b, is_indexed=False)
    assert jobs.take_to_read() is None
    jobs.end_indexing(a, is_indexed=True)
    assert jobs.take_to_read() is a


def test_a_password_is_handed_out_once(documents):
    jobs = JobQueue()
    jobs.enqueue(documents["a1"], password="open")
    job, _, password = jobs.take_to_index()
    assert password == "open" and not job.passwords
    jobs.end_indexing(job, is_indexed=False)
    jobs.enqueue(documents["a1"])
    assert jobs.take_to_index()[2] is None


def test_sessions_are_read_in_turn_while_they_have_more(documents):
    jobs = JobQueue()
    for name in ("a1", "b1"):
        jobs.enqueue(indexed(documents[name]))
    order = []
    for _ in range(4):
        job = jobs.take_to_read()
        assert jobs.others_wait(job)
        order.append(job.session_id)
        jobs.end_reading(job, has_more=True)
    a, b = documents["a1"].session_id, documents["b1"].session_id
    assert order == [a, b, a, b]


def test_a_paused_document_interrupts_the_reading_and_its_session_is_next(documents):
    jobs = JobQueue()
    for name in ("b1", "a1"):
        jobs.enqueue(indexed(documents[name]))
    paused = documents["a1"]
    jobs.pause(paused)
    job = jobs.take_to_read()
    assert job.session_id == paused.session_id and jobs.is_interrupted(job, paused.id)
    assert not jobs.is_interrupted(job, documents["a2"].id)
    jobs.enqueue(indexed(paused))
    assert not jobs.is_interrupted(job, paused.id), "to enqueue it again ends the pause"


def test_a_dropped_session_is_left_by_its_threads_before_the_drop_returns(documents):
    jobs = JobQueue()
    jobs.enqueue(documents["a1"])
    jobs.enqueue(indexed(documents["a2"]))
    indexing, _, _ = jobs.take_to_index()
    reading = jobs.take_to_read()
    assert reading is indexing
    dropping = start_thread(lambda: jobs.drop(documents["a1"].session_id))
    while not reading.cancel.is_cancelled:
        pass
    assert jobs.is_interrupted(reading, documents["a2"].id)
    jobs.end_reading(reading, has_more=True)
    dropping.join(0.1)
    assert dropping.is_alive(), "its document is still being indexed"
    jobs.end_indexing(indexing, is_indexed=True)
    dropping.join(10)
    assert not dropping.is_alive() and not jobs.is_active(documents["a1"].session_id)


def test_what_is_added_during_a_drop_begins_after_it(documents):
    jobs = JobQueue()
    jobs.enqueue(indexed(documents["a1"]))
    reading = jobs.take_to_read()
    dropping = start_thread(lambda: jobs.drop(reading.session_id))
    while not reading.cancel.is_cancelled:
        pass
    jobs.enqueue(documents["a2"])
    jobs.enqueue(indexed(documents["a1"]))
    assert jobs.take_to_index() is None
    jobs.end_reading(reading, has_more=True)
    dropping.join(10)
    job, document_id, _ = jobs.take_to_index()
    assert document_id == documents["a2"].id and job is not reading
    assert jobs.take_to_read() is job and not job.cancel.is_cancelled


def test_a_session_is_active_from_its_first_document_to_the_end_of_its_last_slice(documents):
    jobs, session_id = JobQueue(), documents["a1"].session_id
    assert not jobs.is_active(session_id)
    jobs.enqueue(documents["a1"])
    assert jobs.is_active(session_id) and not jobs.is_in_reading(session_id)
    job, _, _ = jobs.take_to_index()
    assert jobs.is_active(session_id)
    jobs.end_indexing(job, is_indexed=True)
    assert jobs.is_active(session_id) and jobs.is_in_reading(session_id)
    jobs.take_to_read()
    assert jobs.is_active(session_id) and jobs.is_in_reading(session_id)
    jobs.end_reading(job, has_more=False)
    assert not jobs.is_active(session_id) and not jobs.is_active(documents["b1"].session_id)


def test_waiting_threads_are_woken_by_work_and_ended_by_stop(documents):
    jobs, found = JobQueue(), []
    waiting = start_thread(lambda: found.append(jobs.wait_to_read()))
    jobs.enqueue(indexed(documents["a1"]))
    waiting.join(10)
    assert found == [True]
    waiting = start_thread(lambda: found.append(jobs.wait_to_index()))
    jobs.stop()
    waiting.join(10)
    assert found == [True, False]
    job = jobs.take_to_read()
    jobs.end_reading(job, has_more=True)
    assert jobs.take_to_read() is None, "nothing is queued again once the threads are to end"
