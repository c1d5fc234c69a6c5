"""The reader opens places, refuses those that are gone, and ends where an answer was given."""

from __future__ import annotations

import json
import re
from html import unescape
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

import storage
from app.service import Service
from app.web.reader.actions import SAME, SAME_CONTENTS, ReaderActions
from app.web.reader.html import state_of
from app.web.sidebar.actions import SessionActions
from app.web.sources.actions import SourceActions
from storage import NotFound
from tests.support.noted import add_document, add_noted_novel
from tests.support.service import wait_until_read


@pytest.fixture
def service(make_service, book):
    service = make_service()
    service.sessions.create("s")
    service.start_reading()
    service.documents.add("s", book)
    wait_until_read(service, "s")
    return service


def segments(service: Service) -> list[Any]:
    document = service.documents.list("s")[0].document
    return list(storage.iter_segments(service.db, document.id))


def add_answer(service: Service, *cited: Any, **details: Any) -> int:
    row = service.sessions.get("s")
    passages = [
        {"number": n, "document": "lighthouse", "locator": s.locator, "text": s.text.strip()}
        | {"document_id": s.document_id, "segment_id": s.id, "is_read": True, "cited": True}
        for n, s in enumerate(cited, 1)
    ]
    storage.add_message(service.db, row.id, role="user", text="Who?", position=0)
    details = {"passages": passages, **details}
    return storage.add_message(
        service.db, row.id, role="assistant", text="It is.", position=0, details=details
    ).id


def event(**data: Any) -> Any:
    return SimpleNamespace(_data=data)


def go(service: Service, session: str | None = "s", **data: Any) -> str:
    return without_turn(list(ReaderActions(service).go(session, event(**data)))[-1][0])


def without_turn(page: str) -> str:
    """A page without what tells one opening from the next."""
    return re.sub(r' data-turn="\w+"', "", page)


def place_on(page: str) -> dict[str, Any]:
    found = re.search(r'<section[^>]* data-place="([^"]*)"', page)
    assert found
    return json.loads(unescape(found[1]))


def button(page: str, do: str) -> dict[str, Any] | None:
    found = re.search(rf'data-do="{do}" data-place="([^"]*)"', page)
    return json.loads(unescape(found[1])) if found else None


def test_a_document_is_read_without_any_answer_and_every_place_is_kept(service):
    shown = go(service, do="place")  # the first document of the session
    assert "Paragraph 0" in shown and button(shown, "previous-page") is None
    pages = [shown]
    while (to := button(pages[-1], "next-page")) is not None:
        pages.append(go(service, do="next-page", **to))
    assert "Paragraph 89" in pages[-1] and len(pages) > 1
    assert all(go(service, do="restore", **place_on(page)) == page for page in pages)
    by_name = list(
        ReaderActions(service).open_source(
            "s", event(do="read", id=segments(service)[0].document_id)
        )
    )
    assert without_turn(by_name[-1][0]) == shown and by_name[-1][2:] == SAME_CONTENTS


def test_the_button_notes_of_a_source_lists_its_contents_with_the_notes_taken_so_far(make_service):
    service = make_service(notes=True)
    novel = add_noted_novel(service)
    now = service.sessions.presence("s")
    sources, _ = SourceActions(service, SessionActions(service)).shown(now)
    assert f'data-do="notes" data-id="{novel}"' in sources

    def opened(**data: Any) -> list[tuple[Any, ...]]:
        return list(ReaderActions(service).open_source("s", event(**data)))

    ((page, tabs, chosen, listed, found),) = opened(do="notes", id=novel)
    assert tabs.selected == "contents" and place_on(page)["segment"]
    assert (chosen.value, found) == (novel, "")
    assert "1. The Mill" in listed and "The mill burns" in listed
    assert "&lt;b&gt;A&lt;/b&gt;" in listed and "<b>" not in listed
    storage.add_note(service.db, novel, 2000, 3000, "The sea rises")
    assert "The sea rises" in opened(do="notes", id=novel)[0][3]
    ((page, tabs, *rest),) = opened(do="read", id=novel)
    assert tabs.selected == "page" and tuple(rest) == SAME_CONTENTS
    for nonsense in (-1, 10**30, "x", None):
        assert opened(do="notes", id=nonsense) == [(*SAME, *SAME_CONTENTS)]
    with pytest.raises(NotFound):
        opened(do="notes", id=999)


