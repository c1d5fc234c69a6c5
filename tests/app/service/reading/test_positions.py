"""Positions by the names that people give them: titles with folders, colons and commas."""

import pytest

import storage
from app.errors import NoSuchPlace
from app.service.reading.positions import find_position
from storage import NewSegment


@pytest.fixture
def db():
    with storage.Database(":memory:") as database:
        storage.create_session(database, "s", {})
        yield database


@pytest.fixture
def add(db):
    def add(name, path=None):
        number = len(storage.list_documents(db, 1)) + 1
        document = storage.add_document(
            db,
            1,
            title=name.removesuffix(".md"),
            kind="text",
            file_name=name,
            sha256=name,
            byte_count=1,
            source_path=path,
        )
        lines = [NewSegment("x", f"line {i}", "line", i, i, 10 * i, 10) for i in range(5)]
        storage.add_segments(db, document.id, lines)
        storage.set_start_position(db, document.id, 1000 * number)
        db.execute("UPDATE documents SET tokens_read = 100 WHERE id = ?", [document.id])

    return add


def position(db, at):
    return find_position(db, storage.get_session(db, "s"), at)


@pytest.mark.parametrize(
    "at, expected",
    [
        ("README (docs): line 3", 1040),
        ("readme (DOCS), line 3", 1040),
        ("docs/README: line 3", 1040),
        ("src/README.md: line 3", 2040),
        ("line 3 of src/README", 2040),
        ("Line 3 in README (src)", 2040),
        ("Notes: a, b: line 2", 3030),
        ("line 2 of Notes: a, b", 3030),
        ("Notes: line 3: line 2", 4030),
        ("line 1 of 3", 6020),
    ],
)
def test_a_place_is_found_in_the_document_that_is_named(db, add, at, expected):
    add("README.md", "/w/docs/README.md")
    add("README.md", "/w/src/README.md")
    add("Notes: a, b.md")
    add("Notes: line 3.md")
    add("1 of 3.md")
    add("3.md")
    assert position(db, at) == expected


def test_a_title_that_several_documents_have_is_refused_with_their_titles(db, add):
    add("README.md", "/w/docs/README.md")
    add("README.md", "/w/src/README.md")
    with pytest.raises(NoSuchPlace, match=r'"README \(docs\): line 3"; "README \(src\): line 3"'):
        position(db, "README: line 3")
    with pytest.raises(NoSuchPlace, match="has anything up to"):
        position(db, "Vulgate: line 3")


def test_a_part_of_a_title_is_enough_where_no_document_is_called_so(db, add):
    add("Moby Dick.md")
    add("Dracula.md")
    assert position(db, "moby: line 3") == 1040


@pytest.mark.parametrize(
    "at",
    [
        "line 3 (2 Methods)",
        "line 3 (1. Start)",
        "a: line 3 (3.2 Methods)",
        "lines 2–3 (06:00)",
    ],
)
def test_a_citation_whose_bracket_begins_with_a_number_is_understood(db, add, at):
    add("a.md")
    assert position(db, at) == 1040
