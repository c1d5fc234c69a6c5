"""Notes: stored once for each part, listed in reading order, and gone with what they are on."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import storage
from tests.support.exports import export_to


@pytest.fixture
def session(db, add_session):
    return add_session(db)


@pytest.fixture
def book(db, session, add_text):
    """A document of six pages of 10 tokens each that begins at token 100 of the stream."""
    return read(db, add_text(db, session.id, *(f"text {n}" for n in range(6))), 100)


def read(db, document, start, tokens=None):
    """Have a document read, from a position of the stream on."""
    storage.set_start_position(db, document.id, start)
    tokens = document.token_count if tokens is None else tokens
    db.execute("UPDATE documents SET tokens_read = ? WHERE id = ?", [tokens, document.id])
    return storage.get_document(db, document.id)


def texts(db, session, **chosen):
    return [note.text for note in storage.list_notes(db, session.id, **chosen)]


def test_a_note_is_listed_with_its_place(db, session, book):
    assert storage.add_note(db, book.id, 15, 40, "A boat is found.")
    (note,) = storage.list_notes(db, session.id)
    assert (note.document_id, note.token_start, note.token_end) == (book.id, 15, 40)
    assert (note.position, note.text) == (140, "A boat is found.")
    assert (note.locator, note.last_locator) == ("page 2", "page 4")
    assert (note.chapter, note.chapter_title) == (None, "")


def test_a_note_from_the_introduction_on_begins_at_the_first_segment(db, session, add_text):
    document = add_text(db, session.id, "text")
    db.execute("UPDATE segments SET token_start = 5 WHERE document_id = ?", [document.id])
    storage.add_note(db, document.id, 0, 8, "note")
    (note,) = storage.list_notes(db, session.id)
    assert (note.locator, note.last_locator, note.position) == ("page 1", "page 1", None)


def test_the_chapter_of_a_note_is_that_in_its_middle(db, session, book):
    db.execute("UPDATE segments SET chapter = 1, locator = 'page 1 (The Mill)'")
    db.execute(
        "UPDATE segments SET chapter = 2, locator = 'page 2 (The Sea)' WHERE token_start >= 20"
    )
    storage.add_note(db, book.id, 15, 40, "note")
    (note,) = storage.list_notes(db, session.id)
    assert (note.chapter, note.chapter_title) == (2, "The Sea")


def test_a_part_keeps_its_first_note(db, session, book):
    assert storage.add_note(db, book.id, 0, 30, "first")
    assert not storage.add_note(db, book.id, 0, 30, "second")
    assert texts(db, session) == ["first"]
    assert storage.last_note_end(db, book.id) == 30


def test_a_document_without_notes_has_none_up_to_its_beginning(db, book):
    assert storage.last_note_end(db, book.id) == 0


def test_notes_come_in_reading_order(db, session, book, add_text):
    other = read(db, add_text(db, session.id, "text", title="other"), 200)
    storage.add_note(db, other.id, 0, 10, "third")
    storage.add_note(db, book.id, 30, 60, "second")
    storage.add_note(db, book.id, 0, 30, "first")
    assert texts(db, session) == ["first", "second", "third"]
    assert texts(db, session, limit=2) == ["first", "second"]
    assert texts(db, session, document_ids=[other.id]) == ["third"]
    assert texts(db, session, document_ids=[]) == []
    assert storage.count_notes(db, session.id) == {book.id: 2, other.id: 1}


def test_notes_as_of_a_position_end_there_or_before(db, session, book, add_text):
    unread = add_text(db, session.id, "text", title="unread")
    for number in (1, 2, 3):
        storage.add_note(db, book.id, 20 * number - 20, 20 * number, f"note {number}")
    storage.add_note(db, unread.id, 0, 10, "unread")
    assert texts(db, session, before_position=139) == ["note 1"]
    assert texts(db, session, before_position=140) == ["note 1", "note 2"]
    assert texts(db, session, before_position=10_000) == ["note 1", "note 2", "note 3"]


@pytest.mark.parametrize(
    "start, end, text",
    [(0, 0, "a"), (5, 4, "a"), (-1, 4, "a"), (0, 4, " \n"), (0, 4, "a" * 5000)],
)
def test_a_note_on_nothing_or_with_no_or_endless_text_is_refused(db, book, start, end, text):
    with pytest.raises(ValueError, match="A note"):
        storage.add_note(db, book.id, start, end, text)


def test_a_note_on_a_deleted_document_is_refused(db, book):
    storage.delete_document(db, book.id)
    with pytest.raises(storage.NotFound):
        storage.add_note(db, book.id, 0, 10, "note")


def test_a_note_of_a_state_that_was_undone_is_refused(db, session, book):
    storage.go_back(db, session.id, None, pause=True)
    with pytest.raises(storage.Outdated):
        storage.add_note(db, book.id, 0, 10, "note", generation=session.generation)
    now = storage.get_session_by_id(db, session.id).generation
    assert storage.add_note(db, book.id, 0, 10, "note", generation=now)


def test_going_back_deletes_the_notes_on_what_is_no_longer_read(db, session, book, add_text, save):
    later = read(db, add_text(db, session.id, "text", title="later"), 160)
    for end in (20, 40, 60):
        storage.add_note(db, book.id, end - 20, end, f"up to {end}")
    storage.add_note(db, later.id, 0, 10, "later")
    checkpoint = save(db, session.id, 145, b"a", document_id=book.id, document_tokens=45)
    storage.go_back(db, session.id, checkpoint.id, pause=True)
    assert texts(db, session) == ["up to 20", "up to 40"]
    storage.go_back(db, session.id, None, pause=True)
    assert texts(db, session) == []


def test_a_copy_has_the_notes_on_its_own_documents(db, session, book):
    storage.add_note(db, book.id, 0, 30, "note")
    copy = storage.duplicate_session(db, session.id, "copy")
    (note,) = storage.list_notes(db, copy.id)
    assert note.text == "note" and note.document_id != book.id and note.position == 130
    storage.delete_session(db, session.id)
    assert texts(db, copy) == ["note"]


def test_nothing_is_left_of_the_notes_on_what_was_deleted(
    file_db, path, add_session, add_text, count
):
    session = add_session(file_db)
    documents = [add_text(file_db, session.id, "text", title=f"book {n}") for n in range(2)]
    for number, document in enumerate(documents):
        storage.add_note(file_db, document.id, 0, 9, f"zqnote{number}")

    def left(text):
        return any(text in p.read_bytes() for p in Path(path).parent.iterdir())

    storage.delete_document(file_db, documents[0].id)
    assert not left(b"zqnote0") and left(b"zqnote1")
    storage.delete_session(file_db, session.id)
    assert not left(b"zqnote1") and count(file_db, "notes") == 0


@pytest.fixture
def reread(db, session, book):
    """A complete re-reading of the session."""
    reread = storage.begin_reread(db, session.id, {"model": "other"})

    def complete(token_count):
        (copy,) = storage.list_documents(db, reread.id)
        segments = [
            storage.NewSegment(s.text, s.locator, "page", s.ordinal, s.ordinal, 0, 0)
            for s in storage.iter_segments(db, book.id)
        ]
        storage.add_segments(db, copy.id, segments)
        storage.finish_indexing(
            db, copy.id, token_count=token_count, unit_count=6, unit_name="pages"
        )
        read(db, copy, 50, token_count)
        storage.set_document_state(db, copy.id, storage.DocumentState.DONE)
        return reread, copy

    return complete


def test_the_notes_of_a_re_reading_replace_those_of_the_session(db, session, book, reread):
    storage.add_note(db, book.id, 0, 30, "old")
    again, copy = reread(70)
    storage.add_note(db, copy.id, 0, 40, "new 1")
    storage.add_note(db, copy.id, 40, 70, "new 2")
    assert texts(db, session) == ["old"]
    storage.finish_reread(db, again.id)
    notes = storage.list_notes(db, session.id)
    assert [(n.text, n.document_id, n.position) for n in notes] == [
        ("new 1", book.id, 90),
        ("new 2", book.id, 120),
    ]


@pytest.mark.parametrize("token_count, kept", [(60, ["old"]), (70, [])])
def test_notes_stay_if_a_re_reading_took_none_and_counted_the_same_tokens(
    db, session, book, reread, token_count, kept
):
    storage.add_note(db, book.id, 0, 30, "old")
    again, _ = reread(token_count)
    storage.finish_reread(db, again.id)
    assert texts(db, session) == kept


@pytest.fixture
def exported(db, session, book, tmp_path):
    """An export of the session with one note."""
    storage.add_note(db, book.id, 0, 30, "A boat is found.")
    path = tmp_path / "session.ammon"
    export_to(db, session.id, path)
    return path


def take(path, name):
    with storage.Database(":memory:") as other, storage.opened_export(path, path.parent) as opened:
        row = storage.import_session(other, opened, name)
        return storage.list_notes(other, row.id)


@pytest.fixture
def hashed(db, book):
    """Give the document a sha256 that an export may have."""
    db.execute("UPDATE documents SET sha256 = ?", ["a" * 64])


def test_an_import_has_the_notes_of_the_export(hashed, exported):
    (note,) = take(exported, "copy")
    assert (note.token_start, note.token_end, note.position) == (0, 30, 130)
    assert (note.text, note.locator, note.last_locator) == ("A boat is found.", "page 1", "page 3")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE notes SET text = x'ff'",
        "UPDATE notes SET text = CAST(x'ff' AS TEXT)",
        "UPDATE notes SET text = printf('%.5000c', 'a')",
        "UPDATE notes SET token_start = -1",
        "UPDATE notes SET token_start = 30",
        "UPDATE notes SET token_end = 'all'",
        "UPDATE notes SET token_end = 61",
        f"UPDATE notes SET token_end = {(1 << 63) - 1}",
        "UPDATE notes SET document_id = 99",
        "UPDATE notes SET id = 0",
    ],
)
def test_an_export_with_a_damaged_note_is_refused(hashed, exported, statement):
    with closing(sqlite3.connect(exported)) as raw, raw:
        raw.execute(statement)
    with pytest.raises(storage.DamagedDatabase, match="session.ammon"):
        take(exported, "copy")
