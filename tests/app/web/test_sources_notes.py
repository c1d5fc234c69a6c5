"""Notes below a source: opened at a click, renewed while reading, limited, escaped."""

from types import SimpleNamespace

import pytest

import storage
from app.web.sidebar.actions import SessionActions
from app.web.sources import html
from app.web.sources.actions import SourceActions
from tests.support.noted import add_noted_novel


@pytest.fixture
def service(make_service):
    return make_service()


@pytest.fixture
def novel(service):
    return add_noted_novel(service)


def pressed(do, number):
    return SimpleNamespace(_data={"do": do, "id": number})


def test_the_page_opens_the_notes_on_a_document_renews_them_and_closes_them(service, novel):
    act = SourceActions(service, SessionActions(service))
    shown, view = act.shown(service.sessions.presence("s"))
    assert shown.count('data-do="notes"') == 1 and 'class="notes"' not in shown
    shown, view = act.act("s", "", view, pressed("notes", novel))
    assert "&lt;b&gt;A&lt;/b&gt;" in shown and "<b>" not in shown
    assert "1. The Mill" in shown and 'aria-expanded="true"' in shown
    assert act.tick(service.sessions.presence("s"), "", view)[1] != view or view.opened == novel
    storage.add_note(service.db, novel, 2000, 3000, "The sea rises")
    shown, view = act.tick(service.sessions.presence("s"), "", view)
    assert "The sea rises" in shown and view.opened == novel
    shown, view = act.act("s", "", view, pressed("notes", novel))
    assert 'class="notes"' not in shown and view.opened is None
    for nonsense in (-1, 10**30, "x", None):
        assert 'class="notes"' not in act.act("s", "", view, pressed("notes", nonsense))[0]


def test_the_page_shows_other_notes_though_there_are_as_many(service, novel):
    act = SourceActions(service, SessionActions(service))
    shown, view = act.shown(service.sessions.presence("s"), opened=novel)
    assert "The mill burns" in shown
    with service.db.transaction():  # as when a re-reading replaces them
        service.db.execute("UPDATE notes SET text = 'The weir breaks' WHERE token_end = 2000")
        service.db.execute("UPDATE sessions SET generation = generation + 1")
    shown, view = act.tick(service.sessions.presence("s"), "", view)
    assert "The weir breaks" in shown and "The mill burns" not in shown


def test_the_page_shows_a_limited_number_of_notes(service, novel, monkeypatch):
    monkeypatch.setattr(html, "MAX_ENTRIES", 2)
    page = html.notes_html(service.notes.of_document("s", novel))
    assert page.count('class="note"') == 2 and "2 further lines are not shown" in page
