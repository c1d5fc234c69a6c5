"""The tick boxes of the sources: stored for the session, counted, and obeyed by its questions."""

import re
from types import SimpleNamespace

import pytest

from app.web.chat.actions import QuestionActions
from app.web.sidebar.actions import SessionActions
from app.web.sources.actions import SourceActions
from tests.support.service import wait_until_read

TEXTS = {
    "harbour": "The keeper Tam kept a green parrot. It was called Hannibal.",
    "island": "The keeper Nan kept a blue parrot. It was called Cassandra.",
    "light": "The keeper Mairead kept a grey parrot. It was called Ozymandias.",
}


def add_all(service, folder, session):
    service.sessions.create(session)
    for name, text in TEXTS.items():
        path = folder / f"{name}.txt"
        path.write_text(text, encoding="utf-8")
        service.documents.add(session, path)


def pressed(do, number=0):
    return SimpleNamespace(_data={"do": do, "id": number})


def ticked(page):
    return re.findall(r'aria-checked="true"[^>]*aria-label="Ask ([^"]*)"', page)


def documents_asked(service, kind):
    """Of how many documents the last answer was asked, and of which its passages are."""
    answer = service.questions.messages("s")[-1]
    assert answer.role == "assistant", kind
    titles = {passage["document"] for passage in answer.details["passages"]}
    return answer.details["documents_asked"], titles


def test_ticks_are_shown_counted_and_seen_on_another_page(make_service, tmp_path):
    service = make_service()  # nothing has to be read
    for session in ("s", "other"):
        add_all(service, tmp_path, session)
    act = SourceActions(service, SessionActions(service))
    ids = {s.document.title: s.document.id for s in service.documents.list("s")}
    other = service.documents.list("other")[0].document.id
    page, view = act.shown(service.sessions.presence("s"))
    _, elsewhere = act.shown(service.sessions.presence("s"))
    assert ticked(page) == list(TEXTS) and "All 3 are asked" in page
    page, view = act.act("s", "", view, pressed("untick", ids["island"]))
    assert ticked(page) == ["harbour", "light"] and "2 of 3 are asked" in page
    seen, _ = act.tick(service.sessions.presence("s"), "", elsewhere)
    assert ticked(seen) == ["harbour", "light"], "the page of another window"
    page, view = act.act("s", "", view, pressed("none"))
    assert ticked(page) == [] and "0 of 3 are asked" in page
    page, view = act.act("s", "", view, pressed("tick", ids["light"]))
    assert ticked(page) == ["light"]
    for nonsense in (other, -1, 10**30, "x", None):
        act.act("s", "", view, pressed("untick", nonsense))
    assert service.documents.count_asked("other") == (3, 3)
    page, view = act.act("s", "", view, pressed("all"))
    assert ticked(page) == list(TEXTS)


@pytest.mark.filterwarnings("ignore")
def test_every_way_of_asking_on_the_page_asks_the_ticked_documents_only(make_service, tmp_path):
    service = make_service(max_answer_tokens=4)
    service.start_reading()
    add_all(service, tmp_path, "s")
    wait_until_read(service, "s")
    act, request = QuestionActions(service), SimpleNamespace(session_hash="1")
    act.open("s", request)
    for status in service.documents.list("s"):
        if status.document.title != "light":
            service.documents.choose("s", False, status.document.id)
    question = "What was the parrot of the keeper called?"
    list(act.ask("s", question, "", request))
    assert documents_asked(service, "ask") == (1, {"light"})
    list(act.ask_again("s", request))
    assert documents_asked(service, "ask_again") == (1, {"light"})
    number = service.questions.messages("s")[-2].id
    edited = SimpleNamespace(_data={"text": f"{question} Why?", "id": number})
    list(act.edit("s", "", request, edited))
    assert documents_asked(service, "edit") == (1, {"light"})
    suggested = SimpleNamespace(_data={"text": question})
    *_, shown = act.ask_suggested("s", "", request, suggested)
    assert documents_asked(service, "ask_suggested") == (1, {"light"})
    assert "asked of 1 of 3 sources" in shown[0]
    service.documents.choose("s", False)
    *_, shown = act.ask("s", "And the lamp?", "", request)
    assert shown[3] == "And the lamp?", "refused, so the question returns to its field"
    assert len(service.questions.messages("s")) == 4
