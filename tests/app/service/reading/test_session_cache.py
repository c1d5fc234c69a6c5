"""The session cache through the whole stack: evicted without loss, restored on demand."""

import threading
from dataclasses import replace

import pytest

import storage
from app.errors import TooManyQuestions
from app.service import Done, Queued, Retrieved
from app.service import context as context_module
from app.service.reading.locks import SessionLocks
from app.settings import session_cache_bytes
from storage import DiskFull
from tests.support.service import same_bits, state_of, wait_until_read


@pytest.fixture
def other(tmp_path, book):
    path = tmp_path / "other.txt"
    path.write_text(book.read_text().replace("keeper", "warden"))
    return path


def read(service, name, path):
    service.sessions.ensure(name)
    return service.documents.add(name, path)


def test_the_budget_is_read_from_the_environment(monkeypatch):
    assert session_cache_bytes() == 2 << 30
    monkeypatch.setenv("AMMON_LIVE_MEMORY", "3GB")
    assert session_cache_bytes() == 3 * 10**9
    monkeypatch.setenv("AMMON_LIVE_MEMORY", "lots")
    with pytest.raises(ValueError, match="AMMON_LIVE_MEMORY takes a size"):
        session_cache_bytes()


def test_without_room_for_two_sessions_each_is_evicted_in_turn_and_nothing_is_lost(
    make_service, book, other
):
    service = make_service(session_cache_bytes=1, slice_tokens=256, checkpoint_tokens=10**6)
    read(service, "a", book)
    read(service, "b", other)
    # Both are indexed before either is read: else one may be read to its end, alone in memory,
    # while the other is still being indexed.
    service.context.indexer.step()
    service.context.indexer.step()
    service.start_reading()
    wait_until_read(service, "a")
    wait_until_read(service, "b")
    for name in ("a", "b"):  # each was saved whenever the other had its turn, after every slice
        total = service.documents.list(name)[0].document.token_count
        saved = [c.document_tokens for c in reversed(service.sessions.checkpoints(name))]
        assert saved == [*range(256, total, 256), total]
    roomy = make_service()
    roomy.start()
    for name, path in (("lone a", book), ("lone b", other)):
        read(roomy, name, path)
        wait_until_read(roomy, name)
        same_bits(state_of(roomy, name), state_of(service, name.removeprefix("lone ")))


def test_a_session_that_cannot_be_saved_is_not_evicted(make_service, book, other, monkeypatch):
    service = make_service(slice_tokens=256, checkpoint_tokens=10**6)
    read(service, "a", book)
    service.start_reading()
    wait_until_read(service, "a")
    live = service.context.cache.peek(service.sessions.get("a").id)
    with service.context.queue.reading():
        live.session.feed([65] * 10, logits=None)
    tight = replace(service.settings, session_cache_bytes=1)
    monkeypatch.setattr(service.context.cache, "_settings", tight)
    with monkeypatch.context() as full:
        full.setattr("app.service.reading.open_session.storage.save_checkpoint", _disk_full)
        with service.context.queue.reading():
            service.context.cache.make_room(0)
    assert service.context.cache.peek(live.row.id) is live and live.is_ahead
    with service.context.queue.reading():
        service.context.cache.make_room(0)
    assert service.context.cache.peek(live.row.id) is None
    assert service.sessions.checkpoints("a")[0].position == live.position


def _disk_full(*_args, **_options):
    raise DiskFull("The disk is full.")


def test_between_its_slices_a_session_is_locked_against_other_processes(make_service, book, other):
    service = make_service(slice_tokens=256, checkpoint_tokens=10**6)
    first, second = read(service, "a", book), read(service, "b", other)
    service.context.indexer.step()
    service.context.indexer.step()
    service.context.worker.step()
    row = service.sessions.get("a")
    assert service.context.cache.peek(row.id).is_ahead
    with pytest.raises(Exception, match="is reading this session"):
        with SessionLocks(service.settings.locks_dir).held(row.id):
            pass
    assert storage.get_document(service.db, first.id).tokens_read == 0
    service.stop_reading()  # saves what was read
    assert storage.get_document(service.db, first.id).tokens_read == 256
    assert storage.get_document(service.db, second.id).tokens_read == 0
    with SessionLocks(service.settings.locks_dir).held(row.id):
        pass


def test_a_note_does_not_wait_while_a_long_book_is_indexed(make_service, book, other, monkeypatch):
    service, may_end = make_service(), threading.Event()
    index = context_module.index_document

    def slow(db, files, processes, row, *rest):
        if row.title == "lighthouse":
            may_end.wait(60)
        return index(db, files, processes, row, *rest)

    monkeypatch.setattr(context_module, "index_document", slow)
    long_one = read(service, "a", book)
    behind = read(service, "a", other)
    note = read(service, "b", other)
    service.start_reading()
    wait_until_read(service, "b")
    states = [storage.get_document(service.db, d.id).state for d in (long_one, behind, note)]
    assert states == ["indexing", "indexing", "done"]
    may_end.set()
    wait_until_read(service, "a")
    first, second = (d.document for d in service.documents.list("a"))
    assert first.start_position < second.start_position


def test_an_answer_closed_at_any_step_frees_the_model_and_stores_nothing(make_service, book):
    service = make_service()
    read(service, "s", book)
    service.start_reading()
    wait_until_read(service, "s")
    steps = len(list(service.questions.ask("s", "Who kept a parrot?")))
    told = len(service.questions.messages("s"))
    assert steps > 4
    for step in range(steps - 1):
        answers = service.questions.ask("s", "Who kept a parrot?")
        for _ in range(step + 1):
            next(answers)
        answers.close()
        with service.context.queue.reading():
            pass
    assert len(service.questions.messages("s")) == told
    *_, last = service.questions.ask("s", "Who kept a parrot?", "line 60")
    assert isinstance(last, Done)


def test_a_waiting_question_has_its_queue_position_and_can_leave(make_service, book):
    service = make_service(max_waiting_questions=1)
    read(service, "s", book)
    service.start_reading()
    wait_until_read(service, "s")
    answered, waiting = service.questions.ask("s", "Who?"), service.questions.ask("s", "What?")
    assert isinstance(next(answered), Retrieved)
    assert next(waiting) == Queued(1)
    with pytest.raises(TooManyQuestions):
        next(service.questions.ask("s", "Where?"))
    waiting.close()
    third = service.questions.ask("s", "Where?")
    assert next(third) == Queued(1)
    answered.close()
    first, *_, last = third
    assert isinstance(first, Retrieved) and isinstance(last, Done)
