"""Titles through the service: what a new document is called, and what a person calls it."""

import json

import pytest
from typer.testing import CliRunner

import storage
from app.cli.main import cli
from app.errors import NoSuchDocument, NotAllowed
from app.service.reading.stream_text import document_pieces, introduction

BOOK = "The Project Gutenberg eBook of X\n\nTitle: The Whale\n\n" + "Call me Ishmael. " * 30


@pytest.fixture
def service(make_service):
    service = make_service()
    service.sessions.create("s")
    return service


@pytest.fixture
def add(service, tmp_path):
    def add(name, text=BOOK):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
        return service.documents.add("s", path)

    return add


def titles(service, session="s"):
    return list(service.documents.titles(session).values())


def test_the_stream_introduces_a_document_by_the_title_that_its_file_states(service, add):
    document = add("pg2701.txt")
    assert (document.title, document.own_title) == ("The Whale", "The Whale")
    db, tokens = service.documents._db, _Tokens()
    pieces = document_pieces(db, storage.get_document(db, document.id), tokens, 0)
    assert next(pieces) == introduction(tokens, "The Whale")
    service.documents.retitle("s", document.id, "Moby-Dick")
    pieces = document_pieces(db, storage.get_document(db, document.id), tokens, 0)
    assert next(pieces) == introduction(tokens, "The Whale")


class _Tokens:
    control: dict[str, int] = {}

    def encode(self, text):
        return [ord(character) for character in text]


def test_a_document_is_found_by_its_title_and_by_its_file(service, add):
    first = add("shelf/pg2701.txt")
    for name in ("The Whale", "the whale", "pg2701.txt", "pg2701", "shelf/pg2701"):
        assert service.documents.called("s", name).id == first.id, name
    service.documents.retitle("s", first.id, "Moby-Dick")
    for name in ("Moby-Dick", "The Whale", "pg2701.txt", "shelf/pg2701"):
        assert service.documents.called("s", name).title == "Moby-Dick", name


def test_documents_of_one_stated_title_are_told_apart_by_their_files(service, add):
    add("a/whale-1.txt")
    add("a/whale-2.txt", BOOK + "Another edition.")
    add("b/whale-2.txt", BOOK + "A third edition.")
    assert titles(service) == [
        "The Whale (whale-1.txt)",
        "The Whale (whale-2.txt)",
        "The Whale (b)",
    ]
    with pytest.raises(NoSuchDocument, match="several"):
        service.documents.called("s", "the whale")


def test_a_version_keeps_the_title_of_its_file_whatever_it_states_now(service, add):
    add("notes.md", "# First Thoughts\n\nOne.\n")
    newer = add("notes.md", "# Second Thoughts\n\nTwo.\n")
    assert titles(service) == ["First Thoughts", "First Thoughts (version 2)"]
    service.documents.retitle("s", newer.id, "Thoughts")
    assert titles(service) == ["Thoughts", "Thoughts (version 2)"]
    add("notes.md", "# Third\n\nThree.\n")
    assert titles(service)[-1] == "Thoughts (version 3)"
    assert service.documents.retitle("s", newer.id, " ").title == "First Thoughts (version 2)"
    assert titles(service)[-1] == "First Thoughts (version 3)"


def test_a_typed_title_is_kept_as_it_was_typed(service):
    assert service.sources.add_text("s", "my_own title", BOOK).title == "my_own title"
    assert service.sources.add_text("s", "", BOOK + "!").title == "The Whale"


def test_a_title_in_use_or_without_visible_characters_is_refused(service, add):
    whale, emma = add("whale.txt"), add("emma.txt", "Emma Woodhouse, handsome, clever.")
    service.documents.retitle("s", whale.id, "Moby-Dick")
    with pytest.raises(NotAllowed, match="'Moby-Dick'"):
        service.documents.retitle("s", emma.id, "moby-dick")
    with pytest.raises(NotAllowed, match="visible"):
        service.documents.retitle("s", emma.id, "\u202e\x00")
    with pytest.raises(NoSuchDocument):
        service.documents.retitle("s", 999, "x")
    assert titles(service) == ["Moby-Dick", "emma"]
    assert len(service.documents.retitle("s", emma.id, "e" * 1000).title) == 120


def test_a_new_document_does_not_take_the_title_that_a_person_chose(service, add):
    service.documents.retitle("s", add("emma.txt", "Emma Woodhouse.").id, "The Whale")
    add("pg2701.txt")
    assert titles(service) == ["The Whale", "The Whale (2)"]


def test_copies_exports_and_searches_know_the_chosen_title(service, add, tmp_path):
    service.documents.retitle("s", add("whale.txt").id, "Moby-Dick")
    service.sessions.duplicate("s", "copy")
    service.sessions.export_to("s", tmp_path / "s.ammon")
    service.sessions.import_from(tmp_path / "s.ammon", "imported")
    assert titles(service, "copy") == titles(service, "imported") == ["Moby-Dick"]
    service.documents.retitle("copy", service.documents.called("copy", "Moby-Dick").id, "")
    assert titles(service, "copy") == ["The Whale"]
    found = {row.session.name for row in service.sessions.list("moby")}
    assert found == {"s", "imported"}


def test_a_document_of_an_earlier_program_keeps_its_kind_of_title(service, add):
    old = add("the-white-whale.md", "# Moby\n\nCall me Ishmael.")
    db = service.documents._db
    with db.transaction():  # as it was stored before titles were looked for
        db.execute(
            "UPDATE documents SET title = 'the-white-whale', own_title = NULL WHERE id = ?",
            [old.id],
        )
    assert titles(service) == ["the-white-whale"]
    add("the-white-whale.md", "# Moby\n\nCall me Ahab.")
    assert titles(service) == ["the-white-whale", "the-white-whale (version 2)"]
    assert service.documents.called("s", "the-white-whale").id == old.id


def test_the_command_retitles_by_title_or_path(service, add, tmp_path):
    add("shelf/the-white-whale.md", "Text.")
    service.close()

    def run(*arguments):
        command = ["retitle", "s", *arguments, "--data-dir", str(tmp_path / "data")]
        done = CliRunner().invoke(cli, command)
        assert done.exit_code == 0, done.output
        return done.stdout

    assert run("The White Whale", "Moby") == "'The White Whale' is now 'Moby'.\n"
    assert json.loads(run("shelf/the-white-whale", "", "--json"))["document"] == "The White Whale"