@pytest.mark.parametrize(
    "notes, said", [(True, "No notes yet: too little of it"), (False, "they are switched off")]
)
def test_the_button_notes_of_a_source_without_any_leads_to_a_sentence_that_says_why(
    make_service, notes, said
):
    service = make_service(notes=notes)
    row = service.sessions.create("s")
    number = add_document(service.db, row.id, "n", [("text", "line 1", "line", None)] * 3, 0)
    now = service.sessions.presence("s")
    sources, _ = SourceActions(service, SessionActions(service)).shown(now)
    assert f'data-do="notes" data-id="{number}"' in sources
    act = ReaderActions(service)
    ((_, _, _, listed, _),) = act.open_source("s", event(do="notes", id=number))
    assert said in listed and listed.index(said) < listed.index("From the beginning")


def test_nothing_behind_the_place_of_an_answer_is_shown_or_reached(service):
    *_, cited, behind = segments(service)
    answer = add_answer(service, cited, as_of=f"line {cited.locator_end}")
    act = ReaderActions(service)
    (shown, _), *_ = act.open_of_answer("s", event(do="answer", message=answer))
    assert "nothing after it is shown" in shown and "<mark>" in shown
    assert button(shown, "next-page") is None and behind.text.strip() not in shown
    place = json.dumps(place_on(shown))
    later = re.findall(r"number \d+", behind.text)[-1]
    assert 'class="hit"' in act.search("s", "parrot", place)
    assert 'class="hit"' not in act.search("s", later, place)
    assert 'class="hit"' in act.search("s", later, "")
    choice, listed, _ = act.contents("s", place)
    assert "as of which the answer was given" in listed and choice.value == cited.document_id
    back = button(shown, "previous-page")
    assert back and back["answer"] == answer and "Paragraph" in go(service, do="x", **back)
    for data in ({"segment": behind.id}, {"document": behind.document_id, "token": 10**6}):
        try:
            assert behind.text.strip() not in go(service, do="place", **data, answer=answer)
        except NotFound:
            pass


def test_places_that_are_gone_are_refused_and_restored_ones_open_nothing(service):
    first = segments(service)[0].id
    answer = add_answer(service, segments(service)[0])
    gone = [{"segment": 999}, {"segment": first, "answer": 999}, {"document": 999}]
    for data in gone:
        with pytest.raises(NotFound):
            go(service, do="place", **data)
        act = ReaderActions(service)
        assert list(act.go("s", event(do="restore", **data))) == [SAME]
    assert list(ReaderActions(service).go("gone", event(do="place"))) == [SAME]
    act = ReaderActions(service)
    for sent in ({}, {"do": "open", "id": first + 1, "message": answer}, {"do": "answer"}):
        assert list(act.open_of_answer("s", event(**sent))) == [SAME]
    assert act.search("s", "lamp", '{"segment": 999}') == "" == act.search(None, "lamp", "")
    assert list(act.choose("s", "typed", "")) == [(gr.skip(),) * 3]


def test_the_reader_is_emptied_for_another_session_only(service):
    act = ReaderActions(service)
    row = service.sessions.get("s")
    page, *_, number = act.opened("s", None)
    assert number == row.id and f'data-session="{row.id}"' in page
    assert act.opened("s", row.id) == (gr.skip(),) * 6
    assert act.opened(None, row.id)[-1] is None


def test_contents_are_listed_again_only_when_they_have_grown(make_service):
    service = make_service()
    novel, act = add_noted_novel(service), ReaderActions(service)
    place = f'{{"document": {novel}}}'
    before = act.contents("s", place)[1]
    asked = event(state=state_of(before), id=0)
    assert act.renew("s", place, asked) == gr.skip()
    storage.add_note(service.db, novel, 2000, 3000, "The sea takes her")
    after = act.renew("s", place, asked)
    assert "The sea takes her" in after and after == act.contents("s", place)[1]
    assert act.renew("s", place, event(state=state_of(after), id=0)) == gr.skip()
    last = act.renew("s", place, event(state=state_of(after), id=3))
    assert "The sea takes her" in last and "The mill burns" not in last
    for nonsense in ({}, {"id": "x"}, {"id": None, "state": 5}):
        assert act.renew("s", place, event(**nonsense)) == gr.skip()
    assert act.renew(None, place, asked) == gr.skip()
    answer = '{"answer": 999999, "segment": 999999}'
    assert act.renew("s", answer, asked) == gr.skip()
