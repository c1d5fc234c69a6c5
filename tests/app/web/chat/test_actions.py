"""Questions on the page: what it shows when answers end, fail or belong to another session."""

import re
from types import SimpleNamespace

import gradio as gr
import pytest

from app.web.chat.actions import QuestionActions
from app.web.chat.html import welcome_html
from app.web.chat.open_pages import MAX_KEPT, UNUSED_S, OpenPages
from tests.support.service import wait_until_read

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
def actions(service):
    return QuestionActions(service)


def roles(messages):
    return re.findall(r'class="message (\w+)"', messages)


def edited(number, text):
    """An event of the page's script: the question of this number was edited."""
    return SimpleNamespace(_data={"id": number, "text": text})


def page(name, actions, session):
    request = SimpleNamespace(session_hash=name)
    actions.open(session, request)
    return request


def test_a_refresh_shows_once_what_was_asked_on_another_page(actions):
    one, two = page("1", actions, "a"), page("2", actions, "a")
    assert list(actions.refresh("a", two)) == [(SKIP,) * 5]
    *_, (messages, running, *_) = actions.ask("a", "Who is it?", "", one)
    assert roles(messages) == ["user", "bot"] and running == ""
    ((other, *_),) = actions.refresh("a", two)
    assert "Who is it?" in other and other == messages
    assert list(actions.refresh("a", two)) == [(SKIP,) * 5], "it is shown once"


def test_suggestions_follow_the_ticks_until_something_is_asked(make_service, tmp_path):
    service = make_service(max_answer_tokens=4)
    service.sessions.create("s")
    for name in ("zebra", "parrot"):
        path = tmp_path / f"{name}.txt"
        path.write_text(f"The {name} stood by the {name}. Every {name} is here.", encoding="utf-8")
        service.documents.add("s", path)
    service.start_reading()
    wait_until_read(service, "s")
    ids = {s.document.title: s.document.id for s in service.documents.list("s")}
    actions = QuestionActions(service)
    one, two = (page(name, actions, "s") for name in "12")
    html = actions.open("s", one)[0]
    assert "zebra" in html and "parrot" in html

    def refreshed(at):
        (*_, last) = actions.refresh("s", at)
        return last[0]

    assert not isinstance(refreshed(one), str)
    service.documents.choose("s", False, ids["zebra"])
    for each in (one, two):  # the page of another window, too
        html = refreshed(each)
        assert "parrot" in html and "zebra" not in html
        assert not isinstance(refreshed(each), str), "shown once"
    service.documents.choose("s", False)
    assert "suggested" not in refreshed(one)
    service.documents.choose("s", True, ids["zebra"])
    assert "zebra" in refreshed(one)
    list(actions.ask("s", "What is the zebra?", "", one))
    service.documents.choose("s", True)
    assert not isinstance(refreshed(one), str)


def test_ticks_that_change_while_suggestions_are_made_are_followed(make_service, tmp_path):
    service = make_service()
    service.sessions.create("s")
    path = tmp_path / "zebra.txt"
    path.write_text("The zebra stood by the zebra. Every zebra is here.", encoding="utf-8")
    service.documents.add("s", path)
    service.start_reading()
    wait_until_read(service, "s")
    actions = QuestionActions(service)
    opened = page("1", actions, "s")
    service.documents.choose("s", False)
    shown = actions.refresh("s", opened)
    assert "zebra" not in next(shown)[0]
    service.documents.choose("s", True)
    assert "zebra" in next(shown)[0]
    assert list(shown) == []


def test_a_refused_question_changes_nothing_in_the_session_opened_since(actions):
    request = page("1", actions, "a")
    answers = actions.ask("a", "Who is it?", "page 900", request)
    actions.open("b", request)
    with pytest.warns(UserWarning, match="page 900"):
        *_, (*shown, field, _) = answers
    assert shown == [SKIP] * 3 and field == SKIP


def test_a_refused_question_returns_to_its_field(actions):
    with pytest.warns(UserWarning, match="page 900"):
        *_, shown = actions.ask("a", "Who is it?", "page 900", page("1", actions, "a"))
    assert roles(shown[0]) == [] and shown[3] == "Who is it?"


def test_an_answer_is_not_shown_in_another_session(actions, service):
    request = page("1", actions, "a")
    answers = actions.ask("a", "Who is it?", "", request)
    next(answers)
    actions.open("b", request)
    assert all(shown[:3] == (SKIP,) * 3 for shown in answers)
    while service.answers.of("a") is not None:
        pass
    assert len(service.questions.messages("a")) == 2, "it was answered nevertheless"
    assert list(actions.refresh("b", request)) == [(SKIP,) * 5]


def test_a_question_that_was_stopped_can_be_edited(actions, service):
    request = page("1", actions, "a")
    list(actions.ask("a", "Who is it?", "", request))
    list(actions.edit("a", "", request, edited(0, "Who lit the lamp?")))
    assert [m.text for m in service.questions.messages("a")][::2] == [
        "Who is it?",
        "Who lit the lamp?",
    ]
    first, _, last, _ = service.questions.messages("a")
    list(actions.edit("a", "", request, edited(last.id, "Which room?")))
    assert [m.text for m in service.questions.messages("a")][::2] == ["Who is it?", "Which room?"]
    with pytest.warns(UserWarning, match="Only the last question"):
        assert list(actions.edit("a", "", request, edited(first.id, "And why?"))) == [(SKIP,) * 5]


def test_actions_on_a_session_deleted_elsewhere_change_nothing(actions, service):
    request = page("1", actions, "a")
    list(actions.ask("a", "Who is it?", "", request))
    service.sessions.delete("a")
    assert list(actions.ask_again("a", request)) == [(SKIP,) * 5]
    list(actions.edit("a", "", request, edited(0, "And now?")))
    assert not actions.stop("a", request).interactive
    list(actions.refresh("a", request))
    (emptied,) = actions.refresh(None, request)
    assert emptied[:2] == (welcome_html(), "")


def test_invented_pages_are_kept_up_to_a_bound(make_service):
    actions = QuestionActions(make_service())
    for number in range(MAX_KEPT + 50):
        list(actions.refresh(None, SimpleNamespace(session_hash=f"invented{number}")))
    assert len(actions._pages) == MAX_KEPT


def test_a_page_that_asks_for_nothing_is_forgotten_and_one_that_goes_on_is_not():
    now = [0.0]
    pages = OpenPages(lambda: now[0])
    used, unused = pages.of("used"), pages.of("unused")
    now[0] = UNUSED_S
    assert pages.of("used") is used and pages.of("unused") is unused
    now[0] = 1.5 * UNUSED_S
    assert pages.of("used") is used and len(pages) == 2
    now[0] = 2 * UNUSED_S + 1
    assert pages.of("used") is used and len(pages) == 1
    pages.forget("used")
    pages.forget("never seen")
    assert len(pages) == 0


def test_a_page_in_use_outlives_a_flood_of_invented_ones():
    pages = OpenPages()
    used = pages.of("used")
    for number in range(3 * MAX_KEPT):
        pages.of(f"invented{number}")
        assert pages.of("used") is used
