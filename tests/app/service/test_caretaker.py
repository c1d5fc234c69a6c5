"""The caretaker: what is being read with nobody at work is taken up, and nothing else is."""

from types import SimpleNamespace

import pytest

import storage
from app.service.caretaker import Caretaker
from app.service.reading.job_queue import JobQueue
from tests.support.fake_sessions import add_document


class Locks:
    """Says of which sessions another process holds the lock."""

    def __init__(self):
        self.held = set()

    def seems_held(self, session_id):
        return session_id in self.held


@pytest.fixture
def context():
    with storage.Database(":memory:") as db:
        yield SimpleNamespace(db=db, jobs=JobQueue(), locks=Locks(), indexing_locks=Locks())


def reading_document(db, name="s"):
    document = add_document(db, storage.create_session(db, name, {}).id, "The lamp was lit.", name)
    return storage.set_document_state(db, document.id, storage.DocumentState.READING)


def test_a_document_without_any_change_is_taken_up(context):
    document = reading_document(context.db)
    caretaker = Caretaker(context, abandoned_s=0.0)
    caretaker.look()
    assert context.jobs.take_to_read() is None, "somebody may have just begun"
    storage.set_start_position(context.db, document.id, 0)
    caretaker.look()
    assert context.jobs.take_to_read().session_id == document.session_id


def test_a_document_that_somebody_reads_or_indexes_is_left_alone(context):
    read, indexed, moving, trashed = [reading_document(context.db, n) for n in "abcd"]
    context.locks.held.add(read.session_id)
    context.indexing_locks.held.add(indexed.session_id)
    storage.trash_session(context.db, trashed.session_id)
    caretaker = Caretaker(context, abandoned_s=0.0)
    for tokens in (1, 2, 3):
        storage.save_checkpoint(
            context.db,
            moving.session_id,
            position=tokens,
            manifest={},
            pages={},
            page_hashes=[],
            document_id=moving.id,
            document_tokens=tokens,
        )
        caretaker.look()
    assert context.jobs.take_to_read() is None
    caretaker.look()
    assert context.jobs.take_to_read().session_id == moving.session_id


def test_documents_behind_a_stopped_one_are_left_alone(context):
    db, first = context.db, reading_document(context.db)
    storage.save_checkpoint(
        db,
        first.session_id,
        position=1,
        manifest={},
        pages={},
        page_hashes=[],
        document_id=first.id,
        document_tokens=1,
        document_state=storage.DocumentState.PAUSED,
    )
    add_document(db, first.session_id, "Another text.", "other")
    caretaker = Caretaker(context, abandoned_s=0.0)
    caretaker.look()
    caretaker.look()
    assert context.jobs.take_to_read() is None


def test_a_look_asks_once_for_each_session_however_many_documents_wait(context):
    db, asked = context.db, []
    document = reading_document(db)
    for number in range(50):
        add_document(db, document.session_id, "Another text.", f"other {number}")
    context.locks.seems_held = lambda session_id: asked.append(session_id)
    Caretaker(context, abandoned_s=60.0).look()
    assert asked == [document.session_id]
