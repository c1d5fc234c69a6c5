"""Answers in the making: watched by many, stopped by anyone, made to their end without watchers."""

import threading

import pytest

from app.errors import AlreadyAnswering, BadQuestion
from tests.app.conftest import wait_until_read


@pytest.fixture
def service(make_service, book):
    service = make_service(max_answer_tokens=60)
    service.reader.start()
    service.create_session("s")
    service.add_document("s", book)
    wait_until_read(service, "s")
    return service


def wait_until_none(service):
    while service.pending_answer("s") is not None:
        threading.Event().wait(0.01)


def test_everyone_who_watches_sees_it_grow_to_the_same_end(service):
    pending = service.begin_answer("s", "What is the parrot called?")
    ends = []
    threads = [
        threading.Thread(target=lambda: ends.append(list(pending.watch())[-1])) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [end.is_done for end in ends] == [True] * 3
    (stored,) = [m for m in service.messages("s") if m.role == "assistant"]
    assert {end.text for end in ends} == {stored.text}
    assert list(pending.watch())[-1].text == stored.text, "who comes late sees the end"
    assert service.pending_answer("s") is None


def test_nobody_has_to_watch(service):
    service.begin_answer("s", "What is the parrot called?")
    wait_until_none(service)
    assert [m.role for m in service.messages("s")] == ["user", "assistant"]


def test_a_session_answers_one_question_at_a_time_and_another_session_waits_in_line(service, book):
    service.create_session("other")
    service.add_document("other", book)
    wait_until_read(service, "other")
    first = service.begin_answer("s", "What is the parrot called?")
    with pytest.raises(AlreadyAnswering, match="wait for the answer or stop it"):
        service.begin_answer("s", "And the keeper?")
    second = service.begin_answer("other", "What is the parrot called?")
    assert service.pending_answer("s") is first and service.pending_answer("other") is second
    assert list(second.watch())[-1].is_done and list(first.watch())[-1].is_done
    assert service.begin_answer("s", "And the keeper?") is not first


def test_stopped_it_is_not_stored_and_the_session_is_free(service):
    pending = service.begin_answer("s", "What is the parrot called?")
    for view in pending.watch():
        if view.text:
            pending.stop()
    assert pending.was_stopped and service.messages("s") == []
    wait_until_none(service)
    again = service.begin_answer("s", "What is the parrot called?")
    assert list(again.watch())[-1].is_done
    again.stop()
    assert not again.was_stopped, "too late: it is stored"


def test_an_error_comes_to_everyone_who_watches(service):
    pending = service.begin_answer("s", " ")
    for _ in range(2):
        with pytest.raises(BadQuestion, match="empty"):
            list(pending.watch())
    wait_until_none(service)


def test_closing_stops_what_is_being_made(service):
    pending = service.begin_answer("s", "What is the parrot called?")
    next(pending.watch())
    service.close()
    assert pending.was_stopped or list(pending.watch())[-1].is_done
