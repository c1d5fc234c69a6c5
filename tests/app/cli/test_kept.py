"""The commands `kept`, `keep` and `unkeep`, and the conversation with notes as HTML."""

import json
from contextlib import nullcontext

import pytest

import storage
from app.cli import kept as commands
from app.errors import BadNote
from app.service import Service


@pytest.fixture
def service(make_service, monkeypatch) -> Service:
    made = make_service()
    made.sessions.create("s")
    monkeypatch.setattr("app.cli.kept.open_service", lambda *_: nullcontext(made))
    return made


def answer(service, text="It was Flett [1]."):
    row = service.sessions.get("s")
    passage = {"number": 1, "document": "Emma", "locator": "page 7", "text": "Flett was."}
    passage |= {"document_id": 1, "segment_id": 1, "is_read": True, "cited": True}
    storage.add_message(service.db, row.id, role="user", text="Who was it?", position=0)
    return storage.add_message(
        service.db, row.id, role="assistant", text=text, position=0, citations=[passage]
    )


def test_notes_are_kept_changed_listed_and_deleted(service, capsys):
    commands.keep("s", "A grey parrot.\n\x1b[2J second line")
    commands.keep("s", "A white parrot.", change=1)
    answer(service)
    commands.keep("s", answer=True)
    assert capsys.readouterr().out == "Kept as note number 1.\n" * 2 + "Kept as note number 2.\n"
    commands.keep("s", "\x1b[2J")
    commands.kept("s")
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:4] == ["3: Note", "  \\x1b[2J", lines[3]]
    assert lines[4:7] == ["2: Who was it?", "  It was Flett [1].", "  [1] Emma, page 7"]
    assert lines[8:10] == ["1: Note", "  A white parrot."] and ", changed on " in lines[10]
    commands.unkeep("s", 1)
    commands.kept("s", as_json=True)
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "Deleted note number 1."
    notes = json.loads(out[1])
    assert [(n["id"], n["message_id"]) for n in notes] == [(3, None), (2, 2)]
    assert notes[1]["citations"][0]["document"] == "Emma"


def test_a_session_without_notes_says_how_to_keep_one(service, capsys):
    commands.kept("s")
    assert capsys.readouterr().out == (
        "No kept notes yet: python launch.py keep NAME TEXT, or keep NAME --answer\n"
    )
    for number in range(3):
        commands.keep("s", f"note {number}")
    capsys.readouterr()
    commands.kept("s", page=2)
    assert "note" not in capsys.readouterr().out.partition("\n")[0]


def test_what_cannot_be_kept_is_refused_with_a_sentence(service):
    for wrong in ({}, {"text": "a", "answer": True}, {"answer": True, "change": 1}):
        with pytest.raises(Exception, match="give a TEXT to keep, or --answer without one"):
            commands.keep("s", **wrong)
    with pytest.raises(BadNote, match="There is no answer to keep"):
        commands.keep("s", answer=True)
    with pytest.raises(storage.NotFound, match="no kept note number 7"):
        commands.unkeep("s", 7)
