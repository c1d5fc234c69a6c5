"""Questions on the page: what it shows when answers end, fail or belong to another session."""

from types import SimpleNamespace

import gradio as gr
import pytest

from app.web.chat.asking import Asking
from tests.app.conftest import wait_until_read

SKIP = gr.skip()


@pytest.fixture
def service(make_service, book):
    service = make_service()
    service.start_reading()
    for name in ("a", "b"):
        service.sessions.create(name)
        service.documents.add(name, book)
        wait_until_read(service, name)
    return service


@pytest.fixture
def asking(service):
    return Asking(service)


def page(name, asking, session):
    request = SimpleNamespace(session_hash=name)
    asking.look_at(session, request)
    return request


def test_what_was_asked_on_one_page_is_news_on_the_other(asking):
    one, two = page("1", asking, "a"), page("2", asking, "a")
    assert list(asking.news("a", two)) == [(SKIP,) * 4]
    *_, (messages, *_) = asking.ask("a", "Who is it?", "", one)
    assert [m["role"] for m in messages] == ["user", "assistant"]
    ((chat, *_),) = asking.news("a", two)
    assert "Who is it?" in str(chat.value)
    assert list(asking.news("a", two)) == [(SKIP,) * 4], "it is told once"


def test_an_error_is_not_shown_in_the_session_that_was_opened_since(asking):
    request = page("1", asking, "a")
    answers = asking.ask("a", "Who is it?", "page 900", request)
    asking.look_at("b", request)
    with pytest.warns(UserWarning, match="page 900"):
        *_, (messages, field, *_) = answers
    assert messages == SKIP and field == SKIP


def test_refused_the_question_is_back_in_its_field(asking):
    with pytest.warns(UserWarning, match="page 900"):
        *_, shown = asking.ask("a", "Who is it?", "page 900", page("1", asking, "a"))
    assert shown[:2] == ([], "Who is it?")


def test_a_page_that_shows_another_session_keeps_to_it(asking, service):
    request = page("1", asking, "a")
    answers = asking.ask("a", "Who is it?", "", request)
    next(answers)
    asking.look_at("b", request)
    assert all(shown[0] == SKIP for shown in answers)
    while service.answers.of("a") is not None:
        pass
    assert len(service.questions.messages("a")) == 2, "it was answered nevertheless"
    assert list(asking.news("b", request)) == [(SKIP,) * 4]


def test_a_question_that_was_stopped_can_be_edited(asking, service):
    request = page("1", asking, "a")
    list(asking.ask("a", "Who is it?", "", request))
    edited = SimpleNamespace(index=2, value="Who lit the lamp?")  # stands behind what is stored
    list(asking.edit("a", "", request, edited))
    assert [m.text for m in service.questions.messages("a")][::2] == [
        "Who is it?",
        "Who lit the lamp?",
    ]
    list(asking.edit("a", "", request, SimpleNamespace(index=2, value="Which room?")))
    assert [m.text for m in service.questions.messages("a")][::2] == ["Who is it?", "Which room?"]


def test_a_session_that_was_deleted_elsewhere_breaks_nothing(asking, service):
    request = page("1", asking, "a")
    list(asking.ask("a", "Who is it?", "", request))
    service.sessions.delete("a")
    assert list(asking.again("a", request)) == [(SKIP,) * 4]
    list(asking.edit("a", "", request, SimpleNamespace(index=0, value="And now?")))
    assert not asking.stop("a", request).interactive
    list(asking.news("a", request))
    (emptied,) = asking.news(None, request)
    assert emptied[0].value in (None, [])
