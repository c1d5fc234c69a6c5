"""The command `notes`: a table of contents in the terminal, and as JSON."""

import json
from contextlib import nullcontext

import pytest

from app.cli.notes import notes as notes_command
from app.errors import NoSuchDocument
from tests.support.noted import add_document, add_noted_novel


@pytest.fixture
def command(make_service, monkeypatch, capsys):
    """The command `notes` on the service; returns what it prints."""
    service = make_service()
    add_noted_novel(service)
    add_document(service.db, service.sessions.get("s").id, "empty", [("t", "line 1", "line", None)])
    monkeypatch.setattr("app.cli.notes.open_service", lambda *_: nullcontext(service))

    def run(*arguments, **options):
        notes_command("s", *arguments, **options)
        return capsys.readouterr().out

    return run


def test_the_command_prints_a_table_of_contents(command):
    assert command() == (
        "novel\n"
        "  1. The Mill\n"
        "    chapter 1: <b>A</b> \\x1b[2J boat\n"
        "    chapter 1: The mill burns\n"
        "  2. The Sea\n"
        "\n1 further document has no notes.\n"
    )
    assert command("empty") == "empty\n  No notes: it is too short for any.\n"
    with pytest.raises(NoSuchDocument, match="it has 'novel', 'empty'"):
        command("atlantis")


def test_the_command_prints_json(command):
    found = json.loads(command(as_json=True))
    (document,) = found["documents"]
    assert (found["session"], found["documents_without_notes"]) == ("s", 1)
    note = document["chapters"][0]["notes"][1]
    assert (note["text"], note["token_start"], note["position"]) == ("The mill burns", 1024, 2100)
