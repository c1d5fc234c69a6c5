"""The register of documents: what is read once, what is a version, and what its title becomes."""

import pytest

import storage
from app.service.library.register import find_indexed, find_or_add, find_registered
from app.service.library.versions import File, notes_on


@pytest.fixture
def db():
    with storage.Database(":memory:") as database:
        yield database


@pytest.fixture
def session_id(db):
    return storage.create_session(db, "s", {}).id


@pytest.fixture
def add(db, session_id):
    def add(content, name="report.txt", again=False, path="/report.txt"):
        return find_or_add(
            db,
            session_id,
            File(name, path, content),
            title=name.removesuffix(".txt"),
            kind="text",
            byte_count=1,
            again=again,
        )

    return add


def read(db, document, tokens=10):
    """Index a document, and read it to its end or in part."""
    storage.finish_indexing(db, document.id, token_count=10, unit_count=1, unit_name="lines")
    storage.set_document_state(db, document.id, "reading")
    storage.save_checkpoint(
        db,
        document.session_id,
        position=100 * document.id + tokens,
        manifest={},
        pages={},
        page_hashes=[],
        document_id=document.id,
        document_tokens=tokens,
        document_state="done" if tokens == 10 else "paused",
    )


def test_the_same_content_is_one_document_whatever_its_name(db, add):
    first = add("one")
    assert add("one").id == first.id == add("one", name="copy.txt", path="/copy.txt").id
    assert (first.title, first.version, first.replaces) == ("report", 1, None)


def test_different_content_of_a_file_is_its_next_version(db, add):
    first, second, third = add("one"), add("two"), add("three")
    assert [d.title for d in (first, second, third)] == [
        "report",
        "report (version 2)",
        "report (version 3)",
    ]
    assert [d.replaces for d in (first, second, third)] == [None, first.id, second.id]
    assert notes_on(db, first) == [] and "It replaces 'report'" in notes_on(db, second)[0]


def test_the_content_of_an_older_version_makes_that_the_newest_again(db, add, session_id):
    first, second = add("one"), add("two")
    assert add("one").id == first.id
    (newest,) = storage.list_newest(db, session_id, "report.txt", "/report.txt")
    assert newest.id == first.id != second.id


def test_asked_again_a_finished_reading_is_repeated_and_an_unfinished_one_resumed(db, add):
    first = add("one")
    assert add("one", again=True).id == first.id, "it is not finished"
    read(db, first)
    second = add("one", again=True)
    assert second.id != first.id and second.title == "report (reading 2)"
    assert notes_on(db, second) == ["The same text as 'report', read once more."]
    assert add("one", again=True).id == second.id


def test_an_older_version_that_was_read_in_part_is_cancelled(db, add):
    first = add("one")
    read(db, first, tokens=4)
    add("two")
    cancelled = storage.get_document(db, first.id)
    assert cancelled.state == "cancelled" and "newer version" in cancelled.error


def test_after_a_cancelled_document_a_new_one_is_registered(db, add, session_id):
    first = add("one")
    read(db, first, tokens=4)
    storage.set_document_state(db, first.id, "cancelled")
    assert find_registered(db, session_id, File("report.txt", "/report.txt", "one")) is None
    assert add("one").id != first.id


def test_only_an_indexed_document_needs_no_password(db, add, session_id):
    file = File("report.txt", "/report.txt", "one")
    assert find_indexed(db, session_id, file) is None
    first = add("one")
    assert find_indexed(db, session_id, file) is None
    read(db, first)
    assert find_indexed(db, session_id, file).id == first.id
