"""Texts that the search index lacks are shown as such, until a question or the server has them."""

import json

import pytest

import storage
from app.cli.sessions import sessions
from app.service import AnswerView, Done, Indexing, Queued
from app.service.answering.events import fold
from app.web.chat.html import turn
from app.web.sidebar.actions import SessionActions
from app.web.sources.actions import SourceActions
from app.web.sources.html import index_text
from storage import IndexState
from tests.support.service import read_whole


@pytest.fixture
def older(make_service, book):
    """A service of which nothing is indexed, as after the migration of an older database."""
    first = make_service()
    read_whole(first, book)
    first.close()
    service = make_service()
    service.db.execute("DELETE FROM segment_tokens")
    service.db.execute("INSERT INTO segments_to_index SELECT document_id, id FROM segments")
    return service


def shown(service):
    return SourceActions(service, SessionActions(service)).shown(service.sessions.presence("s"))[0]


def test_the_page_says_how_far_the_index_is_until_it_is_complete(older):
    total = storage.index_state(older.db).total
    line = f"Building the search index: 0 of {total} passages."
    assert line in shown(older)
    older.sessions.create("without documents")
    nothing = older.sessions.get("without documents").id
    assert older.sessions.index_progress(nothing) is None
    older.start_reading()
    assert list(older.questions.ask("s", "Who kept the parrot?"))
    assert storage.index_segments(older.db) == 0
    assert older.sessions.index_progress(older.sessions.get("s").id) is None
    assert "search index" not in shown(older)


def test_a_question_reports_the_indexing_that_it_waits_for(older):
    total = storage.index_state(older.db).total
    first, *rest = older.questions.ask("s", "Who kept the parrot?")
    assert first == Indexing(IndexState(0, total))
    assert isinstance(rest[-1], Done) and rest[-1].answer.passages
    others = list(older.questions.ask("s", "Who kept the lamp?"))
    assert not any(isinstance(event, Indexing) for event in others)


def test_a_question_is_withdrawn_while_it_waits_for_the_index(older):
    asked = older.questions.ask("s", "Who kept the parrot?")
    assert isinstance(next(asked), Indexing)
    asked.close()
    assert storage.list_messages(older.db, older.sessions.get("s").id) == []


def test_the_conversation_shows_the_indexing_in_place_of_the_answer(older):
    job = older.answers.begin("s", "Who kept the parrot?")
    views = list(job.watch())
    assert views[-1].is_done and views[-1].indexing is None
    waiting = fold(AnswerView("Who?"), Indexing(IndexState(1200, 5000)))
    assert turn(waiting).endswith(
        "Building the search index: 1,200 of 5,000 passages; the answer comes after that."
    )
    assert "search index" not in turn(fold(waiting, Queued(1)))


def test_the_command_lists_the_sessions_whose_index_is_not_complete(older, capsys):
    def listed(as_json=False):
        sessions(data_dir=older.settings.data_dir, as_json=as_json)
        return capsys.readouterr().out

    total = storage.index_state(older.db).total
    assert f"search index: 0 of {total} passages" in listed()
    assert json.loads(listed(True))[0]["indexing"] == {"indexed": 0, "total": total}
    storage.index_segments(older.db)
    assert "search index" not in listed()
    assert json.loads(listed(True))[0]["indexing"] is None


def test_the_line_is_empty_without_a_state():
    assert index_text(None) == ""
