"""Documents: added, indexed, ordered, deleted."""

import pytest

import storage


def new_document(db, session_id, title="book"):
    return storage.add_document(
        db, session_id, title=title, kind="pdf", file_name=title, sha256=title[-1], byte_count=3
    )


def test_a_new_document_is_in_state_indexing(db, add_session):
    session = add_session(db)
    document = new_document(db, session.id)
    assert (document.state, document.ordinal, document.token_count) == ("indexing", 1, None)
    assert new_document(db, session.id, "next").ordinal == 2
    assert new_document(db, add_session(db, "other").id).ordinal == 1


def test_a_document_of_a_missing_session_is_refused(db, count):
    with pytest.raises(storage.NotFound, match="session number 5"):
        new_document(db, 5)
    assert count(db, "documents") == 0


def test_an_undecodable_file_name_is_stored_with_replacement_characters(db, add_session):
    document = new_document(db, add_session(db).id, "a\udcffb")
    assert document.title == document.file_name == "a\ufffdb"


def test_finish_indexing_queues_the_document(db, add_session, add_text):
    document = add_text(db, add_session(db).id, "one", "two")
    assert (document.state, document.segment_count, document.token_count) == ("queued", 2, 20)
    assert (document.unit_count, document.unit_name) == (2, "pages")


def test_reset_indexing_deletes_the_segments(db, add_session, add_text, count):
    document = add_text(db, add_session(db).id, "one", "two")
    assert storage.reset_indexing(db, document.id) == new_like(document)
    assert count(db, "segments") == 0
    assert db.integrity_check() == []


def new_like(document):
    changes = {"state": "indexing", "segment_count": 0, "token_count": None}
    return type(document)(**{**vars(document), **changes, "unit_count": None, "unit_name": ""})


def test_reset_indexing_refuses_a_document_that_was_read(db, add_session, add_text, save, count):
    session = add_session(db)
    document = add_text(db, session.id, "one")
    save(db, session.id, 4, b"a", document_id=document.id, document_tokens=4)
    with pytest.raises(storage.StorageError, match="already read up to token 4"):
        storage.reset_indexing(db, document.id)
    assert count(db, "segments") == 1


def test_a_done_document_has_a_time_and_a_failed_one_an_error(db, add_session, add_text):
    document = add_text(db, add_session(db).id, "one")
    assert storage.set_document_state(db, document.id, "done").finished_at is not None
    assert storage.set_document_state(db, document.id, "reading").finished_at is None
    failed = storage.set_document_state(db, document.id, "failed", "page 3 is damaged")
    assert (failed.error, failed.finished_at) == ("page 3 is damaged", None)
    assert storage.set_document_state(db, document.id, "queued").error is None
    with pytest.raises(ValueError, match="'lost' is not a document state"):
        storage.set_document_state(db, document.id, "lost")


@pytest.mark.parametrize(
    "act",
    [
        lambda db: storage.set_document_state(db, 9, "done"),
        lambda db: storage.set_start_position(db, 9, 1),
        lambda db: storage.finish_indexing(db, 9, token_count=1, unit_count=1, unit_name="pages"),
        lambda db: storage.reset_indexing(db, 9),
        lambda db: storage.delete_document(db, 9),
    ],
)
def test_a_missing_document_is_reported(db, act):
    with pytest.raises(storage.NotFound, match="document number 9"):
        act(db)


def test_documents_are_listed_and_found_in_order(db, add_session):
    session = add_session(db)
    first, second = new_document(db, session.id, "a"), new_document(db, session.id, "b")
    assert storage.list_documents(db, session.id) == [first, second]
    assert storage.find_by_hash(db, session.id, "b") == second
    assert storage.find_by_hash(db, session.id, "c") is None


def test_the_next_document_to_read_is_the_begun_one_then_the_first_queued(
    db, add_session, add_text
):
    session = add_session(db)
    assert storage.next_document_to_read(db, session.id) is None
    first, second, third = (add_text(db, session.id, "x", title=t) for t in "abc")
    storage.set_document_state(db, first.id, "done")
    storage.set_document_state(db, third.id, "reading")
    assert storage.next_document_to_read(db, session.id).id == third.id
    storage.set_document_state(db, third.id, "queued")
    assert storage.next_document_to_read(db, session.id).id == second.id
    storage.set_document_state(db, second.id, "paused")
    assert storage.next_document_to_read(db, session.id).id == third.id


def test_deleting_a_document_keeps_its_checkpoints(db, add_session, add_text, save, count):
    session = add_session(db)
    document = add_text(db, session.id, "the whale")
    save(db, session.id, 10, b"a", document_id=document.id, document_tokens=10)
    storage.delete_document(db, document.id)
    assert storage.list_checkpoints(db, session.id)[0].document_id is None
    assert storage.search_passages(db, session.id, "whale") == []
    assert count(db, "segments") == 0
    assert db.integrity_check() == []
