"""Answer jobs: watched by many, stopped by anyone, made to their end without watchers."""

import threading
from contextlib import closing

import pytest

from app.errors import AlreadyAnswering, BadQuestion
from app.service.answer_jobs import AnswerJob
from app.service.answering.events import AnswerView, Delta, Queued
from tests.support.service import wait_until_read


@pytest.fixture
def service(make_service, book):
    service = make_service(max_answer_tokens=60)
    service.start_reading()
    service.sessions.create("s")
    service.documents.add("s", book)
    wait_until_read(service, "s")
    return service


def wait_until_none(service):
    while service.answers.of("s") is not None:
        threading.Event().wait(0.01)


def test_all_watchers_of_a_job_see_the_same_end(service):
    job = service.answers.begin("s", "What is the parrot called?")
    ends = []
    threads = [
        threading.Thread(target=lambda: ends.append(list(job.watch())[-1])) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [end.is_done for end in ends] == [True] * 3
    (stored,) = [m for m in service.questions.messages("s") if m.role == "assistant"]
    assert {end.text for end in ends} == {stored.text}
    assert list(job.watch())[-1].text == stored.text, "a late watcher sees the end"
    assert service.answers.of("s") is None


def test_a_job_without_a_watcher_stores_its_answer(service):
    service.answers.begin("s", "What is the parrot called?")
    wait_until_none(service)
    assert [m.role for m in service.questions.messages("s")] == ["user", "assistant"]


def test_a_session_has_one_job_at_a_time_and_another_session_is_queued(service, book):
    service.sessions.create("other")
    service.documents.add("other", book)
    wait_until_read(service, "other")
    with service.context.queue.answering() as held:  # so that no answer ends meanwhile
        assert held.wait(60) == 0
        first = service.answers.begin("s", "What is the parrot called?")
        with pytest.raises(AlreadyAnswering, match="wait for the answer or stop it"):
            service.answers.begin("s", "And the keeper?")
        second = service.answers.begin("other", "What is the parrot called?")
        assert service.answers.of("s") is first and service.answers.of("other") is second
    assert list(second.watch())[-1].is_done and list(first.watch())[-1].is_done
    assert service.answers.begin("s", "And the keeper?") is not first


def test_a_stopped_job_stores_nothing_and_frees_the_session(service, monkeypatch):
    ask, is_stopped = service.questions.ask, threading.Event()

    def held(
        *arguments, **more
    ):  # after its first words: a watcher may be slower than the whole answer
        with closing(ask(*arguments, **more)) as events:
            for event in events:
                yield event
                if isinstance(event, Delta):
                    is_stopped.wait(60)

    monkeypatch.setattr(service.questions, "ask", held)
    job = service.answers.begin("s", "What is the parrot called?")
    for view in job.watch():
        if view.text:
            job.stop()
            is_stopped.set()
    assert job.was_stopped and service.questions.messages("s") == []
    wait_until_none(service)
    again = service.answers.begin("s", "What is the parrot called?")
    assert list(again.watch())[-1].is_done
    again.stop()
    assert not again.was_stopped, "too late: it is stored"


def test_an_error_is_raised_to_every_watcher_of_a_job(service):
    job = service.answers.begin("s", " ")
    for _ in range(2):
        with pytest.raises(BadQuestion, match="empty"):
            list(job.watch())
    wait_until_none(service)


def test_closing_the_service_stops_the_jobs(service):
    job = service.answers.begin("s", "What is the parrot called?")
    next(job.watch())
    service.close()
    assert job.was_stopped or list(job.watch())[-1].is_done


VIEW = AnswerView("Who?")
HELLO = [Queued(1), Delta("Hel", 1.0), Delta("lo", 2.0)]


def steps(*events, closed=None, error=None):
    """Events as `Questions.ask` would yield them, an error after them."""
    try:
        yield from events
        if error is not None:
            raise error
    finally:
        if closed is not None:
            closed.append(True)


def test_a_late_watcher_sees_the_answer_so_far():
    job = AnswerJob(1, VIEW, None, steps(*HELLO))
    job.run()
    job.end()
    for _ in range(2):
        (view,) = job.watch()
        assert (view.question, view.text, view.queue_position) == ("Who?", "Hello", 0)


def test_a_slow_watcher_misses_views_but_not_the_last():
    may_go_on = threading.Event()

    def events():
        yield HELLO[0]
        may_go_on.wait(10)
        yield from HELLO[1:]

    job = AnswerJob(1, VIEW, None, events())
    thread = threading.Thread(target=job.run)
    thread.start()
    watched = job.watch()
    assert next(watched).queue_position == 1
    may_go_on.set()
    thread.join(10)
    job.end()
    assert [view.text for view in watched] == ["Hello"]


def test_a_job_stops_at_its_next_event_and_closes_the_generator():
    closed = []
    job = AnswerJob(1, VIEW, None, steps(*HELLO, closed=closed))
    job.stop()
    job.run()
    job.end()
    assert closed and job.was_stopped
    assert [view.queue_position for view in job.watch()] == [1]


def test_an_error_is_raised_after_the_views_that_came_before_it():
    job = AnswerJob(1, VIEW, None, steps(*HELLO, error=BadQuestion("No.")))
    job.run()
    job.end()
    watched = job.watch()
    assert next(watched).text == "Hello"
    with pytest.raises(BadQuestion, match="No"):
        next(watched)


def test_a_fault_of_ammon_is_logged_and_raised(caplog):
    job = AnswerJob(1, VIEW, None, steps(error=KeyError("x")))
    job.run()
    job.end()
    assert "an answer failed" in caplog.text
    with pytest.raises(KeyError):
        list(job.watch())
