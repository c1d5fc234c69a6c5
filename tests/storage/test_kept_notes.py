"""Kept notes: a person's own and kept answers; they go where their session goes."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import storage
from tests.support.exports import export_to

PASSAGE = {"number": 1, "document": "book", "locator": "page 2", "text": "zqpassage"}


@pytest.fixture
def session(db, add_session):
    return add_session(db)


@pytest.fixture
def book(db, session, add_text):
    return add_text(db, session.id, "text 1", "text 2")


def cited(db, document, segment=1):
    """A passage as the service stores it, of a segment of a document."""
    (*_, found) = list(storage.iter_segments(db, document.id))[: segment + 1]
    return {**PASSAGE, "document_id": document.id, "segment_id": found.id}


def keep(db, session, book):
    """An answer that was kept, and where."""
    answer = storage.add_message(db, session.id, role="assistant", text="It was.", position=0)
    passage = cited(db, book)
    return storage.add_kept_note(
        db,
        session.id,
        "It was.",
        message_id=answer.id,
        segment_id=passage["segment_id"],
        citations=[passage],
        details={"question": "Was it?"},
    )


def texts(db, session, **chosen):
    return [note.text for note in storage.list_kept_notes(db, session.id, **chosen)]


def test_a_kept_answer_is_listed_with_its_passages_its_place_and_its_times(db, session, book):
    kept = keep(db, session, book)
    assert storage.list_kept_notes(db, session.id) == [kept]
    assert (kept.text, kept.document, kept.locator) == ("It was.", book.title, "page 2")
    assert kept.document_id == book.id and kept.created_at == kept.changed_at
    assert kept.citations[0]["document"] == "book" and kept.details == {"question": "Was it?"}


def test_notes_are_listed_a_screen_at_a_time_the_newest_first(db, session, add_session):
    added = [storage.add_kept_note(db, session.id, f"note {n}") for n in range(5)]
    storage.add_kept_note(db, add_session(db, "other").id, "elsewhere")
    assert texts(db, session) == [f"note {n}" for n in (4, 3, 2, 1, 0)]
    assert texts(db, session, offset=1, limit=2) == ["note 3", "note 2"]
    assert storage.count_kept_notes(db, session.id) == 5
    assert storage.count_kept_notes(db, session.id, added[2].id) == 2


def test_every_change_of_a_note_is_counted_in_its_session_and_no_other(db, session, add_session):
    other = add_session(db, "other")

    def changes():
        return storage.get_session_by_id(db, session.id).kept_changes

    note = storage.add_kept_note(db, session.id, "first")
    changed = storage.edit_kept_note(db, session.id, note.id, "second")
    assert (changed.text, changed.created_at, changes()) == ("second", note.created_at, 2)
    assert changed.changed_at > note.changed_at
    assert storage.edit_kept_note(db, session.id, note.id, "second") == changed and changes() == 2
    storage.delete_kept_note(db, session.id, note.id)
    assert changes() == 3 and texts(db, session) == []
    assert storage.get_session_by_id(db, other.id).kept_changes == 0


@pytest.mark.parametrize("text", ["", " \n", "a" * (storage.MAX_KEPT_CHARACTERS + 1)])
def test_a_note_with_no_or_endless_text_is_refused(db, session, text):
    note = storage.add_kept_note(db, session.id, "a" * storage.MAX_KEPT_CHARACTERS)
    with pytest.raises(ValueError, match="A kept note"):
        storage.add_kept_note(db, session.id, text)
    with pytest.raises(ValueError, match="A kept note"):
        storage.edit_kept_note(db, session.id, note.id, text)


def test_a_note_of_another_session_is_not_there(db, session, book, add_session):
    other = add_session(db, "other")
    kept = keep(db, session, book)
    for act in (
        lambda: storage.edit_kept_note(db, other.id, kept.id, "mine"),
        lambda: storage.delete_kept_note(db, other.id, kept.id),
        lambda: storage.add_kept_note(db, other.id, "a", message_id=kept.message_id),
        lambda: storage.add_kept_note(db, other.id, "a", segment_id=kept.segment_id),
        lambda: storage.add_kept_note(db, 99, "a"),
    ):
        with pytest.raises(storage.NotFound):
            act()
    assert texts(db, session) == ["It was."] and texts(db, other) == []


def test_a_kept_answer_outlives_the_conversation(db, session, book):
    kept = keep(db, session, book)
    assert storage.notes_kept_from(db, session.id, [kept.message_id, 77]) == {
        kept.message_id: kept.id
    }
    storage.delete_messages_from(db, session.id, kept.message_id)
    (left,) = storage.list_kept_notes(db, session.id)
    assert (left.message_id, left.citations) == (None, kept.citations)


def test_a_deleted_document_leaves_the_text_of_notes_and_nothing_else(
    file_db, path, add_session, add_text
):
    session = add_session(file_db)
    book, other = (add_text(file_db, session.id, "text", title=f"book {n}") for n in range(2))
    passages = [
        {**cited(file_db, book), "text": "zqsecret"},
        {**cited(file_db, other), "text": "kept"},
    ]
    segment = passages[0]["segment_id"]
    storage.add_kept_note(file_db, session.id, "said", segment_id=segment, citations=passages)
    before = storage.get_session_by_id(file_db, session.id).kept_changes
    storage.delete_document(file_db, book.id)
    (left,) = storage.list_kept_notes(file_db, session.id)
    assert (left.text, left.document_id, left.segment_id, left.document) == ("said", None, None, "")
    assert [p["document"] for p in left.citations] == ["a deleted document", "book"]
    assert [p["text"] for p in left.citations] == ["", "kept"]
    assert storage.get_session_by_id(file_db, session.id).kept_changes > before
    assert not any(b"zqsecret" in p.read_bytes() for p in Path(path).parent.iterdir())


def test_nothing_is_left_of_the_notes_of_a_deleted_session(file_db, path, add_session, count):
    session = add_session(file_db)
    for number in range(3):
        storage.add_kept_note(file_db, session.id, f"zqnote{number}")
    storage.delete_session(file_db, session.id)
    assert count(file_db, "kept_notes") == 0
    assert not any(b"zqnote" in p.read_bytes() for p in Path(path).parent.iterdir())


def test_notes_go_to_the_trash_and_come_back_with_their_session(db, session, book):
    keep(db, session, book)
    storage.trash_session(db, session.id)
    storage.restore_session(db, session.id)
    assert texts(db, storage.get_session_by_id(db, session.id)) == ["It was."]


def test_a_copy_has_notes_on_its_own_messages_and_passages(db, session, book):
    kept = keep(db, session, book)
    storage.add_kept_note(db, session.id, "my own")
    copy = storage.duplicate_session(db, session.id, "copy")
    own, answer = storage.list_kept_notes(db, copy.id)
    (message,) = storage.list_messages(db, copy.id)
    (document,) = storage.list_documents(db, copy.id)
    assert own.text == "my own" and own.message_id is own.document_id is None
    assert (answer.message_id, answer.document_id) == (message.id, document.id)
    assert answer.segment_id == cited(db, document)["segment_id"] != kept.segment_id
    assert answer.citations == [cited(db, document)] and answer.details == kept.details
    assert (answer.created_at, answer.locator) == (kept.created_at, "page 2")
    storage.delete_session(db, session.id)
    assert texts(db, copy) == ["my own", "It was."]


@pytest.fixture
def exported(db, session, book, tmp_path):
    """An export of the session with a kept answer and a note of one's own."""
    db.execute("UPDATE documents SET sha256 = ?", ["a" * 64])
    keep(db, session, book)
    storage.add_kept_note(db, session.id, "my own")
    path = tmp_path / "session.ammon"
    export_to(db, session.id, path)
    return path


