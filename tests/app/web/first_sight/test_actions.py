"""The first sight's actions: what it takes, how sessions are named, and what a poll costs."""

from types import SimpleNamespace

import gradio as gr
import pytest

import storage
from app.errors import NotAllowed
from app.samples import SAMPLE_TITLE
from app.web.first_sight.actions import FirstSightActions
from app.web.sidebar.actions import SessionActions
from app.web.sources.actions import SourceActions
from ingest import UnsupportedFormat
from tests.support.pdf_samples import encrypted, make_pdf


@pytest.fixture
def service(make_service):
    service = make_service()
    service.runtime()
    yield service
    service.close()


@pytest.fixture
def act(service):
    return FirstSightActions(service, SessionActions(service))


def sent(**data):
    return SimpleNamespace(_data=data)


def names(service):
    return sorted(service.sessions.names(""))


def test_sessions_are_named_after_the_first_document_and_numbered(service, act):
    assert act.add_sample(None, None).value == SAMPLE_TITLE
    assert act.add_sample(None, None).value == f"{SAMPLE_TITLE} 2"
    assert act.add_text(None, None, sent(title="  A <b>\n title ", text="Words.")).value == (
        "A <b> title"
    )
    assert act.add_text(None, None, sent(text="Words.")).value == "Pasted text"
    act.add_text(None, None, sent(title="x" * 500, text="Words."))
    assert len(names(service)) == 5 and max(map(len, names(service))) <= 120
    kept = act.add_text("Pasted text", None, sent(title="Another", text="More words."))
    assert not hasattr(kept, "value"), "the list stays: another session may be selected by now"
    assert len(service.documents.list("Pasted text")) == 2


def test_what_is_refused_is_raised_and_leaves_no_session(service, act, tmp_path):
    with pytest.raises(NotAllowed, match="AMMON_ALLOW_URLS"):
        act.add_url(None, None, sent(url="https://example.org"))
    for nonsense in (sent(), sent(text=3), SimpleNamespace(_data=None), sent(text=" ")):
        with pytest.raises(NotAllowed, match="text is empty"):
            act.add_text(None, None, nonsense)
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    with pytest.raises(UnsupportedFormat):
        service.documents.add(None, picture)
    assert names(service) == []


def test_a_file_that_lacks_its_password_makes_the_session_in_which_it_is_typed(service, tmp_path):
    path = tmp_path / "the-old-diary.pdf"
    path.write_bytes(encrypted(make_pdf("The key lay below the third stair."), "sesame"))
    library = SourceActions(service, SessionActions(service))
    with pytest.warns(UserWarning, match="is encrypted: give its password"):
        radio, *_ = library.upload(None, [str(path)], "", "")
    assert radio.value == "The Old Diary" and not service.documents.list("The Old Diary")


def test_the_phase_tells_what_there_is_and_costs_one_statement(service, act):
    assert "alone" in act.shown(service.sessions.presence(None))[0]
    service.sessions.create("Empty")
    html, phase = act.shown(service.sessions.presence("Empty"))
    assert "zone" in html and "alone" not in html
    act.add_text("Empty", None, sent(text="Words."))
    statements: list[str] = []
    service.db.connection.conn.set_trace_callback(statements.append)
    html, later, progress = act.tick(service.sessions.presence("Empty"), phase)
    service.db.connection.conn.set_trace_callback(None)
    assert len([s for s in statements if not s.startswith("--")]) == 1
    assert (html, later.has_documents, progress) == ("", True, later)
    assert act.tick(service.sessions.presence("Empty"), later) == (gr.skip(),) * 3
    assert act.tick(service.sessions.presence("Renamed meanwhile"), later) == (gr.skip(),) * 3
    assert (
        act.tick(service.sessions.presence(None), later)[0] != ""
        and act.tick(service.sessions.presence(None), later)[2] == gr.skip()
    )


def test_presence_leaves_out_the_trash_and_other_sessions(service, act):
    act.add_text(None, None, sent(title="One", text="Words."))
    service.sessions.create("Two")
    assert storage.presence(service.db, "Two").session.name == "Two"
    assert storage.presence(service.db, "one").last_state == "indexing"
    missing = storage.presence(service.db, "Three")
    assert (missing.has_sessions, missing.session, missing.last_state) == (True, None, None)
    service.trash.put("One")
    service.trash.put("Two")
    gone = storage.presence(service.db, "One")
    assert (gone.has_sessions, gone.session, gone.trashed.name) == (False, None, "Two")


def test_the_first_session_that_comes_from_elsewhere_is_selected_at_the_second_tick(service):
    sidebar = SessionActions(service)
    _, _, seen = sidebar.tick(service.sessions.presence(None), "", None)
    service.sessions.create("From the terminal")
    radio, _, seen = sidebar.tick(service.sessions.presence(None), "", seen)
    assert radio.value is None, "the page itself may just be making it"
    radio, _, seen = sidebar.tick(service.sessions.presence(None), "", seen)
    assert radio.value == "From the terminal"
    assert sidebar.tick(service.sessions.presence("From the terminal"), "", seen)[0] == gr.skip()
    assert sidebar.tick(service.sessions.presence(None), "", seen)[0] == gr.skip(), (
        "later, none may be selected on purpose"
    )


def test_a_session_is_renamed_where_it_stands(service):
    sidebar = SessionActions(service)
    service.sessions.create("One")
    service.sessions.create("Two")
    assert sidebar.rename_in_place("Two", "", sent(old="Two", name="Second"))[0].value == "Second"
    other = sidebar.rename_in_place("Second", "", sent(old="One", name="First"))
    assert other[0].value == "Second" and names(service) == ["First", "Second"]
    with pytest.raises(storage.AlreadyExists):
        sidebar.rename_in_place("Second", "", sent(old="Second", name="first"))
    with pytest.raises(storage.NotFound):
        sidebar.rename_in_place(None, "", SimpleNamespace(_data=[]))
