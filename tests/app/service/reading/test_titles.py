"""Titles: no two documents of a session are shown with one, and each says which file it is."""

import pytest

import storage
from app.service.reading.titles import (
    Title,
    documents_called,
    list_shown_keys,
    new_title,
    shown_titles,
)
from ingest.naming import title_from_name


@pytest.fixture
def db():
    with storage.Database(":memory:") as database:
        storage.create_session(database, "s", {})
        yield database


@pytest.fixture
def add(db):
    def add(name, path=None, title=None, **columns):
        documents = storage.list_documents(db, 1)
        new = str(new_title(documents, title_from_name(name), name, path))
        return storage.add_document(
            db,
            1,
            title=new if title is None else title,
            kind="text",
            file_name=name,
            sha256=f"{len(documents)}",
            byte_count=1,
            source_path=path,
            **columns,
        )

    return add


def stored(db):
    return [document.title for document in storage.list_documents(db, 1)]


def shown(db):
    return [document.title for document in list_shown_keys(db, 1)]


@pytest.mark.parametrize(
    "files, titles, first",
    [
        (["report.txt", "report.docx"], ["report", "report.docx"], "report.txt"),
        (["report.txt", "Report.docx"], ["report", "Report.docx"], "report.txt"),
        (["a/README.md", "b/README.md"], ["README", "README (b)"], "README (a)"),
        (["a/d/x.md", "b/d/x.md", "b/x.md"], ["x", "x (b)", "x (b, 2)"], "x (a)"),
        (["a/version 2/x.md", "a/x.md"], ["x", "x (a)"], "x (in version 2)"),
        (["a/x.md", "a/y.md"], ["x", "y"], "x"),
        (["x/a\u202e\nb/r.md", "y/r.md"], ["r", "r (y)"], "r (a b)"),
    ],
)
def test_files_of_one_title_are_told_apart_by_suffix_or_folder(db, add, files, titles, first):
    for path in files:
        add(path.rpartition("/")[2], f"/{path}")
    assert stored(db) == titles
    assert shown(db)[0] == first and shown(db)[1:] == stored(db)[1:]
    assert len(set(shown(db))) == len(files)


def test_files_without_a_path_are_told_apart_by_numbers(db, add):
    for _ in range(3):
        add("README.md")
    assert stored(db) == shown(db) == ["README", "README (2)", "README (3)"]
    storage.delete_document(db, 1)
    assert shown(db) == ["README (2)", "README (3)"], "what was cited keeps its title"


def test_addresses_are_told_apart_like_paths(db, add):
    add("index.html", "https://holm.example/index.html")
    add("index.html", "https://brae.example/index.html")
    assert shown(db) == ["index (holm.example)", "index (brae.example)"]


def test_documents_that_were_stored_under_one_title_are_shown_apart(db, add):
    """Databases of earlier versions have such documents, with and without paths."""
    first = add("README.md", "/docs/README.md", title="README")
    add("README.md", "/src/README.md", title="README")
    add("README.md", "/docs/README.md", "README (version 2)", version=2, replaces=first.id)
    add("README.md", title="README")
    add("README.md", title="README")
    assert shown(db) == [
        "README (docs)",
        "README (src)",
        "README (docs, version 2)",
        "README",
        "README (2)",
    ]
    assert stored(db).count("README") == 4, "nothing that is stored changes"


def test_titles_that_are_not_the_files_own_are_shown_as_they_are(db, add):
    add("a.txt", title="Captain's log")
    add("b.txt", title="Captain's log")
    assert shown(db) == ["Captain's log", "Captain's log (2)"]


def test_a_title_has_parts(db, add):
    document = add(
        "notes (version 2).md", title="notes (version 2) (docs, old, version 3, reading 2)"
    )
    title = Title.of(document)
    assert title == Title("notes (version 2)", "docs, old", ("version 3", "reading 2"))
    assert str(title) == document.title


@pytest.mark.parametrize(
    "name, meant",
    [
        ("README", [1, 2]),
        ("readme.md", [1, 2]),
        ("README (docs)", [1]),
        ("docs/readme", [1]),
        ("docs\\README.md", [1]),
        ("/home/ann/src/README.md", [2]),
        ("rc/README", []),
        ("Notes: a, b", [3]),
        ("notes: A, B", [3]),
        ("", []),
    ],
)
def test_a_name_means_the_documents_that_are_called_so(db, add, name, meant):
    add("README.md", "/home/ann/docs/README.md")
    add("README.md", "/home/ann/src/README.md")
    add("Notes: a, b.md")
    assert [d.id for d in documents_called(list_shown_keys(db, 1), name)] == meant


def test_titles_of_thousands_of_files_of_one_name_are_found_quickly(db, add):
    rows = [
        (
            1,
            i,
            f"README ({i})" if i else "README",
            "text",
            "README.md",
            f"{i}",
            1,
            "done",
            "",
            f"/w/{i}/README.md",
        )
        for i in range(2000)
    ]
    db.execute_many(
        "INSERT INTO documents (session_id, ordinal, title, kind, file_name, sha256, byte_count, "
        "state, created_at, source_path) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    documents = storage.list_documents(db, 1)
    assert shown_titles(documents)[documents[0].id] == "README (0)"
    assert len(set(shown_titles(documents).values())) == 2000
