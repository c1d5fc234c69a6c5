"""Twenty sessions read and asked at once: nothing lost, nothing mixed, memory within bounds."""

import threading
from contextlib import contextmanager

import pytest

import storage
from app.service import Done, Queued, Retrieved
from benchmarks.load import drive, name_of, write_texts
from tests.support.service import same_bits, state_of, wait_until_read

SESSIONS, ASKERS, QUESTIONS = 20, 4, 24
WINDOW = 1000
BUDGET_BYTES = 1_500_000
TIMEOUT_S = 120


@pytest.fixture
def service(make_service):
    return make_service(window=WINDOW, session_cache_bytes=BUDGET_BYTES, slice_tokens=512)


@pytest.fixture
def texts(tmp_path):
    return write_texts(tmp_path, SESSIONS)


def test_twenty_sessions_end_as_if_each_had_been_alone(service, texts):
    figures = drive(service, texts, ASKERS, QUESTIONS)
    assert len(figures.answers) == QUESTIONS and all(a.answer_tokens for _, a in figures.answers)
    assert 0 < figures.max_bytes <= BUDGET_BYTES
    held = [service.context.cache.peek(service.sessions.get(f"s{n}").id) for n in range(SESSIONS)]
    assert None in held, "the budget is so small that sessions have to be parked"
    for number in range(SESSIONS):
        name = f"s{number}"
        (status,) = service.documents.list(name)
        assert (status.document.state, status.document.error) == ("done", None)
        told = service.questions.messages(name)
        asked = [n for n in range(QUESTIONS) if n % SESSIONS == number]
        assert [m.role for m in told] == ["user", "assistant"] * len(asked)
        assert all(name_of(number) in m.text for m in told if m.role == "user")
        passages = [p for m in told for p in m.details.get("passages", [])]
        assert {p["document_id"] for p in passages} <= {status.document.id}
    for number in (0, 7, SESSIONS - 1):
        service.sessions.create(f"lone {number}")
        service.documents.add(f"lone {number}", texts[number])
        wait_until_read(service, f"lone {number}")
        same_bits(state_of(service, f"s{number}"), state_of(service, f"lone {number}"))
    assert service.db.integrity_check() == []


def test_an_answer_waits_for_no_reading_but_the_chunk_under_way(service, texts, monkeypatch):
    queue, chunks, is_queued = service.context.queue, [], threading.Event()
    reading, answering = queue.reading, queue.answering

    @contextmanager
    def counted():
        with reading():
            chunks.append(1)
            if len(chunks) == 10:  # the question comes while this chunk is under way
                assert is_queued.wait(TIMEOUT_S)
            yield

    @contextmanager
    def noted():
        with answering() as ticket:
            is_queued.set()
            yield ticket

    monkeypatch.setattr(queue, "reading", counted)
    monkeypatch.setattr(queue, "answering", noted)
    for number, text in enumerate(texts):
        service.sessions.create(f"s{number}")
        service.documents.add(f"s{number}", text)
    service.start()
    last = service.sessions.get(f"s{SESSIONS - 1}").id
    while storage.next_document_to_read(service.db, last) is None or len(chunks) < 10:
        pass
    events = service.questions.ask(f"s{SESSIONS - 1}", "What was lit?")
    first = next(event for event in events if not isinstance(event, Queued))
    assert isinstance(first, Retrieved) and len(chunks) == 10
    *_, last = events
    assert isinstance(last, Done) and len(chunks) == 10, "an answer keeps the model to its end"
    assert any(summary.open_count for summary in service.sessions.list())


def test_a_short_note_is_read_before_a_long_book_ends(service, texts, monkeypatch):
    """Though the book came first; and its reading ends in the bits of one without a break."""
    reading, waits, ended = service.context.queue.reading, threading.Event(), []

    @contextmanager
    def waiting():
        if storage.get_document(service.db, book.id).tokens_read:
            assert waits.wait(TIMEOUT_S)  # else the book ends while the note is still opened
        with reading():
            yield

    service.sessions.create("book")
    service.sessions.create("note")
    book = service.documents.add("book", texts[-1])
    monkeypatch.setattr(service.context.queue, "reading", waiting)
    service.context.worker.subscribe(ended.append)  # looked at from here, one might be missed
    service.start()
    while not service.documents.list("book")[0].tokens_read:
        pass
    note = service.documents.add("note", texts[0])
    while not service.context.jobs.is_in_reading(note.session_id):
        pass
    waits.set()
    wait_until_read(service, "book")
    wait_until_read(service, "note")
    assert ended[0] == note.session_id
    service.sessions.create("lone")
    service.documents.add("lone", texts[-1])
    wait_until_read(service, "lone")
    same_bits(state_of(service, "book"), state_of(service, "lone"))