def take(path):
    with storage.Database(":memory:") as other, storage.opened_export(path, path.parent) as opened:
        row = storage.import_session(other, opened)
        return row, storage.list_kept_notes(other, row.id), storage.list_messages(other, row.id)


def test_an_import_has_the_notes_of_the_export(exported):
    row, (own, answer), (message,) = take(exported)
    assert (own.text, answer.text, answer.locator) == ("my own", "It was.", "page 2")
    assert answer.message_id == message.id and answer.citations[0]["text"] == "zqpassage"
    assert row.kept_changes == 0


def test_an_export_while_a_document_is_being_deleted_can_be_imported(db, session, book, exported):
    with closing(sqlite3.connect(exported)) as raw:
        assert raw.execute("SELECT count(segment_id) FROM kept_notes").fetchone() == (1,)
    with db.transaction():
        storage.documents.hide_document(db, book.id)  # its rows are deleted in batches after that
    export_to(db, session.id, exported)
    _, notes, _ = take(exported)
    assert [(n.text, n.segment_id) for n in notes] == [("my own", None), ("It was.", None)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE kept_notes SET text = x'ff'",
        "UPDATE kept_notes SET text = printf('%.100001c', 'a')",
        "UPDATE kept_notes SET created_at = 'yesterday'",
        "UPDATE kept_notes SET citations = '{}'",
        "UPDATE kept_notes SET details = '[]'",
        "UPDATE kept_notes SET message_id = 99",
        "UPDATE kept_notes SET document_id = 99",
        "UPDATE kept_notes SET document_id = NULL WHERE segment_id IS NOT NULL",
        "UPDATE kept_notes SET segment_id = 99",
        "UPDATE kept_notes SET session_id = 99",
        "UPDATE kept_notes SET id = 0 WHERE message_id IS NULL",
    ],
)
def test_an_export_with_a_damaged_note_is_refused(exported, statement):
    with closing(sqlite3.connect(exported)) as raw, raw:
        raw.execute(statement)
    with pytest.raises(storage.DamagedDatabase, match="session.ammon"):
        take(exported)


def test_a_note_that_cannot_be_read_is_listed_as_far_as_it_can(db, session, book):
    keep(db, session, book)
    db.execute("UPDATE kept_notes SET citations = '[[', details = x'00', text = x'41ff'")
    (note,) = storage.list_kept_notes(db, session.id)
    assert (note.text, note.citations, note.details) == ("A\ufffd", [], {})
